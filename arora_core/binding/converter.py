"""The converter between plain Python objects and values of one type, and its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from .. import values as v
from ..types import TypeMismatch
from ..values.sequences import described, sequence_of

_V = TypeVar("_V", bound=v.Value)
_T = TypeVar("_T")


class Converter(NamedTuple):
    """Both directions of the conversion for one type. Each raises TypeMismatch for an object that does not match it."""

    to_value: Callable[[Any], v.Value]
    to_python: Callable[[v.Value], Any]


def convert_at(step: str, convert: Callable[[Any], _T], obj: object) -> _T:
    """Return ``convert(obj)``; the path of its TypeMismatch starts with ``step``, a field's name or an ``[index]``."""
    try:
        return convert(obj)
    except TypeMismatch as mismatch:
        separator = "." if mismatch.path and not mismatch.path.startswith("[") else ""
        raise TypeMismatch(mismatch.reason, f"{step}{separator}{mismatch.path}") from None


def convert_each(convert: Callable[[Any], _T], items: object) -> Iterator[_T]:
    """Yield the items of a sequence, converted; the path of a TypeMismatch starts with the item's index."""
    try:
        sequence = sequence_of(items)
    except TypeError as error:
        raise TypeMismatch(str(error), "") from None
    for index, item in enumerate(sequence):
        yield convert_at(f"[{index}]", convert, item)


def expect_class(cls: type[_V], value: v.Value) -> _V:
    """Return ``value``. Raises TypeMismatch unless its class is exactly ``cls``."""
    if type(value) is not cls:
        raise TypeMismatch(f"expected {cls.__name__}, got {value!r}", "")
    return value


def text_keyed(obj: object, expected: str) -> Mapping[str, Any]:
    """Return ``obj``. Raises TypeMismatch unless it is a mapping whose keys are text."""
    if not isinstance(obj, Mapping) or not all(isinstance(key, str) for key in obj):
        raise TypeMismatch(f"expected {expected}, got {described(obj)}", "")
    return obj
