"""Prints what test_torch_inception.py compares with; needs torch and torch-fidelity.

python tests/evaluation/torch_fidelity_features.py
"""

import tempfile
from unittest import mock

import numpy as np
import torch
from inception_weights import pictures, seeded, summary
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3


def features(images: np.ndarray) -> np.ndarray:
    """uint8 [N, H, W, 3] to features, float32 [N, 2048], of the network in float64."""
    nothing = mock.patch.object(FeatureExtractorInceptionV3, "load_state_dict")
    with tempfile.NamedTemporaryFile(suffix=".pth") as file, nothing:
        torch.save({}, file.name)
        network = FeatureExtractorInceptionV3("i", ["2048"], file.name, "float64")
    tensors = {
        name: torch.from_numpy(seeded(name, tuple(tensor.shape)))
        for name, tensor in network.state_dict().items()
        if not name.endswith(".num_batches_tracked")
    }
    network.load_state_dict(tensors, strict=False)
    return network(torch.from_numpy(images.transpose(0, 3, 1, 2)))[0].numpy()


if __name__ == "__main__":
    np.set_printoptions(linewidth=100, floatmode="fixed", precision=6, suppress=True)
    print(repr(summary(features(pictures()))))
