"""The paper's tables and figures, a script each, and the lab that trains what they need.

specs         GAN, Classifier and the rest: an experiment is an expression over these values
settings/     the networks behind the values, and how they are trained: dcgan, stylegan2
lab           values to trained artifacts, each trained once; measurements, cached
stages        how one value is trained
artifact      the folder of one trained thing: lock, manifest, repair
weights       a digest of a network's weights and layers
cache         arrays that can be computed again, within a budget
streaming     a generator's images, made as they are read
storage/      what the workdir holds: listed, verified, removed
executors/    where trainings run: inline, local, slurm
judge         what measures the quality of images
population    which instances an experiment has, and their seeds; who is shown what
measurements  measurements over instances
clusters      classifiers that the same generators fool
experiment    what an experiment is, what it shows, and what it finds
matrix        a shape of experiment: who detects whom
curve         the other: detection and quality along an axis
sizes         sizes that several experiments have in common
running       how experiments run, one or many
flags         the flags that all of them share
sequence      what iterations and memoryless have in common
fooling       the same of coefficient_sweep, cross_architecture and multiple_classifiers
planning/     what would be trained, and what it takes: --dry_run
catalog       every experiment

Scripts: generalization (F1), coefficient_sweep (F2), iterations (T2), memoryless (F4),
cross_architecture (T1), multiple_classifiers (F3), mutual_fooling (T3), truncation (S1),
finetuning (S2); all, artifacts, export_images.
"""

from training.runtime import import_quietly

# Before any module below imports TensorFlow.
import_quietly()
