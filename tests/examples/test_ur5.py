"""The arm's kinematics, against the product of its links."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.examples.kinematics import Matrix, denavit_hartenberg
from tests.examples.modules import CLAMP, FORWARD, Module, NativeModule, WasmModule, arguments, numbers_at, parameter_id
from tests.wire import buffer, error


def pose_of(result: bytes) -> tuple[list[float], list[float]]:
    """The position and the orientation (x, y, z, w) in a result of `forward`."""
    floats = [struct.unpack_from("<d", result, at)[0] for at in positions_of_f64(result)]
    assert len(floats) == 7
    return floats[:3], floats[3:]


def positions_of_f64(result: bytes) -> Iterator[int]:
    # result {forward: Pose {position: Vector3 {3 fields}, orientation: Quaternion {4 fields}}}
    at = 4 + 21 + 16 + 21
    for fields in (3, 4):
        at += 16 + 21
        for _ in range(fields):
            at += 16
            assert result[at] == 11
            yield at + 1
            at += 9
    assert at == len(result)


def rotation_of(quaternion: Sequence[float]) -> Matrix:
    x, y, z, w = quaternion
    return [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]


def sample_joints() -> list[list[float]]:
    source = random.Random(5)
    poses = [[0.0] * 6, [0, -1.57, 1.57, 0, 1.57, 0], [math.pi] * 6, [-math.pi / 2] * 6, [2 * math.pi] * 6]
    return poses + [[source.uniform(-2 * math.pi, 2 * math.pi) for _ in range(6)] for _ in range(300)]


def test_forward_agrees_with_the_product_of_the_links(open_module: Callable[..., Module]) -> None:
    ur5 = open_module("ur5")
    for joints in sample_joints():
        position, orientation = pose_of(ur5.call(FORWARD, arguments(FORWARD, {"joints": joints})))
        expected = denavit_hartenberg(joints)
        assert position == pytest.approx([expected[i][3] for i in range(3)], abs=1e-12, rel=0)
        rotation = rotation_of(orientation)
        for i in range(3):
            assert rotation[i] == pytest.approx(expected[i][:3], abs=1e-12, rel=0)


def test_forward_gives_a_unit_quaternion_with_w_not_negative(open_module: Callable[..., Module]) -> None:
    ur5 = open_module("ur5")
    for joints in sample_joints():
        _, orientation = pose_of(ur5.call(FORWARD, arguments(FORWARD, {"joints": joints})))
        assert math.hypot(*orientation) == pytest.approx(1, abs=1e-15)
        assert orientation[3] >= 0


def test_forward_of_angles_far_outside_the_joints_is_still_right(open_module: Callable[..., Module]) -> None:
    joints = [1e6, -1e6, 12345.678, -9.9e5, 777777.7, 3e5]
    position, _ = pose_of(open_module("ur5").call(FORWARD, arguments(FORWARD, {"joints": joints})))
    expected = denavit_hartenberg(joints)
    assert position == pytest.approx([expected[i][3] for i in range(3)], abs=1e-12, rel=0)


def test_wasm_and_native_give_the_same_bits(native_examples: dict[str, Path]) -> None:
    wasm, native = WasmModule("ur5"), NativeModule(native_examples["ur5"], "ur5")
    with closing(wasm.store):
        for joints in sample_joints():
            argument = arguments(FORWARD, {"joints": joints})
            assert wasm.call(FORWARD, argument) == native.call(FORWARD, argument)


@pytest.mark.parametrize("count", [0, 5, 7, 1000])
def test_forward_refuses_another_number_of_joints_than_six(open_module: Callable[..., Module], count: int) -> None:
    argument = arguments(FORWARD, {"joints": [0.0] * count})
    assert open_module("ur5").call(FORWARD, argument) == error(f"forward wants 6 joints, got {count}")


@pytest.mark.parametrize("angle", [math.nan, math.inf, -math.inf, 1.1e6])
def test_forward_refuses_an_angle_it_cannot_reduce(open_module: Callable[..., Module], angle: float) -> None:
    message = "forward wants angles within a million radians, joint 3 is not"
    argument = arguments(FORWARD, {"joints": [0.0, 0.0, angle, 0.0, 0.0, 0.0]})
    assert open_module("ur5").call(FORWARD, argument) == error(message)


def test_forward_without_its_argument_is_an_orderly_error(open_module: Callable[..., Module]) -> None:
    assert open_module("ur5").call(FORWARD, arguments(FORWARD, {})) == error("joints: absent")


def test_clamp_counts_and_gives_back_the_clamped_joints(open_module: Callable[..., Module]) -> None:
    turn = 2 * math.pi
    result = open_module("ur5").call(CLAMP, arguments(CLAMP, {"joints": [7.0, -1.0, turn, -turn, -100.0, 6.29, 0.0]}))
    value = b"\x0d" + CLAMP.bytes + struct.pack("<I", 2) + CLAMP.bytes + struct.pack("<BI", 4, 3)
    value += parameter_id(CLAMP, "joints").bytes
    value += numbers_at(4 + len(value), [turn, -1.0, turn, -turn, -turn, turn, 0.0])
    assert result == buffer(value)
