"""Every experiment, in the order in which `experiments.all` runs them."""

from gan_knowledge_gaps.experiments.coefficient_sweep import CoefficientSweep
from gan_knowledge_gaps.experiments.cross_architecture import CrossArchitecture
from gan_knowledge_gaps.experiments.experiment import Experiment
from gan_knowledge_gaps.experiments.finetuning import Finetuning
from gan_knowledge_gaps.experiments.generalization import Generalization
from gan_knowledge_gaps.experiments.iterations import Iterations
from gan_knowledge_gaps.experiments.memoryless import Memoryless
from gan_knowledge_gaps.experiments.multiple_classifiers import MultipleClassifiers
from gan_knowledge_gaps.experiments.mutual_fooling import MutualFooling
from gan_knowledge_gaps.experiments.truncation import Truncation

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
