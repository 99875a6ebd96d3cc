"""Calls out of a guest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.arora_h.guests import RELAY_FUNCTION, RELAY_PARAMETER, NativeGuest, WasmGuest
from tests.wire import buffer, error, structure, text, u32


def test_a_dispatch_carries_the_arguments_over_and_the_answer_back(artefacts: dict[str, Path]) -> None:
    guest = WasmGuest(artefacts["walk.wasm"])
    seen: list[tuple[bytes, bytes, bytes]] = []

    def answer(module: bytes, function: bytes, argument: bytes) -> bytes:
        seen.append((module, function, argument))
        return buffer(structure(function, [(function, text(12, "yes")), (RELAY_PARAMETER, u32(8))]))

    guest.on_dispatch = answer
    assert guest.call_for_buffer("relay", 7, 0) == buffer(text(12, "yes"))
    assert guest.call_for_buffer("relay", 7, 1) == buffer(u32(8))
    argument = buffer(structure(RELAY_FUNCTION, [(RELAY_PARAMETER, u32(7))]))
    assert seen == [(bytes(range(1, 17)), RELAY_FUNCTION, argument)] * 2


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(error("no such joint: «hip»"), "relay: no such joint: «hip»", id="an error"),
        pytest.param(None, "relay: the host answered nothing", id="nothing"),
        pytest.param(buffer(b"\x00"), "relay: expected a structure", id="no result"),
        pytest.param(
            buffer(structure(RELAY_FUNCTION, [])),
            "relay: expected a result whose first field is the return value",
            id="a result without a value",
        ),
    ],
)
def test_a_dispatch_that_fails_says_why(artefacts: dict[str, Path], answer: bytes | None, message: str) -> None:
    guest = WasmGuest(artefacts["walk.wasm"])
    guest.on_dispatch = lambda module, function, argument: answer
    assert guest.call_for_buffer("relay", 7, 0) == error(message)


def test_a_mutated_parameter_the_answer_lacks_is_absent(artefacts: dict[str, Path]) -> None:
    guest = WasmGuest(artefacts["walk.wasm"])
    guest.on_dispatch = lambda module, function, argument: buffer(structure(function, [(function, b"\x00")]))
    assert guest.call_for_buffer("relay", 7, 1) == error("relay: absent")


def test_a_native_guest_whose_host_offers_no_dispatch_carries_on(artefacts: dict[str, Path]) -> None:
    guest = NativeGuest(artefacts["walk.native"])
    assert guest.call_for_buffer("relay", 7, 0) == error("relay: this host offers no dispatch")


def test_dispatching_does_not_leak(artefacts: dict[str, Path]) -> None:
    guest = WasmGuest(artefacts["walk.wasm"])
    guest.on_dispatch = lambda module, function, argument: buffer(
        structure(function, [(function, text(12, "x" * 10_000))])
    )
    guest.call_for_buffer("relay", 7, 0)
    settled = guest.memory_size
    for _ in range(300):
        guest.call_for_buffer("relay", 7, 0)
    assert guest.memory_size == settled
