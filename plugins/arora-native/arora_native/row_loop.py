"""What ``arora_call_rows`` of a library takes: ``arora_rows`` of arora.h."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from ctypes import POINTER, Structure, c_char, c_uint8, c_uint32, c_uint64, c_void_p
from typing import Any, Final

from arora_core.executor import RowField, RowForm, Rows

SYMBOL: Final = "arora_call_rows"
_SLACK: Final = 8


class _Field(Structure):
    """``arora_row_field``."""

    _fields_ = [
        ("offset", c_uint32),
        ("size", c_uint32),
        ("column", c_void_p),
        ("choices", c_void_p),
        ("choice_count", c_uint32),
    ]


class _Rows(Structure):
    """``arora_rows``."""

    _fields_ = [
        ("function", c_void_p),
        ("free", c_void_p),
        ("argument", c_void_p),
        ("argument_constant", c_void_p),
        ("result_constant", c_void_p),
        ("argument_fields", POINTER(_Field)),
        ("result_fields", POINTER(_Field)),
        ("known", POINTER(_Field)),
        ("ended", c_void_p),
        ("unusual", c_void_p),
        ("argument_size", c_uint32),
        ("result_size", c_uint32),
        ("argument_field_count", c_uint32),
        ("result_field_count", c_uint32),
        ("known_count", c_uint32),
        ("count", c_uint32),
        ("done", c_uint32),
    ]


SIZE: Final = ctypes.sizeof(_Rows)
"""Bytes of ``arora_rows``."""
DONE_AT: Final = _Rows.done.offset
"""Where in ``arora_rows`` the number of rows is that are done, a u32."""


class NativeRows:
    """The calls of some rows in the memory of the host. It keeps alive what the library reads and writes."""

    def __init__(self, rows: Rows, function: Any, free: Any, ended: c_uint8, place: memoryview | None = None) -> None:
        """``function`` and ``free`` are the library's; ``ended`` becomes 1 when the host fails.

        ``place`` is where to keep ``arora_rows``, which takes :data:`SIZE` bytes.
        """
        self._kept: list[object] = [function, free, ended]
        argument, result = rows.forms
        room = (c_uint64 * (-(-(len(argument.constant) + _SLACK) // 8)))()
        self._kept.append(room)
        self.room = ctypes.addressof(room), ctypes.addressof(room) + ctypes.sizeof(room)
        """Where the room for an argument begins and ends."""
        columns = [self._copied(each) for each in rows.columns]
        results = [self._written(each) for each in rows.results]
        known = [RowField(start, stop - start) for start, stop in _ranges(result)]
        self.structure = _Rows() if place is None else _Rows.from_buffer(place)
        self.structure.__init__(  # type: ignore[misc]
            ctypes.cast(function, c_void_p),
            ctypes.cast(free, c_void_p),
            ctypes.addressof(room),
            self._copied(argument.constant),
            self._copied(result.constant),
            self._fields(argument.fields, columns),
            self._fields(result.fields, results),
            self._fields(known, [None] * len(known)),
            ctypes.addressof(ended),
            None,
            len(argument.constant),
            len(result.constant),
            len(argument.fields),
            len(result.fields),
            len(known),
            rows.count,
            rows.done,
        )

    def _fields(self, fields: Sequence[RowField], columns: Sequence[int | None]) -> Any:
        made = (_Field * len(fields))()
        for each, field, column in zip(made, fields, columns, strict=True):
            each.offset, each.size, each.column = field.offset, field.size, column
            if field.choices:
                each.choices, each.choice_count = self._copied(b"".join(field.choices)), len(field.choices)
        self._kept.append(made)
        return made

    def _copied(self, data: bytes | memoryview) -> int:
        """Return the address of a copy: the address of memory that is not writable cannot be had."""
        copy = (c_char * len(data)).from_buffer_copy(data)
        self._kept.append(copy)
        return ctypes.addressof(copy)

    def _written(self, column: memoryview) -> int | None:
        if not column:
            return None
        shared = (c_char * len(column)).from_buffer(column)
        self._kept.append(shared)
        return ctypes.addressof(shared)


def _ranges(form: RowForm) -> Iterator[tuple[int, int]]:
    """Yield where the known bytes of a form begin and end."""
    stop = 0
    while (start := form.known.find(b"\xff", stop)) >= 0:
        stop = form.known.find(b"\0", start)
        stop = len(form.known) if stop < 0 else stop
        yield start, stop
