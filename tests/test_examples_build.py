"""The example modules: their committed wasm is what their sources give, and they compute what they say."""

from __future__ import annotations

import ctypes
import importlib.util
import math
import random
import shutil
import struct
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import wasmtime
import yaml

from examples import build

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"

FORWARD = uuid.UUID("a9f6b4a2-8597-40ee-850e-6793240c418b")
CLAMP = uuid.UUID("6bef9446-5c97-4cde-8d66-ebd5dd5059fd")
CHECK = uuid.UUID("cf82364c-b83d-453d-a550-d56b5648c1cd")

#: (a, alpha, d) of each link, metres and radians: the published standard Denavit-Hartenberg parameters of the UR5.
UR5_LINKS = [
    (0.0, math.pi / 2, 0.089159),
    (-0.425, 0.0, 0.0),
    (-0.39225, 0.0, 0.0),
    (0.0, math.pi / 2, 0.10915),
    (0.0, -math.pi / 2, 0.09465),
    (0.0, 0.0, 0.0823),
]

Matrix = list[list[float]]


# -- the least of the wire format these tests need


def buffer(value: bytes) -> bytes:
    return struct.pack("<I", 4 + len(value)) + value


def error(message: str) -> bytes:
    return buffer(struct.pack("<BI", 20, len(message.encode())) + message.encode())


def numbers_at(offset: int, numbers: Sequence[float]) -> bytes:
    """An array of f64 whose tag stands at that offset of its buffer."""
    padding = 8 - (offset + 6) % 8
    return struct.pack(f"<BBI{padding}x{len(numbers)}d", 15, 11, len(numbers), *numbers)


def arguments(function: uuid.UUID, parameters: dict[str, Any]) -> bytes:
    """An argument buffer: lists become arrays of f64, integers u64."""
    value = b"\x0d" + function.bytes + struct.pack("<I", len(parameters))
    for name, argument in parameters.items():
        value += parameter_id(function, name).bytes
        value += numbers_at(4 + len(value), argument) if isinstance(argument, list) else struct.pack("<BQ", 5, argument)
    return buffer(value)


def header(name: str) -> Any:
    return yaml.safe_load((EXAMPLES / name / "module.yaml").read_text(encoding="utf-8"))


def parameter_id(function: uuid.UUID, name: str) -> uuid.UUID:
    for example in ("ur5", "watchdog"):
        for export in header(example)["exports"]:
            if export["id"] == str(function):
                return next(uuid.UUID(p["id"]) for p in export["parameters"] if p["name"] == name)
    raise KeyError(name)


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


# -- running a module without any engine of ours

Dispatch = Callable[[bytes, bytes, bytes], bytes]
DispatchIndirect = Callable[[int], bytes]


class WasmModule:
    def __init__(
        self, name: str, dispatch: Dispatch | None = None, dispatch_indirect: DispatchIndirect | None = None
    ) -> None:
        engine = wasmtime.Engine()
        self.store = wasmtime.Store(engine)
        linker = wasmtime.Linker(engine)
        i32, i64 = wasmtime.ValType.i32(), wasmtime.ValType.i64()

        def on_dispatch(module: int, function: int, argument: int) -> int:
            assert dispatch is not None
            return self._write(dispatch(self._read(module, 16), self._read(function, 16), self._read_buffer(argument)))

        def on_dispatch_indirect(callable_id: int) -> int:
            assert dispatch_indirect is not None
            return self._write(dispatch_indirect(callable_id))

        linker.define_func("env", "arora_dispatch", wasmtime.FuncType([i32] * 3, [i32]), on_dispatch)
        linker.define_func("env", "arora_dispatch_indirect", wasmtime.FuncType([i64], [i32]), on_dispatch_indirect)
        module = wasmtime.Module.from_file(engine, str(build.wasm_path(name)))
        self.exports = linker.instantiate(self.store, module).exports(self.store)

    def call(self, function: uuid.UUID, argument: bytes) -> bytes:
        pointer = self._write(argument)
        answer = self._invoke(f"arora_function_{function}".replace("-", "_"), pointer)
        result = self._read_buffer(answer)
        self._invoke("arora_buffer_free", pointer)
        self._invoke("arora_buffer_free", answer)
        return result

    def _invoke(self, name: str, argument: int) -> int:
        function = self.exports[name]
        assert isinstance(function, wasmtime.Func)
        return int(function(self.store, argument) or 0)

    def _memory(self) -> wasmtime.Memory:
        memory = self.exports["memory"]
        assert isinstance(memory, wasmtime.Memory)
        return memory

    def _read(self, pointer: int, size: int) -> bytes:
        return bytes(self._memory().read(self.store, pointer, pointer + size))

    def _read_buffer(self, pointer: int) -> bytes:
        return self._read(pointer, struct.unpack("<I", self._read(pointer, 4))[0])

    def _write(self, data: bytes) -> int:
        pointer = self._invoke("arora_buffer_alloc", len(data))
        self._memory().write(self.store, data, pointer)
        return pointer


