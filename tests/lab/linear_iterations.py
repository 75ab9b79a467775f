"""`experiments.iterations` of linear GANs: python linear_iterations.py FLAGS."""

import third_family  # noqa: F401 - it registers the family

from gan_knowledge_gaps.experiments.iterations import Iterations
from gan_knowledge_gaps.experiments.running import main

Iterations.presets["linear"] = Iterations.presets["dcgan"]
main(Iterations)
