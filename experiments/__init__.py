"""The paper's tables and figures, a script each, and the reports over them.

matrix        a shape of experiment: who detects whom
curve         the other: detection and quality along an axis
experiment    what an experiment is, what it shows, and what it finds
sizes         sizes that several experiments have in common
population    which instances an experiment has, and their seeds; who is shown what
measurements  measurements over instances
clusters      classifiers that the same generators fool
sequence      what iterations and memoryless have in common
fooling       the same of coefficient_sweep, cross_architecture and multiple_classifiers
generators    generators from outside, as a command line names them
size_flags    the sizes' flags
dry_run       what an experiment, or all, would take
budget        what fits in so many hours on so many devices
starting      networks from outside with which GANs begin, as a command line names them
running       how an experiment runs, and its report
catalog       every experiment
shown/        how each experiment is shown, a module of its script's name

A script says what is trained: the paper's result, the sizes, the values.

Scripts: generalization (F1), coefficient_sweep (F2), iterations (T2), memoryless (F4),
cross_architecture (T1), multiple_classifiers (F3), mutual_fooling (T3), truncation (S1),
finetuning (S2), cross_generator; all, status, artifacts, export_images.
"""

# First: TensorFlow then comes without its notices.
from gan_knowledge_gaps import training as _training  # noqa: F401
