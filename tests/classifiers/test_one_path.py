"""Nothing but the pixels tells natural from generated images.

The same pictures are given as natural and as generated ones, in other files. Whatever happens to
them on the way (decoding, crop, resizing, augmentation, JPEG) must leave no difference.
"""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.classifiers import ClassifierConfig, ClassifierTask, Detector, build
from gan_knowledge_gaps.classifiers.augmentation import AugmentationConfig
from gan_knowledge_gaps.classifiers.perturbations import PERTURBATIONS, Perturbed
from gan_knowledge_gaps.classifiers.train import final_metrics
from gan_knowledge_gaps.data import InputError, open_path
from gan_knowledge_gaps.data.records.conversion import Conversion
from gan_knowledge_gaps.data.records.options import ConvertOptions

SIZES = [(30, 40), (64, 20), (24, 24), (12, 12), (90, 50)] * 3


def write(folder: Path, *kinds: tuple[str, dict]) -> Path:
    """The same pictures of mixed sizes, of file formats in turn."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for index, size in enumerate(SIZES):
        suffix, options = kinds[index % len(kinds)]
        pixels = random.integers(0, 256, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index:02d}{suffix}", **options)
    return folder


def zipped(folder: Path) -> Path:
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return folder.with_suffix(".zip")


def converted(folder: Path, resize_filter: str) -> Path:
    output = folder.with_name(f"{folder.name}-{resize_filter}")
    options = ConvertOptions(str(folder), str(output), 12, resize_filter=resize_filter)
    with Conversion(options) as conversion:
        conversion.run(lambda: None, lambda line: None)
    return output


@pytest.fixture(scope="module")
def paths(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("same")
    png, jpeg = write(folder / "png", (".png", {})), write(folder / "jpeg", (".jpg", {}))
    lossless = write(folder / "others", (".bmp", {}), (".webp", {"lossless": True}))
    return {
        "png": png, "png zip": zipped(png), "bmp, webp": lossless,
        "jpeg": jpeg, "jpeg zip": zipped(jpeg),
        **{f"png {name}": converted(png, name) for name in ("lanczos", "box")},
        **{f"jpeg {name}": converted(jpeg, name) for name in ("lanczos", "box")},
    }  # fmt: skip


def pixels(path: Path, resize_filter: str) -> np.ndarray:
    dataset = open_path(str(path), 12, 3, resize_filter).dataset
    parts = (dataset.train, dataset.evaluation)
    return np.concatenate([part.read(np.arange(len(part))) for part in parts])


@pytest.mark.parametrize("resize_filter", ["lanczos", "box"])
@pytest.mark.parametrize(
    ("natural", "generated"),
    [("png", ("png zip", "bmp, webp", "png {}")), ("jpeg", ("jpeg zip", "jpeg {}"))],
)
def test_files_zips_and_records_become_the_same_pixels(paths, natural, generated, resize_filter):
    expected = pixels(paths[natural], resize_filter)
    assert expected.shape == (len(SIZES), 12, 12, 3)
    for name in generated:
        found = pixels(paths[name.format(resize_filter)], resize_filter)
        np.testing.assert_array_equal(found, expected, err_msg=name)


def test_records_of_another_filter_are_refused(paths):
    with pytest.raises(InputError, match="made by --filter=box, not lanczos"):
        open_path(str(paths["png box"]), 12, 3, "lanczos")


def test_no_detector_can_tell_them_apart(paths):
    """Its metrics are those of guessing, and JPEG and every perturbation are the same for both."""
    detector = Detector(build("cnn", (12, 12, 3), 0, jpeg_quality=60))
    natural, generated = (open_path(str(paths[name]), 12, 3) for name in ("png", "bmp, webp"))
    (found,) = final_metrics(detector, natural, [generated])
    assert found["roc_auc"] == 0.5 and found["detection_rate"] == 1 - found["natural_accuracy"]
    for name, (_, _, mildest) in PERTURBATIONS.items():
        strength = 1.5 if name == "blur" else 0.6 * mildest
        perturbed = (
            detector.logits(Perturbed(each.dataset.train, name, strength))
            for each in (natural, generated)
        )
        np.testing.assert_array_equal(*perturbed, err_msg=name)


def test_training_encodes_and_augments_both_alike(paths):
    natural, generated = (
        open_path(str(paths[name]), 12, 3).dataset.train for name in ("png", "bmp, webp")
    )
    config = ClassifierConfig(batch_size=2 * len(natural), jpeg_quality=60)
    plain, augmented = (
        ClassifierTask("cnn", config, natural, [generated], 0, each)
        for each in (None, AugmentationConfig(flip=0.5, blur=0.5, jpeg=0.5))
    )
    images, labels = plain.batch(0)  # Every image of both kinds, once.
    logits = plain.model(images.astype("f")).numpy()[:, 0]
    np.testing.assert_array_equal(np.sort(logits[labels == 0]), np.sort(logits[labels == 1]))
    # Draws depend on the place in the batch, where the kinds alternate: their numbers agree.
    changed = np.concatenate(
        [
            (augmented.batch(step)[0] != plain.batch(step)[0]).any(axis=(1, 2, 3)).reshape(-1, 2)
            for step in range(40)
        ]
    )
    spread = 4 * (2 * 0.875 * 0.125 / len(changed)) ** 0.5
    assert abs(changed[:, 0].mean() - changed[:, 1].mean()) < spread
