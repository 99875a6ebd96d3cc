"""What a converter between plain Python and values is, and how it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from .. import values as v
from ..types import TypeMismatch
from ..values.numeric import described

_V = TypeVar("_V", bound=v.Value)
_T = TypeVar("_T")


class Converter(NamedTuple):
    """Both directions for one type. Each raises TypeMismatch for what does not fit it."""

    to_value: Callable[[Any], v.Value]
    to_python: Callable[[v.Value], Any]


def at(step: str, convert: Callable[[Any], _T], given: object) -> _T:
    """``convert(given)``; a refusal's path is led through ``step``, a field's name or an ``[index]``."""
    try:
        return convert(given)
    except TypeMismatch as mismatch:
        separator = "." if mismatch.path and not mismatch.path.startswith("[") else ""
        raise TypeMismatch(mismatch.reason, f"{step}{separator}{mismatch.path}") from None


def each(convert: Callable[[Any], _T], items: object) -> Iterator[_T]:
    """Every item of a sequence, converted; a refusal says which one."""
    if hasattr(items, "tolist"):
        items = items.tolist()
    if not isinstance(items, Sequence) or isinstance(items, (str, bytes, bytearray)):
        raise TypeMismatch(f"expected a sequence, got {described(items)}", "")
    for index, item in enumerate(items):
        yield at(f"[{index}]", convert, item)


def exactly(cls: type[_V], value: v.Value) -> _V:
    """``value``, which must be of that very class."""
    if type(value) is not cls:
        raise TypeMismatch(f"expected {cls.__name__}, got {value!r}", "")
    return value


def text_keyed(given: object, expected: str) -> Mapping[str, Any]:
    """``given`` as a mapping whose keys are text."""
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise TypeMismatch(f"expected {expected}, got {described(given)}", "")
    return given
