"""The undocumented names of wasmtime-py that this plugin uses, and the check that they are as expected.

wasmtime-py declares every function of its C library, with types, for its own use. Some of them make calls several times
faster (:mod:`arora_wasmtime.unchecked_store`), but no release promises to keep them. So this file, the only one that
touches them, lists the expected declarations. :data:`DIFFERENCE` says how the installed release departs from the list;
if it does, nothing else in this file is used.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import inspect
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import wasmtime

if TYPE_CHECKING:
    from wasmtime import FuncType, InstancePre, Linker, Module, Store, Trap, WasmtimeError

FUNCTIONS: Final = {
    "wasmtime_func_call_unchecked": (
        "wasmtime_error*(wasmtime_context*, wasmtime_func*, wasmtime_val_raw*, u64, wasm_trap_t**)"
    ),
    "wasmtime_func_new_unchecked": (
        "void(wasmtime_context*, wasm_functype_t*, u64(void*, wasmtime_caller*, wasmtime_val_raw*, u64), void*, "
        "void(void*), wasmtime_func*)"
    ),
    "wasmtime_linker_define": (
        "wasmtime_error*(wasmtime_linker*, wasmtime_context*, char*, u64, char*, u64, wasmtime_extern*)"
    ),
    "wasmtime_instance_new": (
        "wasmtime_error*(wasmtime_context*, wasmtime_module*, wasmtime_extern*, u64, wasmtime_instance*, wasm_trap_t**)"
    ),
    "wasmtime_instance_pre_instantiate": (
        "wasmtime_error*(wasmtime_instance_pre*, wasmtime_context*, wasmtime_instance*, wasm_trap_t**)"
    ),
    "wasmtime_instance_export_get": "bool(wasmtime_context*, wasmtime_instance*, char*, u64, wasmtime_extern*)",
    "wasmtime_memory_data": "u8*(wasmtime_context*, wasmtime_memory*)",
    "wasmtime_memory_data_size": "u64(wasmtime_context*, wasmtime_memory*)",
    "wasmtime_global_get": "void(wasmtime_context*, wasmtime_global*, wasmtime_val*)",
    "wasmtime_global_set": "wasmtime_error*(wasmtime_context*, wasmtime_global*, wasmtime_val*)",
    "wasmtime_context_set_fuel": "wasmtime_error*(wasmtime_context*, u64)",
    "wasmtime_context_set_epoch_deadline": "void(wasmtime_context*, u64)",
    "wasmtime_trap_new": "wasm_trap_t*(char*, u64)",
    "wasm_trap_delete": "void(wasm_trap_t*)",
    "wasmtime_error_delete": "void(wasmtime_error*)",
}
"""The C functions: structures and pointers by name, numbers by kind and number of bits."""

STRUCTURES: Final = {
    "wasmtime_val_raw": (16, {"i32": "i32 at 0", "i64": "i64 at 0"}),
    "wasmtime_instance": (16, {}),
    "wasmtime_extern": (32, {"kind": "u8 at 0", "of": "wasmtime_extern_union at 8"}),
    "wasmtime_extern_union": (
        24,
        {"func": "wasmtime_func at 0", "memory": "wasmtime_memory at 0", "global_": "wasmtime_global at 0"},
    ),
    "wasmtime_val": (32, {"kind": "u8 at 0", "of": "wasmtime_valunion at 8"}),
    "wasmtime_valunion": (24, {"i32": "i32 at 0"}),
}
"""The structures: their size in bytes, and the fields in use with type and offset."""

METHODS: Final = {
    "Store._context": ("self",),
    "Linker.ptr": ("self",),
    "InstancePre.ptr": ("self",),
    "Module.ptr": ("self",),
    "FuncType.ptr": ("self",),
    "WasmtimeError._from_ptr": ("ptr",),
    "Trap._from_ptr": ("ptr",),
}
"""The Python methods and their parameters."""


def difference(package: ModuleType) -> str | None:
    """Return how ``package``, a release of wasmtime-py, differs from what is expected here; None if it does not."""
    # Undocumented names may change in any way, so every exception counts as a difference.
    try:
        found = list(_differences(package))
    except Exception as error:
        found = [f"cannot be inspected: {type(error).__name__}: {error}"]
    if not found:
        return None
    others = len(found) - 1
    more = f" (and {others} more difference{'s' if others > 1 else ''})" if others else ""
    return f"wasmtime-py {_version()} {found[0]}{more}"


def _differences(package: ModuleType) -> Iterator[str]:
    ffi = getattr(package, "_ffi", None)
    if ffi is None:
        yield "has no module wasmtime._ffi"
        return
    for name, expected in FUNCTIONS.items():
        function = getattr(ffi.dll, name, None)
        if function is None:
            yield f"has no C function {name}"
        elif (declared := _signature(function.restype, function.argtypes)) != expected:
            yield f"declares {name} as {declared}, expected {expected}"
    for name, (size, fields) in STRUCTURES.items():
        structure = getattr(ffi, name, None)
        if structure is None:
            yield f"has no structure {name}"
        elif ctypes.sizeof(structure) != size:
            yield f"has a {name} of {ctypes.sizeof(structure)} bytes, expected {size}"
        else:
            types = dict(structure._fields_)
            for field, place in fields.items():
                found = f"{_name(types[field])} at {getattr(structure, field).offset}" if field in types else "missing"
                if found != place:
                    yield f"has a {name} whose {field} is {found}, expected {place}"
    for name, parameters in METHODS.items():
        method: Any = package
        for part in name.split("."):
            method = getattr(method, part, None)
        actual = tuple(inspect.signature(method).parameters) if callable(method) else None
        if actual != parameters:
            found = f"no method {name}" if actual is None else f"a {name}({', '.join(actual)})"
            yield f"has {found}, expected {name}({', '.join(parameters)})"


def _signature(result: Any, arguments: Any) -> str:
    return "undeclared" if arguments is None else f"{_name(result)}({', '.join(map(_name, arguments))})"


def _name(type: Any) -> str:
    if type is None:
        return "void"
    if type is ctypes.c_void_p:
        return "void*"
    if issubclass(type, ctypes._Pointer):
        return f"{_name(type._type_)}*"
    if hasattr(type, "_restype_"):
        return _signature(type._restype_, type._argtypes_)
    if not issubclass(type, ctypes._SimpleCData) or type in (ctypes.c_bool, ctypes.c_char):
        return str(type.__name__.removeprefix("c_"))
    kind = "f" if isinstance(type().value, float) else "u" if type(-1).value > 0 else "i"
    return f"{kind}{8 * ctypes.sizeof(type)}"


def _version() -> str:
    try:
        return importlib.metadata.version("wasmtime")
    except importlib.metadata.PackageNotFoundError:
        return "(of unknown version)"


DIFFERENCE: Final = difference(wasmtime)
"""Why the rest of this file cannot be used, as a clause to put after "because"; None if it can."""

_ffi: Any = getattr(wasmtime, "_ffi", None)


def function(name: str, result: Any, *, quick: bool = False) -> Any:
    """Return a C function of :data:`FUNCTIONS`. A ``quick`` one keeps the GIL while it runs."""
    assert name in FUNCTIONS
    library = ctypes.PyDLL(_ffi.dll._name, handle=_ffi.dll._handle) if quick else _ffi.dll
    # Indexing a library makes a new function object, so the one of wasmtime-py keeps its argument types. This one has
    # none: converting an argument that already is a ctypes object would cost more than the call. The cheapest arguments
    # are those that ctypes itself makes of others, by ``byref`` and ``from_param``.
    found = library[name]
    found.restype = result
    return found


def structure(name: str) -> Any:
    """Return a new structure of :data:`STRUCTURES`, zeroed."""
    assert name in STRUCTURES
    return getattr(_ffi, name)()


def structures(name: str, items: Sequence[Any]) -> Any:
    """Return a C array of ``items``, which are structures of this name."""
    return (getattr(_ffi, name) * len(items))(*items)


def address(function: Any) -> int:
    """Return the address of a C function."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def context_at(store: Store) -> int:
    """Return the address of the ``wasmtime_context_t`` of ``store``, valid until it is closed."""
    return ctypes.cast(store._context(), ctypes.c_void_p).value or 0


def pointer(owner: Linker | InstancePre | Module | FuncType) -> ctypes.c_void_p:
    """Return the C pointer that ``owner`` wraps, valid until it is closed."""
    return ctypes.cast(owner.ptr(), ctypes.c_void_p)


def error(address: int) -> WasmtimeError:
    """Return an exception that owns the ``wasmtime_error_t`` at this address."""
    return wasmtime.WasmtimeError._from_ptr(ctypes.cast(address, _ffi.dll.wasmtime_func_call_unchecked.restype))


def trap(address: int) -> Trap:
    """Return an exception that owns the ``wasm_trap_t`` at this address."""
    return wasmtime.Trap._from_ptr(ctypes.cast(address, _ffi.dll.wasmtime_trap_new.restype))
