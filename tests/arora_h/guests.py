"""Guests written with ``arora.h``, run without an engine of ours."""

from __future__ import annotations

import ctypes
import json
import struct
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wasmtime

from tests.bare_wasmtime import wasmtime_engine

TESTS = Path(__file__).resolve().parents[1]
GUESTS = TESTS / "guests" / "arora_h"
VECTOR_FILE = TESTS / "vectors" / "buffers.json"
VECTORS = [bytes.fromhex(vector["hex"]) for vector in json.loads(VECTOR_FILE.read_text())]
VALUES = [vector for vector in VECTORS if vector[4] != 20]
ADD = uuid.UUID("7d3a2c51-9b1e-4f60-8a2d-51c0e7f3b964")
ADD_A = uuid.UUID("1f6c0d2e-5a47-4b8e-9c13-2e8d7a60f4b5")
ADD_B = uuid.UUID("c4e98b07-3d62-4a1f-b5d8-90f1a3c72e6d")
NEXT = uuid.UUID("5d0b7a94-62c8-4e1d-b3f5-08a6c91e7d42")
RELAY_FUNCTION = bytes(range(0x11, 0x21))
RELAY_PARAMETER = bytes(range(0x21, 0x31))


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


open_stores: list[wasmtime.Store] = []


class WasmGuest:
    """A guest under wasmtime, with the memory limit given; ``on_dispatch`` answers its dispatches."""

    def __init__(self, path: Path, memory: int = -1) -> None:
        engine = wasmtime_engine()
        self.store = wasmtime.Store(engine)
        open_stores.append(self.store)
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


def open_guest(artefacts: dict[str, Path], name: str, kind: str) -> Guest:
    path = artefacts[f"{name}.{kind}"]
    return NativeGuest(path) if kind == "native" else WasmGuest(path)
