"""Faults in calling many rows."""

from __future__ import annotations

from arora_core.conformance.sample_rows import SampleRows
from arora_core.errors import CallError
from arora_core.executor import Rows, RowsCall, row_by_row

from .faults import mutant
from .reference import ReferenceInstance


class Looping(ReferenceInstance):
    """An instance with a loop of its own."""

    def batch(self, function_id: bytes) -> RowsCall:
        call = self.function(function_id)

        def run(rows: Rows) -> None:
            assert isinstance(rows, SampleRows)
            self.loop(call, rows)

        return run

    def loop(self, call: object, rows: SampleRows) -> None:
        row_by_row(call)(rows)  # type: ignore[arg-type]


@mutant("every row answers as its call does")
class LosesTheLastRow(Looping):
    def loop(self, call: object, rows: SampleRows) -> None:
        rows.count -= rows.count > 2
        super().loop(call, rows)


@mutant("rows are called once each and in order")
class CallsARowTwice(Looping):
    def batch(self, function_id: bytes) -> RowsCall:
        call, run = self.function(function_id), super().batch(function_id)

        def twice(rows: Rows) -> None:
            for argument in rows:
                call(argument)
                break
            run(rows)

        return twice


@mutant("a batch begins after the rows that are done")
class BeginsAtTheFirstRow(Looping):
    def loop(self, call: object, rows: SampleRows) -> None:
        rows.done = 0
        super().loop(call, rows)


@mutant("a result of another form stops the rows and is handed over")
class GoesOnAfterAnUnusualResult(Looping):
    def loop(self, call: object, rows: SampleRows) -> None:
        super().loop(call, rows)
        unusual = rows.unusual
        while rows.unusual is not None:
            rows.unusual = None
            rows.done += 1
            super().loop(call, rows)
        rows.unusual = unusual


@mutant("an error buffer is an unusual result")
class RaisesErrorsOfRows(Looping):
    def loop(self, call: object, rows: SampleRows) -> None:
        super().loop(call, rows)
        if rows.unusual is not None and rows.unusual[4] == 20:
            raise CallError("a row failed")


@mutant("a field with choices gives their positions")
class CountsChoicesFromOne(Looping):
    def loop(self, call: object, rows: SampleRows) -> None:
        super().loop(call, rows)
        for field, column in zip(rows.forms.result.fields, rows.results, strict=True):
            if field.choices:
                column[:] = bytes(each + 1 for each in column)


@mutant("an exception of the host leaves at its row")
class ForgetsTheRowThatFailed(Looping):
    def loop(self, call: object, rows: SampleRows) -> None:
        begun = rows.done
        try:
            super().loop(call, rows)
        except BaseException:
            rows.done = begun
            raise


@mutant("a row may lead to other rows of the same guest")
class KeepsOneRowForAllLoops(Looping):
    row = 0

    def loop(self, call: object, rows: SampleRows) -> None:
        def noting(argument: bytes) -> bytes:
            self.row = rows.done
            return call(argument)  # type: ignore[operator, no-any-return]

        super().loop(noting, rows)
        rows.done = self.row + 1 if rows.unusual is None and rows.done else rows.done


@mutant("fuel is for each row")
class MetersAllRowsTogether(ReferenceInstance):
    def batch(self, function_id: bytes) -> RowsCall:
        run = super().batch(function_id)

        def metered(rows: Rows) -> None:
            def all_rows(argument: bytes) -> bytes:
                run(rows)
                return argument

            self.guest.meter.wrap(all_rows)(b"")

        return metered


@mutant("rows leave nothing in the guests allocator")
class KeepsItsBlock(Looping):
    def loop(self, call: object, rows: SampleRows) -> None:
        self.reserve(1024)
        super().loop(call, rows)
