"""``Function.batch``: one call for each row of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..binding.conversion import Conversions
from ..binding.signature import ABSENT, Signature
from ..columns import Column, column_of, length_of, plain_rows, plan_of, type_of
from ..columns.numpy_package import numpy
from ..compiled.typed import python_default
from ..errors import AroraError
from ..executor import RowsCall
from ..header import ExportedFunction
from .batch_run import FEW, Batched, Progress, Run, at_row


class Batch:
    """Calls one function for each row of columns. Returns and raises as :meth:`.loaded_module.Function.batch`."""

    __slots__ = ("_function", "_numpy_array", "_type")

    def __init__(
        self,
        module: str,
        executor: str,
        export: ExportedFunction,
        signature: Signature,
        call: Callable[..., Any],
        read: Callable[[bytes], Any],
        run: RowsCall,
    ) -> None:
        """``call`` makes a single call, ``read`` reads the result in its buffer, ``run`` makes the calls of rows."""
        conversions = Conversions(signature.registry)
        defaults = [python_default(each, conversions) for each in export.parameters]
        plan = plan_of(export, signature.registry)
        self._function = Batched(module, executor, export, signature, plan, defaults, call, read, run)
        self._numpy_array = numpy().array
        type = type_of(plan.ret)
        self._type = None if plan.mutable or type is None or type.names or type.shape else type
        """The type of results that NumPy makes an array of, None where it takes more than that."""

    def __call__(
        self, columns: Sequence[object], named: Mapping[str, object], errors: str, progress: Progress | None
    ) -> Any:
        if errors == "raise" and progress is None and not named and self._type is not None:
            rows = plain_rows(columns, FEW)
            if rows is not None and len(columns) == len(self._function.export.parameters):
                return self._called(rows)
        if errors not in ("raise", "return"):
            raise ValueError(f"errors must be 'raise' or 'return', got {errors!r}")
        try:
            given = self._given(columns, named)
            total = length_of([column for _, column in given])
        except AroraError as error:
            self._function.named(error)
            raise
        return Run(self._function, given, total, keeps_errors=errors == "return").run(progress)

    def _called(self, rows: Sequence[tuple[Any, ...]]) -> Any:
        """Return the column of the results of a few calls, of a function whose results are numbers or booleans."""
        call, answers = self._function.call, list[Any]()
        try:
            for arguments in rows:
                answers.append(call(*arguments))
        except BaseException as error:
            at_row(error, len(answers))
            raise
        return self._numpy_array(answers, self._type)

    def _given(self, columns: Sequence[object], named: Mapping[str, object]) -> list[tuple[int, Column]]:
        """Return the columns given, each with the position of its parameter."""
        function = self._function
        bound = zip(function.export.parameters, function.signature.bind(columns, named), strict=True)
        return [
            (index, column_of(each.name, given)) for index, (each, given) in enumerate(bound) if given is not ABSENT
        ]
