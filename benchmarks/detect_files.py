"""Detection on picture files, in images/s from file to prediction.

Random crops of scikit-learn's two photographs, half of them JPEG and half PNG files, in a temporary
folder; beside a plain loop of Pillow and `keras.Model.predict`. The rows "decoding only" and "model
only" are the two parts of the work by themselves.

    python -m benchmarks.detect_files [--images=1000] [--resolution=64] [--batch_size=32]
"""

import tempfile
from pathlib import Path

import numpy as np
from absl import flags
from PIL import Image
from sklearn.datasets import load_sample_images

from benchmarks.timing import print_rates
from gan_knowledge_gaps.classifiers.detection.batches import detect
from gan_knowledge_gaps.classifiers.detection.fitting import crop_resize_of
from gan_knowledge_gaps.classifiers.detection.pictures import Pictures
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.timing import medians


def write_pictures(folder: Path, count: int) -> None:
    """Crops of 128 to 400 pixels a side, JPEG at quality 90 and PNG in turn."""
    random, photographs = np.random.default_rng(0), load_sample_images().images
    for index in range(count):
        photograph = photographs[index // 2 % 2]
        height, width = random.integers(128, 401, 2)
        top = random.integers(photograph.shape[0] - height + 1)
        left = random.integers(photograph.shape[1] - width + 1)
        image = Image.fromarray(photograph[top : top + height, left : left + width])
        name = f"{index:04d}.jpg" if index % 2 else f"{index:04d}.png"
        image.save(folder / name, **({"quality": 90} if index % 2 else {}))


def plain_loop(detector: Detector, folder: Path) -> None:
    """As a user would write it: all pictures into memory, then one call."""
    size = detector.image_shape[:2]
    images = []
    for path in sorted(folder.iterdir()):
        image = Image.open(path).convert("RGB")
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.crop((left, top, left + side, top + side))
        images.append(np.asarray(image.resize(size, Image.Resampling.LANCZOS), np.float32))
    detector.probability(detector.model.predict(np.stack(images), verbose=0)[:, 0])


def main() -> None:
    """Times all."""
    values = flags.FLAGS
    model = build(values.architecture, (values.resolution, values.resolution, 3), seed=0)
    detector, batch = Detector(model), values.batch_size
    zeros = ArrayImages(np.zeros((batch, *detector.image_shape), np.uint8))
    with tempfile.TemporaryDirectory() as name:
        write_pictures(Path(name), values.images)
        pictures = Pictures([name])
        work = {
            "Pillow loop and predict": lambda: plain_loop(detector, Path(name)),
            "classifiers.detect": lambda: list(detect(detector, pictures, batch_size=batch)),
            "decoding only": lambda: list(pictures.readings(crop_resize_of(detector))),
            "model only": lambda: [
                detector.logits(zeros) for _ in range(-(-values.images // batch))
            ],
        }
        seconds = medians(work, values.repeats)
    print(
        f"{values.images} files, {values.architecture} at {values.resolution}x{values.resolution}"
    )
    print_rates(seconds, values.images, baseline="Pillow loop and predict")
    share = seconds["decoding only"] / (seconds["decoding only"] + seconds["model only"])
    print(f"decoding is {share:.0%} of the work")


if __name__ == "__main__":
    flags.DEFINE_integer("images", 1000, "Files.", lower_bound=1)
    flags.DEFINE_integer("resolution", 64, "Height and width of the detector's images.")
    flags.DEFINE_integer("batch_size", 32, "Pictures through the model at once.", lower_bound=1)
    flags.DEFINE_string("architecture", "mobilenet_v2", "The detector's architecture.")
    flags.DEFINE_integer("repeats", 3, "Repeats.", lower_bound=1)
    command.run(main)
