"""YAML is read alike with libyaml and with PyYAML alone, as in Pyodide, and a large header in seconds."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from arora_core import Header, HeaderError
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
def test_a_text_has_the_same_data_or_the_same_mistake_with_and_without_libyaml(text: str) -> None:
    expected, found = read_without_libyaml(text), read(text)
    if not isinstance(expected, HeaderError):
        assert found == expected
    elif isinstance(found, HeaderError):
        assert (found.path, found.message) == (expected.path, expected.message)
    else:
        # As YAML 1.2 asks, libyaml takes a tab for a space, and ? and # in more places.
        assert set("\t?#") & set(text)


@given(TEXTS)
def test_any_text_is_data_or_a_header_error(text: str) -> None:
    with suppress(HeaderError):
        parsing.parse(text, header_refusal())


@pytest.mark.parametrize(("written", "data"), [("! 5", "5"), ("! '5'", "5"), ("! [5]", [5]), ("! {a: 5}", {"a": 5})])
def test_a_tag_without_a_name_keeps_a_scalar_from_being_resolved(written: str, data: object) -> None:
    assert parsing.parse(written, header_refusal()) == data


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
