"""Near-duplicates among pictures of which it is known what they were made from."""

import io

import numpy as np
from PIL import Image
from related_pictures import scene

from gan_knowledge_gaps.data import ArrayImages
from gan_knowledge_gaps.data.resize import CropResize
from gan_knowledge_gaps.data.similar import MOST_BITS, joined, near_pairs, perceptual_hashes


def rescaled(picture: Image.Image, side: int) -> Image.Image:
    return picture.resize((side, side), Image.Resampling.BICUBIC)


def encoded(picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)


def test_rescaled_and_encoded_copies_are_found_and_nothing_else():
    originals = [scene(seed) for seed in range(60)]
    copies = [
        rescaled(originals[0], 48), rescaled(originals[1], 200), encoded(originals[2], 50),
        encoded(rescaled(originals[3], 64), 75), originals[4].convert("L"),
    ]  # fmt: skip
    for channels in (1, 3):
        square = CropResize(64, channels)
        images = ArrayImages(np.stack([square(each) for each in [*originals, *copies]]))
        pairs = np.concatenate(list(near_pairs(perceptual_hashes(images))))
        assert sorted(map(tuple, pairs.tolist())) == [(i, 60 + i) for i in range(5)]
        belong = joined(pairs, len(images))
        assert len(set(belong)) == 60 and belong[0] == belong[60] != belong[1]


def test_pairs_are_those_of_counting_bits(monkeypatch):
    random = np.random.default_rng(0)
    bits = random.integers(0, 2, (40, 256), np.uint8)
    bits[20:] = bits[:20] ^ (random.random((20, 256)) < np.linspace(0, 0.2, 20)[:, None])
    hashes = np.packbits(bits, axis=1).view(np.uint64)
    expected = [
        (i, j)
        for i in range(40)
        for j in range(i + 1, 40)
        if (bits[i] != bits[j]).sum() <= MOST_BITS
    ]
    assert 5 < len(expected) < 20
    monkeypatch.setattr("gan_knowledge_gaps.data.similar._PAIRS_AT_ONCE", 100)
    blocks = list(near_pairs(hashes))
    assert sorted(map(tuple, np.concatenate(blocks).tolist())) == expected and len(blocks) > 1
    assert list(near_pairs(hashes[:0])) == []
    assert all(len(pairs) <= 100 for pairs in near_pairs(np.zeros((60, 4), np.uint64)))
