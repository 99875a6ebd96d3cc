"""The run of one batch: rows in blocks, their results into columns.

Rows whose buffers have one form are given to the executor block by block, columns in and columns out. All others are
called one by one, as the program would call them. So are rows that are too few to be worth more, and blocks in which a
value does not fit: the codec of single calls then finds the mistake, at its row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Final, NamedTuple, TypeVar

from ..binding.leave import Leave
from ..binding.signature import Signature
from ..calls import Result
from ..columns import Column, Constant, FixedRows, Plan, Usual, rows_of
from ..compiled.typed import ABSENT as NO_DEFAULT
from ..errors import AroraError, Interrupted
from ..executor import RowsCall
from ..header import ExportedFunction

FEW: Final = 24
"""Rows that are called one by one: their columns are not worth taking apart."""
_FIRST: Final = 256
"""Rows of the first block, which shows how long the calls take."""
_MOST: Final = 1 << 15
"""Rows of the largest block."""
_MOST_BYTES: Final = 1 << 20
"""Bytes of the fields of the largest block, unless one row has more."""
_SOME_ODD, _ODD = 5, 16
"""Odd rows, which fail or answer in another form, that a block may have; more, if they are few among so many."""
_SOON: Final = 0.02
"""Seconds that a block may take for the next one to be larger: between blocks other threads, signals' handlers and
``progress`` have their turn."""

Progress = Callable[[int, int], object]

_E = TypeVar("_E", bound=AroraError)


class Batched(NamedTuple):
    """What the batches of one function have in common."""

    module: str
    executor: str
    export: ExportedFunction
    signature: Signature
    plan: Plan
    defaults: Sequence[object]
    """For each parameter, the object of which its default value is made; ``NO_DEFAULT`` where there is none."""
    call: Callable[..., Any]
    """Makes a single call."""
    read: Callable[[bytes], Any]
    """Returns the result in a result buffer, as a single call does."""
    run: RowsCall
    """Makes the calls of rows."""

    def named(self, error: _E) -> _E:
        """Return an error with the function's name added."""
        return error.at(module=self.module, function=self.export.name, executor=self.executor)


