"""Flags say what the docstring says, replace what was given, and name themselves once if wrong."""

import dataclasses
import json

import pytest
from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.config import (
    attribute_docs,
    check_at_least,
    define_flags,
    override,
    to_json,
)


@dataclasses.dataclass(frozen=True)
class Shape:
    """What a test configures.

    Of no use otherwise: and this is no attribute: nor is this.

    Attributes:
        sides: Number of sides, at least 3
            note: a line that looks like an entry but goes on with one.
        size: Length of a side; 1 in the paper
        color: Any colour: red, say.
    """

    sides: int = 3
    size: float = 1.0
    color: str = "red"

    def __post_init__(self):
        check_at_least(self, sides=3, size=0)


PRESETS = {"small": Shape(), "large": Shape(sides=8, size=9.5)}


class Bare:
    pass


def parsed(*arguments: str, preset: str = "small") -> flags.FlagValues:
    values = flags.FlagValues()
    define_flags("shape", PRESETS[preset], values)
    assert values(["program", *arguments]) == ["program"]
    return values


def test_the_docs_are_those_of_the_attributes():
    assert attribute_docs(Shape) == {
        "sides": "Number of sides, at least 3 note: a line that looks like an entry but goes on "
        "with one.",
        "size": "Length of a side; 1 in the paper",
        "color": "Any colour: red, say.",
    }
    assert attribute_docs(Bare) == {}


def test_the_docs_of_a_class_extend_those_of_the_classes_it_extends():
    @dataclasses.dataclass(frozen=True)
    class Solid(Shape):
        """A shape with a height.

        Attributes:
            height: Its height.
            size: Length of an edge.

        Example:
            >>> Solid(sides=4)
        """

        height: float = 1.0

    docs = attribute_docs(Solid)
    assert (docs["height"], docs["size"]) == ("Its height.", "Length of an edge.")
    assert docs["color"] == attribute_docs(Shape)["color"]
    values = flags.FlagValues()
    define_flags("solid", Solid(), values)
    assert values["solid_size"].help == "Length of an edge. [1.0]"


def test_every_field_has_a_flag_of_its_type_and_docs_without_a_default():
    docs = attribute_docs(Shape)
    # Of the one preset that is asked for.
    for preset, told in (("small", (3, 1.0, "red")), ("large", (8, 9.5, "red"))):
        values = parsed(preset=preset)
        for field, value in zip(dataclasses.fields(Shape), told, strict=True):
            flag = values[f"shape_{field.name}"]
            assert flag.help == f"{docs[field.name]} [{value}]"
            assert flag.value is None
    given = parsed("--shape_sides=4", "--shape_size=2", "--shape_color=2")
    assert [given[name].value for name in ("shape_sides", "shape_size", "shape_color")] == [
        4, 2.0, "2",
    ]  # fmt: skip


def test_a_field_without_docs_cannot_have_a_flag():
    @dataclasses.dataclass
    class Silent:
        """Documented in part.

        Attributes:
            one: Documented.
        """

        one: int = 1
        two: int = 2

    with pytest.raises(KeyError, match="two"):
        define_flags("silent", Silent(), flags.FlagValues())


def test_given_flags_replace_and_others_leave_the_preset():
    preset = Shape(sides=5, size=0.5, color="blue")
    assert override(preset, "shape", parsed()) == preset
    changed = override(preset, "shape", parsed("--shape_size=0", "--shape_color="))
    assert changed == Shape(sides=5, size=0.0, color="")
    assert preset == Shape(sides=5, size=0.5, color="blue")


@pytest.mark.parametrize(
    ("argument", "line"),
    [
        ("--shape_sides=2", "--shape_sides is 2"),
        ("--shape_size=-0.5", "--shape_size is -0.5"),
        ("--shape_size=nan", "--shape_size is nan"),
        ("--shape_size=inf", "--shape_size is inf"),
    ],
)
def test_a_value_out_of_range_is_an_error_that_names_the_flag_once(argument, line):
    with pytest.raises(InputError) as caught:
        override(Shape(), "shape", parsed(argument))
    assert str(caught.value).startswith(line)
    assert str(caught.value).count("shape_") == 1


def test_the_least_value_itself_is_allowed():
    assert Shape(sides=3, size=0).size == 0


def test_a_configuration_is_json():
    assert json.loads(json.dumps(to_json(Shape()))) == {"sides": 3, "size": 1.0, "color": "red"}
