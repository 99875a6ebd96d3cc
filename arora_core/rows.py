"""The contract of batches: many calls of one function, whose buffers may have one form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol


class RowField(NamedTuple):
    """A part of a buffer that differs from row to row."""

    offset: int
    """Where it begins, in bytes from the start of the buffer."""
    size: int
    """Its size in bytes."""
    choices: tuple[bytes, ...] = ()
    """Of a result: the only values it may have. Its column then has the position of each, one byte a row."""

    @property
    def item(self) -> int:
        """The bytes that a row takes in the field's column."""
        return 1 if self.choices else self.size


class RowForm(NamedTuple):
    """A buffer of fixed size, the same in every row but for its fields."""

    constant: bytes
    """The buffer, its size prefix included, with zeros where the fields are."""
    known: bytes
    """As long: 255 for each byte that is as in ``constant``, 0 for one that belongs to a field or has no meaning."""
    fields: tuple[RowField, ...]
    """The fields, in order."""


class Forms(NamedTuple):
    """The forms of a function's argument buffers and of its usual result buffers. Equal forms hash alike."""

    argument: RowForm
    result: RowForm


class Rows(Protocol):
    """Calls of one function to make in order, one for each row.

    Any executor can iterate over the argument buffers, and :meth:`take` the result of each call before the next. One
    that makes the calls in a loop of its own reads the columns, writes the results and sets ``done``; it also stops at
    the first result that has another form, and leaves it in ``unusual``. What a call raises is raised with ``done`` at
    its row.
    """

    count: int
    """The number of rows."""
    left: int
    """The rows that remain of the whole batch, these included: what it may be worth preparing for."""
    done: int
    """The rows whose results have been taken or written. The next row to call is the one at this position."""
    forms: Forms
    unusual: bytes | None
    """The result of the row at ``done``, if it has another form. Nothing is called after it."""

    @property
    def columns(self) -> Sequence[memoryview]:
        """For each field of the argument, the bytes of all rows one after another."""
        ...

    @property
    def results(self) -> Sequence[memoryview]:
        """For each field of the result, writable bytes: those of row 0 first."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Yield the argument buffers from row ``done`` on, until a result is unusual."""
        ...

    def take(self, result: bytes) -> None:
        """Take the result of the row at ``done``, and count it as done if it has the usual form."""
        ...


RowsCall = Callable[[Rows], None]
"""Makes the calls of rows, from ``done`` on."""


def row_by_row(call: Callable[[bytes], bytes]) -> RowsCall:
    """Return what makes each row's call by ``call``, argument buffer to result buffer."""

    def run(rows: Rows) -> None:
        for argument in rows:
            rows.take(call(argument))

    return run