class Run:
    """One call of :meth:`Function.batch`."""

    def __init__(
        self,
        function: Batched,
        given: Sequence[tuple[int, Column]],
        total: int,
        *,
        keeps_errors: bool,
    ) -> None:
        self._function = function
        self._given = given
        self._total = total
        self._keeps_errors = keeps_errors
        self._results = function.plan.results(total, as_lists=keeps_errors)
        self._failed: list[tuple[int, Exception]] = []
        names = function.signature.python_names
        # By position as far as no parameter is left out, which takes the shortest way into the call.
        self._leading = next((at for at, (index, _) in enumerate(given) if at != index), len(given))
        self._keywords = [names[index] for index, _ in given[self._leading :]]
        self._written = _with_defaults(function, given)
        self._may_be_fixed = self._written is not None and function.plan.may_be_fixed(
            [index for index, _ in self._written]
        )
        self._usual = function.plan.usual

    def run(self, progress: Progress | None) -> Any:
        done, block = 0, _FIRST
        while done < self._total:
            stop = min(done + block, self._total)
            begin = monotonic()
            most = self._block(done, stop)
            taken = monotonic() - begin
            done = stop
            if progress is not None:
                progress(done, self._total)
            if taken < _SOON:
                block = min(16 * block, most)
            elif taken > 4 * _SOON:
                block = max(block // 4, 1)
        return self._answer()

    def _answer(self) -> Any:
        columns = [each.values for each in self._results]
        for row, error in self._failed:
            for values in columns:
                values[row] = error
        names = [name for name, _ in self._function.plan.mutable]
        return Result(columns[0], dict(zip(names, columns[1:], strict=True))) if names else columns[0]

    def _block(self, start: int, stop: int) -> int:
        """Call the rows from ``start`` to ``stop``; return how many the next block may have."""
        if self._may_be_fixed and stop - start >= FEW:
            if self._usual is None:
                self._one_by_one(start, start + 1)
                self._learn(start)
                start += 1
            rows = self._fixed(start, stop)
            if rows is not None and self._usual is not None:
                return self._all_at_once(rows, start, self._usual)
        self._one_by_one(start, stop)
        return _MOST

    # --- rows of one form ----------------------------------------------------------------------------

    def _learn(self, row: int) -> None:
        """Take what a row answered for what is usual."""
        if not self._failed or self._failed[-1][0] != row:
            self._usual = self._function.plan.learned([each.values[row] for each in self._results])

    def _fixed(self, start: int, stop: int) -> FixedRows | None:
        if self._written is None or self._usual is None or start == stop:
            return None
        parts = [(index, self._part(column, start, stop)) for index, column in self._written]
        try:
            return self._function.plan.rows(self._usual, parts, stop - start, self._total - start)
        except Leave:
            return None

    def _all_at_once(self, rows: FixedRows, start: int, usual: Usual) -> int:
        """Call rows of one form; return how many the next block may have."""
        run, answers, odd = self._function.run, list[tuple[int, Any]](), 0
        while rows.done < rows.count and (odd < _SOME_ODD or odd * _ODD < rows.done):
            try:
                run(rows)
                if rows.unusual is None:
                    break
                answers.append((start + rows.done, self._function.read(rows.unusual)))
            except BaseException as error:
                if rows.done >= rows.count:
                    raise  # Not of a row: an interrupt after the last one.
                self._note(start + rows.done, error)
            rows.skip()
            odd += 1
        fields = iter(rows.fields())
        for column, shape in zip(self._results, usual.shapes, strict=True):
            column.store(shape, start, rows.done, fields)
        for row, answer in answers:
            self._put(row, [answer])
        if rows.done == rows.count:
            return min(_MOST, max(_MOST_BYTES // max(rows.size, 1), 1))
        # Each odd row ends an entry, which costs more than a single call.
        self._usual = self._function.plan.usual
        self._one_by_one(start + rows.done, start + rows.count)
        return _FIRST

    # --- rows one by one -----------------------------------------------------------------------------

    def _one_by_one(self, start: int, stop: int) -> None:
        call, leading, keywords = self._function.call, self._leading, self._keywords
        parts = [rows_of(self._part(column, start, stop), stop - start) for _, column in self._given]
        answers, first = list[Any](), start
        for row, arguments in enumerate(zip(*parts, strict=True), start):
            try:
                if keywords:
                    named = dict(zip(keywords, arguments[leading:], strict=True))
                    answers.append(call(*arguments[:leading], **named))
                else:
                    answers.append(call(*arguments))
            except BaseException as error:
                self._note(row, error)
                self._put(first, answers)
                answers, first = [], row + 1
        self._put(first, answers)

    # --- parts ---------------------------------------------------------------------------------------

    def _part(self, column: Column, start: int, stop: int) -> Any:
        try:
            return column.part(start, stop)
        except AroraError as error:
            error.row = start
            raise self._function.named(error) from None

    def _put(self, start: int, answers: Sequence[Any]) -> None:
        """Set rows to what single calls returned."""
        if not answers:
            return
        if not self._function.plan.mutable:
            self._results[0].put(start, answers)
            return
        self._results[0].put(start, [each.ret for each in answers])
        for column, (name, _) in zip(self._results[1:], self._function.plan.mutable, strict=True):
            column.put(start, [each.mutated[name] for each in answers])

    def _note(self, row: int, error: BaseException) -> None:
        """Keep the exception of a row where exceptions are returned. Raise it with its row otherwise."""
        at_row(error, row)
        # An interruption is meant for the whole batch.
        if not self._keeps_errors or not isinstance(error, Exception) or isinstance(error, Interrupted):
            raise error
        self._failed.append((row, error))


def _with_defaults(function: Batched, given: Sequence[tuple[int, Column]]) -> list[tuple[int, Column]] | None:
    """Return the columns given, and constants for the parameters with a default value that are left out.

    Return None where such a value cannot be written as a constant.
    """
    present, written = {index for index, _ in given}, list(given)
    for index, (parameter, default) in enumerate(zip(function.export.parameters, function.defaults, strict=True)):
        if index in present or parameter.default_value is None:
            continue
        if default is NO_DEFAULT:
            return None
        written.append((index, Column(parameter.name, Constant(default), None)))
    return sorted(written, key=lambda each: each[0])


def at_row(error: BaseException, row: int) -> None:
    """Say in an exception which row raised it."""
    # Not every exception has attributes.
    with suppress(Exception):
        error.row = row  # type: ignore[attr-defined]
