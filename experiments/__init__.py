"""The paper's tables and figures, a script each, and the lab that trains what they need.

specs         GAN, Classifier, DigitClassifier: an experiment is an expression over these values
setting       the training configuration behind each kind of value, and the presets
lab           values to trained artifacts, each trained once; measurements, cached
stages        how one value is trained
artifacts     the folder of one trained thing: lock, manifest
plan          what would be trained: --dry_run
population    which instances an experiment has, and their seeds
measurements  measurements over instances
experiment    what an experiment is, and its command line
flags         the flags that all of them share
sequence      what iterations and memoryless have in common
report/       tables, figures and the page

Scripts: generalization (F1), coefficient_sweep (F2), iterations (T2), memoryless (F4).
"""

from training.runtime import import_quietly

# Before any module below imports TensorFlow.
import_quietly()
