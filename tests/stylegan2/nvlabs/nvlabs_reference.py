"""The published networks in float64, on the files' own layouts: NCHW, and OIHW or HWIO.

Everything is done in full: a resampled image is filled with zeros, filtered and convolved by
SciPy, and cut out at the end.
"""

import numpy as np
from nvlabs_files import Spec
from scipy import signal

TAPS = np.outer([1.0, 3.0, 3.0, 1.0], [1.0, 3.0, 3.0, 1.0]) / 64


class TensorFlowLayers:
    """Weights of a TensorFlow file: HWIO, [in, out], NCHW; every kernel is correlated."""

    equalized_demodulation = True

    def __init__(self, spec: Spec, arrays: dict):
        self.spec = spec
        self._arrays = {name: np.asarray(value, np.float64) for name, value in arrays.items()}

    def _own(self, name: str) -> dict:
        name += "/"
        return {k[len(name) :]: v for k, v in self._arrays.items() if k.startswith(name)}

    def dense(self, name: str, x: np.ndarray, multiplier: float = 1.0) -> np.ndarray:
        own = self._own(name)
        return (x @ own["weight"] / np.sqrt(x.shape[1]) + own["bias"]) * multiplier

    def mapping(self, z: np.ndarray, labels) -> np.ndarray:
        x = z
        if labels is not None:
            x = np.concatenate([x, labels @ self._arrays["mapping/LabelConcat/weight"]], axis=1)
        x = normalized(x)
        for index in range(self.spec.mapping_layers):
            x = lrelu(self.dense(f"mapping/Dense{index}", x, 0.01))
        return x

    def synthesis_layer(self, size: int, name: str) -> dict:
        ours = {"conv0": "Conv0_up", "conv1": "Conv" if size == 4 else "Conv1"}
        ours |= {"torgb": "ToRGB", "skip": "Skip"}
        own = self._own(f"synthesis/{size}x{size}/{ours[name]}")
        layer = own | {"kernel": own["weight"].transpose(3, 2, 0, 1), "true": False}
        if name != "skip":
            layer["affine"] = lambda w: (
                w @ own["mod_weight"] / np.sqrt(w.shape[1]) + (own["mod_bias"] + 1)
            )
        if name.startswith("conv"):
            index = 2 * int(np.log2(size)) - 5 + (name == "conv1")
            layer["noise"] = self._arrays[f"synthesis/noise{max(index, 0)}"][0, 0]
        return layer

    @property
    def const(self) -> np.ndarray:
        return self._arrays["synthesis/4x4/Const/const"][0]

    def discriminator_layer(self, size: int, name: str) -> dict:
        ours = {"conv0": "Conv0", "conv1": "Conv1_down", "fromrgb": "FromRGB", "skip": "Skip"}
        own = self._own(f"{size}x{size}/{ours.get(name, 'Conv')}")
        return own | {"kernel": own["weight"].transpose(3, 2, 0, 1)}

    def last(self, x: np.ndarray, labels) -> np.ndarray:
        x = self.dense("Output", lrelu(self.dense("4x4/Dense0", x)))
        return x if labels is None else (x * labels).sum(axis=1, keepdims=True)


class TorchLayers:
    """Weights of a PyTorch file: OIHW, [out, in]; an upsampling kernel is truly convolved."""

    equalized_demodulation = False

    def __init__(self, spec: Spec, arrays: dict):
        self.spec = spec
        self._arrays = {name: np.asarray(value, np.float64) for name, value in arrays.items()}

    def _own(self, name: str) -> dict:
        name += "."
        return {k[len(name) :]: v for k, v in self._arrays.items() if k.startswith(name)}

    def dense(self, name: str, x: np.ndarray, multiplier: float = 1.0) -> np.ndarray:
        own = self._own(name)
        return (x @ own["weight"].T / np.sqrt(x.shape[1]) + own["bias"]) * multiplier

    def mapping(self, z, labels, count: int | None = None) -> np.ndarray:
        parts = [] if z is None else [normalized(z)]
        if labels is not None:
            parts.append(normalized(self.dense("mapping.embed", labels)))
        x = np.concatenate(parts, axis=1)
        for index in range(self.spec.mapping_layers if count is None else count):
            x = lrelu(self.dense(f"mapping.fc{index}", x, 0.01))
        return x

    def synthesis_layer(self, size: int, name: str) -> dict:
        path = f"synthesis.b{size}.{name}"
        own = self._own(path)
        own |= {"kernel": own["weight"], "true": name in ("conv0", "skip")}
        own |= {
            "affine": lambda w: self.dense(f"{path}.affine", w),
            "noise": own.get("noise_const"),
        }
        return own

    @property
    def const(self) -> np.ndarray:
        return self._arrays["synthesis.b4.const"]

    def discriminator_layer(self, size: int, name: str) -> dict:
        own = self._own(f"b{size}.{name}")
        return own | {"kernel": own["weight"]}

    def last(self, x: np.ndarray, labels) -> np.ndarray:
        x = self.dense("b4.out", lrelu(self.dense("b4.fc", x)))
        if labels is None:
            return x
        directions = self.mapping(None, labels, self.spec.label_layers)
        return (x * directions).sum(axis=1, keepdims=True) / np.sqrt(x.shape[1])


def lrelu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.2 * x) * np.sqrt(2)


def normalized(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-8)


def clamped(x: np.ndarray, limit: float | None) -> np.ndarray:
    return x if limit is None else np.clip(x, -limit, limit)


