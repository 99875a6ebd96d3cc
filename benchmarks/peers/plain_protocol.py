"""The ABI over wasmtime-py's public interface, as one would implement ``docs/ABI.md`` for a single module.

Every layout is a ``struct.Struct`` that is created once, and calls look up nothing by name. Everything else that an
executor has to do (check results, name traps, enforce limits, support threads) is omitted.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from struct import Struct
from typing import Any, Final

import wasmtime as w

from benchmarks import guests

U32: Final = 0xFFFF_FFFF
ERROR: Final = 20
I32, I64 = w.ValType.i32, w.ValType.i64

ADD, A, B = guests.ADD.bytes, guests.A.bytes, guests.B.bytes
ECHO, ITEMS = guests.ECHO.bytes, guests.ITEMS.bytes
ASK, MODULE, ASK_TIMES = guests.ASK.bytes, guests.MODULE.bytes, guests.ASK_TIMES.bytes
CALL_BACK, CALLABLE, CALL_TIMES = guests.CALL_BACK.bytes, guests.CALLABLE.bytes, guests.CALL_TIMES.bytes

ADDITION: Final = Struct("<IB16sI16sBI16sBI")
ASKING: Final = Struct("<IB16sI16sB16s16sBI")
CALLING_BACK: Final = Struct("<IB16sI16sBQ16sBI")
ECHOING: Final = Struct("<IB16sI16sBBI1x")
"""Includes one byte of padding: the items begin at offset 48."""
SIZE: Final = Struct("<I")
U32_RESULT: Final = Struct("<IB16sI16sBI")
U64_RESULT: Final = Struct("<IB16sI16sBQ")
U64_VALUE: Final = Struct("<IBQ")


def one_in_python(callable: int) -> bytes:
    """A callable that returns a plain u64."""
    return U64_VALUE.pack(U64_VALUE.size, 5, 1)


def add_in_python(module: bytes, function: bytes, argument: bytes) -> bytes:
    """A host module's add(a: u32, b: u32) -> u32, from argument buffer to result buffer."""
    *_, a, _, _, b = ADDITION.unpack(argument)
    return U32_RESULT.pack(U32_RESULT.size, 13, ADD, 1, ADD, 4, a + b)


class PlainGuest:
    """An instance of ``bench.c`` with the host functions ``dispatch(module id, function id, argument)`` and
    ``indirect(callable id)``."""

    def __init__(
        self,
        executable: bytes,
        dispatch: Callable[[bytes, bytes, bytes], bytes] = add_in_python,
        indirect: Callable[[int], bytes] = one_in_python,
    ) -> None:
        self._store = w.Store()
        self._dispatch, self._indirect = dispatch, indirect
        linker = w.Linker(self._store.engine)
        linker.define_func("env", "arora_dispatch", w.FuncType([I32()] * 3, [I32()]), self._on_dispatch)
        linker.define_func("env", "arora_dispatch_indirect", w.FuncType([I64()], [I32()]), self._on_indirect)
        exports: Any = linker.instantiate(self._store, w.Module(self._store.engine, executable)).exports(self._store)
        self._memory = exports["memory"]
        self._alloc, self._free = exports["arora_buffer_alloc"], exports["arora_buffer_free"]
        self._functions = {
            id.bytes: exports[f"arora_function_{str(id).replace('-', '_')}"]
            for id in (guests.ADD, guests.ECHO, guests.ASK, guests.CALL_BACK)
        }

    def call(self, function: bytes, argument: bytes) -> bytes:
        """Call a function with an argument buffer and return the result buffer. Raises RuntimeError for an error."""
        argument_at = self._placed(argument)
        result_at = self._functions[function](self._store, argument_at)
        result = self._buffer(result_at)
        self._free(self._store, result_at)
        self._free(self._store, argument_at)
        if result[4] == ERROR:
            raise RuntimeError(result[9:].decode())
        return result

    def add(self, a: int, b: int) -> int:
        """Call add(a: u32, b: u32) -> u32."""
        argument = ADDITION.pack(ADDITION.size, 13, ADD, 2, A, 4, a, B, 4, b)
        result: int = U32_RESULT.unpack(self.call(ADD, argument))[-1]
        return result

    def echo(self, items: array[float]) -> array[float]:
        """Call echo(items: f64[]) -> f64[]."""
        head = ECHOING.pack(ECHOING.size + 8 * len(items), 13, ECHO, 1, ITEMS, 15, 11, len(items))
        result = array("d")
        result.frombytes(memoryview(self.call(ECHO, head + items.tobytes()))[ECHOING.size :])
        return result

    def ask(self, times: int) -> int:
        """Call ask(module: uuid, times: u32) -> u32 with the null id: ``dispatch`` ignores it."""
        argument = ASKING.pack(ASKING.size, 13, ASK, 2, MODULE, 18, bytes(16), ASK_TIMES, 4, times)
        result: int = U32_RESULT.unpack(self.call(ASK, argument))[-1]
        return result

    def call_back(self, times: int) -> int:
        """Call call_back(callable: u64, times: u32) -> u64 with the callable id 1."""
        argument = CALLING_BACK.pack(CALLING_BACK.size, 13, CALL_BACK, 2, CALLABLE, 5, 1, CALL_TIMES, 4, times)
        result: int = U64_RESULT.unpack(self.call(CALL_BACK, argument))[-1]
        return result

    def _placed(self, buffer: bytes) -> int:
        at: int = self._alloc(self._store, len(buffer) + 8)
        self._memory.write(self._store, buffer, at & U32)
        return at

    def _buffer(self, at: int) -> bytes:
        at &= U32
        (size,) = SIZE.unpack(self._memory.read(self._store, at, at + 4))
        return bytes(self._memory.read(self._store, at, at + size))

    def _on_dispatch(self, module_at: int, function_at: int, argument_at: int) -> int:
        module_at, function_at = module_at & U32, function_at & U32
        module = bytes(self._memory.read(self._store, module_at, module_at + 16))
        function = bytes(self._memory.read(self._store, function_at, function_at + 16))
        return self._placed(self._dispatch(module, function, self._buffer(argument_at)))

    def _on_indirect(self, callable: int) -> int:
        return self._placed(self._indirect(callable))
