"""The interface that both ways to call a guest implement.

``unchecked_calls`` uses Wasmtime's C library, ``public_calls`` the documented classes of wasmtime-py. Only
``choosing_calls``, which picks one, knows which is in use.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol, Union

from wasmtime import FuncType, InstancePre, Linker, Module, Trap, ValType, WasmtimeError

from arora_core.executor import RawEntry, RowsCall
from arora_core.guest_symbols import WasmFunctionType
from arora_core.linear_memory import BufferCall, Export, GlobalVariable, LinearGuest, LinearMemory

from .engines import CompilingEngine
from .freed_once import Store

Item = Any
"""A function, memory, table or global of the store, in the form that the calls give it."""

Items = Callable[[str], Item]
"""Returns what an instance exports under a name. Raises LoadError if it exports nothing under it."""

Failure = Callable[[Union[WasmtimeError, Trap]], BaseException]
"""Converts an error or trap of wasmtime-py to the exception to raise."""


class AdaptedCall(NamedTuple):
    """A call of one exported function."""

    run: BufferCall
    raw_entry: Callable[[], RawEntry | None]
    """As :meth:`arora_core.executor.Instance.raw_entry`."""


class Calls(Protocol):
    """Calls in and out of one store, in one thread at a time.

    An exception of the host does not pass through Wasmtime: it is pending in ``LinearGuest.carried`` meanwhile.
    """

    def host_function(self, import_: tuple[str, str], type: WasmFunctionType, answer: Callable[..., int]) -> Item:
        """Return a function for the guest to import as (namespace, name).

        ``answer`` takes integers, signed or unsigned, and returns one, also where the function has no result.
        """

    def define(self, linker: Linker, import_: tuple[str, str], item: Item) -> None:
        """Define the import (namespace, name)."""

    def instantiate(self, prepared: InstancePre) -> None:
        """Make the instance, and run its start function."""

    def instantiate_part(self, module: Module, imports: Sequence[Item]) -> Items:
        """Make an instance of one of several modules, with these imports in the module's order. Return its exports."""

    def complete(self, exports: Items) -> None:
        """Take these for the exports of the guest."""

    def memory_of(self, item: Item) -> LinearMemory:
        """Return a memory that a part exports."""

    def export_of(self, item: Item) -> Export:
        """Return a function that a part exports, as :meth:`export` does."""

    def export(self, symbol: str) -> Export:
        """Return an exported function that takes an i32 or nothing, and returns an i32 or nothing."""

    def memory(self, symbol: str) -> LinearMemory:
        """Return an exported memory."""

    def global_variable(self, symbol: str) -> GlobalVariable:
        """Return an exported mutable global of type i32."""

    def adapt(self, symbol: str, call: BufferCall) -> AdaptedCall:
        """Return a faster equivalent of ``call``, a call of an exported function; ``call`` itself if there is none."""

    def rows(self, symbol: str, plain: RowsCall) -> RowsCall:
        """Return a faster equivalent of ``plain``, calls of an exported function; ``plain`` if there is none."""

    def set_fuel(self, fuel: int) -> None:
        """Set the store's fuel, in units."""

    def fuel(self) -> int:
        """Return the units of fuel that the store has left."""

    def deadline_setter(self) -> Callable[[], object]:
        """Return a function that makes the store stop at the next increment of its engine's epoch."""

    def close(self) -> None:
        """Release references into the store; call before the store is closed. Idempotent."""


class MakeCalls(Protocol):
    """Makes the calls of one store. ``compiling`` is None where the store may not have adapter modules."""

    def __call__(
        self, store: Store, guest: LinearGuest, failure: Failure, compiling: CompilingEngine | None = None
    ) -> Calls: ...


_VALUE_TYPES: Final = {"i32": ValType.i32, "i64": ValType.i64}


def function_type(params: Sequence[str], results: Sequence[str]) -> FuncType:
    """Return a function type from type names of the text format, such as ``i32``."""
    return FuncType([_VALUE_TYPES[word]() for word in params], [_VALUE_TYPES[word]() for word in results])
