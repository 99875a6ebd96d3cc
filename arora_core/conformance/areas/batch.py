"""Calls of many rows: ``Instance.batch`` does what as many calls do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from ... import buffers
from ... import values as v
from ...errors import EngineClosed, FunctionNotFound, LimitExceeded, Trap, TrapKind
from ...executor import Capability, Instance, Limits
from ...rows import RowField
from ..checking import check
from ..expecting import expect, expect_equal, expect_raises
from ..sample_rows import SampleRows, form_of
from ..scripted_host import ScriptedHost
from ..subject import Subject

_MANY = 700
_HEAD = 4 + 1 + 16 + 4
"""Bytes before the first field of an argument or a result: size, tag, function id and number of fields."""
_BEFORE_VALUE = 16 + 1
"""Bytes before the value of a field: its id and the tag."""


def _fields(*sizes: int, choices: tuple[bytes, ...] = ()) -> list[RowField]:
    """Return the fields of a buffer that consists of scalars of these sizes."""
    offset, fields = _HEAD, []
    for size in sizes:
        fields.append(RowField(offset + _BEFORE_VALUE, size, choices))
        offset += _BEFORE_VALUE + size
    return fields


def _rows(
    subject: Subject, name: str, given: Sequence[Sequence[v.Value]], sizes: Sequence[int], answer: v.Value, size: int
) -> SampleRows:
    """Return rows that call a function with scalars of these sizes, whose result is a scalar as ``answer``."""
    result = form_of(subject.result(name, answer), _fields(size))
    return SampleRows([subject.argument(name, *each) for each in given], _fields(*sizes), result)


def _adding(subject: Subject, count: int = _MANY) -> SampleRows:
    given = [(v.U32(row), v.U32(2 * row)) for row in range(count)]
    return _rows(subject, "add", given, (4, 4), v.U32(0), 4)


def _counting(subject: Subject, count: int) -> SampleRows:
    return _rows(subject, "count", [()] * count, (), v.U32(0), 4)


def _run(subject: Subject, instance: Instance, name: str, rows: SampleRows) -> SampleRows:
    instance.batch(subject.function_id(name).bytes)(rows)
    return rows


def _count(subject: Subject, instance: Instance) -> bytes:
    return instance.dispatch(subject.function_id("count").bytes, subject.argument("count"))


@check("batch", uses=["add"])
def every_row_answers_as_its_call_does(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost())
    for count in (1, 2, _MANY):
        rows = _run(subject, instance, "add", _adding(subject, count))
        expect_equal((rows.done, rows.unusual), (count, None), f"the rows done of {count}, and an unusual result")
        expect_equal(rows.numbers(), [3 * row for row in range(count)], f"add of {count} rows")


@check("batch", uses=["count"])
def rows_are_called_once_each_and_in_order(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost())
    rows = _run(subject, instance, "count", _counting(subject, _MANY))
    expect_equal(rows.numbers(), list(range(1, _MANY + 1)), "count() in every row")
    expect_equal(_count(subject, instance), subject.result("count", v.U32(_MANY + 1)), "count() after the rows")


@check("batch", uses=["count"])
def a_batch_begins_after_the_rows_that_are_done(subject: Subject) -> None:
    instance, rows = subject.instance(ScriptedHost()), _counting(subject, _MANY)
    rows.done = _MANY - 3
    _run(subject, instance, "count", rows)
    expect_equal(rows.done, _MANY, "the rows done, from the last three on")
    expect_equal(rows.numbers()[-4:], [0, 1, 2, 3], "count() in the last three rows, and the row before them")
    _run(subject, instance, "count", rows)
    expect_equal(
        _count(subject, instance), subject.result("count", v.U32(4)), "count() after a batch without rows left"
    )


@check("batch", uses=["echo_u8", "echo_u16", "echo_i64", "echo_f32", "echo_uuid"])
def fields_of_every_size_go_and_come_whole(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost())
    samples: dict[str, tuple[list[v.Value], int]] = {
        "echo_u8": ([v.U8(row % 256) for row in range(_MANY)], 1),
        "echo_u16": ([v.U16(row * 93) for row in range(_MANY)], 2),
        "echo_i64": ([v.I64((-1) ** row << row % 63) for row in range(_MANY)], 8),
        "echo_f32": ([v.F32(row / 8) for row in range(_MANY)], 4),
        "echo_uuid": ([v.Uuid(UUID(int=row << 100 | row)) for row in range(_MANY)], 16),
    }
    for name, (values, size) in samples.items():
        rows = _rows(subject, name, [(each,) for each in values], (size,), values[0], size)
        _run(subject, instance, name, rows)
        expected = [subject.result(name, each)[-size:] for each in values]
        expect_equal(rows.items() == expected, True, f"whether {name} of every row returned its argument")


@check("batch", uses=["echo_f64s"])
def arrays_of_one_length_are_fields_too(subject: Subject) -> None:
    instance, length = subject.instance(ScriptedHost()), 19
    given = [v.ArrayF64([float(row + item) for item in range(length)]) for row in range(_MANY)]
    arguments = [subject.argument("echo_f64s", each) for each in given]
    expected = [subject.result("echo_f64s", each) for each in given]
    size = 8 * length
    fields = [RowField(len(arguments[0]) - size, size)]
    rows = SampleRows(arguments, fields, form_of(expected[0], [RowField(len(expected[0]) - size, size)]))
    _run(subject, instance, "echo_f64s", rows)
    expect_equal(rows.items() == [each[-size:] for each in expected], True, "whether every row returned its array")


@check("batch", uses=["count"])
def a_result_of_another_form_stops_the_rows_and_is_handed_over(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost())
    # The rows take the first result, and no other, for usual.
    usual = form_of(subject.result("count", v.U32(1)), [])
    rows = SampleRows([subject.argument("count")] * _MANY, [], usual)
    for row in range(1, 4):
        _run(subject, instance, "count", rows)
        if row == 1:
            expect_equal(rows.done, 1, "the rows done before the first unusual result")
        expect_equal(rows.unusual, subject.result("count", v.U32(row + 1)), "the unusual result")
        rows.unusual = None
        rows.done += 1
    expect_equal(_count(subject, instance), subject.result("count", v.U32(5)), "count() afterwards")


@check("batch", uses=["echo_uuid"])
def a_field_with_choices_gives_their_positions(subject: Subject) -> None:
    instance, choices = subject.instance(ScriptedHost()), [UUID(int=7 << 64), UUID(int=5), UUID(int=1 << 127)]
    given = [v.Uuid(choices[row % 3]) for row in range(60)] + [v.Uuid(UUID(int=6))] + [v.Uuid(choices[0])]
    arguments = [subject.argument("echo_uuid", each) for each in given]
    fields = _fields(16, choices=tuple(each.bytes for each in choices))
    rows = SampleRows(arguments, _fields(16), form_of(subject.result("echo_uuid", given[0]), fields))
    _run(subject, instance, "echo_uuid", rows)
    expect_equal((rows.done, rows.unusual), (60, subject.result("echo_uuid", given[60])), "where no choice is met")
    expect_equal(rows.numbers()[:60], [row % 3 for row in range(60)], "the positions of the choices")


@check("batch", uses=["fail"])
def an_error_buffer_is_an_unusual_result(subject: Subject) -> None:
    instance, message = subject.instance(ScriptedHost()), v.String("on purpose")
    rows = SampleRows([subject.argument("fail", message)] * 3, [], form_of(subject.result("fail", v.Unit()), []))
    _run(subject, instance, "fail", rows)
    expect_equal((rows.done, rows.unusual), (0, buffers.encode_error("on purpose")), "the row that failed")


@check("batch", uses=["count", "wild"])
def a_row_that_breaks_the_abi_traps_at_its_row(subject: Subject) -> None:
    instance, usual = subject.instance(ScriptedHost()), form_of(subject.result("wild", v.Unit()), [])
    for how in (2, 4):
        rows = SampleRows([subject.argument("wild", v.U32(how))] * 3, [], usual)
        trapped = expect_raises(Trap, partial(_run, subject, instance, "wild", rows), f"rows of wild({how})")
        expect_equal((trapped.kind, rows.done), (TrapKind.ABI, 0), f"the kind of wild({how}), and the rows done")


@check("batch", needs=[Capability.TRAPS], uses=["add", "crash"])
def a_row_that_traps_raises_and_rows_can_be_called_again(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost())
    usual = form_of(subject.result("crash", v.Unit()), [])
    for _ in range(3):
        rows = SampleRows([subject.argument("crash", v.U32(0))] * 3, [], usual)
        expect_raises(Trap, partial(_run, subject, instance, "crash", rows), "rows of crash(0)")
        expect_equal(rows.done, 0, "the rows done before the one that crashed")
        added = _run(subject, instance, "add", _adding(subject))
        expect_equal(added.numbers(), [3 * row for row in range(_MANY)], "add of many rows afterwards")


class _Stopped(Exception):
    """Raised by the host of a check."""


@check("batch", uses=["count", "indirect"])
def an_exception_of_the_host_leaves_at_its_row(subject: Subject) -> None:
    host, error = ScriptedHost(), _Stopped()
    instance, answer = subject.instance(host), buffers.encode(v.U8(9))

    def respond() -> bytes:
        if len(host.indirect) % 5 == 0:
            raise error
        return answer

    host.respond = respond
    usual = form_of(subject.result("indirect", v.ArrayU8(answer)), [])
    rows = SampleRows([subject.argument("indirect", v.U64(row)) for row in range(9)], _fields(8), usual)
    raised = expect_raises(_Stopped, partial(_run, subject, instance, "indirect", rows), "rows whose host fails")
    expect(raised is error, "another exception came out than the host raised")
    expect_equal((rows.done, host.indirect), (4, [0, 1, 2, 3, 4]), "the rows done, and the callables called")
    rows.done = 5
    _run(subject, instance, "indirect", rows)
    expect_equal((rows.done, host.indirect), (9, list(range(9))), "the rows done afterwards, and the callables called")


@check("batch", uses=["add", "count", "indirect"])
def a_row_may_lead_to_other_rows_of_the_same_guest(subject: Subject) -> None:
    host = ScriptedHost()
    instance, inner = subject.instance(host), list[int]()

    def respond() -> bytes:
        rows = _run(subject, instance, "count", _counting(subject, 3))
        inner.extend(rows.numbers())
        return buffers.encode(v.U8(9))

    host.respond = respond
    usual = form_of(subject.result("indirect", v.ArrayU8(buffers.encode(v.U8(9)))), [])
    rows = SampleRows([subject.argument("indirect", v.U64(row)) for row in range(20)], _fields(8), usual)
    _run(subject, instance, "indirect", rows)
    expect_equal((rows.done, rows.unusual), (20, None), "the outer rows done")
    expect_equal(inner, list(range(1, 61)), "count() in the inner rows")


@check("batch", needs=[Capability.FUEL], uses=["work"])
def fuel_is_for_each_row(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost(), limits=Limits(fuel=1_000_000))
    given = [(v.U64(1000),)] * 300 + [(v.U64(1 << 40),)] * 2
    rows = _rows(subject, "work", given, (8,), v.U64(0), 8)
    work = partial(_run, subject, instance, "work", rows)
    expect_raises(LimitExceeded, work, "rows of which one does too much", limit="fuel")
    expect_equal(rows.done, 300, "the rows that did little")


@check("batch", uses=["add", "allocations"])
def rows_leave_nothing_in_the_guests_allocator(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost())
    id, argument = subject.function_id("allocations").bytes, subject.argument("allocations")

    def in_use() -> int:
        return buffers.decode(instance.dispatch(id, argument)).fields[0].value.items[0]  # type: ignore[attr-defined, no-any-return]

    _run(subject, instance, "add", _adding(subject))
    before = in_use()
    for _ in range(5):
        _run(subject, instance, "add", _adding(subject))
    expect_equal(in_use(), before, "blocks in use after five more batches")


@check("batch", uses=["add"])
def rows_of_a_function_that_is_not_there_or_of_a_closed_instance_are_refused(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost())

    def unknown() -> object:
        return instance.batch(UUID(int=3).bytes)(_adding(subject))

    expect_raises(FunctionNotFound, unknown, "rows of an unknown function")
    run = instance.batch(subject.function_id("add").bytes)
    run(_adding(subject))
    instance.close()
    expect_raises(EngineClosed, partial(run, _adding(subject)), "rows of a closed instance")
