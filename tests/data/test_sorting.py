"""The order of file names, in which 2 comes before 10."""

from hypothesis import given
from hypothesis import strategies as st

from gan_knowledge_gaps.data.sorting import sort_key

NAMES = st.text("ab019./-_é", max_size=8)


def test_numbers_count_as_numbers():
    names = ["a10/b.png", "a2/b10.png", "a2/b9.png", "a2.png", "A3.png", "img.png", "img0.png"]
    assert sorted(names, key=sort_key) == [
        "A3.png", "a2.png", "a2/b9.png", "a2/b10.png", "a10/b.png", "img.png", "img0.png",
    ]  # fmt: skip


def test_more_digits_than_python_makes_integers_of():
    long, longer = "9" * 5000, "1" + "0" * 5000
    assert sorted([longer, long], key=sort_key) == [long, longer]


@given(st.lists(st.integers(0, 10**30), unique=True))
def test_integers_are_in_their_order(numbers):
    names = sorted((f"x{number}.png" for number in numbers), key=sort_key)
    assert names == [f"x{number}.png" for number in sorted(numbers)]


@given(st.lists(st.tuples(NAMES, st.integers(0, 999), NAMES), max_size=6))
def test_padded_numbers_are_in_the_order_of_text(parts):
    def letters(text):
        return "".join(each for each in text if each not in "019")

    names = [f"{letters(before)}{number:03d}{letters(after)}" for before, number, after in parts]
    assert sorted(names, key=sort_key) == sorted(names)


@given(NAMES, NAMES)
def test_different_names_are_never_equal(one, other):
    assert (sort_key(one) == sort_key(other)) == (one == other)
