"""Table 2: five iterations of GANs and classifiers, every GAN fooling all earlier iterations.

StyleGAN2 (ResNet-50, phi 0.001): held-out classifiers detect the GANs of their own iteration (0.86
to 1.00) and no GAN of a later one (at most 0.06); earlier GANs are detected sometimes (0 to 0.87).
Quality does not suffer: the FID stays near 36.7.

DCGAN: no table is given. Generators are unable to fool held-out classifiers; as phi grows, quality
collapses and the variance of the detection accuracy increases.

    python -m experiments.iterations --preset=reduced --dataset=mnist
    python -m experiments.iterations --setting=stylegan2 --preset=paper --dataset=records \\
        --data_dir=ffhq256 --inception=inception-2015-12-05.tgz
"""

from gan_knowledge_gaps.experiments.matrix import Matrix
from gan_knowledge_gaps.experiments.running import main
from gan_knowledge_gaps.experiments.sequence import SequentialTraining
from gan_knowledge_gaps.experiments.shown import iterations as shown


class Iterations(SequentialTraining):
    """Every GAN fools one classifier or more of each earlier iteration ("fool all")."""

    name = "iterations"
    title = "Sequential iterations: GANs that fool all earlier classifiers (Table 2)"
    question = (
        "When GANs must fool the classifiers of all earlier iterations, do held-out classifiers "
        "still detect them?"
    )

    def shape(self) -> Matrix:
        return shown.shape(self)


if __name__ == "__main__":
    main(Iterations)
