"""The few things of wasmer that are used here, with types: it has none of its own.

It is looked up by name, so that these files can be checked on interpreters for which there is no wasmer.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from arora_core.guest_symbols import WasmFunctionType, WasmType


class Function(Protocol):
    def __call__(self, *arguments: int) -> int: ...


class Memory(Protocol):
    @property
    def data_size(self) -> int: ...
    @property
    def buffer(self) -> Any: ...


class Store(Protocol):
    """In Wasmer 2 a store owns nothing: whatever is made with it is given back when its last user lets go."""


class Module(Protocol):
    @property
    def exports(self) -> Sequence[Any]: ...
    @property
    def imports(self) -> Sequence[Any]: ...


class Exports(Protocol):
    def __getattr__(self, name: str) -> Any: ...


_wasmer: Final[Any] = importlib.import_module("wasmer")
_cranelift: Final[Any] = importlib.import_module("wasmer_compiler_cranelift")

_NAMES: Final[dict[int, str]] = {
    getattr(_wasmer.Type, name.upper()): name for name in ("i32", "i64", "f32", "f64", "v128")
} | {_wasmer.Type.EXTERN_REF: "externref", _wasmer.Type.FUNC_REF: "funcref"}
NO_TYPE: Final = WasmFunctionType()
_NUMBERS: Final = {name: number for number, name in _NAMES.items()}


def new_store() -> Store:
    """A store with a compiling engine of its own. An engine keeps all code it has compiled for as long as it is."""
    store: Store = _wasmer.Store(_wasmer.engine.Universal(_cranelift.Compiler))
    return store


def new_module(store: Store, executable: bytes) -> Module:
    """Raises RuntimeError with wasmer's reason."""
    module: Module = _wasmer.Module(store, executable)
    return module


def new_function(store: Store, answer: Callable[..., int | None], type: WasmFunctionType) -> Function:
    params, results = ([_NUMBERS[word] for word in words] for words in (type.params, type.results))
    function: Function = _wasmer.Function(store, answer, _wasmer.FunctionType(params, results))
    return function


def new_import_object() -> Any:
    return _wasmer.ImportObject()


def instantiate(module: Module, imports: dict[str, dict[str, Function]]) -> Exports:
    """Runs the start function. Raises RuntimeError with wasmer's reason, and what an import raised."""
    offered = new_import_object()
    for namespace, functions in imports.items():
        offered.register(namespace, functions)
    exports: Exports = _wasmer.Instance(module, offered).exports
    return exports


def plain(type: Any) -> WasmType:
    """A type as ``guest_symbols`` has it."""
    if isinstance(type, _wasmer.FunctionType):
        params, results = (tuple(_NAMES[number] for number in numbers) for numbers in (type.params, type.results))
        return WasmFunctionType(params, results)
    if isinstance(type, _wasmer.MemoryType):
        return "shared memory" if type.shared else "memory"
    return "table" if isinstance(type, _wasmer.TableType) else "global"


def most_pages(type: Any) -> int | None:
    """The declared maximum of what ``plain`` calls a memory."""
    most: int | None = type.maximum
    return most
