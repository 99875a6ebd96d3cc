"""The two ways in which guests are called, as the rest of the plugin sees them.

``unchecked_calls`` goes over Wasmtime's C library, ``public_calls`` over wasmtime-py's documented classes. Which one
is used is decided in ``choosing_calls``; nothing else depends on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol, Union

from wasmtime import FuncType, InstancePre, Linker, Store, Trap, ValType, WasmtimeError

from arora_core.guest_symbols import WasmFunctionType
from arora_core.linear_memory import BufferCall, Export, LinearGuest, LinearMemory

from .engines import CompilingEngine

Failure = Callable[[Union[WasmtimeError, Trap]], BaseException]
"""What wasmtime reports to what it means."""


class Calls(Protocol):
    """Calls in and out of one store. All of them happen in one thread at a time.

    Exceptions of the host go around Wasmtime in ``LinearGuest.carried``, in both directions.
    """

    def define(
        self, linker: Linker, import_: tuple[str, str], type: WasmFunctionType, answer: Callable[..., int]
    ) -> None:
        """Defines the import (namespace, name), which gives an i32. ``answer`` takes integers, signed or not."""

    def instantiate(self, prepared: InstancePre) -> None:
        """Makes the instance, and runs what of it runs on its own: its start function."""

    def export(self, symbol: str) -> Export:
        """An exported function, which takes an i32 or nothing, and gives an i32 or nothing."""

    def memory(self, symbol: str) -> LinearMemory:
        """An exported memory."""

    def short_cut(self, symbol: str, call: BufferCall) -> BufferCall:
        """What does as ``call``, which calls an exported function from buffer to buffer, in less time if possible."""

    def setting_fuel(self, fuel: int) -> Callable[[], object]:
        """What leaves the store with this much fuel, whatever was left."""

    def setting_deadline(self) -> Callable[[], object]:
        """What makes the store stop at the next increment of its engine's epoch."""

    def close(self) -> None:
        """Lets go of the memory; to be called before the store is closed. Idempotent."""


class MakeCalls(Protocol):
    """Makes the calls of one store. ``compiling`` is there where code of the host's may run beside the guest's."""

    def __call__(
        self, store: Store, guest: LinearGuest, failure: Failure, compiling: CompilingEngine | None = None
    ) -> Calls: ...


_VALUE_TYPES: Final = {"i32": ValType.i32, "i64": ValType.i64}


def function_type(params: Sequence[str], results: Sequence[str]) -> FuncType:
    """A function's type from the words of the text format."""
    return FuncType([_VALUE_TYPES[word]() for word in params], [_VALUE_TYPES[word]() for word in results])
