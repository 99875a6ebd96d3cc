"""Names of headers and records as identifiers of a language."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arora_core.authoring.identifiers import Style, camel, identifiers, screaming, snake

IDENTIFIER = re.compile("[A-Za-z][A-Za-z0-9_]*")
STYLES = (snake, screaming, camel)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("joint_angle", "joint_angle"),
        ("joint-angle", "joint_angle"),
        ("JointAngle", "joint_angle"),
        ("HTTPServer", "http_server"),
        ("vector3", "vector3"),
        ("Vector3", "vector3"),
        ("m/s²", "m_s2"),
        ("3d", "n_3_d"),
        ("_private", "private"),
        ("café", "cafe"),
        ("µ", "unnamed"),
        ("", "unnamed"),
    ],
)
def test_a_name_becomes_words_of_ascii_letters(name: str, expected: str) -> None:
    assert identifiers([name], snake) == [expected]


def test_each_style_joins_the_words_in_its_way() -> None:
    assert [identifiers(["joint angle"], style) for style in STYLES] == [
        ["joint_angle"],
        ["JOINT_ANGLE"],
        ["JointAngle"],
    ]


def test_a_name_that_is_an_identifier_keeps_it() -> None:
    assert identifiers(["joint-angle", "joint_angle", "JointAngle"], snake) == [
        "joint_angle_2",
        "joint_angle",
        "joint_angle_3",
    ]


def test_a_reserved_word_gets_a_number() -> None:
    assert identifiers(["class", "int"], snake, {"class", "int"}) == ["class_2", "int_2"]


@given(st.lists(st.text(max_size=12), max_size=30), st.sampled_from(STYLES))
def test_any_names_become_different_identifiers(names: list[str], style: Style) -> None:
    made = identifiers(names, style, {"unnamed", "Unnamed"})
    assert len(set(made)) == len(names)
    assert all(IDENTIFIER.fullmatch(each) for each in made)
    assert not {"unnamed", "Unnamed"} & set(made)
    assert identifiers(names, style, {"unnamed", "Unnamed"}) == made


def test_many_equal_names_take_linear_time() -> None:
    assert identifiers(["a-b"] * 50_000, snake)[-1] == "a_b_50000"
