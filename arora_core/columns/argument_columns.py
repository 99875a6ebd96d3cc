"""The columns that a batch is called with: what they are made from, and their parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from itertools import repeat
from operator import length_hint
from typing import Any, Final, NamedTuple, Union

from ..errors import ArgumentError
from ..values.sequences import described
from .arrow_columns import from_arrow, is_arrow
from .numpy_package import Array, numpy

_PLAIN: Final = frozenset("biufOU")
"""The kinds of NumPy's types whose items ``tolist`` makes equal Python objects from."""


class Constant(NamedTuple):
    """The part of a column that has the same value in every row."""

    value: Any


Part = Union[Array, list[Any], Constant]
"""Some rows of a column: a NumPy array, a list, or the constant."""


class Column:
    """One argument of every row of a batch. ``length`` is None for a constant, which has any number of rows."""

    __slots__ = ("_items", "length", "name")

    def __init__(self, name: str, items: Any, length: int | None) -> None:
        self.name = name
        self._items = items
        self.length = length

    def part(self, start: int, stop: int) -> Part:
        """Return these rows. Raises ArgumentError if the column has not the length any more that it had."""
        items = self._items
        if isinstance(items, Constant):
            return items
        if isinstance(items, numpy().ndarray):
            return items[start:stop]
        if len(items) != self.length:
            raise self._changed(len(items))
        if isinstance(items, list):
            part = items[start:stop]
        else:
            try:
                part = [items[index] for index in range(start, stop)]
            except (IndexError, KeyError):
                raise self._changed(len(items)) from None
        if len(part) != stop - start:
            raise self._changed(len(items))
        return part

    def _changed(self, length: int) -> ArgumentError:
        message = f"the column changed while it was read: it had {self.length} rows, and now {length}"
        return ArgumentError(message, parameter=self.name)


def column_of(name: str, given: Any) -> Column:
    """Return the column ``given`` for the parameter ``name``. Raises ArgumentError for anything that is not one."""
    np = numpy()
    if isinstance(given, repeat):
        length = length_hint(given, -1)
        if length == 0:
            return Column(name, [], 0)
        return Column(name, Constant(next(given)), None if length < 0 else length)
    items = _items(np, name, given)
    if isinstance(items, np.ndarray):
        if not items.ndim:
            raise _no_column(name, given)
        if type(items) is not np.ndarray and hasattr(items, "mask"):
            # A masked array shows which items are masked only where each is taken by itself.
            return Column(name, [items[index] for index in range(len(items))], len(items))
        items = items.view(np.ndarray)
    return Column(name, items, len(items))


def _items(np: Any, name: str, given: Any) -> Any:
    if isinstance(given, np.ndarray) or type(given) is list:
        return given
    if isinstance(given, (str, Mapping, Set, type, np.generic)):
        raise _no_column(name, given)
    if isinstance(getattr(given, "dtype", None), np.dtype) and hasattr(given, "__array__"):
        return np.asarray(given)
    if hasattr(given, "isna") and hasattr(given, "to_numpy"):
        return _with_nulls(np, given)
    if is_arrow(given):
        return from_arrow(np, name, given)
    try:
        return np.asarray(memoryview(given))
    except (TypeError, ValueError, BufferError):
        pass
    if hasattr(given, "__array__"):
        return np.asarray(given)
    if isinstance(given, Sequence) or (hasattr(given, "__len__") and hasattr(given, "__getitem__")):
        return given
    raise _no_column(name, given)


def _with_nulls(np: Any, given: Any) -> Any:
    """Return the items of a pandas series whose type is one of pandas: an array, or a list with None for nulls."""
    nulls = np.asarray(given.isna())
    if not nulls.any():
        return np.asarray(given.to_numpy())
    return [None if null else item for item, null in zip(given.tolist(), nulls.tolist(), strict=True)]


def _no_column(name: str, given: object) -> ArgumentError:
    return ArgumentError(
        f"expected a column (an array, a buffer, a sequence, or itertools.repeat(x) for the same x in every row), "
        f"got {described(given)}",
        parameter=name,
    )


def length_of(columns: Sequence[Column]) -> int:
    """Return the number of rows of these columns. Raises ArgumentError where they differ, or no column has one."""
    sized = [each for each in columns if each.length is not None]
    if not sized:
        raise ArgumentError("no column says how many rows there are: one has to be more than a constant")
    if len({each.length for each in sized}) > 1:
        lengths = ", ".join(f"{each.name} has {each.length}" for each in sized)
        raise ArgumentError(f"the columns have different numbers of rows: {lengths}")
    assert sized[0].length is not None
    return sized[0].length


def rows_of(part: Part, count: int) -> list[Any]:
    """Return the value of each of ``count`` rows, as a call takes it: of a structured array, a dict of its fields."""
    if isinstance(part, Constant):
        return [part.value] * count
    if isinstance(part, list):
        return part
    if part.dtype.names is not None and part.ndim == 1:
        fields = [rows_of(part[name], count) for name in part.dtype.names]
        return [dict(zip(part.dtype.names, row, strict=True)) for row in zip(*fields, strict=True)]
    if part.ndim == 1 and part.dtype.kind in _PLAIN and part.dtype.char != "g":
        return list(part.tolist())
    return list(part)


def plain_rows(columns: Sequence[Any], most: int) -> list[tuple[Any, ...]] | None:
    """Return the rows of plain lists and arrays of the same length, of at most so many rows; otherwise None."""
    array, lists = numpy().ndarray, []
    for column in columns:
        if type(column) is array:
            if column.ndim != 1 or len(column) > most or column.dtype.kind not in "biuf" or column.dtype.char == "g":
                return None
            lists.append(column.tolist())
        elif type(column) is list and len(column) <= most:
            lists.append(column.copy())
        else:
            return None
    if len({len(each) for each in lists}) != 1:
        return None
    return list(zip(*lists, strict=True))
