"""Undocumented names of wasmtime-py are checked before use, and used in one file only."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import arora_wasmtime
import pytest
import wasmtime
from arora_wasmtime import private_names

FFI: Any = vars(wasmtime)["_ffi"]
CALL = "wasmtime_func_call_unchecked"
CALL_TYPES = "wasmtime_context*, wasmtime_func*, wasmtime_val_raw*"


class Library:
    """wasmtime-py's C library with one function replaced, or missing if None."""

    def __init__(self, name: str, function: object) -> None:
        self._changed = {name: function}

    def __getattr__(self, name: str) -> object:
        found = self._changed[name] if name in self._changed else getattr(FFI.dll, name)
        if found is None:
            raise AttributeError(name)
        return found


def package(**changed: object) -> ModuleType:
    """Return wasmtime-py with these names of its bindings replaced."""
    return whole(_ffi=SimpleNamespace(**{**vars(FFI), **changed}))


def whole(**changed: object) -> ModuleType:
    """Return wasmtime-py with these names replaced."""
    made = ModuleType("wasmtime")
    vars(made).update({**vars(wasmtime), **changed})
    return made


def declared(name: str, **changed: object) -> ModuleType:
    """Return wasmtime-py with another declaration of one C function."""
    real = getattr(FFI.dll, name)
    function = SimpleNamespace(**{"restype": real.restype, "argtypes": real.argtypes, **changed})
    return package(dll=Library(name, function))


class Wide(ctypes.Structure):
    _fields_ = [("i32", ctypes.c_int32), ("i64", ctypes.c_int64), ("more", ctypes.c_uint64)]


class Apart(ctypes.Structure):
    _fields_ = [("i32", ctypes.c_int32), ("i64", ctypes.c_int64)]


class Without(ctypes.Union):
    _fields_ = [("i32", ctypes.c_int32), ("v128", ctypes.c_uint8 * 16)]


class Closed:
    def _context(self, store: object) -> None: ...


REAL = getattr(FFI.dll, CALL)
CHANGES = {
    "a function is missing": (package(dll=Library(CALL, None)), f"has no C function {CALL}"),
    "an argument more": (
        declared(CALL, argtypes=[*REAL.argtypes, ctypes.c_void_p]),
        f"declares {CALL} as wasmtime_error*({CALL_TYPES}, u64, wasm_trap_t**, void*), "
        f"expected wasmtime_error*({CALL_TYPES}, u64, wasm_trap_t**)",
    ),
    "an argument of another width": (
        declared(CALL, argtypes=[*REAL.argtypes[:3], ctypes.c_uint32, REAL.argtypes[4]]),
        f"declares {CALL} as wasmtime_error*({CALL_TYPES}, u32, wasm_trap_t**), "
        f"expected wasmtime_error*({CALL_TYPES}, u64, wasm_trap_t**)",
    ),
    "another result": (
        declared("wasmtime_memory_data_size", restype=ctypes.c_int64),
        "declares wasmtime_memory_data_size as i64(wasmtime_context*, wasmtime_memory*), "
        "expected u64(wasmtime_context*, wasmtime_memory*)",
    ),
    "a callback of another type": (
        declared(
            "wasmtime_func_new_unchecked",
            argtypes=[ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_double)],
        ),
        "declares wasmtime_func_new_unchecked as void(void*(f64)), "
        f"expected {private_names.FUNCTIONS['wasmtime_func_new_unchecked']}",
    ),
    "a function is not declared": (
        declared("wasm_trap_delete", argtypes=None),
        "declares wasm_trap_delete as undeclared, expected void(wasm_trap_t*)",
    ),
    "a structure is missing": (package(wasmtime_extern=None), "has no structure wasmtime_extern"),
    "a structure of another size": (
        package(wasmtime_val_raw=Wide),
        "has a wasmtime_val_raw of 24 bytes, expected 16",
    ),
    "a field elsewhere": (
        package(wasmtime_val_raw=Apart),
        "has a wasmtime_val_raw whose i64 is i64 at 8, expected i64 at 0",
    ),
    "a field is missing": (
        package(wasmtime_val_raw=Without),
        "has a wasmtime_val_raw whose i64 is missing, expected i64 at 0",
    ),
    "a method is missing": (whole(Store=object), "has no method Store._context, expected Store._context(self)"),
    "a method that takes more": (
        whole(Store=Closed),
        "has a Store._context(self, store), expected Store._context(self)",
    ),
    "no bindings at all": (whole(_ffi=None), "has no module wasmtime._ffi"),
    "bindings made otherwise": (
        declared(CALL, argtypes=7),
        "cannot be inspected: TypeError: 'int' object is not iterable",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_difference_is_described(name: str) -> None:
    changed, description = CHANGES[name]
    found = re.fullmatch(r"wasmtime-py \S+ (.*)", private_names.difference(changed) or "")
    assert found is not None
    assert found[1] == description


def test_further_differences_are_counted() -> None:
    found = private_names.difference(package(wasmtime_val_raw=Wide, wasmtime_extern=None)) or ""
    assert found.endswith("has a wasmtime_val_raw of 24 bytes, expected 16 (and 1 more difference)")


def test_the_installed_release_has_no_difference() -> None:
    assert private_names.difference(wasmtime) is None


def test_no_other_file_uses_undocumented_names() -> None:
    undocumented = re.compile(
        r"_ffi|_bindings|\b_context\(\)|_from_ptr|\.ptr\(\)|\._func\b|LAST_EXCEPTION|\._as_extern"
    )
    files = [path for path in Path(arora_wasmtime.__file__).parent.glob("*.py") if path.name != "private_names.py"]
    assert len(files) > 10
    assert [path.name for path in files if undocumented.search(path.read_text())] == []
