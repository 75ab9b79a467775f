"""JSON of a wrong shape is one line that names the file, the key and what to do."""

import json
import random

import pytest

from gan_knowledge_gaps.data import parse_json, read_json
from gan_knowledge_gaps.data.json_files import (
    ANY,
    EVERY,
    FILE_NAME,
    FLAG,
    NUMBER,
    OBJECT,
    TEXT,
    WHOLE,
    above,
    at_least,
    one_of,
    optional,
)  # fmt: skip

SHAPE = {
    "temperature": above(0), "filter": one_of("box", "lanczos"), "files": {EVERY: TEXT},
    "steps?": [at_least(0, WHOLE)], "note?": optional(OBJECT), "on?": FLAG,
}  # fmt: skip
GOOD = {"temperature": 2.5, "filter": "box", "files": {"a": "b"}, "more": None}


def problem(input_error, content: bytes | str, shape=SHAPE) -> str:
    content = content.encode() if isinstance(content, str) else content
    message = input_error(parse_json, content, "some/detector.json", shape, "train it again")
    assert len(message) <= 300
    before, _, after = message.partition(": train it again (")
    assert before == "some/detector.json is damaged"
    return after.removesuffix(")")


def test_what_fits_comes_back_as_it_is(tmp_path):
    path = tmp_path / "good.json"
    for more in ({}, {"steps": []}, {"steps": [0, 7], "note": None}, {"note": {"x": [1]}}):
        path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD | more).encode())  # as an editor may
        assert read_json(path, SHAPE, "") == GOOD | more
    assert parse_json(b"[[1]]", "x", [[WHOLE]], "") == [[1]]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"temperature": 0}, "temperature is 0, not a finite number above 0"),
        ({"temperature": -1}, "temperature is -1"),
        ({"temperature": True}, "temperature is true"),
        ({"temperature": "2"}, 'temperature is "2"'),
        ({"temperature": None}, "temperature is null"),
        ({"temperature": 10**400}, "temperature is 1000"),
        ({"filter": "bicubic"}, 'filter is "bicubic", not one of box, lanczos'),
        ({"filter": ["box"]}, 'filter is ["box"]'),
        ({"files": []}, "files is [], not an object"),
        ({"files": {"x\ny": 3}}, r"files.x\ny is 3, not a text"),
        ({"steps": [1, -1]}, "steps[1] is -1, not a whole number from 0"),
        ({"steps": [1.0]}, "steps[0] is 1.0"),
        ({"steps": 2**63}, "steps is 9223372036854775808"),
        ({"note": [{}]}, "note is [{}], not an object or null"),
        ({"on": 1}, "on is 1, not true or false"),
    ],
)
def test_a_value_that_does_not_fit_is_named(input_error, change, key):
    assert problem(input_error, json.dumps(GOOD | change)).startswith(key)


def test_a_key_that_is_missing_is_named(input_error):
    for key in ("temperature", "filter", "files"):
        content = json.dumps({name: value for name, value in GOOD.items() if name != key})
        assert problem(input_error, content) == f"it lacks the key {key}"
    nested = {"a": [{"b": {"c": ANY}}]}
    assert problem(input_error, '{"a": [{"b": {}}]}', nested) == "it lacks the key a[0].b.c"


@pytest.mark.parametrize(
    "content",
    [
        b"", b"null", b"[]", b"7", b'"text"', b"{", b"\xff{}", b'{"a": "\xc3', b"[" * 100_000,
        b'{"temperature":' * 5000, b"9" * 5000, b'{"temperature": NaN}', b'{"temperature": 1e999}',
        b'{"temperature": -Infinity}', b'{"temperature": 1} x', json.dumps(GOOD).encode("utf-16"),
        b'{"more": ' + b"[" * 60 + b"]" * 60 + b"}",
    ],
)  # fmt: skip
def test_what_is_no_such_json_is_one_line(input_error, content):
    assert problem(input_error, content)


def test_a_file_that_cannot_be_read_is_named(input_error, tmp_path):
    for path in (tmp_path / "gone.json", tmp_path):
        message = input_error(read_json, path, OBJECT, "make it")
        assert message.startswith(f"{path} cannot be read: make it (")


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../x", "a/../../x", "", "a\0b", "\ud800", "y" * 300, 5]
)
def test_a_name_of_a_file_leads_nowhere_else(name):
    assert not FILE_NAME.holds(name)
    assert FILE_NAME.holds("snapshots/1.keras") and FILE_NAME.holds("..a")


def test_what_passes_has_the_shape(input_error):
    # The same question put to every value of a random tree, by code of its own.
    chance = random.Random(0)

    def tree(depth: int):
        kinds = [None, True, -1, 0, 2.5, 10**30, "box", "", [], {}]
        if depth == 0 or chance.random() < 0.4:
            return chance.choice(kinds)
        if chance.random() < 0.3:
            return [tree(depth - 1) for _ in range(chance.randrange(3))]
        return {chance.choice("abc"): tree(depth - 1) for _ in range(chance.randrange(4))}

    def fits(value) -> bool:
        """Of {"a": NUMBER, "b?": [TEXT], EVERY: FLAG}."""
        if not isinstance(value, dict) or "a" not in value:
            return False
        number = value["a"]
        if isinstance(number, bool) or not isinstance(number, int | float) or abs(number) > 1e18:
            return False
        texts = value.get("b", [])
        if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
            return False
        return all(isinstance(each, bool) for name, each in value.items() if name not in "ab")

    passed = 0
    for _ in range(3000):
        value = {"a": tree(0), "b": tree(2), "c": tree(1)} if chance.random() < 0.5 else tree(3)
        content = json.dumps(value).encode()
        shape = {"a": NUMBER, "b?": [TEXT], EVERY: FLAG}
        if fits(value):
            assert parse_json(content, "x", shape, "") == value
            passed += 1
        else:
            input_error(parse_json, content, "x", shape, "")
    assert passed > 10
