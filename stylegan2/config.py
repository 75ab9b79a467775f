"""The configuration of StyleGAN2's networks, their training, and what is done with them."""

import dataclasses

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.evaluation.config import EvaluationConfig
from gan_knowledge_gaps.training.config import check_at_least, check_at_most, check_choices

ARCHITECTURES = ("orig", "skip", "resnet")
CONDITIONINGS = ("concat", "projection")
PRECISIONS = ("float32", "bfloat16", "float16")
AUTO = "auto"  # of stylegan2.train's flag: the precision that is faster on this machine
SMALLEST_RESOLUTION = 4
NOISES = ("random", "constant", "none")  # of pictures
SPACES = ("w", "w+")  # of a projection
BLOCK = 16  # images that `stylegan2.sampling` makes at once


@dataclasses.dataclass(frozen=True)
class NetworkConfig:
    """Configuration of the generator and the discriminator.

    The defaults are config-f of Karras et al. 2020 ("StyleGAN2"), section 4 and appendix B.

    Attributes:
        resolution: Height and width of the images, a power of two from 8.
        channels: Colour channels of the images.
        label_dim: Length of the one-hot class labels; 0 for none.
        conditioning: How labels enter. concat: a row of z's length is joined to z, and the
            discriminator has a logit for each class, as in StyleGAN2. projection: a dense layer's
            output, normalized by itself, is joined to z, and the discriminator projects onto a
            mapping of the label (Miyato and Koyama 2018), as in StyleGAN2-ADA.
        discriminator_mapping_layers: With projection, layers of the discriminator's mapping of the
            label, besides the first, which embeds it.
        fmap_base: Feature maps of a convolution at resolution r are fmap_base / (r / 2), at most
            fmap_max; 16384 in config-f, 8192 in config-e.
        fmap_max: Most feature maps of any convolution.
        latent_dim: Dimensions of z.
        w_dim: Dimensions of w, and units of the mapping network's layers.
        mapping_layers: Layers of the mapping network.
        mapping_lr_multiplier: Learning-rate multiplier of the mapping network.
        generator_architecture: How the generator's resolutions are joined: orig, skip or resnet.
        discriminator_architecture: How the discriminator's resolutions are joined: orig, skip or
            resnet.
        mbstd_group: Images over which the minibatch standard deviation is taken.
        mbstd_features: Feature maps that the minibatch standard deviation adds.
        conv_clamp: Convolutions' activations and ToRGB's colours are clamped to +-conv_clamp, as
            in StyleGAN2-ADA (256 there); 0 for not at all.
        precision: Arithmetic of the highest resolutions: float32, bfloat16 or float16. Weights,
            images and all else stay float32 (float32 in the paper). stylegan2.train also takes
            auto: float32 or bfloat16, whichever a short measurement finds faster here.
        precision_resolutions: How many of the highest resolutions have that precision.

    Example:
        >>> from gan_knowledge_gaps.stylegan2 import NetworkConfig
        >>> config = NetworkConfig(resolution=64, fmap_base=8192)
        >>> config.resolutions, config.num_layers, config.feature_maps(64)
        ((4, 8, 16, 32, 64), 10, 256)
    """

    resolution: int = 256
    channels: int = 3
    label_dim: int = 0
    conditioning: str = "concat"
    discriminator_mapping_layers: int = 8
    fmap_base: int = 16384
    fmap_max: int = 512
    latent_dim: int = 512
    w_dim: int = 512
    mapping_layers: int = 8
    mapping_lr_multiplier: float = 0.01
    generator_architecture: str = "skip"
    discriminator_architecture: str = "resnet"
    mbstd_group: int = 4
    mbstd_features: int = 1
    conv_clamp: float = 0.0
    precision: str = "float32"
    precision_resolutions: int = 4

    def __post_init__(self):
        check_at_least(
            self, resolution=8, channels=1, label_dim=0, fmap_base=2, fmap_max=1, latent_dim=1,
            w_dim=1, mapping_layers=1, mapping_lr_multiplier=0, mbstd_group=1, mbstd_features=0,
            discriminator_mapping_layers=1, conv_clamp=0, precision_resolutions=0,
        )  # fmt: skip
        check_at_most(self, mapping_layers=1000, discriminator_mapping_layers=1000)
        if self.resolution & (self.resolution - 1):
            raise InputError(f"resolution is {self.resolution}; it must be a power of two")
        check_choices(
            self, generator_architecture=ARCHITECTURES, discriminator_architecture=ARCHITECTURES,
            conditioning=CONDITIONINGS, precision=PRECISIONS,
        )  # fmt: skip
        if self.mbstd_features and self.feature_maps(SMALLEST_RESOLUTION) % self.mbstd_features:
            raise InputError(
                f"mbstd_features is {self.mbstd_features}; it must divide the "
                f"{self.feature_maps(SMALLEST_RESOLUTION)} feature maps at 4x4"
            )

    @property
    def resolutions(self) -> tuple[int, ...]:
        """4, 8 ... the resolution of the images."""
        return tuple(2**power for power in range(2, self.resolution.bit_length()))

    @property
    def num_layers(self) -> int:
        """How many layers of the synthesis network take a w: two for each resolution."""
        return 2 * len(self.resolutions)

    def feature_maps(self, resolution: int) -> int:
        """Feature maps of the convolutions at a resolution."""
        return max(1, min(2 * self.fmap_base // resolution, self.fmap_max))

    def compute_dtype(self, resolution: int) -> str:
        """The dtype in which the convolutions at a resolution are computed."""
        if resolution in self.resolutions[len(self.resolutions) - self.precision_resolutions :]:
            return self.precision
        return "float32"


NETWORKS = {
    "config-f": NetworkConfig(),
    "config-e": NetworkConfig(fmap_base=8192),
    "quick": NetworkConfig(resolution=32, fmap_base=1024, fmap_max=128, latent_dim=128, w_dim=128),
}


@dataclasses.dataclass(frozen=True)
class TrainingConfig:
    """Configuration of a StyleGAN2 training.

    The defaults are those of config-f in Karras et al. 2020, appendix B and the published training
    script; the paper of the knowledge gaps leaves them as they are.

    Attributes:
        kimg: Thousands of natural images shown in all.
        batch_size: Images of each kind in a minibatch, over all devices.
        micro_batch: Most images that a device takes at a time, a chunk; gradients are summed up to
            the minibatch. Style mixing and the minibatch standard deviation are of a chunk.
        learning_rate: Adam's learning rate, before the correction for lazy regularization.
        beta_1: Adam's first moment decay, before the correction for lazy regularization.
        beta_2: Adam's second moment decay, before the correction for lazy regularization.
        epsilon: Adam's epsilon.
        gamma: Weight of R1; 10 in config-f, 100 in config-e.
        discriminator_interval: Minibatches from one R1 update to the next.
        path_length_weight: Weight of the path length penalty.
        path_length_decay: How far one update moves the running mean of path lengths, whatever the
            chunks: as in the published training on 8 GPUs, where each device has one chunk (on
            fewer devices it moves once for each chunk there).
        path_length_shrink: The path length penalty uses a minibatch smaller by this factor.
        generator_interval: Minibatches from one path length update to the next.
        style_mixing: Probability that a chunk of a minibatch mixes two styles.
        ema_kimg: Half-life of the averaged generator's weights, in thousands of images.
        w_avg_beta: Decay of the running mean of w in each pass of the generator.
        mirror: Whether natural images are mirrored at random; False in the paper.

    Example:
        >>> from gan_knowledge_gaps.stylegan2 import TrainingConfig
        >>> TrainingConfig(kimg=1000, batch_size=32, gamma=0.1, mirror=True).steps
        31250
    """

    kimg: int = 25_000
    batch_size: int = 32
    micro_batch: int = 4
    learning_rate: float = 0.002
    beta_1: float = 0.0
    beta_2: float = 0.99
    epsilon: float = 1e-8
    gamma: float = 10.0
    discriminator_interval: int = 16
    path_length_weight: float = 2.0
    path_length_decay: float = 0.01
    path_length_shrink: int = 2
    generator_interval: int = 4
    style_mixing: float = 0.9
    ema_kimg: float = 10.0
    w_avg_beta: float = 0.995
    mirror: bool = False

    def __post_init__(self):
        check_at_least(
            self, kimg=1, batch_size=1, micro_batch=1, learning_rate=0, beta_1=0, beta_2=0,
            epsilon=0, gamma=0, discriminator_interval=1, path_length_weight=0,
            path_length_decay=0, path_length_shrink=1, generator_interval=1, style_mixing=0,
            ema_kimg=0, w_avg_beta=0,
        )  # fmt: skip
        check_at_most(self, beta_1=1, beta_2=1, style_mixing=1, path_length_decay=1, w_avg_beta=1)

    def chunk_size(self, network: NetworkConfig, replicas: int = 1) -> int:
        """Images of a chunk: as many as divide a device's share of the minibatch.

        At most micro_batch, and whole groups of the minibatch standard deviation, or one smaller
        group.

        Args:
            network: whose discriminator takes that deviation.
            replicas: devices that share the minibatch.

        Raises:
            InputError: the devices cannot share it, or only chunks of one image are possible, which
                have no standard deviation.
        """
        share, rest = divmod(self.batch_size, replicas)
        if rest:
            raise InputError(
                f"training_batch_size is {self.batch_size}; it must be a multiple of the "
                f"{replicas} devices"
            )
        group = network.mbstd_group if network.mbstd_features else 1
        most = min(share, self.micro_batch)
        chunk = next(
            size
            for size in range(most, 0, -1)
            if share % size == 0 and (size % group == 0 or size < group)
        )
        if chunk == 1 < min(most, group):
            raise InputError(
                f"training_batch_size is {self.batch_size}, {share} on each of {replicas} devices; "
                f"choose a multiple of {group * replicas}: network_mbstd_group is {group}"
            )
        return chunk

    @property
    def steps(self) -> int:
        """Minibatches of the whole training."""
        return -(-self.kimg * 1000 // self.batch_size)

    @property
    def ema_beta(self) -> float:
        """Decay of the averaged generator's weights in one minibatch."""
        if self.ema_kimg == 0:
            return 0.0
        return 0.5 ** (self.batch_size / (self.ema_kimg * 1000))

    def adam(self, interval: int) -> dict[str, float]:
        """Adam's numbers for a network that is regularized every `interval` minibatches.

        Regularization makes interval + 1 updates of interval minibatches: rates and decays are
        scaled so that a minibatch moves as far as without it (Karras et al. 2020, appendix B).
        """
        ratio = interval / (interval + 1)
        return {
            "learning_rate": self.learning_rate * ratio,
            "beta_1": self.beta_1**ratio,
            "beta_2": self.beta_2**ratio,
            "epsilon": self.epsilon,
        }


def scaled_gamma(resolution: int, batch_size: int) -> float:
    """A weight of R1 that suits a resolution: 0.0002 pixels / batch size.

    The rule is that of Karras et al. 2020, "Training Generative Adversarial Networks with Limited
    Data", appendix C. At 1024x1024 it gives 6.6, where config-f has 10.
    """
    return 0.0002 * resolution**2 / batch_size


TRAININGS = {
    "config-f": TrainingConfig(),
    "config-e": TrainingConfig(gamma=100.0),
    "quick": TrainingConfig(kimg=40, micro_batch=32, gamma=1.0, ema_kimg=1.0, mirror=True),
}


@dataclasses.dataclass(frozen=True)
class GeneratorEvaluationConfig(EvaluationConfig):
    """What is measured of a StyleGAN2, and how.

    Attributes:
        batch_size: Images at a time, a multiple of 16.
        truncation: Psi of the truncation trick; 1 for none, as in the published scores.
        noise: Noise of the generator: random, constant or none.
    """

    truncation: float = 1.0
    noise: str = "random"

    def __post_init__(self):
        super().__post_init__()
        check_at_least(self, truncation=-10)
        check_choices(self, noise=NOISES)
        if self.batch_size % BLOCK:
            raise InputError(f"batch_size is {self.batch_size}; it must be a multiple of {BLOCK}")


@dataclasses.dataclass(frozen=True)
class ProjectionConfig:
    """How a picture is projected. Numbers are those of the paper's appendix D.

    Attributes:
        steps: Steps of the optimization.
        space: Whether one w serves all layers (w, as in the paper) or each has its own (w+).
        learning_rate: Adam's largest learning rate.
        rampup: Share of the steps over which the learning rate rises from 0.
        rampdown: Share of the steps over which the learning rate falls to 0 again, as a cosine.
        w_samples: Latents from which mean and deviation of w are taken.
        w_noise: Noise on w at the first step, in deviations of w.
        noise_rampdown: Share of the steps over which the noise on w falls to 0, as a square.
        noise_weight: Weight of the autocorrelation of the noise maps.
        pixel_weight: Weight of the multi-scale distance of pixels (not the paper's, which has
            LPIPS instead).
        perceptual_weight: Weight of the perceptual distance, where one is given.
    """

    steps: int = 1000
    space: str = "w"
    learning_rate: float = 0.1
    rampup: float = 0.05
    rampdown: float = 0.25
    w_samples: int = 10_000
    w_noise: float = 0.05
    noise_rampdown: float = 0.75
    noise_weight: float = 1e5
    pixel_weight: float = 1.0
    perceptual_weight: float = 1.0

    def __post_init__(self):
        check_choices(self, space=SPACES)
        check_at_least(
            self, steps=1, learning_rate=0, rampup=0, rampdown=0, w_samples=2, w_noise=0,
            noise_rampdown=0, noise_weight=0, pixel_weight=0, perceptual_weight=0,
        )  # fmt: skip
        check_at_most(self, rampup=1, rampdown=1, noise_rampdown=1, w_samples=10_000_000)
