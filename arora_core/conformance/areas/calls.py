"""Arguments, results, and the memory in which they are handed over."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from uuid import UUID, uuid4

from ... import buffers
from ... import values as v
from ...calls import Result
from ...errors import CallError, FunctionNotFound, Trap, TrapKind
from ...executor import Capability, Transfer
from ...header import ModuleDefinition
from ..checking import check
from ..expecting import expect_equal, expect_raises
from ..scripted_host import ScriptedHost
from ..subject import NO_LIMITS, Subject

_LARGE = 1 << 19


@check("calls")
def a_function_is_called_with_its_arguments(subject: Subject) -> None:
    expect_equal(subject.module.add(2, 3), 5, "add(2, 3)")


@check("calls")
def arguments_arrive_in_the_order_given_and_byte_for_byte(subject: Subject) -> None:
    id = subject.function_id("received")
    fields = [(UUID(int=7), v.String("b")), (UUID(int=3), v.ArrayF64([1.5])), (UUID(int=5), v.Unit())]
    sent = buffers.encode(v.Structure(id, fields))
    answer = subject.engine.dispatch(subject.module.id, id, sent)
    expect_equal(answer, subject.answered("received", v.ArrayU8(sent)), "the argument buffer as the guest saw it")


@check("calls")
def arguments_left_out_are_absent_to_the_guest(subject: Subject) -> None:
    given = {"a": v.U32(0), "b": v.U32(0), "c": v.U32(0)}
    for mask in range(8):
        chosen = {name: value for bit, (name, value) in enumerate(given.items()) if mask >> bit & 1}
        expect_equal(subject.values("given", chosen).ret, v.U32(mask), f"given({', '.join(chosen)})")


@check("calls")
def mutable_parameters_come_back(subject: Subject) -> None:
    answer = subject.module.append([1.0, 2.5], -0.0, "x")
    expected = Result(3, {"items": [1.0, 2.5, -0.0], "log": "x+"})
    found = Result(answer.ret, {"items": list(answer.mutated["items"]), "log": answer.mutated["log"]})
    expect_equal(found, expected, "append([1.0, 2.5], -0.0, 'x')")


@check("calls")
def a_function_without_a_return_value_answers_unit(subject: Subject) -> None:
    expect_equal(subject.dispatch("nothing"), subject.answered("nothing", v.Unit()), "nothing()")


@check("calls")
def a_guest_keeps_its_state_between_calls(subject: Subject) -> None:
    expect_equal([subject.module.count() for _ in range(3)], [1, 2, 3], "three calls of count()")


@check("calls")
def a_bound_function_and_a_dispatch_do_the_same(subject: Subject) -> None:
    instance, id = subject.instance(ScriptedHost()), subject.function_id("add").bytes
    argument = subject.argument("add", v.U32(1), v.U32(2))
    bound = instance.function(id)
    expect_equal(bound(argument), subject.answered("add", v.U32(3)), "the bound add")
    expect_equal(instance.dispatch(id, argument), bound(argument), "the dispatched add, against the bound one")


@check("calls")
def a_call_in_pieces_is_the_call_of_all_of_them(subject: Subject) -> None:
    in_pieces = _in_pieces(subject)
    for length in (0, 3, _LARGE):
        items = v.ArrayU8(bytes(range(256)) * (length // 256) + bytes(length % 256))
        answer = in_pieces("echo_u8s", 1 + length // 3, items)
        expect_equal(answer == subject.answered("echo_u8s", items), True, f"{length} bytes came back from their pieces")
    failed = buffers.encode_error("on purpose")
    expect_equal(in_pieces("fail", 7, v.String("on purpose")), failed, "the error buffer, read where it lies")
    expect_equal(in_pieces("add", 5, v.U32(1), v.U32(2)), subject.answered("add", v.U32(3)), "add, in pieces")


@check("calls", uses=["wild"])
def an_answer_outside_of_memory_to_a_call_in_pieces_is_a_trap(subject: Subject) -> None:
    in_pieces = _in_pieces(subject)
    for how in (2, 4):
        trapped = expect_raises(Trap, partial(in_pieces, "wild", 4, v.U32(how)), f"wild({how}), in pieces")
        expect_equal(trapped.kind, TrapKind.ABI, f"the kind of wild({how})")


def _in_pieces(subject: Subject) -> Callable[..., bytes]:
    """Calls a function of a guest on a bare executor, its argument in pieces of a size."""
    instance = subject.instance(ScriptedHost())

    def call(name: str, size: int, *given: v.Value) -> bytes:
        argument = memoryview(subject.argument(name, *given))
        pieces = [argument[at : at + size] for at in range(0, len(argument), size)]
        result: bytes = instance.transfer(subject.function_id(name).bytes)(Transfer(pieces, bytes))
        return result

    return call


@check("calls")
def a_large_array_goes_and_comes_whole_between_small_ones(subject: Subject) -> None:
    function = subject.module.echo_f64s
    for count in (3, _LARGE // 8, 1, _LARGE // 4, 0):
        given = array("d", range(count))
        expect_equal(function(given) == given, True, f"{count} numbers came back")


@check("calls")
def a_function_that_is_not_exported_is_not_found(subject: Subject) -> None:
    instance, id = subject.instance(ScriptedHost()), uuid4().bytes
    argument = buffers.encode(v.Structure(UUID(bytes=id)))
    expect_raises(FunctionNotFound, lambda: instance.dispatch(id, argument), "dispatch of an unknown function")


@check("calls")
def a_function_that_the_header_leaves_out_is_not_found(subject: Subject) -> None:
    whole, id = subject.guest.header(), subject.function_id("nothing").bytes
    exports = tuple(each for each in whole.exports if each.name != "nothing")
    definition = ModuleDefinition(replace(whole, exports=exports), subject.guest.executable)
    instance = subject.new_executor().load(definition, ScriptedHost(), NO_LIMITS)
    argument = subject.argument("nothing")
    what = "of a function that the executable exports and the header does not"
    expect_raises(FunctionNotFound, lambda: instance.dispatch(id, argument), f"dispatch {what}")
    expect_raises(FunctionNotFound, lambda: instance.function(id)(argument), f"function {what}")
    instance.close()


@check("calls")
def the_argument_buffer_is_aligned_to_8_bytes(subject: Subject) -> None:
    for size in range(40):
        expect_equal(subject.module.alignment(bytes(size)), 0, f"the address of an argument modulo 8 ({size} items)")


@check("calls", needs=[Capability.TRAPS])
def a_guest_may_read_a_few_bytes_behind_its_argument(subject: Subject) -> None:
    for size in range(8):
        subject.module.set_allocator(2)
        # Raises a Trap when the block was asked for without room to spare. Larger than any before, so that it is
        # asked for, and not kept from an earlier call.
        subject.module.read_behind(bytes((size + 1) * _LARGE + size))


@check("calls")
def memory_that_grows_under_every_allocation_changes_nothing(subject: Subject) -> None:
    module = subject.module
    module.set_allocator(1)
    for size in (1, 1000, 70_000):
        expect_equal(module.fill(size, 7) == b"\7" * size, True, f"fill({size}, 7) while memory grows")
        expect_equal(module.echo_str("x" * size) == "x" * size, True, f"echo_str of {size} while memory grows")
    expect_equal(module.add(1, 2), 3, "add(1, 2) while memory grows")


@check("calls", needs=[Capability.TRAPS])
def an_answer_may_end_with_the_last_byte_of_memory(subject: Subject) -> None:
    expect_equal(subject.dispatch("wild", v.U32(10)), subject.answered("wild", v.Unit()), "wild(10)")


@check("calls", uses=["clock"])
def a_guest_has_clocks(subject: Subject) -> None:
    first, second = subject.module.clock(1), subject.module.clock(1)
    expect_equal(first <= second, True, f"the monotonic clock goes on ({first}, then {second})")
    expect_equal(subject.module.clock(0) > 10**18, True, "the wall clock is past the year 2001")


@check("calls", uses=["random"])
def a_guest_has_random_numbers(subject: Subject) -> None:
    drawn = {subject.module.random(16) for _ in range(8)}
    expect_equal(len(drawn), 8, "how many of 8 draws of 16 random bytes differ")


@check("calls")
def an_unusual_argument_is_the_guests_to_refuse(subject: Subject) -> None:
    answer = subject.dispatch("add", v.String("one"), v.U32(2))
    message = buffers.error_message(answer)
    expect_equal(message is not None and message.startswith("a: "), True, f"add('one', 2) was refused ({message!r})")
    expect_raises(CallError, lambda: subject.values("add", {}), "add()")
