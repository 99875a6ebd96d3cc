"""Plain scalars in YAML mean here what they mean to serde, but for the differences that this file lists."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from arora_core import ArgumentError, buffers, text
from arora_core.documents import parsing
from arora_core.values.text_form import argument_refusal

from .recorded import stored_by_key

ROWS = stored_by_key("numerals")

REFUSED_HERE = {
    "integers that only serde knows": {
        ("u64", "+0x1f"), ("u8", "+0x1f"), ("i64", "+0x1f"), ("i64", "-0x1f"),
        ("i64", "-0o7"), ("u64", "0b11"), ("u8", "0b11"), ("i64", "0b11"), ("i64", "-0b1"),
    },
    "floats with a zero in front": {(tag, text) for tag in ("f64", "f32") for text in ("00", "017")},
}  # fmt: skip
READ_HERE_ONLY = {
    "zero, with a sign": {("u64", "-0"), ("u8", "-0")},
    "integers of base 8 and 16, as floats": {(tag, text) for tag in ("f64", "f32") for text in ("0x1f", "0o17")},
    "the names that JSON has for floats that are not finite": {
        (tag, text) for tag in ("f64", "f32") for text in ("NaN", "Infinity", "-Infinity")
    },
}  # fmt: skip


def here(written: str) -> str | None:
    try:
        return buffers.encode(text.from_data(parsing.parse(written, argument_refusal))).hex()
    except ArgumentError:
        return None


def differences() -> Iterator[tuple[tuple[str, str], str | None, str | None]]:
    for scalar, row in ROWS.items():
        for tag, there in row.items():
            if (ours := here(f"{tag}: {scalar}")) != there:
                yield (tag, scalar), ours, there


def test_a_plain_scalar_that_is_no_text_is_refused_as_text() -> None:
    # serde takes any plain scalar for text where text is expected. Here 1 is a number wherever it stands.
    refused = [scalar for (tag, scalar), ours, there in differences() if tag == "str" and ours is None]
    assert {"1", "true", "null", "1e16", ".inf"} <= set(refused)
    assert all(here(f"str: '{scalar}'") == ROWS[scalar]["str"] for scalar in refused)


def test_no_plain_scalar_is_one_value_here_and_another_to_serde() -> None:
    assert [each for each in differences() if None not in each] == []


def test_these_and_no_others_are_refused_here() -> None:
    refused = {at for at, ours, _ in differences() if ours is None and at[0] != "str"}
    assert refused == set().union(*REFUSED_HERE.values())


def test_these_and_no_others_are_read_here_only() -> None:
    assert {at for at, _, there in differences() if there is None} == set().union(*READ_HERE_ONLY.values())


@pytest.mark.parametrize("scalar", ["1e400", "-1e400", "1_000", "2001-01-01", "yes", "1:30", "017", "n"])
def test_text_that_looks_like_something_else_is_text_to_both(scalar: str) -> None:
    assert here(f"str: {scalar}") == ROWS[scalar]["str"] is not None
