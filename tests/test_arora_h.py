"""``arora.h``, compiled for real: natively through ctypes, and to wasm under wasmtime."""

from __future__ import annotations

import ctypes
import json
import struct
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import wasmtime

from examples import build

TESTS = Path(__file__).resolve().parent
GUESTS = TESTS / "guests" / "arora_h"
VECTORS = [bytes.fromhex(vector["hex"]) for vector in json.loads((TESTS / "vectors" / "buffers.json").read_text())]
VALUES = [vector for vector in VECTORS if vector[4] != 20]

ADD = uuid.UUID("7d3a2c51-9b1e-4f60-8a2d-51c0e7f3b964")
ADD_A = uuid.UUID("1f6c0d2e-5a47-4b8e-9c13-2e8d7a60f4b5")
ADD_B = uuid.UUID("c4e98b07-3d62-4a1f-b5d8-90f1a3c72e6d")
NEXT = uuid.UUID("5d0b7a94-62c8-4e1d-b3f5-08a6c91e7d42")

RELAY_FUNCTION = bytes(range(0x11, 0x21))
RELAY_PARAMETER = bytes(range(0x21, 0x31))


def buffer(value: bytes) -> bytes:
    return struct.pack("<I", 4 + len(value)) + value


def text(tag: int, content: str) -> bytes:
    return struct.pack("<BI", tag, len(content.encode())) + content.encode()


def structure(id: bytes, fields: list[tuple[bytes, bytes]]) -> bytes:
    return b"\x0d" + id + struct.pack("<I", len(fields)) + b"".join(field + value for field, value in fields)


def f64(number: float) -> bytes:
    return struct.pack("<Bd", 11, number)


def u32(number: int) -> bytes:
    return struct.pack("<BI", 4, number)


def error(message: str) -> bytes:
    return buffer(text(20, message))


