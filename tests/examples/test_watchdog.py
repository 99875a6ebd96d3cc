"""The watchdog, which asks the arm and its host."""

from __future__ import annotations

import math
import shutil
import struct
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import yaml

from tests.examples.kinematics import denavit_hartenberg
from tests.examples.modules import CHECK, EXAMPLES, Module, NativeModule, arguments, header
from tests.wire import buffer, error


def verdict(name: str, payload: bytes) -> bytes:
    (path,) = (EXAMPLES / "watchdog" / "records" / "enumeration").glob("*.yaml")
    record = yaml.safe_load(path.read_text(encoding="utf-8"))
    variant = next(uuid.UUID(id) for id, v in record["variants"].items() if v["name"] == name)
    type_id = uuid.UUID(path.name.partition("@")[0])
    value = b"\x0d" + CHECK.bytes + struct.pack("<I", 1) + CHECK.bytes
    return buffer(value + b"\x0e" + type_id.bytes + variant.bytes + payload)


def unknown(why: str) -> bytes:
    return verdict("unknown", struct.pack("<BI", 12, len(why.encode())) + why.encode())


def f64_buffer(number: float) -> bytes:
    return buffer(struct.pack("<Bd", 11, number))


@pytest.fixture
def open_watchdog(open_module: Callable[..., Module]) -> Callable[..., Module]:
    """Opens the watchdog with a ur5 behind its dispatch; what callables answer is to be given."""
    ur5 = open_module("ur5")

    def dispatch(module: bytes, function: bytes, argument: bytes) -> bytes:
        assert module == uuid.UUID(header("ur5")["id"]).bytes
        return ur5.call(uuid.UUID(bytes=function), argument)

    def open_with(answer: Callable[[int], bytes] | None = None) -> Module:
        return open_module("watchdog", dispatch, answer)

    return open_with


def reach_of(joints: Sequence[float]) -> float:
    pose = denavit_hartenberg(joints)
    return math.hypot(*(pose[i][3] for i in range(3)))


STRETCHED = [0.0] * 6
FOLDED = [0.0, -1.0, 2.0, 0.0, 0.0, 0.0]


def test_the_default_reach_tells_folded_from_stretched(open_watchdog: Callable[..., Module]) -> None:
    watchdog = open_watchdog()
    for nothing in ({}, {"reach": 0}):
        assert reach_of(FOLDED) < 0.83
        result = watchdog.call(CHECK, arguments(CHECK, {"joints": FOLDED, **nothing}))
        assert result == verdict("safe", b"\x00")


def test_too_far_carries_the_metres_beyond_the_reach(open_watchdog: Callable[..., Module]) -> None:
    asked: list[int] = []

    def half_a_metre(callable_id: int) -> bytes:
        asked.append(callable_id)
        return f64_buffer(0.5)

    result = open_watchdog(half_a_metre).call(CHECK, arguments(CHECK, {"joints": STRETCHED, "reach": 42}))
    (beyond,) = struct.unpack("<d", result[-8:])
    assert beyond == pytest.approx(reach_of(STRETCHED) - 0.5, abs=1e-12)
    assert result == verdict("too_far", struct.pack("<Bd", 11, beyond))
    assert asked == [42]


def test_a_pose_that_cannot_be_had_is_unknown_with_the_reason(open_watchdog: Callable[..., Module]) -> None:
    result = open_watchdog().call(CHECK, arguments(CHECK, {"joints": [0.0]}))
    assert result == unknown("forward wants 6 joints, got 1")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(error("the sensor is off"), "the sensor is off", id="an error"),
        pytest.param(buffer(b"\x00"), "expected f64", id="a unit"),
        pytest.param(f64_buffer(math.nan), "the allowed reach is not a number", id="NaN"),
    ],
)
def test_a_reach_that_cannot_be_had_is_unknown(open_watchdog: Callable[..., Module], answer: bytes, why: str) -> None:
    watchdog = open_watchdog(lambda callable_id: answer)
    assert watchdog.call(CHECK, arguments(CHECK, {"joints": STRETCHED, "reach": 1})) == unknown(why)


def test_a_native_watchdog_whose_host_offers_no_dispatch_says_so(native_examples: dict[str, Path]) -> None:
    # A copy, since loading the same file twice gives the same library, with its function pointers.
    alone = native_examples["watchdog"].parent / "alone"
    shutil.copytree(native_examples["watchdog"], alone)
    result = NativeModule(alone, "watchdog").call(CHECK, arguments(CHECK, {"joints": STRETCHED}))
    assert result == unknown("this host offers no dispatch")
