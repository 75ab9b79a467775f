"""Where a detector's training begins: weights of other images, and a linear probe on them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from gan_knowledge_gaps.classifiers.backbones import BACKBONES, KerasApplication
from gan_knowledge_gaps.classifiers.evaluation_inputs import at_most
from gan_knowledge_gaps.classifiers.linear import fit_linear_classes
from gan_knowledge_gaps.data import Images, InputError, sha256_file
from gan_knowledge_gaps.metrics.open_set import class_weights
from gan_knowledge_gaps.training.progress import say

if TYPE_CHECKING:
    import keras

    from gan_knowledge_gaps.classifiers.training import SupervisedTask

NONE, IMAGENET = "none", "imagenet"
MOST = 4000  # images of each kind that the probe is fitted on
# Of the probe's logistic regression, by the loss of images that do not train.
INVERSE_PENALTIES = 10.0 ** np.arange(-5, 2)
_WIDTHS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)  # for which there are weights of MobileNetV2


def check_weights(weights: str, architecture: str, channels: int, width: float) -> None:
    """Raises InputError where `start_from` cannot work, before anything is built or read."""
    if weights == NONE or _is_detector(weights):
        return
    if weights != IMAGENET and not Path(weights).is_file():
        raise InputError(
            f"--weights={weights} is no file and no folder of a detector; "
            f"give one, or {IMAGENET}, or {NONE}"
        )
    backbone = BACKBONES.get(architecture)
    if backbone is None or not isinstance(backbone.features, KerasApplication):
        others = [
            name for name, each in BACKBONES.items() if isinstance(each.features, KerasApplication)
        ]
        raise InputError(
            f"Keras has no weights of {architecture}: give --weights={NONE}, or one of "
            f"--architecture={', '.join(others)}"
        )
    if channels != 3:
        raise InputError("--weights of Keras are for RGB images: give --channels=3")
    if width not in (_WIDTHS if backbone.heeds_width else (1.0,)):
        raise InputError(
            f"Keras has no weights of {architecture} at --classifier_width={width:g}; give 1"
        )


def recorded_weights(weights: str) -> dict[str, str]:
    """What a run records of where it began; nothing where that is its seed alone."""
    if weights in (NONE, IMAGENET):
        return {} if weights == NONE else {"weights": weights}
    return {"weights": recorded_model(weights)}


def recorded_model(path: str) -> str:
    """The name of a model's file, or of that in its folder, and its SHA-256."""
    from gan_knowledge_gaps.training.keras_models import classifier_file

    file = classifier_file(path)
    return f"{file.name}, SHA-256 {sha256_file(file)}"


def begin_with(
    task: SupervisedTask,
    weights: str,
    architecture: str,
    width: float,
    training: Sequence[Images],
) -> None:
    """Lets a training begin with a linear probe on other images' weights.

    Args:
        task: with validation images, whose model takes them; the probe is the first that its early
            stopping looks at.
        weights, architecture, width: see `start_from`.
        training: images of each class; of a detector natural and generated ones.

    Raises:
        InputError: the weights cannot be had, or are those of another network.
    """
    stopping = task.early_stopping
    assert stopping is not None
    start_from(task.model, weights, architecture, width)
    fit_probe(task.model, training, stopping.sets)
    found = stopping.validate()
    accuracy = found["validation_accuracy"]
    say(f"linear probe: {accuracy:.1%} of the images held back are classified correctly")


