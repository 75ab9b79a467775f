"""Shards and manifest, read by TensorFlow and Pillow."""

import hashlib
import io
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gan_knowledge_gaps.data import DATASETS, load
from gan_knowledge_gaps.data.files import sha256_file
from gan_knowledge_gaps.data.records import RecordImages

FEATURES = {
    "image/encoded": tf.io.FixedLenFeature([], tf.string),
    "image/format": tf.io.FixedLenFeature([], tf.string),
    "image/filename": tf.io.FixedLenFeature([], tf.string),
    "image/height": tf.io.FixedLenFeature([], tf.int64),
    "image/width": tf.io.FixedLenFeature([], tf.int64),
    "image/label": tf.io.FixedLenFeature([], tf.int64, default_value=-1),
}


def examples(folder) -> list[dict]:
    """All examples in order, as TensorFlow reads them."""
    shards = sorted(map(str, folder.glob("images-*")))
    records = tf.data.TFRecordDataset(shards)
    parsed = (tf.io.parse_single_example(record, FEATURES) for record in records)
    return [{name: value.numpy() for name, value in each.items()} for each in parsed]


def read_all(images):
    return images.read(np.arange(len(images)))


def test_tensorflow_reads_what_we_write(pictures, converted):
    folder = converted(pictures, resolution=16)
    names = [path.name for path in sorted(folder.iterdir())]
    assert names == [
        *(f"images-0000{i}-of-00003" for i in range(3)),
        *(f"index-0000{i}-of-00003.json" for i in range(3)),
        "manifest.json",
    ]
    read = examples(folder)
    filenames = [each["image/filename"].decode() for each in read]
    assert filenames == [*(f"{i}.png" for i in range(10)), "sub/x.jpg"]
    images = DATASETS["folder"](pictures, 16, 3)[0]
    for each, image in zip(read, read_all(images), strict=True):
        assert (each["image/height"], each["image/width"]) == (16, 16)
        assert each["image/format"] == b"png"
        assert each["image/label"] == -1
        decoded = tf.io.decode_png(each["image/encoded"]).numpy()
        assert np.array_equal(decoded, image)
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(each["image/encoded"]))), image)


def test_the_manifest_counts_and_sums(pictures, converted):
    folder = converted(pictures)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["images"] == 11
    assert [shard["images"] for shard in manifest["shards"]] == [3, 4, 4]
    for shard in manifest["shards"]:
        path = folder / shard["name"]
        assert shard["bytes"] == path.stat().st_size
        assert shard["sha256"] == sha256_file(path)
    source = manifest["source"]
    names = [*(f"{i}.png" for i in range(10)), "sub/x.jpg"]
    sizes = [(pictures / name).stat().st_size for name in names]
    lines = "".join(f"{name}\t{size}\n" for name, size in zip(names, sizes, strict=True))
    assert source == {
        "kind": "folder",
        "name": "pictures",
        "pictures": 11,
        "bytes": sum(sizes),
        "sha256": hashlib.sha256(lines.encode()).hexdigest(),
    }
    digests = [
        hashlib.sha256(image.tobytes()).hexdigest()
        for image in read_all(DATASETS["folder"](pictures, 8, 3)[0])
    ]
    expected = hashlib.sha256(b"images 11 8 8 3\n" + "".join(digests).encode()).hexdigest()
    assert manifest["fingerprint"] == RecordImages(folder).fingerprint == expected


def test_a_zip_and_a_folder_give_the_same_bytes_twice(pictures, zip_of, converted):
    folder = converted(pictures)
    for output in (converted(zip_of(pictures), "zipped"), converted(pictures, "again")):
        for path in folder.glob("i*"):
            assert (output / path.name).read_bytes() == path.read_bytes()
    manifests = [RecordImages(folder).manifest, RecordImages(folder.parent / "zipped").manifest]
    assert manifests[0]["source"]["sha256"] == manifests[1]["source"]["sha256"]


def test_features_are_serialized_in_the_order_of_names(mnist_folder, converted):
    shard = converted(mnist_folder, shards=1) / "images-00000-of-00001"
    for record in tf.data.TFRecordDataset(str(shard)):
        places = [record.numpy().index(name.encode()) for name in sorted(FEATURES)]
        assert places == sorted(places)


@pytest.mark.parametrize("shards", [1, 2, 11])
def test_the_fingerprint_does_not_depend_on_shards(pictures, converted, shards):
    one, other = converted(pictures), converted(pictures, "other", shards=shards)
    assert RecordImages(one).fingerprint == RecordImages(other).fingerprint
    assert len(list(other.glob("images-*"))) == shards


GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)
COLOR = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)


def save(path, image, **options):
    Image.fromarray(image).save(path, **options)


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


