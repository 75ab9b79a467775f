"""Memoryless training: every GAN fools only the classifiers of the iteration just before its own.

StyleGAN2: the artefacts come back. The images of iteration i fool the classifiers of iteration
i - 1 and are detected by those of iteration i - 2: GANs fool classifiers of their own iteration's
parity only (slides). No numbers are given, and nothing is said of the DCGAN.

    python -m experiments.memoryless --preset=reduced --dataset=mnist
    python -m experiments.memoryless --setting=stylegan2 --preset=paper --dataset=records \\
        --data_dir=ffhq256

Iterations 0 and 1 are those of `experiments.iterations`, and are trained once for both.
"""

from gan_knowledge_gaps.experiments.matrix import Matrix
from gan_knowledge_gaps.experiments.running import main
from gan_knowledge_gaps.experiments.sequence import SequentialTraining
from gan_knowledge_gaps.experiments.shown import memoryless as shown


class Memoryless(SequentialTraining):
    """Every GAN fools the classifiers of iteration i - 1 alone."""

    name = "memoryless"
    title = "Memoryless sequential training: GANs that fool only the last classifiers"
    question = (
        "When GANs must fool only the classifiers of the last iteration, do the artefacts of the "
        "iteration before it come back?"
    )
    memory = 1

    def shape(self) -> Matrix:
        return shown.shape(self)


if __name__ == "__main__":
    main(Memoryless)
