"""Error buffers, and malformed results that lie inside the guest's memory."""

from __future__ import annotations

from functools import partial

from hypothesis import strategies as st

from ... import buffers
from ... import values as v
from ...errors import GuestError, Trap, TrapKind
from ...executor import Capability
from .. import strategies
from ..checking import check
from ..expecting import expect_equal, expect_raises
from ..subject import Subject

_LARGE = 1 << 20

_MALFORMED = {
    0: "a null pointer",
    1: "a buffer of 4 bytes",
    2: "an error message that is not valid UTF-8",
    3: "the result of another function",
    4: "trailing bytes",
    5: "a return value of another type than declared",
    6: "a plain value",
    7: "a mutable parameter that is not declared",
    8: "its own argument buffer",
    9: "an unknown tag",
    10: "no return value",
}


@check("errors", uses=["fail"])
def an_error_buffer_is_a_guest_error_with_its_message(subject: Subject) -> None:
    def fail(message: str) -> None:
        expect_raises(GuestError, lambda: subject.module.fail(message), f"fail({message!r})", message=message)

    subject.for_all(st.one_of(strategies.texts(max_size=200), st.just(""), st.just("é🦀")), fail)


@check("errors", uses=["fail"])
def an_error_buffer_comes_through_a_raw_dispatch_as_it_is(subject: Subject) -> None:
    expect_equal(subject.dispatch("fail", v.String("no")), buffers.encode_error("no"), "the raw result of fail('no')")


@check("errors", uses=["add", "fail"])
def a_guest_that_failed_can_be_called_again(subject: Subject) -> None:
    expect_raises(GuestError, lambda: subject.module.fail("once"), "fail('once')")
    expect_equal(subject.module.add(1, 2), 3, "add(1, 2) after a failure")


@check("errors", uses=["fail"])
def an_error_names_module_and_function(subject: Subject) -> None:
    error = expect_raises(GuestError, lambda: subject.module.fail("x"), "fail('x')")
    found = (error.module, error.function)
    expect_equal(found, ("conformance", "fail"), "the module and function of a GuestError")


@check("errors", uses=["add", "malform"])
def an_answer_that_breaks_the_abi_is_a_trap_of_that_kind(subject: Subject) -> None:
    for how, what in _MALFORMED.items():
        call = f"malform({how}), which returns {what}"
        expect_raises(Trap, partial(subject.module.malform, how), call, kind=TrapKind.ABI)
        expect_equal(subject.module.add(1, 2), 3, f"add(1, 2) after {call}")


@check("errors", uses=["malform"])
def an_answer_that_breaks_the_abi_is_a_trap_to_a_raw_call_as_well(subject: Subject) -> None:
    for how in (0, 1, 8):
        what = f"the raw result of malform({how})"
        expect_raises(Trap, partial(subject.dispatch, "malform", v.U32(how)), what, kind=TrapKind.ABI)


@check("errors", needs=[Capability.TRAPS], kind="wasm", uses=["add", "checksum", "set_allocator"])
def an_allocator_that_answers_null_or_nonsense_is_a_trap(subject: Subject) -> None:
    for mode, what in ((3, "null"), (4, "a pointer outside of memory")):
        subject.module.set_allocator(mode)
        call = f"a call for whose argument arora_buffer_alloc returns {what}"
        # Larger than all before, so that the executor cannot reuse the memory of an earlier call.
        expect_raises(Trap, partial(subject.module.checksum, bytes(mode * _LARGE)), call, kind=TrapKind.ABI)
        expect_equal(subject.module.add(1, 2), 3, f"add(1, 2) after {call}")