# Of pictures of 16x16: how they are saved, and whether their own bytes go into records of 16x16x3.
AS_IS = {
    "a.png": (lambda path: save(path, COLOR), True),
    "b.jpg": (lambda path: save(path, COLOR, quality=80), True),
    "c.jpg": (lambda path: save(path, COLOR, exif=exif(1)), True),
    "d.jpg": (lambda path: save(path, COLOR, exif=exif(3)), False),
    "e.png": (lambda path: save(path, GREY), False),
    "f.webp": (lambda path: save(path, COLOR, lossless=True), False),
    "g.bmp": (lambda path: save(path, COLOR), False),
    "h.png": (lambda path: Image.fromarray(COLOR).convert("P").save(path), False),
    "i.png": (lambda path: Image.fromarray(COLOR).convert("RGBA").save(path), False),
    "j.png": (lambda path: save(path, GREY.astype(np.uint16) * 256 + 7), False),
    "k.jpg": (lambda path: Image.fromarray(COLOR).convert("CMYK").save(path), False),
    "l.png": (lambda path: save(path, COLOR, transparency=(0, 0, 0)), False),
    "m.png": (lambda path: save(path, COLOR[:12]), False),
    "n.png": (lambda path: save(path, COLOR[:8, :8]), False),
}


def test_bytes_are_kept_where_nothing_changes_and_only_there(tmp_path, converted):
    source = tmp_path / "source"
    source.mkdir()
    for name, (write, _) in AS_IS.items():
        write(source / name)
    folder = converted(source, resolution=16)
    read = examples(folder)
    for each, (name, (_, kept)) in zip(read, AS_IS.items(), strict=True):
        assert each["image/filename"] == name.encode()
        assert (each["image/encoded"] == (source / name).read_bytes()) == kept, name
        assert each["image/format"] == (b"jpeg" if kept and name.endswith("jpg") else b"png")
        decoded = Image.open(io.BytesIO(each["image/encoded"]))
        assert (decoded.mode, decoded.size) == ("RGB", (16, 16)), name
    images = RecordImages(folder)
    assert images.manifest["source_bytes_kept"] == 3
    as_it_is = read_all(DATASETS["folder"](source, 16, 3)[0])
    assert np.array_equal(read_all(images), as_it_is)
    assert np.array_equal(as_it_is[3], np.rot90(as_it_is[2], 2))  # orientation 3, at quality 75
    assert np.array_equal(as_it_is[9], np.repeat(GREY[..., None], 3, axis=2))  # the upper 8 bits


def test_sixteen_bits_of_colour_are_not_kept(tmp_path, converted):
    source = tmp_path / "source"
    source.mkdir()
    deep = tf.cast(COLOR, tf.uint16) * 256 + 9
    (source / "a.png").write_bytes(tf.io.encode_png(deep).numpy())
    [each] = examples(converted(source, resolution=16, shards=1))
    assert each["image/encoded"] != (source / "a.png").read_bytes()
    assert np.array_equal(tf.io.decode_png(each["image/encoded"]).numpy(), COLOR)


def test_grey_records_keep_grey_bytes(tmp_path, converted):
    source = tmp_path / "source"
    source.mkdir()
    save(source / "a.png", GREY)
    save(source / "b.png", COLOR)
    read = examples(converted(source, resolution=16, channels=1, shards=1))
    assert read[0]["image/encoded"] == (source / "a.png").read_bytes()
    grey = tf.io.decode_png(read[1]["image/encoded"]).numpy()
    assert grey.shape == (16, 16, 1)
    assert np.abs(grey[..., 0] - COLOR @ [0.299, 0.587, 0.114]).max() <= 1  # ITU-R BT.601


def test_mnist_becomes_records_with_labels(mnist_folder, mnist_arrays, converted):
    folder = converted(mnist_folder, resolution=28, channels=1)
    read = examples(folder)
    arrays = list(mnist_arrays.values())
    pixels = np.concatenate([arrays[0], arrays[2]])
    for i, each in enumerate(read):
        assert each["image/label"] == i
        assert np.array_equal(tf.io.decode_png(each["image/encoded"])[..., 0], pixels[i])
    assert read[0]["image/filename"] == b"train-images/00000"
    assert read[7]["image/filename"] == b"t10k-images/00000"
    records, mnist = load("records", folder), load("mnist", mnist_folder)
    assert records.fingerprint == mnist.fingerprint
    assert records.train_labels.tolist() == mnist.train_labels.tolist()
    manifest = RecordImages(folder).manifest
    assert (manifest["source"]["kind"], manifest["labels"]) == ("idx", True)


def test_another_set_in_the_format_of_mnist_is_refused(
    mnist_folder, mnist_arrays, idx_bytes, converted, input_error
):
    converted(mnist_folder)
    for name, array in mnist_arrays.items():  # names and sizes stay
        changed = array.copy()
        changed.flat[-1] ^= 1
        (mnist_folder / name).write_bytes(idx_bytes(changed))
        assert "a conversion of other files" in input_error(converted, mnist_folder)
        (mnist_folder / name).write_bytes(idx_bytes(array))
    converted(mnist_folder)


def test_names_that_are_not_utf8_keep_their_bytes(tmp_path, converted):
    source = tmp_path / "source"
    source.mkdir()
    save(source / "b\udcff.png", GREY)
    (source / "a\udcfe.png").write_bytes(b"bad")
    folder = converted(source, shards=1, skip_bad=True)
    assert [each["image/filename"] for each in examples(folder)] == [b"b\xff.png"]
    assert RecordImages(folder).manifest["skipped"][0]["filename"] == "a\udcfe.png"
