"""Rows whose buffers have one form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from ..rows import Forms, RowForm
from .numpy_package import Array, numpy


class FixedRows:
    """The calls of some rows: :class:`arora_core.rows.Rows` over NumPy arrays."""

    __slots__ = ("_first_taken", "_leaves", "_results", "_taken", "columns", "count", "done", "forms", "left",
                 "results", "unusual")  # fmt: skip

    def __init__(self, forms: Forms, leaves: Sequence[Array], count: int, left: int) -> None:
        """``leaves`` are the bytes of each field of the argument, of all rows one after another."""
        np = numpy()
        self.forms = forms
        self.count = count
        self.left = left
        self.done = 0
        self.unusual: bytes | None = None
        self._leaves = leaves
        self.columns = [memoryview(leaf) for leaf in leaves]
        self._results = [np.empty(field.item * count, np.uint8) for field in forms.result.fields]
        self.results = [memoryview(each) for each in self._results]
        self._taken: list[bytes] = []
        self._first_taken = 0

    @property
    def size(self) -> int:
        """The bytes of a row's fields."""
        return sum(field.item for form in self.forms for field in form.fields)

    def __iter__(self) -> Iterator[bytes]:
        buffers, size, first = self._buffers(self.done), len(self.forms.argument.constant), self.done
        try:
            while self.done < self.count and self.unusual is None:
                at = (self.done - first) * size
                yield buffers[at : at + size]
        finally:
            self._flush()

    def take(self, result: bytes) -> None:
        """See :meth:`arora_core.rows.Rows.take`."""
        form = self.forms.result
        if len(result) != len(form.constant) or not all(
            result[start:stop] in accepted for start, stop, accepted in _checks(form)
        ):
            self.unusual = result
            return
        if not self._taken:
            self._first_taken = self.done
        self._taken.append(result)
        self.done += 1

    def skip(self) -> None:
        """Go on after the row at ``done``, which has failed, or whose result is unusual."""
        self.unusual = None
        # It is read like the others, before what it answered takes its place: a choice has to be one.
        for field, column in zip(self.forms.result.fields, self._results, strict=True):
            column[self.done * field.item : (self.done + 1) * field.item] = 0
        self.done += 1

    def fields(self) -> list[Array]:
        """Return, for each field of the results, the bytes of the rows that are done."""
        self._flush()
        return [
            each[: field.item * self.done]
            for field, each in zip(self.forms.result.fields, self._results, strict=True)
        ]  # fmt: skip

    def _buffers(self, start: int) -> bytes:
        """Return the argument buffers of all rows from ``start`` on, one after another."""
        np, form, count = numpy(), self.forms.argument, self.count - start
        block = np.empty((count, len(form.constant)), np.uint8)
        block[:] = np.frombuffer(form.constant, np.uint8)
        for field, leaf in zip(form.fields, self._leaves, strict=True):
            rows = leaf.reshape(self.count, field.size)
            block[:, field.offset : field.offset + field.size] = rows[start:]
        raw: bytes = block.tobytes()
        return raw

    def _flush(self) -> None:
        """Take the results that have been taken as whole buffers apart into fields."""
        if not self._taken:
            return
        np, form, first = numpy(), self.forms.result, self._first_taken
        block = np.frombuffer(b"".join(self._taken), np.uint8).reshape(len(self._taken), len(form.constant))
        for field, target in zip(form.fields, self._results, strict=True):
            column = block[:, field.offset : field.offset + field.size]
            if field.choices:
                index = {choice: position for position, choice in enumerate(field.choices)}
                column = np.array([[index[row.tobytes()]] for row in column], np.uint8)
            rows = target.reshape(self.count, field.item)
            rows[first : first + len(self._taken)] = column
        self._taken = []


@lru_cache(maxsize=256)
def _checks(form: RowForm) -> tuple[tuple[int, int, frozenset[bytes]], ...]:
    """Return the parts of a buffer that have to have certain values: where each begins and ends, and the values."""
    checks = [
        (field.offset, field.offset + field.size, frozenset(field.choices)) for field in form.fields if field.choices
    ]
    at = 0
    while (start := form.known.find(b"\xff", at)) >= 0:
        at = form.known.find(b"\0", start)
        at = len(form.known) if at < 0 else at
        checks.append((start, at, frozenset([form.constant[start:at]])))
    return tuple(checks)
