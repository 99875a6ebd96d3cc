"""Crashes of guests: each is a trap of the right kind and harms nothing but the call."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from ... import buffers
from ... import values as v
from ...errors import CallError, LimitExceeded, Trap, TrapKind
from ...executor import Capability
from ..checking import check
from ..expecting import expect, expect_equal, expect_raises, unless_restarted
from ..guests import COMPONENT
from ..subject import Subject

_TRAPS = [Capability.TRAPS]
_WASM = ("wasm", COMPONENT)
_NESTED = 30
"""Calls that are nested in one another, fewer than an engine allows."""
_UNWOUND = 1500
_DEEP = 6
"""Nested calls whose stacks are compared."""
_SMALL_STACKS = (256 << 10, 512 << 10, 4 << 20)
_CHAIN = 12
_CHAIN_STACK = 4 << 20
_MOST_LEVELS = 1 << 17
_SAID = "which says whether the module was restarted"
_CRASH = ["add", "crash"]
"""The functions that ``_crashes`` and ``_stops`` use."""


def _crashes(subject: Subject, how: int, kind: TrapKind) -> Trap:
    """Crash the guest, expect a trap of this kind, and return it."""
    trap = _stops(subject, how, kind.value)
    expect_equal(trap.kind, kind, f"the kind of the trap of crash({how}) ({trap})")
    return trap


def _stops(subject: Subject, how: int = 0, why: str = TrapKind.UNREACHABLE.value) -> Trap:
    """Crash the guest, expect a trap of any kind, and return it: only the checks of kinds need a runtime to tell it."""
    what = f"crash({how}), {why}"
    trap = expect_raises(Trap, lambda: subject.module.crash(how), what)
    expect_equal(subject.module.add(1, 2), 3, f"add(1, 2) after {what}")
    return trap


@check("traps", needs=_TRAPS, uses=_CRASH)
def unreachable_code_is_a_trap_of_that_kind(subject: Subject) -> None:
    _crashes(subject, 0, TrapKind.UNREACHABLE)


@check("traps", needs=_TRAPS, uses=_CRASH)
def an_access_out_of_bounds_is_a_trap_of_that_kind(subject: Subject) -> None:
    _crashes(subject, 1, TrapKind.MEMORY_OUT_OF_BOUNDS)


@check("traps", needs=_TRAPS, uses=_CRASH)
def a_division_by_zero_is_a_trap_of_that_kind(subject: Subject) -> None:
    _crashes(subject, 2, TrapKind.INTEGER_DIVISION_BY_ZERO)


@check("traps", needs=_TRAPS, uses=_CRASH)
def an_integer_overflow_is_a_trap_of_that_kind(subject: Subject) -> None:
    _crashes(subject, 3, TrapKind.INTEGER_OVERFLOW)


@check("traps", needs=_TRAPS, kind=_WASM, uses=_CRASH)
def a_conversion_of_nan_is_a_trap_of_that_kind(subject: Subject) -> None:
    _crashes(subject, 4, TrapKind.BAD_CONVERSION)


@check("traps", needs=_TRAPS, uses=_CRASH)
def an_indirect_call_to_null_is_a_trap_of_that_kind(subject: Subject) -> None:
    _crashes(subject, 5, TrapKind.INDIRECT_CALL)


@check("traps", needs=_TRAPS, kind=_WASM, uses=_CRASH)
def an_indirect_call_with_another_signature_is_a_trap_of_that_kind(subject: Subject) -> None:
    _crashes(subject, 9, TrapKind.INDIRECT_CALL)


@check("traps", needs=_TRAPS, uses=_CRASH)
def an_indirect_call_outside_of_the_table_is_a_trap_of_that_kind(subject: Subject) -> None:
    _crashes(subject, 8, TrapKind.TABLE_OUT_OF_BOUNDS)


@check("traps", needs=_TRAPS, uses=_CRASH)
def endless_recursion_is_a_trap_of_that_kind(subject: Subject) -> None:
    _crashes(subject, 6, TrapKind.STACK_OVERFLOW)


@check("traps", needs=_TRAPS, uses=_CRASH)
def an_exit_is_a_trap_with_the_exit_code(subject: Subject) -> None:
    # Components learn of WASI 0.2 whether they exit with success, and no more.
    code = 1 if subject.guest.kind == COMPONENT else 3
    expect_equal(_crashes(subject, 7, TrapKind.EXIT).exit_code, code, ".exit_code of exit(3)")
    expect_equal(_crashes(subject, 10, TrapKind.EXIT).exit_code, 0, ".exit_code of exit(0)")


@check("traps", needs=_TRAPS, uses=["add", "leave"])
def an_exit_code_has_32_bits(subject: Subject) -> None:
    for code in (0, 1, 127, 128, 255, 256, 1 << 31, (1 << 32) - 1):
        trap = expect_raises(Trap, partial(subject.module.leave, code), f"exit({code})", kind=TrapKind.EXIT)
        expect_equal(trap.exit_code, code, f".exit_code of exit({code})")
    expect_equal(subject.module.add(1, 2), 3, "add(1, 2) after exits")


@check("traps", needs=_TRAPS, uses=["add", "set_allocator"])
def a_crash_while_a_buffer_is_freed_is_a_trap(subject: Subject) -> None:
    expect_raises(Trap, partial(subject.module.set_allocator, 5), "a call whose result cannot be freed")
    expect_equal(subject.module.add(1, 2), 3, "add(1, 2) afterwards")


@check("traps", needs=_TRAPS, uses=_CRASH)
def a_trap_that_is_no_exit_has_no_exit_code(subject: Subject) -> None:
    expect_equal(_stops(subject).exit_code, None, ".exit_code of another trap")


@check("traps", needs=_TRAPS, uses=_CRASH)
def a_trap_names_module_function_and_executor(subject: Subject) -> None:
    trap = _stops(subject)
    found = (trap.module, trap.function, trap.executor)
    expect_equal(found, ("conformance", "crash", subject.executor.name), "module, function and executor of a Trap")


@check("traps", needs=[Capability.TRAPS, Capability.OUTPUT], uses=["last_words"])
def a_trap_carries_what_was_last_written_to_stderr(subject: Subject) -> None:
    trap = expect_raises(Trap, lambda: subject.module.last_words("the disk is full"), "last_words(...)")
    expect_equal(trap.stderr, "the disk is full", ".stderr of the Trap")


@check("traps", needs=_TRAPS, uses=["add", "wild"])
def an_answer_outside_of_memory_is_a_trap(subject: Subject) -> None:
    for how, what in (
        (0, "near 2^32"),
        (1, "whose size crosses the end of memory"),
        (2, "of 2 GiB"),
        (3, "at the end of memory"),
        (4, "that reaches one byte beyond memory"),
    ):
        call = f"wild({how}), which returns a buffer {what}"
        # A raw dispatch: decoding the result could report an error that the executor missed.
        expect_raises(Trap, partial(subject.dispatch, "wild", v.U32(how)), call, kind=TrapKind.ABI)
        expect_equal(subject.module.add(1, 2), 3, f"add(1, 2) after {call}")


@check("traps", needs=_TRAPS, uses=["add", "wild"])
def a_dispatch_with_pointers_outside_of_memory_is_a_trap(subject: Subject) -> None:
    for how, what in (
        (5, "a module id outside of memory"),
        (6, "a function id outside of memory"),
        (7, "an argument outside of memory"),
        (8, "an argument that reaches beyond memory"),
        (9, "an argument of 4 bytes"),
    ):
        call = f"wild({how}), which dispatches {what}"
        expect_raises(Trap, partial(subject.module.wild, how), call, kind=TrapKind.ABI)
        expect_equal(subject.module.add(1, 2), 3, f"add(1, 2) after {call}")


@check("traps", needs=_TRAPS, uses=["add", "crash", "exchange"])
def state_survives_a_trap(subject: Subject) -> None:
    subject.values("exchange", {"value": v.U64(7)})
    kept = 0 if _stops(subject).restarted else 7
    expect_equal(subject.module.exchange(0), kept, f"the value kept by exchange(7) after a trap, {_SAID}")


@check("traps", needs=_TRAPS, uses=_CRASH)
def a_hundred_traps_do_no_more_harm_than_one(subject: Subject) -> None:
    for index in range(100):
        expect_raises(Trap, partial(subject.module.crash, index % 4), f"trap {index}")
    expect_equal(subject.module.add(1, 2), 3, "add(1, 2) after a hundred traps")


@check("traps", uses=["indirect", "echo_str"])
def frames_of_calls_that_are_unwound_are_given_back(subject: Subject) -> None:
    # More frames of indirect() than fit into the guest's stack, which is of 128 KiB.
    module, nested = subject.module, 0

    def fail() -> v.Value:
        nonlocal nested
        nested += 1
        if nested < _NESTED:
            module.indirect(callable)
        raise LookupError

    callable = subject.engine.register_callable(fail)
    for turn in range(_UNWOUND // _NESTED):
        nested = 0
        expect_raises(LookupError, partial(module.indirect, callable), f"indirect() {_NESTED} deep, turn {turn}")
    text = "x" * 50
    expect_equal(module.echo_str(text), text, f"echo_str after {_UNWOUND} calls that an exception of the host unwound")


@check("traps", needs=_TRAPS, uses=["forward", "crash", "add"])
def a_nested_crash_leaves_the_running_call_its_frame(subject: Subject) -> None:
    module = subject.module
    argument = subject.argument("crash", v.U32(0))
    for turn in range(3):
        what = f"a dispatch of crash(0), turn {turn}"
        result = unless_restarted(partial(module.forward, module.id, subject.function_id("crash"), argument), what)
        expect(result is None or buffers.error_message(result) is not None, f"{what}: not an error buffer")
        expect_equal(module.add(1, 2), 3, "add(1, 2) after a nested crash")


@check("traps", kind=_WASM, uses=["frames"])
def the_stack_of_every_level_is_where_it_was_after_a_failure_below(subject: Subject) -> None:
    whole = _stacks(subject, _DEEP)
    expect_equal([level for level, _ in whole], list(range(_DEEP)), "the levels of nested calls that return")
    for handled in (_DEEP - 1, _DEEP // 2, 1, 0):
        found = _stacks(subject, handled)
        expect_equal(found, whole[:handled], f"where the stack is below an exception that level {handled} handles")
    expect_equal(_stacks(subject, _DEEP), whole, "where the stack is after exceptions")


@check("traps", needs=_TRAPS, uses=["crash", "frames"])
def the_stack_of_every_level_is_where_it_was_after_a_trap_below(subject: Subject) -> None:
    def crash() -> None:
        expect_raises(Trap, partial(subject.module.crash, 0), "crash(0) inside nested calls")

    found = unless_restarted(lambda: _stacks(subject, _DEEP, crash), "calls above a trap")
    expect(found in (None, _stacks(subject, _DEEP)), "where the stack is above a trap")


def _stacks(subject: Subject, handled: int, last: Callable[[], None] = lambda: None) -> list[tuple[int, int]]:
    """Nest calls, and return the levels whose call returns, each with the address of the guest's stack.

    The callable of the innermost level calls ``last``, and raises if ``handled`` is a level that handles that.
    """
    module, found, level = subject.module, dict[int, int](), 0

    def call() -> v.Value:
        nonlocal level
        here, level = level, level + 1
        if here < _DEEP:
            try:
                before, after = module.frames(callable)
            except LookupError:
                if here != handled:
                    raise
                return v.Unit()
            expect_equal(after, before, f"where the stack of level {here} is after the calls below")
            found[here] = before
            return v.Unit()
        last()
        if handled < _DEEP:
            raise LookupError
        return v.Unit()

    callable = subject.engine.register_callable(call)
    call()
    return sorted(found.items())


@check("traps", needs=_TRAPS, uses=_CRASH)
def endless_recursion_in_a_thread_ends_in_order_whatever_its_stack(subject: Subject) -> None:
    # An executor that does not know how much stack there is ends the process here: see Instance.stack.
    module = subject.module
    for size in _SMALL_STACKS:
        what = f"crash(6), endless recursion, in a thread with a stack of {size >> 10} KiB"
        error = _in_thread(lambda: module.crash(6), size)
        expect(_ends_a_recursion(error), f"{what}: expected a Trap, or LimitExceeded of the depth, got {error!r}")
        expect_equal(module.add(1, 2), 3, f"add(1, 2) after {what}")


@check("traps", needs=_TRAPS, uses=["add", "burrow"])
def a_chain_of_modules_that_recurse_ends_in_order(subject: Subject) -> None:
    # As above. Each module uses half of the stack that a guest gets, or more, and then calls the next one.
    modules = [subject.load(number) for number in range(_CHAIN)]
    nothing = subject.engine.register_callable(v.Unit)
    levels, ends = 1000, list[CallError]()
    while levels < _MOST_LEVELS and _succeeds(partial(modules[0].burrow, 2 * levels, nothing)):
        levels *= 2
    rest = iter(modules)

    def go_on() -> v.Value:
        following = next(rest, None)
        if following is not None:
            try:
                following.burrow(levels, callable)
            except CallError as error:
                ends.append(error)
        return v.Unit()

    callable = subject.engine.register_callable(go_on)
    error = _in_thread(go_on, _CHAIN_STACK)
    expect(error is None, f"a chain of {_CHAIN} modules raised {error!r}")
    for each in ends:
        expect(_ends_a_recursion(each), f"expected a Trap, or LimitExceeded of the depth, in a chain, got {each!r}")
    expect_equal([each.add(1, 2) for each in modules], [3] * _CHAIN, "add(1, 2) of all modules of the chain")


def _succeeds(call: Callable[[], object]) -> bool:
    try:
        call()
    except CallError:
        return False
    return True


def _ends_a_recursion(error: BaseException | None) -> bool:
    return isinstance(error, Trap) or (isinstance(error, LimitExceeded) and error.limit == "depth")


def _in_thread(call: Callable[[], object], stack: int) -> BaseException | None:
    """Call in a thread with a stack of so many bytes; return the exception that it raises."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:
            raised.append(error)

    before = threading.stack_size(stack)
    try:
        thread = threading.Thread(target=run)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    return raised[0] if raised else None
