"""Every experiment, in the order in which `experiments.all` runs them."""

from experiments.coefficient_sweep import CoefficientSweep
from experiments.cross_architecture import CrossArchitecture
from experiments.experiment import Experiment
from experiments.finetuning import Finetuning
from experiments.generalization import Generalization
from experiments.iterations import Iterations
from experiments.memoryless import Memoryless
from experiments.multiple_classifiers import MultipleClassifiers
from experiments.mutual_fooling import MutualFooling
from experiments.truncation import Truncation

EXPERIMENTS: tuple[type[Experiment], ...] = (
    Generalization,
    Iterations,
    Memoryless,
    CoefficientSweep,
    CrossArchitecture,
    MultipleClassifiers,
    MutualFooling,
    Truncation,
    Finetuning,
)
