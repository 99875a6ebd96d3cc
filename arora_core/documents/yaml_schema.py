"""The scalars of the core schema of YAML 1.2: which tags plain ones have, and which values.

``on``, ``no``, ``012`` and dates are text, and ``1e3`` is a number. ``1e400``, which no float is near, is text as well:
the Rust crates read it so, and write such text without quotes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Final

from .numerals import finite, integer
from .places import shown

_MAX_DIGITS: Final = 1000
"""Digits of the longest integer. The time to convert one from and to text grows with their square."""

_YAML: Final = "tag:yaml.org,2002:"
MERGE, MAP, SEQ, STR = (_YAML + kind for kind in ("merge", "map", "seq", "str"))
_SPECIAL_FLOATS: Final = {"inf": math.inf, "nan": math.nan}
_BASES: Final = {"0x": 16, "0o": 8}
_MOST_EXPONENT: Final = 308
"""The largest power of ten that a float is near."""


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"an integer of {len(text)} digits")
    return integer(text, _BASES.get(text[:2], 10))


def _float(text: str) -> float:
    special = _SPECIAL_FLOATS.get(text[-3:].lower())
    if special is None:
        return finite(text)
    return -special if text.startswith("-") else special


def _overflows(text: str) -> bool:
    """Return whether a float is too large, which takes an exponent or hundreds of digits."""
    return ("e" in text or "E" in text or len(text) > _MOST_EXPONENT) and math.isinf(float(text))


_NULL: Final = r"~|null|Null|NULL|"
_BOOLEAN: Final = r"true|True|TRUE|false|False|FALSE"
_INTEGER: Final = r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+|0o[0-7]+"
_FLOAT: Final = (
    r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)

_IMPLICIT: Final = [
    (_YAML + kind, re.compile(rf"(?:{pattern})\Z"))
    for kind, pattern in (
        ("merge", "<<"),
        ("null", _NULL),
        ("bool", _BOOLEAN),
        ("int", _INTEGER),
        ("float", _FLOAT),
    )
]
"""The tags of plain scalars that have none."""

_FLOAT_TAG: Final = _YAML + "float"

_FIRST: Final = "<~nNtTfF-+.0123456789"
"""What those begin with that are not text; an empty one is null."""

_SCALARS: Final[Mapping[str, tuple[re.Pattern[str], Callable[[str], object]]]] = {
    _YAML + kind: (re.compile(rf"(?:{pattern})\Z"), make)
    for kind, pattern, make in (
        ("null", _NULL, lambda text: None),
        ("bool", _BOOLEAN, lambda text: text.lower() == "true"),
        ("int", _INTEGER, _integer),
        ("float", rf"{_FLOAT}|[-+]?[0-9]+", _float),
    )
}
"""By tag, the scalars that it may be written at, and what makes their value."""


_SURROGATES: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
"""What JSON, which is YAML too, escapes a character above U+FFFF as."""


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def tag_of(text: str) -> str:
    """Return the tag of a plain scalar that has none."""
    if text[:1] not in _FIRST:
        return STR
    tag = next((tag for tag, pattern in _IMPLICIT if pattern.match(text)), STR)
    return STR if tag == _FLOAT_TAG and _overflows(text) else tag


def value_of(tag: str, text: str) -> object:
    """Return the value of a scalar. Raises KeyError for an unknown tag, ValueError for text that is no such value."""
    if tag in (STR, MERGE):
        # The text << means a merge as a key alone.
        return text if text.isascii() else _SURROGATES.sub(_joined, text)
    pattern, make = _SCALARS[tag]
    if not pattern.match(text):
        raise ValueError(shown(text))
    return make(text)
