"""Typed access to the parts of wasmer that this plugin uses; wasmer itself has no types.

wasmer is imported by name, so that this plugin type-checks on interpreters without a build of it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from arora_core.guest_symbols import WasmFunctionType, WasmType


class Function(Protocol):
    def __call__(self, *arguments: int) -> int: ...


class Global(Protocol):
    value: int


class Memory(Protocol):
    @property
    def data_size(self) -> int: ...
    @property
    def buffer(self) -> Any: ...


class Store(Protocol):
    """A store of Wasmer 2, which owns nothing: each object is released with its last reference."""


class Module(Protocol):
    def serialize(self) -> bytes: ...
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
    """Return a store with its own compiling engine, which keeps all code it compiles until it is deleted."""
    store: Store = _wasmer.Store(_wasmer.engine.Universal(_cranelift.Compiler))
    return store


def new_module(store: Store, executable: bytes) -> Module:
    """Compile a module. Raise RuntimeError with wasmer's reason if it is invalid."""
    module: Module = _wasmer.Module(store, executable)
    return module


def code(module: Module) -> bytes:
    """Return the compiled code of a module."""
    return module.serialize()


def from_code(store: Store, code: bytes) -> Module:
    """Return the module of compiled code."""
    module: Module = _wasmer.Module.deserialize(store, code)
    return module


def new_function(store: Store, answer: Callable[..., int | None], type: WasmFunctionType) -> Function:
    """Return ``answer`` as a function that guests can import."""
    params, results = ([_NUMBERS[word] for word in words] for words in (type.params, type.results))
    function: Function = _wasmer.Function(store, answer, _wasmer.FunctionType(params, results))
    return function


def new_import_object() -> Any:
    """Return an empty set of imports."""
    return _wasmer.ImportObject()


def instantiate(module: Module, imports: dict[str, dict[str, Function]]) -> Exports:
    """Instantiate a module, and run its start function.

    Raise RuntimeError with wasmer's reason, or the exception that an import raised.
    """
    offered = new_import_object()
    for namespace, functions in imports.items():
        offered.register(namespace, functions)
    exports: Exports = _wasmer.Instance(module, offered).exports
    return exports


def plain(type: Any) -> WasmType:
    """Return a type of wasmer in the notation of ``guest_symbols``."""
    if isinstance(type, _wasmer.FunctionType):
        params, results = (tuple(_NAMES[number] for number in numbers) for numbers in (type.params, type.results))
        return WasmFunctionType(params, results)
    if isinstance(type, _wasmer.MemoryType):
        return "shared memory" if type.shared else "memory"
    return "table" if isinstance(type, _wasmer.TableType) else "global"


def most_pages(type: Any) -> int | None:
    """Return the declared maximum of a memory type in pages; None if it has none."""
    most: int | None = type.maximum
    return most