def filtered(image: np.ndarray, gain: float) -> np.ndarray:
    """[C, H, W] to [C, H + 3, W + 3]."""
    return np.stack([signal.convolve2d(channel, TAPS * gain) for channel in image])


def applied(image: np.ndarray, kernel: np.ndarray, true: bool) -> np.ndarray:
    """Full convolution, or correlation, of [C, H, W] with [F, C, K, K]."""
    operation = signal.convolve2d if true else signal.correlate2d
    return np.stack(
        [sum(operation(image[c], part[c]) for c in range(len(image))) for part in kernel]
    )


def enlarged(image: np.ndarray) -> np.ndarray:
    """Zeros between the pixels, and the filter; twice as large and 3 more."""
    larger = np.zeros((image.shape[0], 2 * image.shape[1], 2 * image.shape[2]))
    larger[:, ::2, ::2] = image
    return filtered(larger, 4)


def conv(image: np.ndarray, kernel: np.ndarray, resample: str = "", true: bool = False):
    """[C, H, W] and [F, C, K, K] to [F, H', W']."""
    size, border = image.shape[1], kernel.shape[2] // 2
    if resample == "up":
        full, start = applied(enlarged(image), kernel, true), border + 1
        return full[:, start : start + 2 * size, start : start + 2 * size]
    if resample == "down":
        full, start = applied(filtered(image, 1), kernel, true), border + 2
        return full[:, start::2, start::2][:, : size // 2, : size // 2]
    full = applied(image, kernel, true)
    return full[:, border : border + size, border : border + size]


def scaled(kernel: np.ndarray) -> np.ndarray:
    return kernel / np.sqrt(kernel[0].size)


def modulated(layers, layer: dict, x, w, resample: str = "", demodulate: bool = True):
    outputs = []
    for image, style in zip(x, layer["affine"](w), strict=True):
        kernel = layer["kernel"]
        if layers.equalized_demodulation or not demodulate:
            kernel = scaled(kernel)
        kernel = kernel * style[:, None, None]
        if demodulate:
            kernel = kernel / np.sqrt((kernel**2).sum(axis=(1, 2, 3), keepdims=True) + 1e-8)
        outputs.append(conv(image, kernel, resample, layer["true"]))
    return np.stack(outputs)


def synthesis(layers, w: np.ndarray, noise: bool) -> np.ndarray:
    """w [N, w_dim] to images [N, C, H, W]."""
    spec = layers.spec
    x, image = np.repeat(layers.const[None], len(w), axis=0), None
    for size in spec.resolutions:
        before = x
        for name in ("conv0", "conv1") if size > 4 else ("conv1",):
            layer = layers.synthesis_layer(size, name)
            x = modulated(layers, layer, x, w, "up" if name == "conv0" else "")
            if noise:
                x = x + layer["noise"] * layer["noise_strength"]
            x = clamped(lrelu(x + layer["bias"][:, None, None]), spec.clamp)
        if spec.g == "resnet" and size > 4:
            layer = layers.synthesis_layer(size, "skip")
            skipped = [conv(one, scaled(layer["kernel"]), "up", layer["true"]) for one in before]
            x = (x + np.stack(skipped)) / np.sqrt(2)
        if spec.g == "skip" or size == spec.resolution:
            layer = layers.synthesis_layer(size, "torgb")
            colors = modulated(layers, layer, x, w, demodulate=False)
            colors = clamped(colors + layer["bias"][:, None, None], spec.clamp)
            if image is not None:
                larger = [enlarged(one)[:, 1 : size + 1, 1 : size + 1] for one in image]
                colors = colors + np.stack(larger)
            image = colors
    return image


def discriminator(layers, images: np.ndarray, labels) -> np.ndarray:
    """Images [N, C, H, W] to [N, 1]."""
    spec, x = layers.spec, None

    def activated(size, name, x, resample="", clamp=True):
        layer = layers.discriminator_layer(size, name)
        y = np.stack([conv(one, scaled(layer["kernel"]), resample) for one in x])
        return clamped(lrelu(y + layer["bias"][:, None, None]), spec.clamp if clamp else None)

    for size in spec.resolutions[:0:-1]:
        if spec.d == "skip" or size == spec.resolution:
            colors = activated(size, "fromrgb", images)
            x = colors if x is None else x + colors
        y = activated(size, "conv1", activated(size, "conv0", x), "down")
        if spec.d == "resnet":
            kernel = scaled(layers.discriminator_layer(size, "skip")["kernel"])
            y = (y + np.stack([conv(one, kernel, "down") for one in x])) / np.sqrt(2)
        if spec.d == "skip":
            one = np.eye(spec.channels)[:, :, None, None]
            images = np.stack([conv(image, one, "down") for image in images])
        x = y
    if spec.d == "skip":
        x = x + activated(4, "fromrgb", images, clamp=False)
    if spec.features:
        x = with_deviation(x, min(spec.group, len(x)), spec.features)
    x = activated(4, "conv", x)
    return layers.last(x.reshape(len(x), -1), labels)


def with_deviation(x: np.ndarray, group: int, features: int) -> np.ndarray:
    """The minibatch standard deviation: image i is in group i mod M."""
    groups, share = len(x) // group, x.shape[1] // features
    maps = np.empty((len(x), features, *x.shape[2:]))
    for number in range(groups):
        deviation = np.sqrt(x[number::groups].var(axis=0) + 1e-8)
        for feature in range(features):
            part = deviation[feature * share : (feature + 1) * share]
            maps[number::groups, feature] = part.mean()
    return np.concatenate([x, maps], axis=1)
