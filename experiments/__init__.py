"""The paper's tables and figures, a script each, and the reports over them.

population    which instances an experiment has, and their seeds
measurements  measurements over instances
clusters      classifiers that the same generators fool
experiment    what an experiment is, and what it finds
running       how an experiment runs, and its report
sequence      what iterations and memoryless have in common
catalog       every experiment

Scripts: generalization (F1), coefficient_sweep (F2), iterations (T2), memoryless (F4),
cross_architecture (T1), multiple_classifiers (F3), mutual_fooling (T3), truncation (S1),
finetuning (S2); all, artifacts, export_images.
"""

import training as _training  # noqa: F401 - first: TensorFlow then comes without its notices
