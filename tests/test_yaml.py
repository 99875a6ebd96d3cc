"""YAML is read alike with libyaml and with PyYAML alone, as in Pyodide, and what is printed as YAML is read back."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from uuid import UUID

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from arora_core import Header, HeaderError, text
from arora_core import values as v
from arora_core.cli.printing import yaml_text
from arora_core.documents import parsing
from arora_core.documents.places import header_refusal

PIECES = (
    *("a", "b", "1", "-0", ".inf", "~", "<<", "é", "\U0001f600", '"', "'", "\\", "\\x41", "\\u2028", "@", "`", "%"),
    *("=", ".", "#", " #", "&a ", "*a", "!", "! ", "!f64 ", "!!str ", "!!int ", "!<x> ", ": ", "- ", "? ", ", "),
    *("[", "]", "{", "}", "|\n", ">-\n", "|2+\n", "---\n", "...\n", "\n", "\n  ", "\n    ", "\r\n", "\r", "\x85"),
    *("\u2028", "\t", " ", "\ufeff", "\x00", "\x7f", "\ud800", "%YAML 1.2\n", "%TAG ! x:\n", "<<: *a", "key: value\n"),
    *("? a\n: b\n", "a: &b [1, 2]\n"),
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


def read(text: str) -> object:
    try:
        return repr(parsing.parse(text, header_refusal()))
    except HeaderError as error:
        return error


def read_without_libyaml(text: str) -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader", raising=False)
        return read(text)


@given(TEXTS)
@example("a: \ufeff\n\ufeffb: c")
@example("%TAG !e! tag:x,2000:\n---\n!e!a b")
@example("a:\t1")
@example("*a\t")
def test_a_text_has_the_same_data_or_the_same_mistake_with_and_without_libyaml(text: str) -> None:
    expected, found = read_without_libyaml(text), read(text)
    if not isinstance(expected, HeaderError):
        assert found == expected
    elif not (isinstance(found, HeaderError) and (found.path, found.message) == (expected.path, expected.message)):
        # As YAML 1.2 asks, libyaml takes a tab for a space, and ? and # in more places, so it gets further.
        assert set("\t?#") & set(text)


@given(TEXTS)
def test_any_text_is_data_or_a_header_error(text: str) -> None:
    with suppress(HeaderError):
        parsing.parse(text, header_refusal())


@pytest.mark.parametrize(("written", "data"), [("! 5", "5"), ("! '5'", "5"), ("! [5]", [5]), ("! {a: 5}", {"a": 5})])
def test_a_tag_without_a_name_keeps_a_scalar_from_being_resolved(written: str, data: object) -> None:
    assert parsing.parse(written, header_refusal()) == data


@pytest.mark.parametrize("held", ["\U0001f600", "a\U0001d11e\U0010ffffb", "\ude00\ud83d", "\ud83d", "\U0001f600\ude00"])
def test_json_with_escaped_characters_is_read_as_json_where_it_is_read_as_yaml(held: str) -> None:
    for data in ([held], held, [{held: [held]}]):
        assert parsing.parse(json.dumps(data), header_refusal()) == data


def ordinary_header(functions: int) -> str:
    """Return a header in YAML as people write it; each function takes some 430 bytes."""
    parts = [f"id: {UUID(int=1)}", "name: large", "author: Ada", "license: MIT", "version: 1.2.3"]
    parts += ["executor: {name: wasm}", "exports:"]
    for index in range(functions):
        parts += [
            "- type: function",
            f"  id: {UUID(int=(index + 1) << 16)}",
            f"  name: function_{index}",
            "  parameters:",
        ]
        for number in range(1, 4):
            parts += [
                f"  - id: {UUID(int=(index + 1 << 16) + number)}",
                f"    name: parameter_{number}",
                "    type: {kind: scalar, id: f64}",
            ]
        parts += ["  ret:", "    kind: array", "    id: u8"]
    return "\n".join(parts)


@pytest.mark.skipif(not hasattr(yaml, "CSafeLoader"), reason="this PyYAML was built without libyaml")
def test_an_ordinary_header_of_a_megabyte_is_read() -> None:
    text = ordinary_header(2400)
    assert len(text) > 1_000_000
    assert len(Header.parse(text).exports) == 2400


def test_a_mistake_far_down_in_a_large_text_has_its_path_and_line() -> None:
    text = ordinary_header(60)
    lines = text.count("\n") + 1
    with pytest.raises(HeaderError, match=rf"line {lines}, column 9: invalid value for its tag") as caught:
        Header.parse(text.removesuffix("u8") + "!!int u8")
    assert caught.value.path == "exports[59].ret.id"
    with pytest.raises(HeaderError, match=rf"^line {lines + 1}, column 4: expected <block end>"):
        Header.parse(f"{text}\n   : x")


# --- writing -------------------------------------------------------------------------------------

LOOK_ALIKES = (
    *(
        "~",
        "null",
        "Null",
        "true",
        "True",
        "yes",
        "No",
        "on",
        "off",
        "y",
        "n",
        "<<",
        "=",
        "",
        " ",
        "a ",
        " a",
        "-",
        "- a",
    ),
    *("0", "-0", "+1", "1_000", "0o17", "017", "0x1F", "0b1", "1e3", "1.", ".5", "1:30", "190:20:30.15", "2024-01-01"),
    *("2024-01-01 00:00:00", ".nan", ".NaN", "NaN", ".inf", "-.INF", "Infinity", "1e400", "--- a", "...", "? a", ": a"),
    *(
        "a: b",
        "a #b",
        "#a",
        "@a",
        "`a",
        "%a",
        "!a",
        "&a",
        "*a",
        "|",
        ">",
        "[a",
        "{a",
        '"a',
        "'a",
        "a\tb",
        "\ta",
        "\\x41",
    ),
    *(
        "a\x85b",
        "\u2028",
        "\u2029a",
        "a\rb",
        "a\r\nb\n",
        "a\n",
        "\na",
        "a\n\n\n",
        " a\n b\n",
        "\n",
        "\t\n",
        "\ufeffa",
        "a\ufeff",
    ),
    *("\x00", "\x1b[31m", "\x7f", "\x9f", "\u202e", "\ufffe", "\uffff", "\U0001f600", "a" * 300, "a b " * 100, "é"),
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([-0.0, math.inf, -math.inf, 1e16, 1e17, 1e-7, 5e-324])
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(LOOK_ALIKES)
    | st.lists(st.sampled_from(LOOK_ALIKES)).map("".join)
)
KEYS = st.sampled_from(LOOK_ALIKES) | st.text(st.characters(exclude_categories=["Cs"]))
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@settings(max_examples=300)
@given(DATA)
def test_what_is_printed_as_yaml_is_read_back_by_readers_of_both_versions(data: object) -> None:
    written = yaml_text(data)
    # By their text: NaN equals nothing, and -0.0 equals 0.0.
    assert repr(parsing.parse(written, header_refusal())) == repr(data)
    assert repr(yaml.safe_load(written)) == repr(data)


@pytest.mark.parametrize("held", LOOK_ALIKES)
def test_text_that_looks_like_something_else_is_printed_as_text(held: str) -> None:
    for data in (held, [held], {held: held}, {"a": [held, {"b": held}]}):
        written = yaml_text(data)
        assert parsing.parse(written, header_refusal()) == data, written
        assert yaml.safe_load(written) == data, written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (v.F64(math.nan), "f64: .nan\n"),
        (v.F32(-math.inf), "f32: -.inf\n"),
        (v.ArrayF64([math.inf, -0.0]), "f64s: [.inf, -0.0]\n"),
    ],
)
def test_a_value_that_is_not_finite_is_printed_as_yaml_has_it_and_read_from_that(value: v.Value, written: str) -> None:
    assert yaml_text(text.to_data(value, floats=True)) == written
    assert text.from_data(parsing.parse(written, header_refusal())) == value
    assert text.from_data(json.loads(json.dumps(text.to_data(value), allow_nan=False))) == value
