"""Values of every kind, with what is hard to write or to read: the sources of ``vectors/values.json``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final
from uuid import UUID

from arora_core import values as v

ID: Final = UUID("5f9d3c11-6f0b-4f0c-9d69-3a1d5f0caa00")
OTHER: Final = UUID("5f9d3c11-6f0b-4f0c-9d69-3a1d5f0caa01")

FLOATS: Final = (
    *(0.0, -0.0, 1.0, -2.5, 0.1, 100.0, 123456.789, 1e15, 1e16, 1.5e17, 1e21, 1e22, 1e-4, 1e-5, 1.5e-7),
    *(2.0**53, 2.0**63, 2.0**64, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308),
    *(math.inf, -math.inf, math.nan),
)
SINGLES: Final = (0.0, -0.0, 1.0, 0.5, 16777216.0, 1e16, 1e-7, 1e-45, 3.4028234663852886e38, math.inf, math.nan)

TEXTS: Final = (
    *("", "x", "ünï €", "\U0001f600", " padded ", "two\nlines\n", "\t", "\x00\x1b", "\x7f\x85", "\u2028\u2029\ufeff"),
    *("1", "1.0", "-1", "+1", "1e3", "1e400", "0x1f", "0o17", "0b11", "1_000", "017", "1:30", "2001-01-01"),
    *("true", "yes", "No", "on", "y", "null", "~", "NaN", ".nan", ".inf", "-.INF", "<<", "=", "Infinity"),
    *("wait...", "...", "---", "- a", "? a", "a: b", ": a", "#a", "a #b", "'", '"', "!a", "&a", "*a", "%a", "@a", "`a"),
    *("|", ">", "[a", "{a", "a,", "\\n", "a\rb", "a\r\nb"),
)  # fmt: skip

_NESTED: Final[tuple[Callable[[v.Value], v.Value], ...]] = (
    v.Option,
    lambda value: v.Structure(ID, [(OTHER, value)]),
    lambda value: v.Enumeration(ID, OTHER, value),
    lambda value: v.ArrayValue([v.Unit(), value]),
    lambda value: v.ArrayStructure(ID, [[(OTHER, value)], []]),
    lambda value: v.ArrayEnumeration(ID, [(OTHER, value), (OTHER, v.Unit())]),
    lambda value: v.KeyValue(ID, {"1e3": (OTHER, value)}),
)


def _arrays() -> list[v.Value]:
    numbers: list[v.Value] = [cls([cls.kind.low, 0, cls.kind.high]) for cls in v.NUMBER_ARRAYS if not cls.kind.is_float]
    empty: list[v.Value] = [cls([]) for cls in (*v.NUMBER_ARRAYS, v.ArrayBoolean, v.ArrayString, v.ArrayValue)]
    records: list[v.Value] = [v.ArrayStructure(ID, []), v.ArrayEnumeration(ID, []), v.Structure(ID, []), v.KeyValue(ID)]
    return [
        *numbers,
        *(v.ArrayF64(FLOATS), v.ArrayF32(SINGLES), v.ArrayBoolean([True, False]), v.ArrayString(TEXTS)),
        *empty,
        *records,
    ]


def _composed() -> list[v.Value]:
    nested: list[v.Value] = [around(v.F64(1e16)) for around in _NESTED]
    for around in _NESTED:
        nested.append(around(v.Option(v.ArrayU8([0, 255]))))
        nested.append(around(v.String("0o17")))
    present = v.KeyValue(ID, {"present": (OTHER, None)})
    return [*nested, v.Option(), v.Option(v.Option()), v.Enumeration(ID, OTHER), present]


VALUES: Final[tuple[v.Value, ...]] = (
    v.Unit(),
    *map(v.Boolean, (True, False)),
    *(cls(number) for cls in v.INTEGERS for number in (cls.kind.low, 0, cls.kind.high)),
    *map(v.F64, FLOATS),
    *map(v.F32, SINGLES),
    *map(v.String, TEXTS),
    v.Uuid(ID),
    *_arrays(),
    *_composed(),
)
