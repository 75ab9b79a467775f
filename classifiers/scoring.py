"""What a trained model says of many images."""

import keras
import numpy as np

from data import Images

MOST_IMAGES, MOST_PIXELS = 512, 2**21  # of a batch: memory for what a network keeps between layers


def predict(model: keras.Model, images: Images) -> np.ndarray:
    """The model's outputs for all images, in inference mode.

    Args:
        model: images [N, H, W, C] in [0, 255], float32, to outputs [N, D].
        images: uint8 images.

    Returns:
        float32 [N, D].
    """
    outputs = np.empty((len(images), model.output_shape[-1]), np.float32)
    batch = min(MOST_IMAGES, max(1, MOST_PIXELS // (images.shape[0] * images.shape[1])))
    for start in range(0, len(images), batch):
        indices = np.arange(start, min(start + batch, len(images)))
        outputs[indices] = model(images.read(indices).astype(np.float32), training=False)
    return outputs
