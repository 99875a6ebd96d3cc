"""The examples, run without an engine of ours, and their argument buffers."""

from __future__ import annotations

import ctypes
import struct
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import wasmtime
import yaml

from arora_core.authoring.building import library_name
from examples import build
from tests.bare_wasmtime import wasmtime_engine
from tests.wire import buffer

EXAMPLES = build.EXAMPLES
FORWARD = uuid.UUID("a9f6b4a2-8597-40ee-850e-6793240c418b")
CLAMP = uuid.UUID("6bef9446-5c97-4cde-8d66-ebd5dd5059fd")
CHECK = uuid.UUID("cf82364c-b83d-453d-a550-d56b5648c1cd")


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


Dispatch = Callable[[bytes, bytes, bytes], bytes]
DispatchIndirect = Callable[[int], bytes]


class WasmModule:
    def __init__(
        self, name: str, dispatch: Dispatch | None = None, dispatch_indirect: DispatchIndirect | None = None
    ) -> None:
        engine = wasmtime_engine()
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
        linker.define_wasi()
        self.store.set_wasi(wasmtime.WasiConfig())
        module = wasmtime.Module.from_file(engine, str(build.wasm_path(name)))
        self.exports = linker.instantiate(self.store, module).exports(self.store)
        if "_initialize" in self.exports:
            initialize = self.exports["_initialize"]
            assert isinstance(initialize, wasmtime.Func)
            initialize(self.store)

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
        self.library = ctypes.CDLL(str(directory / library_name(build.module_name(name))))
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
