"""The values of which experiments are made.

base         what a value is, and what a source of images is
gans         GAN, Snapshot, Truncated
classifiers  Classifier, DigitClassifier
outside      ImageSet, Published, StartingPoint: of generators that somebody else trained
"""

from gan_knowledge_gaps.lab.specs.base import ImageSource, Spec, in_order
from gan_knowledge_gaps.lab.specs.classifiers import Classifier, DigitClassifier
from gan_knowledge_gaps.lab.specs.gans import GAN, Snapshot, Truncated
from gan_knowledge_gaps.lab.specs.outside import ImageSet, Published, StartingPoint

__all__ = [
    "GAN",
    "Classifier",
    "DigitClassifier",
    "ImageSet",
    "ImageSource",
    "Published",
    "Snapshot",
    "Spec",
    "StartingPoint",
    "Truncated",
    "in_order",
]
