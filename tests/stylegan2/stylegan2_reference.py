"""StyleGAN2's layers and networks in float64, by their definitions.

Convolutions are SciPy's. A modulated convolution has a kernel of its own for each image; resampling
and convolution are both done in full, on everything that is not zero, and cut out at the end, so
that neither their order nor the border matters.
"""

import numpy as np
from scipy import signal

FILTER = np.outer([1.0, 3.0, 3.0, 1.0], [1.0, 3.0, 3.0, 1.0]) / 64


def weights_of(layer) -> dict[str, np.ndarray]:
    """A layer's own variables by name, float64."""
    own = layer._trainable_variables + layer._non_trainable_variables
    return {variable.name: variable.numpy().astype(np.float64) for variable in own}


def lrelu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x) * np.sqrt(2)


def dense(layer, x: np.ndarray, multiplier: float = 1.0, activate: bool = True) -> np.ndarray:
    own = weights_of(layer)
    x = x.reshape(len(x), -1)
    y = x @ own["weight"] * multiplier / np.sqrt(x.shape[1]) + own["bias"] * multiplier
    return lrelu(y) if activate else y


def correlate(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Full correlation of one image [H, W, C] with a kernel [K, K, C, F]."""
    flipped = kernel[::-1, ::-1]
    return np.stack(
        [
            sum(
                signal.convolve2d(image[..., c], flipped[..., c, f], "full")
                for c in range(image.shape[-1])
            )
            for f in range(kernel.shape[-1])
        ],
        axis=-1,
    )


def blur(image: np.ndarray, gain: float) -> np.ndarray:
    """Full convolution of each channel with the filter [1, 3, 3, 1]."""
    channels = range(image.shape[-1])
    return np.stack(
        [signal.convolve2d(image[..., c], FILTER * gain, "full") for c in channels], axis=-1
    )


def insert_zeros(image: np.ndarray) -> np.ndarray:
    height, width, channels = image.shape
    larger = np.zeros((2 * height, 2 * width, channels))
    larger[::2, ::2] = image
    return larger


def convolve(image: np.ndarray, kernel: np.ndarray, resample: str | None) -> np.ndarray:
    """[H, W, C] and [K, K, C, F] to [H', W', F]; "up" and "down" by the filter [1, 3, 3, 1]."""
    size, border = image.shape[0], kernel.shape[0] // 2
    if resample == "up":
        # The filter's middle lies between its second and third tap: the first of both is cut.
        full = correlate(blur(insert_zeros(image), gain=4), kernel)
        start, step, count = 1 + border, 1, 2 * size
    elif resample == "down":
        full = correlate(blur(image, gain=1), kernel)
        start, step, count = 2 + border, 2, size // 2
    else:
        full = correlate(image, kernel)
        start, step, count = border, 1, size
    return full[start::step, start::step][:count, :count]


def equalized(kernel: np.ndarray) -> np.ndarray:
    return kernel / np.sqrt(np.prod(kernel.shape[:-1]))


def conv(layer, x: np.ndarray, resample: str | None = None, activate: bool = True) -> np.ndarray:
    own = weights_of(layer)
    kernel = equalized(own["weight"])
    y = np.stack([convolve(image, kernel, resample) for image in x])
    return lrelu(y + own["bias"]) if activate else y


def modulated(layer, x, w, resample: str | None = None, demodulate: bool = True) -> np.ndarray:
    """Karras et al. 2020, equations 1 and 3: a kernel for each image."""
    own = weights_of(layer)
    style = w @ own["mod_weight"] / np.sqrt(w.shape[1]) + own["mod_bias"] + 1  # [N, C]
    outputs = []
    for image, scale in zip(x, style, strict=True):
        kernel = equalized(own["weight"]) * scale[:, None]
        if demodulate:
            kernel = kernel / np.sqrt((kernel**2).sum(axis=(0, 1, 2)) + 1e-8)
        outputs.append(convolve(image, kernel, resample))
    return np.stack(outputs)


def styled(layer, x, w, noise, resample: str | None = None) -> np.ndarray:
    own = weights_of(layer)
    y = modulated(layer.conv, x, w, resample)
    return lrelu(y + noise * own["noise_strength"] + own["bias"])


def to_rgb(layer, x, w) -> np.ndarray:
    return modulated(layer.conv, x, w, demodulate=False) + weights_of(layer)["bias"]


def upsample(images: np.ndarray) -> np.ndarray:
    one = np.eye(images.shape[-1])[None, None]
    return np.stack([convolve(image, one, "up") for image in images])


def downsample(images: np.ndarray) -> np.ndarray:
    one = np.eye(images.shape[-1])[None, None]
    return np.stack([convolve(image, one, "down") for image in images])


def mapping(network, z: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    """[N, w_dim]."""
    config = network.config
    x = z.astype(np.float64)
    if labels is not None:
        x = np.concatenate([x, labels @ weights_of(network)["label_weight"]], axis=1)
    x = x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-8)
    for index in range(config.mapping_layers):
        x = dense(network.layers[index], x, config.mapping_lr_multiplier)
    return x


def synthesis(network, w: np.ndarray) -> np.ndarray:
    """[N, num_layers, w_dim] to images, with the network's constant noise."""
    own, architecture = weights_of(network), network.config.generator_architecture
    x = np.repeat(own["const"], len(w), axis=0)
    image, layer = None, 0
    for block in network.blocks:
        residual = None
        if block.skip is not None:
            residual = conv(block.skip, x, "up", activate=False)
        for index, each in enumerate(block.convolutions):
            resample = "up" if len(block.convolutions) == 2 and index == 0 else None
            x = styled(each, x, w[:, layer], own[f"noise{layer}"], resample)
            layer += 1
        if residual is not None:
            x = (x + residual) / np.sqrt(2)
        if architecture == "skip" or block is network.blocks[-1]:
            colors = to_rgb(block.to_rgb, x, w[:, layer])
            image = colors if image is None else upsample(image) + colors
    return image


def minibatch_stddev(x: np.ndarray, group: int, features: int = 1) -> np.ndarray:
    """One loop for each word of the definition."""
    count, height, width, channels = x.shape
    group = min(group, count)
    groups = count // group
    maps = np.empty((count, height, width, features))
    for number in range(groups):
        members = x[number::groups]
        assert len(members) == group
        deviation = np.sqrt(members.var(axis=0) + 1e-8)  # [H, W, C]
        for feature in range(features):
            share = channels // features
            mean = deviation[..., feature * share : (feature + 1) * share].mean()
            maps[number::groups, ..., feature] = mean
    return np.concatenate([x, maps], axis=3)


def discriminator(network, images: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    config = network.config
    architecture = config.discriminator_architecture
    images, x = images.astype(np.float64), None
    for block in network.blocks:
        if block.from_rgb is not None:
            colors = conv(block.from_rgb, images)
            x = colors if x is None else x + colors
        y = conv(block.second, conv(block.first, x), "down")
        if architecture == "resnet":
            y = (y + conv(block.skip, x, "down", activate=False)) / np.sqrt(2)
        if architecture == "skip":
            images = downsample(images)
        x = y
    last = network.last
    if architecture == "skip":
        x = x + conv(last.from_rgb, images)
    if config.mbstd_features:
        x = minibatch_stddev(x, config.mbstd_group, config.mbstd_features)
    logits = dense(last.output_layer, dense(last.dense, conv(last.conv, x)), activate=False)
    return logits if labels is None else (logits * labels).sum(axis=1, keepdims=True)
