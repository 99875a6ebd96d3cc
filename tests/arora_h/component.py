"""The core module of a component, called as the Canonical ABI says that a host calls it.

Reference: https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

import wasmtime

from arora_core.wasm import stack_pointer
from tests.arora_h.guests import open_stores
from tests.bare_wasmtime import wasmtime_engine

HOST: Final = "arora:module/host@0.1.0"
_I32: Final = wasmtime.ValType.i32()
_I64: Final = wasmtime.ValType.i64()

Answer = bytes | str
"""A result<list<u8>, string>."""


class CoreModule:
    """The core module of a component under wasmtime. The callables are the host's functions, and may be replaced.

    Nothing keeps them from calling the module again. A call that fails puts the module's stack back.
    """

    def __init__(self, binary: bytes) -> None:
        binary, stack = stack_pointer.exported(binary)
        engine = wasmtime_engine()
        self.store = wasmtime.Store(engine)
        open_stores.append(self.store)
        self.store.set_wasi(wasmtime.WasiConfig())
        self.on_dispatch: Callable[[UUID, UUID, bytes], Answer] = lambda module, function, argument: "nobody is there"
        self.on_indirect: Callable[[int], Answer] = lambda number: "nobody is there"
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        dispatch, indirect = wasmtime.FuncType([_I64] * 4 + [_I32] * 3, []), wasmtime.FuncType([_I64, _I32], [])
        linker.define_func(HOST, "dispatch", dispatch, self._dispatch)
        linker.define_func(HOST, "dispatch-indirect", indirect, self._indirect)
        self.exports = linker.instantiate(self.store, wasmtime.Module(engine, binary)).exports(self.store)
        pointer = self.exports[str(stack.export)]
        assert isinstance(pointer, wasmtime.Global)
        self._stack = pointer
        if "_initialize" in self.exports:
            self.invoke("_initialize")

    def call(self, function: UUID, argument: bytes) -> Answer:
        """Call a function of the module."""
        area = self.invoke("dispatch", *_halves(function), *self._lowered(argument))
        failed, data, size = struct.unpack("<B3xII", self.read(area, 12))
        result = self.read(data, size)
        self.invoke("cabi_post_dispatch", area)
        return result.decode() if failed else result

    def invoke(self, name: str, *arguments: int) -> int:
        """Call an export, whose result, if it has one, is a pointer."""
        function = self.exports[name]
        assert isinstance(function, wasmtime.Func)
        stack = self._stack.value(self.store)
        try:
            return int(function(self.store, *arguments) or 0) & 0xFFFFFFFF
        except BaseException:
            self._stack.set_value(self.store, stack)
            raise

    def read(self, at: int, size: int) -> bytes:
        return bytes(self._memory.read(self.store, at, at + size))

    def write(self, at: int, data: bytes) -> None:
        self._memory.write(self.store, data, at)

    @property
    def _memory(self) -> wasmtime.Memory:
        memory = self.exports["memory"]
        assert isinstance(memory, wasmtime.Memory)
        return memory

    def _lowered(self, data: bytes) -> tuple[int, int]:
        at = self.invoke("cabi_realloc", 0, 0, 1, len(data))
        self.write(at, data)
        return at, len(data)

    def _dispatch(self, *given: Any) -> None:
        *halves, argument, size, area = given
        module, function = _uuid(halves[:2]), _uuid(halves[2:])
        self._answer(area, self.on_dispatch(module, function, self.read(argument & 0xFFFFFFFF, size)))

    def _indirect(self, id: int, area: int) -> None:
        self._answer(area, self.on_indirect(id & (1 << 64) - 1))

    def _answer(self, area: int, answer: Answer) -> None:
        data = answer.encode() if isinstance(answer, str) else answer
        self.write(area & 0xFFFFFFFF, struct.pack("<B3xII", isinstance(answer, str), *self._lowered(data)))


def _halves(id: UUID) -> Sequence[int]:
    return struct.unpack(">qq", id.bytes)


def _uuid(halves: Sequence[int]) -> UUID:
    return UUID(bytes=struct.pack(">qq", *halves))