class NativeGuest:
    """A guest as a shared library. Buffers given to it are 8-byte aligned, as the ABI promises."""

    def __init__(self, path: Path) -> None:
        self.library = ctypes.CDLL(str(path))
        self.library.arora_buffer_free.argtypes = [ctypes.c_void_p]

    def call(self, name: str, *arguments: bytes | int) -> int:
        function = self.library[name]
        function.restype = ctypes.c_uint32
        result: int = function(*[self._lower(argument) for argument in arguments])
        return result

    def call_for_buffer(self, name: str, *arguments: bytes | int) -> bytes | None:
        function = self.library[name]
        function.restype = ctypes.c_void_p
        pointer = function(*[self._lower(argument) for argument in arguments])
        if pointer is None:
            return None
        (size,) = struct.unpack("<I", ctypes.string_at(pointer, 4))
        result = ctypes.string_at(pointer, size)
        self.library.arora_buffer_free(pointer)
        return result

    def _lower(self, argument: bytes | int) -> Any:
        if isinstance(argument, int):
            return ctypes.c_uint32(argument)
        words = (ctypes.c_uint64 * (len(argument) // 8 + 2))()
        ctypes.memmove(words, argument, len(argument))
        return words


_open_stores: list[wasmtime.Store] = []


@pytest.fixture(autouse=True)
def close_stores() -> Iterator[None]:
    """One with functions of wasmtime-py's own ends the process if it is deleted while the interpreter shuts down."""
    yield
    while _open_stores:
        _open_stores.pop().close()


class WasmGuest:
    """A guest under wasmtime, with the memory limit given; ``on_dispatch`` answers its dispatches."""

    def __init__(self, path: Path, memory: int = -1) -> None:
        engine = wasmtime.Engine()
        self.store = wasmtime.Store(engine)
        _open_stores.append(self.store)
        self.store.set_limits(memory_size=memory)
        self.on_dispatch: Callable[[bytes, bytes, bytes], bytes | None] = lambda module, function, argument: None
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        self.store.set_wasi(wasmtime.WasiConfig())
        i32 = wasmtime.ValType.i32()
        linker.define_func("env", "arora_dispatch", wasmtime.FuncType([i32, i32, i32], [i32]), self._dispatch)
        self.exports = linker.instantiate(self.store, wasmtime.Module.from_file(engine, str(path))).exports(self.store)
        memory_export = self.exports["memory"]
        assert isinstance(memory_export, wasmtime.Memory)
        self.memory = memory_export
        if "_initialize" in self.exports:
            self._invoke("_initialize")

    def call(self, name: str, *arguments: bytes | int) -> int:
        lowered = [self._lower(argument) for argument in arguments]
        result = self._invoke(name, *lowered)
        for argument, pointer in zip(arguments, lowered, strict=True):
            if isinstance(argument, bytes):
                self._invoke("arora_buffer_free", pointer)
        return int(result) & 0xFFFFFFFF

    def call_for_buffer(self, name: str, *arguments: bytes | int) -> bytes | None:
        pointer = self.call(name, *arguments)
        if pointer == 0:
            return None
        result = self._buffer_at(pointer)
        self._invoke("arora_buffer_free", pointer)
        return result

    @property
    def memory_size(self) -> int:
        return self.memory.data_len(self.store)

    def _invoke(self, name: str, *arguments: int) -> Any:
        function = self.exports[name]
        assert isinstance(function, wasmtime.Func)
        return function(self.store, *arguments)

    def _lower(self, argument: bytes | int) -> int:
        if isinstance(argument, int):
            return argument
        pointer = int(self._invoke("arora_buffer_alloc", len(argument))) & 0xFFFFFFFF
        self.memory.write(self.store, argument, pointer)
        return pointer

    def _buffer_at(self, pointer: int) -> bytes:
        (size,) = struct.unpack("<I", self.memory.read(self.store, pointer, pointer + 4))
        return bytes(self.memory.read(self.store, pointer, pointer + size))

    def _dispatch(self, module: int, function: int, argument: int) -> int:
        ids = [bytes(self.memory.read(self.store, pointer, pointer + 16)) for pointer in (module, function)]
        answer = self.on_dispatch(ids[0], ids[1], self._buffer_at(argument))
        return 0 if answer is None else self._lower(answer)


Guest = NativeGuest | WasmGuest


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The guests of these tests by name, each compiled once."""
    out = tmp_path_factory.mktemp("arora_h")
    counter = [GUESTS / "counter.cpp", GUESTS / "counter_implementation.cpp"]
    return {
        "walk.native": build.compile_native(GUESTS / "walk.c", out / build.native_library_name("walk")),
        "walk.wasm": build.compile_wasm(GUESTS / "walk.c", out / "walk.wasm"),
        "walk.wasi": build.compile_wasm(GUESTS / "walk.c", out / "walk-wasi.wasm", wasi=True),
        "add.native": build.compile_native(GUESTS / "add.c", out / build.native_library_name("add")),
        "add.wasm": build.compile_wasm(GUESTS / "add.c", out / "add.wasm"),
        "add.wasi": build.compile_wasm(GUESTS / "add.c", out / "add-wasi.wasm", wasi=True),
        "counter.native": build.compile_native(counter, out / build.native_library_name("counter")),
        "counter.wasm": build.compile_wasm(counter, out / "counter.wasm"),
        "counter.wasi": build.compile_wasm(counter, out / "counter-wasi.wasm", wasi=True),
        "hostile.native": build.compile_native(
            GUESTS / "hostile.c",
            out / build.native_library_name("hostile"),
            extra=("-fsanitize=undefined", "-fsanitize-trap=undefined"),
        ),
    }


def open_guest(artefacts: dict[str, Path], name: str, kind: str) -> Guest:
    path = artefacts[f"{name}.{kind}"]
    return NativeGuest(path) if kind == "native" else WasmGuest(path)


@pytest.fixture(params=["native", "wasm", "wasi"])
def walk(request: pytest.FixtureRequest, artefacts: dict[str, Path]) -> Guest:
    return open_guest(artefacts, "walk", request.param)


@pytest.fixture(params=["native", "wasm", "wasi"])
def add(request: pytest.FixtureRequest, artefacts: dict[str, Path]) -> Callable[[bytes], bytes | None]:
    guest = open_guest(artefacts, "add", request.param)
    return lambda argument: guest.call_for_buffer(f"arora_function_{ADD}".replace("-", "_"), argument)


# -- reading and writing


def test_every_vector_comes_out_of_reader_and_writer_as_it_went_in(walk: Guest) -> None:
    for vector in VECTORS:
        assert walk.call_for_buffer("recode", vector, len(vector)) == vector


def test_skipping_accepts_every_value_whole(walk: Guest) -> None:
    for vector in VALUES:
        assert walk.call("skips", vector, len(vector)) == 1, vector.hex()


def test_an_error_buffer_is_not_a_value(walk: Guest) -> None:
    assert walk.call("skips", error("no"), len(error("no"))) == 0


def test_an_array_of_numbers_is_read_by_the_reader_of_its_type_alone(artefacts: dict[str, Path]) -> None:
    guest = NativeGuest(artefacts["walk.native"])
    total = ctypes.c_double()
    array_of_u16 = buffer(bytes([15, 3]) + struct.pack("<I6x3H", 3, 7, 8, 9))
    accepted = guest.library.typed_arrays(guest._lower(array_of_u16), len(array_of_u16), ctypes.byref(total))
    assert (accepted, total.value) == (1, 24.0)


@pytest.mark.parametrize(
    ("value", "offset"),
    [
        pytest.param(b"\x15", 4, id="an unknown tag"),
        pytest.param(b"\x11\x02", 5, id="an option byte of 2"),
        pytest.param(b"\x0c\x02\x00\x00\x00\xc3\x28", 5, id="text that is not UTF-8"),
        pytest.param(b"\x0c\x03\x00\x00\x00\xed\xa0\x80", 5, id="a surrogate"),
        pytest.param(b"\x0c\x02\x00\x00\x00\xc0\x80", 5, id="an overlong form"),
        pytest.param(b"\x0f\x0b\xff\xff\xff\xff" + bytes(6), 16, id="four billion numbers"),
        pytest.param(b"\x0f\x0c\xff\xff\xff\xff", 10, id="four billion texts"),
        pytest.param(b"\x0f\x0d\xff\xff\xff\xff" + bytes(16), 10, id="four billion structures"),
        pytest.param(b"\x0f\x0f\x00\x00\x00\x00", 6, id="an array of arrays"),
        pytest.param(b"\x00\x00", 5, id="something after the value"),
    ],
)
def test_malformed_bytes_are_refused_where_they_are(walk: Guest, value: bytes, offset: int) -> None:
    malformed = buffer(value)
    assert walk.call_for_buffer("recode", malformed, len(malformed)) is None
    assert walk.call("failure_offset", malformed, len(malformed)) == offset


def test_a_size_prefix_that_differs_from_the_bytes_is_refused(walk: Guest) -> None:
    assert walk.call("skips", struct.pack("<IB", 6, 0), 5) == 0
    assert walk.call("skips", struct.pack("<IBB", 5, 0, 0), 6) == 0


def test_values_nest_64_deep_and_no_deeper(walk: Guest) -> None:
    deep = buffer(b"\x11\x01" * 64 + b"\x00")
    deeper = buffer(b"\x11\x01" * 65 + b"\x00")
    assert walk.call_for_buffer("recode", deep, len(deep)) == deep
    assert walk.call("skips", deep, len(deep)) == 1
    assert walk.call("skips", deeper, len(deeper)) == 0


def test_truncated_and_corrupted_buffers_are_never_read_past_their_end(artefacts: dict[str, Path]) -> None:
    # In a process of its own: a read past the end, or undefined behaviour, kills it.
    script = (
        "import ctypes, json, sys\n"
        "guest = ctypes.CDLL(sys.argv[1])\n"
        "vectors = [bytes.fromhex(v['hex']) for v in json.load(open(sys.argv[2], encoding='utf-8'))]\n"
        "print(sum(guest.torment(v, len(v)) for v in vectors))\n"
    )
    library, vectors = artefacts["hostile.native"], TESTS / "vectors" / "buffers.json"
    command = [sys.executable, "-c", script, str(library), str(vectors)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "0"), done.stderr


# -- the writer and the allocator


def test_the_writer_grows_with_what_is_written(walk: Guest) -> None:
    expected = "".join(f"{number} " for number in range(20001))
    assert walk.call_for_buffer("counting", 20000) == buffer(text(12, expected))


def test_memory_is_used_again_after_it_is_freed(artefacts: dict[str, Path]) -> None:
    guest = WasmGuest(artefacts["walk.wasm"])
    assert guest.call("soak", 50_000) == 0
    settled = guest.memory_size
    assert guest.call("soak", 1_000_000) == 0
    # Fragmentation may cost a little over the first rounds, and nothing that keeps growing with their number.
    assert guest.memory_size <= settled + settled // 4
    again = guest.memory_size
    assert guest.call("soak", 1_000_000) == 0
    assert guest.memory_size == again


def test_freed_neighbours_join_to_serve_a_larger_request(artefacts: dict[str, Path]) -> None:
    guest = WasmGuest(artefacts["walk.wasm"])
    pointers = [guest.call("arora_buffer_alloc", 1000) for _ in range(1000)]
    size = guest.memory_size
    for pointer in pointers[::2] + pointers[1::2]:
        guest._invoke("arora_buffer_free", pointer)
    assert guest.call("arora_buffer_alloc", 990_000) != 0
    assert guest.memory_size == size


def test_allocations_live_on_their_own(walk: Guest) -> None:
    assert walk.call("soak", 20_000) == 0


def test_running_out_of_memory_is_an_orderly_error(artefacts: dict[str, Path]) -> None:
    guest = WasmGuest(artefacts["walk.wasm"], memory=4 << 20)
    assert guest.call_for_buffer("numbers", 1_000_000) == error("out of memory")
    assert guest.call_for_buffer("numbers", 0xFFFFFFFF) == error("out of memory")
    assert guest.call("arora_buffer_alloc", 0xFFFFFFFF) == 0
    result = guest.call_for_buffer("numbers", 3)
    assert result is not None
    assert struct.unpack("<3d", result[-24:]) == (0.0, 1.0, 2.0)


# -- arguments and results


def test_arguments_are_found_in_any_order(add: Callable[[bytes], bytes | None]) -> None:
    fields = [(ADD_A.bytes, f64(1.5)), (bytes(16), text(12, "something else")), (ADD_B.bytes, f64(2.0))]
    expected = buffer(structure(ADD.bytes, [(ADD.bytes, f64(3.5))]))
    assert add(buffer(structure(ADD.bytes, fields))) == expected
    assert add(buffer(structure(ADD.bytes, fields[::-1]))) == expected


def test_an_absent_argument_is_told_from_one_of_the_wrong_type(add: Callable[[bytes], bytes | None]) -> None:
    assert add(buffer(structure(ADD.bytes, [(ADD_A.bytes, f64(1.5))]))) == error("b: absent")
    wrong = [(ADD_A.bytes, u32(1)), (ADD_B.bytes, f64(2.0))]
    assert add(buffer(structure(ADD.bytes, wrong))) == error("a: expected a value of type f64")


def test_an_argument_that_is_no_structure_is_an_orderly_error(add: Callable[[bytes], bytes | None]) -> None:
    assert add(buffer(b"\x00")) == error("a: expected a structure of arguments")


@pytest.mark.parametrize("kind", ["native", "wasm", "wasi"])
def test_constructors_of_cpp_globals_run_once(artefacts: dict[str, Path], kind: str) -> None:
    guest = open_guest(artefacts, "counter", kind)
    name = f"arora_function_{NEXT}".replace("-", "_")
    arguments = buffer(structure(NEXT.bytes, []))
    for expected in (100, 101, 102):
        result = buffer(structure(NEXT.bytes, [(NEXT.bytes, u32(expected))]))
        assert guest.call_for_buffer(name, arguments) == result


# -- dispatch


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


# -- what a module asks of its host


def test_a_module_imports_only_what_it_calls(artefacts: dict[str, Path]) -> None:
    def imports(name: str) -> list[tuple[str | None, str | None]]:
        module = wasmtime.Module.from_file(wasmtime.Engine(), str(artefacts[name]))
        return [(imported.module, imported.name) for imported in module.imports]

    assert imports("add.wasm") == []
    assert imports("walk.wasm") == [("env", "arora_dispatch")]


@pytest.mark.parametrize("standard", ["c99", "c11", "c++11", "c++17"])
def test_the_header_compiles_without_a_warning(standard: str, tmp_path: Path) -> None:
    language = "c++" if "+" in standard else "c"
    warnings = ("-x", language, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror")
    for source in (GUESTS / "walk.c", GUESTS / "add.c"):
        build.compile_native(source, tmp_path / "native", extra=warnings)
        build.compile_wasm(source, tmp_path / "freestanding.wasm", extra=warnings)
        build.compile_wasm(source, tmp_path / "wasi.wasm", extra=warnings, wasi=True)
