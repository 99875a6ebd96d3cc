"""Arguments, results, and the memory that holds them during a call."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from time import perf_counter, sleep, time
from uuid import UUID, uuid4

from ... import buffers
from ... import values as v
from ...calls import Result
from ...errors import CallError, FunctionNotFound, Trap, TrapKind
from ...executor import Capability, Transfer
from ...header import ModuleDefinition
from ..checking import check
from ..expecting import expect, expect_equal, expect_raises
from ..scripted_host import ScriptedHost
from ..subject import NO_LIMITS, Subject

_LARGE = 1 << 19
_PAUSE = 0.02
"""Seconds: longer than the resolution of the clocks that browsers offer."""
_AN_HOUR = 3600.0


@check("calls", uses=["add"])
def a_function_is_called_with_its_arguments(subject: Subject) -> None:
    expect_equal(subject.module.add(2, 3), 5, "add(2, 3)")


@check("calls", uses=["received"])
def arguments_arrive_in_the_order_given_and_byte_for_byte(subject: Subject) -> None:
    id = subject.function_id("received")
    fields = [(UUID(int=7), v.String("b")), (UUID(int=3), v.ArrayF64([1.5])), (UUID(int=5), v.Unit())]
    sent = buffers.encode(v.Structure(id, fields))
    result = subject.engine.dispatch(subject.module.id, id, sent)
    expect_equal(result, subject.result("received", v.ArrayU8(sent)), "the argument buffer that the guest received")


@check("calls", uses=["given"])
def arguments_left_out_are_absent_to_the_guest(subject: Subject) -> None:
    given = {"a": v.U32(0), "b": v.U32(0), "c": v.U32(0)}
    for mask in range(8):
        chosen = {name: value for bit, (name, value) in enumerate(given.items()) if mask >> bit & 1}
        expect_equal(subject.values("given", chosen).ret, v.U32(mask), f"given({', '.join(chosen)})")


@check("calls", uses=["append"])
def mutable_parameters_come_back(subject: Subject) -> None:
    result = subject.module.append([1.0, 2.5], -0.0, "x")
    expected = Result(3, {"items": [1.0, 2.5, -0.0], "log": "x+"})
    found = Result(result.ret, {"items": list(result.mutated["items"]), "log": result.mutated["log"]})
    expect_equal(found, expected, "append([1.0, 2.5], -0.0, 'x')")


@check("calls", uses=["nothing"])
def a_function_without_a_return_value_answers_unit(subject: Subject) -> None:
    expect_equal(subject.dispatch("nothing"), subject.result("nothing", v.Unit()), "nothing()")


@check("calls", uses=["count"])
def a_guest_keeps_its_state_between_calls(subject: Subject) -> None:
    expect_equal([subject.module.count() for _ in range(3)], [1, 2, 3], "three calls of count()")


@check("calls", uses=["add", "received"])
def a_bound_function_and_a_dispatch_do_the_same(subject: Subject) -> None:
    instance = subject.instance(ScriptedHost())
    received = v.ArrayU8(subject.argument("received", v.U8(1)))
    for name, given, answer in (("add", [v.U32(1), v.U32(2)], v.U32(3)), ("received", [v.U8(1)], received)):
        id, argument = subject.function_id(name).bytes, subject.argument(name, *given)
        bound = instance.function(id)
        expect_equal(bound(argument), subject.result(name, answer), f"the bound {name}")
        what = f"the dispatched {name}, compared with the bound one"
        expect_equal(instance.dispatch(id, argument), bound(argument), what)


@check("calls", uses=["add", "echo_u8s", "fail"])
def a_call_in_pieces_is_the_call_of_all_of_them(subject: Subject) -> None:
    transfer = _transfer(subject)
    for length in (0, 3, _LARGE):
        items = v.ArrayU8(bytes(range(256)) * (length // 256) + bytes(length % 256))
        result = transfer("echo_u8s", 1 + length // 3, items)
        expect_equal(result == subject.result("echo_u8s", items), True, f"whether {length} bytes in pieces came back")
    failed = buffers.encode_error("on purpose")
    expect_equal(transfer("fail", 7, v.String("on purpose")), failed, "the error buffer, read in place")
    expect_equal(transfer("add", 5, v.U32(1), v.U32(2)), subject.result("add", v.U32(3)), "add, in pieces")


@check("calls", uses=["wild"])
def an_answer_outside_of_memory_to_a_call_in_pieces_is_a_trap(subject: Subject) -> None:
    transfer = _transfer(subject)
    for how in (2, 4):
        trapped = expect_raises(Trap, partial(transfer, "wild", 4, v.U32(how)), f"wild({how}), in pieces")
        expect_equal(trapped.kind, TrapKind.ABI, f"the kind of wild({how})")


def _transfer(subject: Subject) -> Callable[..., bytes]:
    """Return a callable that calls a guest's function by name, with the argument buffer in pieces of ``size`` bytes."""
    instance = subject.instance(ScriptedHost())

    def call(name: str, size: int, *given: v.Value) -> bytes:
        argument = memoryview(subject.argument(name, *given))
        pieces = [argument[at : at + size] for at in range(0, len(argument), size)]
        result: bytes = instance.transfer(subject.function_id(name).bytes)(Transfer(pieces, bytes))
        return result

    return call