def start_from(model: keras.Model, weights: str, architecture: str, width: float) -> None:
    """Gives a model weights that were trained on other images, all but the last layer's.

    Pixels are scaled as those weights expect it.

    Args:
        model: of `classifiers.build`.
        weights: "imagenet", which Keras downloads; a file of such weights (.h5); or a detector of
            the same architecture, a folder or a `.keras` file.
        architecture: of the model.
        width: of the model.

    Raises:
        InputError: they cannot be had, or are those of another network.
    """
    from gan_knowledge_gaps.classifiers.models import behind_jpeg
    from gan_knowledge_gaps.training.keras_models import load_classifier

    if _is_detector(weights):
        other = load_classifier(weights, flag="--weights")
        arrays, scaling = other.get_weights()[:-2], _rescaling(behind_jpeg(other))
    else:
        scaling = cast(KerasApplication, BACKBONES[architecture].features)
        arrays = _of_keras(scaling, weights, width)
    own = model.get_weights()
    if [each.shape for each in arrays] != [each.shape for each in own[:-2]]:
        raise InputError(f"--weights={weights} are those of another network than {architecture}")
    model.set_weights([*arrays, *own[-2:]])
    rescaling = _rescaling(behind_jpeg(model))
    rescaling.scale, rescaling.offset = scaling.scale, scaling.offset


def fit_probe(
    model: keras.Model, training: Sequence[Images], validation: Sequence[Images]
) -> float:
    """Fits the last layer by logistic regression on what the others, as they are, make of images.

    Args:
        model: of `classifiers.build`; of its weights only the last layer's change.
        training: images of each class, of which at most MOST are taken; where the model has one
            logit, natural and generated ones.
        validation: images of each class, whose loss chooses the penalty.

    Returns:
        The cross-entropy of the validation images, each class weighing the same.
    """
    from scipy.special import softmax
    from sklearn.metrics import log_loss

    from gan_knowledge_gaps.classifiers.models import behind_jpeg
    from gan_knowledge_gaps.classifiers.scoring import predict

    network = feature_network(model)
    values, labels = _joined([predict(network, at_most(images, MOST)) for images in training])
    others, other_labels = _joined([predict(network, images) for images in validation])
    fitted = []
    for penalty in INVERSE_PENALTIES:
        kernel, bias = fit_linear_classes(values, labels, penalty)
        probability = softmax(others @ kernel + bias, axis=1)
        loss = log_loss(other_labels, probability, sample_weight=class_weights(other_labels))
        fitted.append((float(loss), kernel, bias))
    loss, kernel, bias = min(fitted, key=lambda each: each[0])
    head = behind_jpeg(model).layers[-1]
    if head.kernel.shape[-1] == 1:
        kernel, bias = kernel[:, 1:] - kernel[:, :1], bias[1:] - bias[:1]
    head.kernel.assign(kernel)
    head.bias.assign(bias)
    return loss


def feature_network(model: keras.Model) -> keras.Model:
    """A classifier without its last layer: images [N, H, W, C] to features [N, D]."""
    import keras

    from gan_knowledge_gaps.classifiers.models import behind_jpeg, steps_of

    network = behind_jpeg(model)
    steps = steps_of(network)
    features = keras.Model(steps[0].output, steps[-1].inputs[0])
    if network is model:
        return features
    return keras.Model(model.inputs[0], features(model.get_layer("jpeg").output))


def _is_detector(weights: str) -> bool:
    return weights != IMAGENET and (Path(weights).is_dir() or Path(weights).suffix == ".keras")


def _of_keras(application: KerasApplication, weights: str, width: float) -> list[np.ndarray]:
    try:
        with contextlib.redirect_stdout(sys.stderr):  # where Keras says that it downloads
            return application.pretrained(weights, width)
    except Exception as error:  # of the network, the file, or the library that reads it
        reason = " ".join(str(error).split())[:170]
        raise InputError(
            f"the weights of {application.name} cannot be had from {weights}: {reason}; "
            "give a file of them with --weights=PATH"
        ) from error


def _rescaling(network: keras.Model) -> keras.layers.Rescaling:
    import keras

    return next(each for each in network.layers if isinstance(each, keras.layers.Rescaling))


def _joined(parts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Features of the images of each class, float64, and their labels."""
    labels = np.repeat(np.arange(len(parts)), [len(each) for each in parts])
    return np.concatenate(parts).astype(float), labels
