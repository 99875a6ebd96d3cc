"""Rows of calls for checks, without NumPy: an implementation of :class:`arora_core.rows.Rows`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..rows import Forms, RowField, RowForm

LEFT = 1 << 20
"""What rows say of the whole batch: enough for every executor to prepare for it."""


class SampleRows:
    """The calls of some argument buffers of one size, whose fields are known, and the columns of their results."""

    def __init__(self, arguments: Sequence[bytes], fields: Sequence[RowField], result: RowForm) -> None:
        self._arguments = arguments
        self.forms = Forms(form_of(arguments[0], fields), result)
        self.count = len(arguments)
        self.left = LEFT
        self.done = 0
        self.unusual: bytes | None = None
        self._columns = [
            b"".join(each[field.offset : field.offset + field.size] for each in arguments) for field in fields
        ]
        self._results = [bytearray(field.item * self.count) for field in result.fields]
        self.taken = 0
        """The results that came through :meth:`take`."""

    @property
    def columns(self) -> Sequence[memoryview]:
        return [memoryview(each) for each in self._columns]

    @property
    def results(self) -> Sequence[memoryview]:
        return [memoryview(each) for each in self._results]

    def __iter__(self) -> Iterator[bytes]:
        while self.done < self.count and self.unusual is None:
            yield self._arguments[self.done]

    def take(self, result: bytes) -> None:
        self.taken += 1
        if not _fits(self.forms.result, result):
            self.unusual = result
            return
        for field, column in zip(self.forms.result.fields, self._results, strict=True):
            value = result[field.offset : field.offset + field.size]
            item = bytes([field.choices.index(value)]) if field.choices else value
            column[self.done * field.item : (self.done + 1) * field.item] = item
        self.done += 1

    def items(self, field: int = 0) -> list[bytes]:
        """Return the items of a result column."""
        size = self.forms.result.fields[field].item
        column = bytes(self._results[field])
        return [column[at : at + size] for at in range(0, len(column), size)]

    def numbers(self, field: int = 0) -> list[int]:
        """Return the items of a result column as unsigned integers."""
        return [int.from_bytes(each, "little") for each in self.items(field)]


def form_of(buffer: bytes, fields: Sequence[RowField]) -> RowForm:
    """Return the form of buffers that are like this one but for these fields."""
    constant, known = bytearray(buffer), bytearray(b"\xff" * len(buffer))
    for field in fields:
        constant[field.offset : field.offset + field.size] = bytes(field.size)
        known[field.offset : field.offset + field.size] = bytes(field.size)
    return RowForm(bytes(constant), bytes(known), tuple(fields))


def _fits(form: RowForm, result: bytes) -> bool:
    if len(result) != len(form.constant):
        return False
    if any(known and byte != expected for byte, expected, known in zip(result, form.constant, form.known, strict=True)):
        return False
    return all(
        result[field.offset : field.offset + field.size] in field.choices for field in form.fields if field.choices
    )