@check("calls", uses=["echo_f64s"])
def a_large_array_goes_and_comes_whole_between_small_ones(subject: Subject) -> None:
    function = subject.module.echo_f64s
    for count in (3, _LARGE // 8, 1, _LARGE // 4, 0):
        given = array("d", range(count))
        expect_equal(function(given) == given, True, f"whether {count} numbers came back")


@check("calls", uses=["echo_u8s"])
def every_byte_of_the_largest_buffers_is_where_it_was(subject: Subject) -> None:
    function, id = subject.module.echo_u8s, subject.function_id("echo_u8s")
    for size in (subject.up_to(70_000), subject.up_to(1 << 20), subject.size):
        # Random bytes: with a pattern, swapped bytes or blocks may be equal.
        data = Random(size).randbytes(size)
        expect(function(data) == data, f"{size} bytes came back changed from a typed call")
        argument, expected = subject.argument("echo_u8s", v.ArrayU8(data)), subject.result("echo_u8s", v.ArrayU8(data))
        result = subject.engine.dispatch(subject.module.id, id, argument)
        expect(result == expected, f"{size} bytes came back changed from a raw dispatch")


@check("calls", uses=["echo_u8s"])
def a_result_is_the_callers_to_keep(subject: Subject) -> None:
    function, id = subject.module.echo_u8s, subject.function_id("echo_u8s")
    for size in (10, subject.up_to(70_000), subject.up_to(1 << 20)):
        first, second = (v.ArrayU8(Random(seed).randbytes(size)) for seed in (1, 2))
        kept = function(first.raw)
        raw = subject.engine.dispatch(subject.module.id, id, subject.argument("echo_u8s", first))
        instance = subject.engine.dispatch(subject.module.id, id, subject.argument("echo_u8s", second))
        function(second.raw)
        expect(kept == first.raw, f"a result of {size} bytes changed when the function was called again")
        expect(raw == subject.result("echo_u8s", first), f"a raw result of {size} bytes changed with the next call")
        expect(instance == subject.result("echo_u8s", second), f"the second raw result of {size} bytes is another")


@check("calls", uses=[])
def a_function_that_is_not_exported_is_not_found(subject: Subject) -> None:
    instance, id = subject.instance(ScriptedHost()), uuid4().bytes
    argument = buffers.encode(v.Structure(UUID(bytes=id)))
    expect_raises(FunctionNotFound, lambda: instance.dispatch(id, argument), "dispatch of an unknown function")


@check("calls", uses=["nothing"])
def a_function_that_the_header_leaves_out_is_not_found(subject: Subject) -> None:
    whole, id = subject.guest.header(), subject.function_id("nothing").bytes
    exports = tuple(each for each in whole.exports if each.name != "nothing")
    definition = ModuleDefinition(replace(whole, exports=exports), subject.guest.executable)
    instance = subject.new_executor().load(definition, ScriptedHost(), NO_LIMITS)
    argument = subject.argument("nothing")
    what = "of a function that the executable exports but the header does not"
    expect_raises(FunctionNotFound, lambda: instance.dispatch(id, argument), f"dispatch {what}")
    expect_raises(FunctionNotFound, lambda: instance.function(id)(argument), f"function {what}")
    instance.close()


@check("calls", uses=["alignment"])
def the_argument_buffer_is_aligned_to_8_bytes(subject: Subject) -> None:
    for size in range(40):
        expect_equal(subject.module.alignment(bytes(size)), 0, f"the address of an argument modulo 8 ({size} items)")


@check("calls", needs=[Capability.TRAPS], uses=["read_behind", "set_allocator"])
def a_guest_may_read_a_few_bytes_behind_its_argument(subject: Subject) -> None:
    for size in range(8):
        subject.module.set_allocator(2)
        # Traps if the executor allocated no bytes beyond the argument. Each argument is larger than all before, so that
        # the executor has to allocate it and cannot reuse the memory of an earlier call.
        subject.module.read_behind(bytes((size + 1) * _LARGE + size))


@check("calls", uses=["add", "echo_str", "fill", "set_allocator"])
def memory_that_grows_under_every_allocation_changes_nothing(subject: Subject) -> None:
    module = subject.module
    module.set_allocator(1)
    for size in (1, 1000, 70_000):
        expect_equal(
            module.fill(size, 7) == b"\7" * size,
            True,
            f"whether fill({size}, 7) returned {size} bytes 7 while memory grows",
        )
        expect_equal(
            module.echo_str("x" * size) == "x" * size,
            True,
            f"whether echo_str returned {size} characters while memory grows",
        )
    expect_equal(module.add(1, 2), 3, "add(1, 2) while memory grows")


@check("calls", needs=[Capability.TRAPS], uses=["wild"])
def an_answer_may_end_with_the_last_byte_of_memory(subject: Subject) -> None:
    expect_equal(subject.dispatch("wild", v.U32(10)), subject.result("wild", v.Unit()), "wild(10)")


@check("calls", uses=["clock"])
def a_guest_has_clocks(subject: Subject) -> None:
    clock = subject.module.clock
    read = [clock(1) for _ in range(50)]
    expect_equal(read, sorted(read), "the monotonic clock, read 50 times")
    began, first = perf_counter(), clock(1)
    sleep(_PAUSE)
    passed, most = (clock(1) - first) / 1e9, perf_counter() - began
    what = f"the monotonic clock went {passed} s further in a pause of {_PAUSE} s, which took {most} s in all"
    expect(_PAUSE / 2 <= passed <= most + _PAUSE / 2, what)
    off = abs(clock(0) / 1e9 - time())
    expect(off < _AN_HOUR, f"the wall clock differs by {off:.0f} s from the host's")


@check("calls", uses=["sleep"])
def a_guest_sleeps_for_as_long_as_it_asks(subject: Subject) -> None:
    for _ in range(3):
        began = perf_counter()
        expect_equal(subject.module.sleep(int(_PAUSE * 1e9)), 0, "the error number of poll_oneoff")
        slept = perf_counter() - began
        expect(slept >= _PAUSE * 0.9, f"a guest that asked for {_PAUSE} s slept for {slept} s")


@check("calls", uses=["random"])
def a_guest_has_random_numbers(subject: Subject) -> None:
    drawn = {subject.module.random(16) for _ in range(8)}
    expect_equal(len(drawn), 8, "the number of different results of 8 calls of random(16)")


@check("calls", uses=["add"])
def an_unusual_argument_is_the_guests_to_refuse(subject: Subject) -> None:
    message = buffers.error_message(subject.dispatch("add", v.String("one"), v.U32(2)))
    refused = message is not None and message.startswith("a: ")
    expect_equal(refused, True, f"whether the guest refused add('one', 2) (its message: {message!r})")
    expect_raises(CallError, lambda: subject.values("add", {}), "add()")