class NativeModule:
    def __init__(
        self,
        directory: Path,
        name: str,
        dispatch: Dispatch | None = None,
        dispatch_indirect: DispatchIndirect | None = None,
    ) -> None:
        self.library = ctypes.CDLL(str(directory / build.native_library_name(name)))
        self.library.arora_buffer_alloc.restype = ctypes.c_void_p
        self.library.arora_buffer_free.argtypes = [ctypes.c_void_p]
        pointer = ctypes.c_void_p
        self._callbacks: list[Any] = []
        if dispatch is not None:
            answer = dispatch
            self._fill(
                "arora_dispatch_fn",
                ctypes.CFUNCTYPE(pointer, pointer, pointer, pointer)(
                    lambda module, function, argument: self._write(
                        answer(
                            ctypes.string_at(module, 16), ctypes.string_at(function, 16), self._read_buffer(argument)
                        )
                    )
                ),
            )
        if dispatch_indirect is not None:
            value = dispatch_indirect
            self._fill(
                "arora_dispatch_indirect_fn",
                ctypes.CFUNCTYPE(pointer, ctypes.c_uint64)(lambda callable_id: self._write(value(callable_id))),
            )

    def call(self, function: uuid.UUID, argument: bytes) -> bytes:
        export = self.library[f"arora_function_{function}".replace("-", "_")]
        export.restype = ctypes.c_void_p
        words = (ctypes.c_uint64 * (len(argument) // 8 + 2))()
        ctypes.memmove(words, argument, len(argument))
        answer = export(words)
        result = self._read_buffer(answer)
        self.library.arora_buffer_free(answer)
        return result

    def _fill(self, name: str, callback: Any) -> None:
        self._callbacks.append(callback)
        ctypes.c_void_p.in_dll(self.library, name).value = ctypes.cast(callback, ctypes.c_void_p).value

    def _read_buffer(self, pointer: int) -> bytes:
        return ctypes.string_at(pointer, struct.unpack("<I", ctypes.string_at(pointer, 4))[0])

    def _write(self, data: bytes) -> int:
        pointer: int = self.library.arora_buffer_alloc(len(data))
        ctypes.memmove(pointer, data, len(data))
        return pointer


Module = WasmModule | NativeModule


@pytest.fixture(scope="session")
def native_bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("examples")
    return {name: build.build_native(name, out / name) for name in build.example_names()}


@pytest.fixture(params=["wasm", "native"])
def open_module(request: pytest.FixtureRequest, native_bundles: dict[str, Path]) -> Iterator[Callable[..., Module]]:
    stores = []

    def open_as_wasm(name: str, *host: Any) -> Module:
        module = WasmModule(name, *host)
        stores.append(module.store)
        return module

    def open_as_native(name: str, *host: Any) -> Module:
        return NativeModule(native_bundles[name], name, *host)

    yield open_as_wasm if request.param == "wasm" else open_as_native
    # One with functions of wasmtime-py's own ends the process if it is deleted while the interpreter shuts down.
    for store in stores:
        store.close()


# -- the build


def test_the_committed_wasm_is_what_the_sources_give() -> None:
    assert build.stale_wasm(build.example_names()) == []


def test_where_a_source_lies_does_not_show_in_the_wasm(tmp_path: Path) -> None:
    elsewhere = tmp_path / "some other place" / "ur5.c"
    elsewhere.parent.mkdir()
    shutil.copyfile(EXAMPLES / "ur5" / "ur5.c", elsewhere)
    assert build.compile_wasm(elsewhere, tmp_path / "x.wasm").read_bytes() == build.wasm_path("ur5").read_bytes()


def test_a_stale_wasm_fails_the_check_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stale = tmp_path / "ur5.wasm"
    stale.write_bytes(b"\0asm")
    monkeypatch.setattr(build, "wasm_path", lambda name: stale)
    assert build.main(["--check", "ur5"]) == 1
    assert capsys.readouterr().out.startswith("ur5: ur5.wasm (4 bytes) is not what ur5.c and arora.h give")


def test_a_source_that_does_not_compile_is_told_with_the_compilers_words(tmp_path: Path) -> None:
    source = tmp_path / "broken.c"
    source.write_text("int broken(void) { return nothing; }\n")
    with pytest.raises(build.BuildError, match="nothing"):
        build.compile_wasm(source, tmp_path / "broken.wasm")


def test_a_missing_compiler_is_told_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert build.main(["--check", "ur5"]) == 1
    assert "pip install ziglang==" in capsys.readouterr().err


def test_a_native_bundle_has_all_a_module_needs(native_bundles: dict[str, Path]) -> None:
    for name, bundle in native_bundles.items():
        assert (bundle / build.native_library_name(name)).is_file()
        native = yaml.safe_load((bundle / "module.yaml").read_text(encoding="utf-8"))
        assert native["executor"] == {"name": "native"}
        assert (native["id"], native["exports"]) == (header(name)["id"], header(name)["exports"])
        records = [path.relative_to(bundle) for path in (bundle / "records").rglob("*.yaml")]
        assert sorted(records) == sorted(p.relative_to(EXAMPLES / name) for p in (EXAMPLES / name).glob("records/*/*"))


def test_every_function_of_a_header_is_exported_by_the_wasm() -> None:
    for name in build.example_names():
        module = wasmtime.Module.from_file(wasmtime.Engine(), str(build.wasm_path(name)))
        exported = {export.name for export in module.exports}
        declared = {f"arora_function_{function['id']}".replace("-", "_") for function in header(name)["exports"]}
        assert exported == declared | {"memory", "arora_buffer_alloc", "arora_buffer_free"}


def test_records_that_two_examples_share_are_the_same() -> None:
    for path in (EXAMPLES / "ur5" / "records").rglob("*.yaml"):
        copy = EXAMPLES / "watchdog" / path.relative_to(EXAMPLES / "ur5")
        assert copy.read_bytes() == path.read_bytes()


# -- ur5


def product(left: Matrix, right: Matrix) -> Matrix:
    return [[sum(left[i][k] * right[k][j] for k in range(4)) for j in range(4)] for i in range(4)]


def denavit_hartenberg(joints: Sequence[float]) -> Matrix:
    pose: Matrix = [[float(i == j) for j in range(4)] for i in range(4)]
    for theta, (a, alpha, d) in zip(joints, UR5_LINKS, strict=True):
        ct, st, ca, sa = math.cos(theta), math.sin(theta), math.cos(alpha), math.sin(alpha)
        link = [
            [ct, -st * ca, st * sa, a * ct],
            [st, ct * ca, -ct * sa, a * st],
            [0.0, sa, ca, d],
            [0.0, 0.0, 0.0, 1.0],
        ]
        pose = product(pose, link)
    return pose


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


def test_wasm_and_native_give_the_same_bits(native_bundles: dict[str, Path]) -> None:
    wasm, native = WasmModule("ur5"), NativeModule(native_bundles["ur5"], "ur5")
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


# -- watchdog


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
        pytest.param(buffer(b"\x00"), "expected a value of type f64", id="a unit"),
        pytest.param(f64_buffer(math.nan), "the allowed reach is not a number", id="NaN"),
    ],
)
def test_a_reach_that_cannot_be_had_is_unknown(open_watchdog: Callable[..., Module], answer: bytes, why: str) -> None:
    watchdog = open_watchdog(lambda callable_id: answer)
    assert watchdog.call(CHECK, arguments(CHECK, {"joints": STRETCHED, "reach": 1})) == unknown(why)


def test_a_native_watchdog_whose_host_offers_no_dispatch_says_so(native_bundles: dict[str, Path]) -> None:
    # A copy, since loading the same file twice gives the same library, with its function pointers.
    alone = native_bundles["watchdog"].parent / "alone"
    shutil.copytree(native_bundles["watchdog"], alone)
    result = NativeModule(alone, "watchdog").call(CHECK, arguments(CHECK, {"joints": STRETCHED}))
    assert result == unknown("this host offers no dispatch")
