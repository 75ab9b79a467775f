"""Seeded damage to pictures and zip files: one line each, and never silently other pixels."""

import functools
import io
import warnings
import zipfile

import numpy as np
import pytest
from PIL import Image, ImageOps

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.picture import decode
from gan_knowledge_gaps.data.resize import CropResize
from gan_knowledge_gaps.data.sources import open_images

PIXELS = np.random.default_rng(0).integers(0, 256, (13, 11, 4), np.uint8)
RGB = Image.fromarray(PIXELS[..., :3])
MUTANTS = 60  # of each file


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


@functools.cache
def files() -> dict[str, bytes]:
    """Small pictures of every format, and with every kind of metadata."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    deep = Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 257)
    return {
        "rgb.png": encoded(RGB, "PNG", exif=exif, icc_profile=bytes(200)),
        "palette.png": encoded(RGB.quantize(9), "PNG", transparency=3),
        "deep.png": encoded(deep, "PNG", transparency=int(PIXELS[3, 3, 0]) * 257),
        "alpha.png": encoded(Image.fromarray(PIXELS), "PNG"),
        "photo.jpg": encoded(RGB, "JPEG", exif=exif, icc_profile=bytes(200), comment="hello"),
        "progressive.jpg": encoded(RGB, "JPEG", progressive=True),
        "cmyk.jpg": encoded(Image.fromarray(PIXELS, "CMYK"), "JPEG"),
        "x.webp": encoded(RGB, "WEBP", exif=exif),
        "x.bmp": encoded(RGB, "BMP"),
        "palette.bmp": encoded(RGB.quantize(9), "BMP"),
        "x.gif": encoded(RGB.quantize(9), "GIF"),
        "x.tif": encoded(RGB, "TIFF", compression="tiff_lzw"),
        "x.ppm": encoded(RGB, "PPM"),
        "x.avif": encoded(RGB, "AVIF"),
    }


def mutants(contents: bytes, seed: int):
    """The same bytes with some of them changed, cut out, doubled, or the end cut off."""
    random = np.random.default_rng(seed)
    for number in range(MUTANTS):
        mutant = bytearray(contents)
        # Half of them near the beginning, where the headers are.
        start = int(random.integers(min(len(contents), 64) if number % 2 else len(contents)))
        length = int(random.integers(1, 9))
        match number % 5:
            case 0 | 1:
                mutant[start] ^= 1 << int(random.integers(8))
            case 2:
                mutant[start : start + length] = random.bytes(length)
            case 3:
                del mutant[start : start + length]
            case 4:
                del mutant[max(start, 1) :]
        yield bytes(mutant)


def pillows(contents: bytes) -> Image.Image | None:
    """What Pillow makes of a file by itself, or None where it refuses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(contents)) as image:
                image.load()
                try:
                    return ImageOps.exif_transpose(image)
                except Exception:  # of the EXIF data
                    return image.copy()
    except Exception:
        return None


@pytest.mark.filterwarnings("ignore:.*:UserWarning")
@pytest.mark.parametrize("name", files())
def test_a_damaged_picture_is_refused_or_pillows(name):
    crop_resize, read = CropResize(8, 3), 0
    for seed, contents in enumerate([files()[name], *mutants(files()[name], seed=len(name))]):
        try:
            image = decode(contents, name).image
            small = crop_resize(image, name)
        except InputError as error:
            assert len(str(error)) < 320, seed
            assert str(error).isprintable(), seed
            continue
        read += 1
        assert small.shape == (8, 8, 3)
        expected = pillows(contents)
        if expected is None:  # only for its metadata, which these two may have
            assert name.endswith(("png", "jpg")), seed
        else:
            assert (image.mode, image.size) == (expected.mode, expected.size), seed
            np.testing.assert_array_equal(image, expected, err_msg=str(seed))
    assert read >= 1


@pytest.mark.parametrize("compression", [0, 8, 12, 14])
def test_a_damaged_zip_gives_its_pictures_or_a_line(tmp_path, compression):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, contents in files().items():
            archive.writestr(name, contents)
    lines = read = 0
    for seed, contents in enumerate(mutants(file.getvalue(), seed=compression)):
        path = tmp_path / f"{seed}.zip"
        path.write_bytes(contents)
        try:
            source = open_images(str(path))
        except InputError as error:
            lines += 1
            assert len(str(error)) < len(str(path)) + 320
            continue
        for i, name in enumerate(source.names):
            try:
                found = source.read(i)
            except InputError as error:
                lines += 1
                assert len(str(error)) < len(str(path)) + 320
                continue
            read += 1
            # The checksum covers every byte; only a name may have changed.
            assert found in files().values() if name not in files() else found == files()[name]
    assert lines > 20
    assert read > 20
