"""``batch`` of a pool: the rows in parts, which several engines call at the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from itertools import repeat
from typing import Any, Final

from ..binding.signature import ABSENT
from ..calls import Result
from ..columns import Column, Constant, column_of, length_of
from .free_engines import parts_of
from .loaded_module import Function

LEAST: Final = 1024
"""Rows of the smallest part: handing over a part takes as long as calling a few dozen."""
PARTS: Final = 4
"""Parts for each engine: they take different time, and the last one should not be waited for."""

Progress = Callable[[int, int], object]
Submit = Callable[[Callable[[int], Any]], "Future[Any]"]
"""Has a thread call a function with the index of a free engine."""


class PooledBatch:
    """One call of ``batch`` of a pool. ``functions`` are those of the engines, by index."""

    def __init__(self, functions: Sequence[Function], columns: Sequence[object], named: Mapping[str, object]) -> None:
        """Raises ArgumentError for columns that do not fit each other."""
        self._functions = functions
        signature = functions[0]._generic
        bound = zip(functions[0].parameters, signature.bind(columns, named), strict=True)
        given = [column_of(each.name, column) if column is not ABSENT else None for each, column in bound]
        # By position as far as no parameter is left out: a parameter may be called as an option of ``batch`` is.
        leading = given.index(None) if None in given else len(given)
        self._leading = [column for column in given[:leading] if column is not None]
        names = zip(signature.python_names[leading:], given[leading:], strict=True)
        self._named = {name: column for name, column in names if column is not None}
        self._total = length_of([*self._leading, *self._named.values()])

    def run(self, submit: Submit, errors: str, progress: Progress | None) -> Any:
        """Return and raise as :meth:`Function.batch`; ``progress`` is called after each part."""
        parts = parts_of(self._total, PARTS * len(self._functions), LEAST)
        futures = [submit(self._caller(part, errors)) for part in parts]
        answers = []
        try:
            for part, future in zip(parts, futures, strict=True):
                answers.append(_moved(future.result(), part.start, errors))
                if progress is not None:
                    progress(part.stop, self._total)
        except BaseException as error:
            _end(futures, error)
            if len(answers) < len(parts) and futures[len(answers)].done():
                _move(error, parts[len(answers)].start)
            raise
        return _joined(answers)

    def _caller(self, part: range, errors: str) -> Callable[[int], Any]:
        def call(index: int) -> Any:
            leading = [_rows(column, part) for column in self._leading]
            named = {name: _rows(column, part) for name, column in self._named.items()}
            batch: Any = self._functions[index].batch
            return batch(*leading, errors=errors, **named)

        return call


def _rows(column: Column, rows: range) -> Any:
    part = column.part(rows.start, rows.stop)
    return repeat(part.value, len(rows)) if isinstance(part, Constant) else part


def _end(futures: Sequence[Future[Any]], error: BaseException) -> None:
    """Cancel the parts that have not begun, and wait for the others, unless the program is to end."""
    for future in futures:
        future.cancel()
    if not isinstance(error, Exception):
        return
    for future in futures:
        if not future.cancelled():
            future.exception()


def _move(error: BaseException, start: int) -> None:
    """Count the row of an exception from the first row of all parts."""
    row = getattr(error, "row", None)
    if isinstance(row, int):
        error.row = row + start  # type: ignore[attr-defined]


def _moved(answer: Any, start: int, errors: str) -> list[Any]:
    """Return the columns of an answer."""
    columns = [answer.ret, *answer.mutated.values()] if isinstance(answer, Result) else [answer]
    if errors == "return":
        # The same exception stands in every column.
        for each in columns[0]:
            if isinstance(each, Exception):
                _move(each, start)
    return [columns, list(answer.mutated) if isinstance(answer, Result) else None]


def _joined(answers: Sequence[list[Any]]) -> Any:
    names = answers[0][1]
    columns = [_joined_column(parts) for parts in zip(*(columns for columns, _ in answers), strict=True)]
    return columns[0] if names is None else Result(columns[0], dict(zip(names, columns[1:], strict=True)))


def _joined_column(parts: Sequence[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], list):
        return [each for part in parts for each in part]
    import numpy

    return numpy.concatenate(parts)
