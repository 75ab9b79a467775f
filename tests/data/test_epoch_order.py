"""The order of the examples, against Philox and SeedSequence in plain Python."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_knowledge_gaps.data import EpochOrder, permutation

M32, M64 = 2**32 - 1, 2**64 - 1

sizes = st.integers(1, 40)
keys = st.lists(st.integers(0, M64), max_size=4)


def philox4x64_10(counter: list[int], key: list[int]) -> list[int]:
    """One block of Philox4x64-10 (Salmon et al., SC 2011)."""
    (c0, c1, c2, c3), (k0, k1) = counter, key
    for _ in range(10):
        high0, low0 = divmod(0xD2E7470EE14C6C93 * c0, 2**64)
        high2, low2 = divmod(0xCA5A826395121157 * c2, 2**64)
        c0, c1, c2, c3 = high2 ^ c1 ^ k0, low2, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) & M64, (k1 + 0xBB67AE8584CAA73B) & M64
    return [c0, c1, c2, c3]


def seed_sequence(entropy: list[int], count: int) -> list[int]:
    """`count` 32-bit words from 32-bit words, after O'Neill's seed_seq_fe with a pool of 4."""
    constant = 0x43B0D7E5

    def scramble(value, multiplier):
        nonlocal constant
        value ^= constant
        constant = constant * multiplier & M32
        value = value * constant & M32
        return value ^ value >> 16

    def mix(x, y):
        value = (0xCA01F9DD * x - 0x4973F715 * y) & M32
        return value ^ value >> 16

    padded = entropy + [0] * (4 - len(entropy))
    pool = [scramble(word, 0x931E8875) for word in padded[:4]]
    for source in range(4):
        for target in range(4):
            if source != target:
                pool[target] = mix(pool[target], scramble(pool[source], 0x931E8875))
    for word in padded[4:]:
        for target in range(4):
            pool[target] = mix(pool[target], scramble(word, 0x931E8875))
    constant = 0x8B51F9DD
    return [scramble(pool[i % 4], 0x58F38DED) for i in range(count)]


def plain_permutation(size: int, *key: int) -> list[int]:
    """What `permutation` promises, without NumPy."""
    entropy = [len(key)]
    for part in key:
        entropy += [part % 2**32, part // 2**32]
    words = seed_sequence(entropy, 4)
    philox_key = [words[0] | words[1] << 32, words[2] | words[3] << 32]
    bits = []
    for block in range(-(-size // 4)):
        bits += philox4x64_10([block + 1, 0, 0, 0], philox_key)  # NumPy counts up first
    return sorted(range(size), key=bits.__getitem__)


def test_plain_philox_gives_the_published_answer():
    # The known-answer test of Random123 for philox4x64-10 with counter and key zero.
    assert philox4x64_10([0] * 4, [0] * 2) == [
        0x16554D9ECA36314C,
        0xDB20FE9D672D0FDC,
        0xD7E772CEE186176B,
        0x7E68B68AEC7BA23B,
    ]


@given(size=st.integers(0, 40), key=keys)
@settings(deadline=None, max_examples=50)
def test_permutation_is_the_plain_one(size, key):
    assert permutation(size, *key).tolist() == plain_permutation(size, *key)


def test_permutation_never_changes():
    # Pinned: another value here is another order for every run ever made.
    assert permutation(10).tolist() == [0, 8, 9, 3, 7, 5, 1, 2, 6, 4]
    assert permutation(10, 0).tolist() == [2, 0, 1, 4, 5, 6, 7, 8, 3, 9]
    assert permutation(10, 1, 2, 3).tolist() == [4, 6, 8, 2, 9, 7, 3, 0, 5, 1]
    assert permutation(0, 1).dtype == permutation(10, 1).dtype == np.int64


def test_keys_that_look_alike_differ():
    # SeedSequence itself takes (5,) for (5, 0), and (2**32 + 5,) for (5, 1).
    alike = [(), (0,), (0, 0), (5,), (5, 0), (5, 0, 0), (2**32 + 5,), (5, 1), (1, 5)]
    assert len({tuple(permutation(50, *key)) for key in alike}) == len(alike)


def test_positions_are_uniform():
    # Where element 0 lands over 6,000 keys; chi-square with 5 degrees of freedom, p = 1e-6.
    landed = [int(np.flatnonzero(permutation(6, key) == 0)[0]) for key in range(6000)]
    counts = np.bincount(landed, minlength=6)
    assert ((counts - 1000) ** 2 / 1000).sum() < 35.9


@pytest.mark.parametrize("key", [(-1,), (2**64,), (0, -1)])
def test_a_key_out_of_range_is_an_error(key):
    with pytest.raises(ValueError, match="2\\*\\*64"):
        permutation(5, *key)


def test_a_negative_size_and_a_fractional_key_are_errors():
    with pytest.raises(ValueError, match="size"):
        permutation(-1, 0)
    with pytest.raises(TypeError):
        permutation(5, 0.5)


@given(size=sizes, seed=st.integers(0, M64), epoch=st.integers(0, 1000))
@settings(deadline=None, max_examples=50)
def test_every_epoch_has_every_index_once(size, seed, epoch):
    indices = EpochOrder(size, seed).indices(epoch * size, size)
    assert indices.dtype == np.int64
    assert sorted(indices) == list(range(size))


@given(size=sizes, start=st.integers(0, 200), cuts=st.lists(st.integers(0, 60), max_size=6))
@settings(deadline=None, max_examples=100)
def test_any_cut_gives_the_same_stream(size, start, cuts):
    whole = EpochOrder(size, 7, 1).indices(start, sum(cuts))
    order, position, parts = EpochOrder(size, 7, 1), start, []
    for count in cuts:
        parts += order.indices(position, count).tolist()
        position += count
    assert whole.tolist() == parts


def test_a_position_is_what_the_docstring_says():
    order = EpochOrder(6, seed=3, stream=2)
    expected = [permutation(6, 3, 2, p // 6)[p % 6] for p in range(40)]
    assert order.indices(0, 40).tolist() == expected
    assert order.indices(6 * 10**9 + 2, 1)[0] == permutation(6, 3, 2, 10**9)[2]


def test_seeds_streams_and_epochs_differ():
    orders = [
        tuple(EpochOrder(50, seed, stream).indices(50 * epoch, 50))
        for seed in (0, 1, 2)
        for stream in (0, 1, 2)
        for epoch in (0, 1, 2)
    ]
    assert len(set(orders)) == 27


def test_changing_the_result_does_not_change_the_order():
    order = EpochOrder(8, 0)
    first = order.indices(0, 8)
    expected = first.tolist()
    first[:] = 0
    assert order.indices(0, 8).tolist() == expected


@pytest.mark.parametrize(
    ("size", "seed", "stream"), [(0, 0, 0), (-3, 0, 0), (5, -1, 0), (5, 0, -1)]
)
def test_a_bad_order_is_an_error(size, seed, stream):
    with pytest.raises(ValueError, match="not"):
        EpochOrder(size, seed, stream)


@pytest.mark.parametrize(("start", "count"), [(-1, 1), (0, -1)])
def test_a_negative_position_is_an_error(start, count):
    with pytest.raises(ValueError, match="0 or more"):
        EpochOrder(5, 0).indices(start, count)
