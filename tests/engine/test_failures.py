"""The exceptions of guests that fail."""

from __future__ import annotations

import pytest

from arora_core import Call, Engine, GuestError, LoadedModule, Trap, TrapKind
from arora_core import values as v
from arora_core.conformance.guests import id_of


def test_an_orderly_failure_is_a_guest_error_and_the_guest_lives_on(guest: LoadedModule) -> None:
    with pytest.raises(GuestError) as caught:
        guest.fail("no such joint: «hip»")
    assert caught.value.message == "no such joint: «hip»"
    assert (caught.value.module, caught.value.function) == ("conformance", "fail")
    assert caught.value.executor == guest.executor
    assert str(caught.value) == "conformance.fail: no such joint: «hip»"
    assert guest.add(1, 2) == 3


MALFORMED_ANSWERS = {
    0: "returned ",
    1: "returned ",
    2: "UTF-8",
    3: "the result of another function",
    4: "the end of the buffer",
    5: "return value does not fit",
    6: "expected a result buffer",
    7: "other mutable parameters",
}


@pytest.mark.parametrize("how", MALFORMED_ANSWERS)
def test_an_answer_that_breaks_the_abi_is_a_trap_and_the_engine_lives_on(guest: LoadedModule, how: int) -> None:
    with pytest.raises(Trap, match=MALFORMED_ANSWERS[how]) as caught:
        guest.malform(how)
    assert caught.value.kind is TrapKind.ABI
    assert (caught.value.module, caught.value.function) == ("conformance", "malform")
    assert guest.add(1, 2) == 3


def test_a_generic_call_checks_the_answer_as_well(engine: Engine, guest: LoadedModule) -> None:
    with pytest.raises(Trap, match="does not fit") as caught:
        engine.call(Call(module_id=guest.id, id=id_of(0x6100), args={id_of(0x6101): v.U32(5)}))
    assert caught.value.kind is TrapKind.ABI


def test_a_trap_carries_the_tail_of_stderr(sandboxed_guest: LoadedModule) -> None:
    sandboxed_guest.print(2, "first\nsecond, unfinished")
    with pytest.raises(Trap) as caught:
        sandboxed_guest.crash(0)
    assert caught.value.stderr == "first\nsecond, unfinished"
    assert "second, unfinished" in str(caught.value)
    assert "\n" not in caught.value.summary()
