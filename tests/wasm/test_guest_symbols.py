"""The exports that a module must have, and the imports that it may have."""

from __future__ import annotations

import pytest

from arora_core.errors import MissingExport, UnsupportedImport
from arora_core.guest_symbols import WasmFunctionType, WasmType, check_exports, check_imports, function_symbol
from arora_core.header import Header
from tests.fake_guest import RUN

HEADER = Header.from_data(
    {
        "id": "0a0a0a0a-0000-4000-8000-000000000001",
        "name": "guest",
        "author": "",
        "license": "",
        "version": {"major": 1, "minor": 0, "patch": 0},
        "executor": {"name": "wasm"},
        "exports": [{"type": "function", "id": "00010203-0405-0607-0809-0a0b0c0d0e0f", "name": "run"}],
        "imports": [],
    }
)
TO_POINTER = WasmFunctionType(("i32",), ("i32",))
EXPORTS: dict[str, WasmType] = {
    "memory": "memory",
    "arora_buffer_alloc": TO_POINTER,
    "arora_buffer_free": WasmFunctionType(("i32",)),
    "arora_function_00010203_0405_0607_0809_0a0b0c0d0e0f": TO_POINTER,
    "_initialize": WasmFunctionType(),
}


def test_a_symbol_is_the_uuid_in_lower_case_with_underscores() -> None:
    assert function_symbol(b"\xab" + RUN[1:]) == "arora_function_ab010203_0405_0607_0809_0a0b0c0d0e0f"


def test_a_module_with_all_exports_passes() -> None:
    check_exports(HEADER, EXPORTS)


@pytest.mark.parametrize("symbol", [symbol for symbol in EXPORTS if symbol != "_initialize"])
def test_a_missing_export_is_named(symbol: str) -> None:
    with pytest.raises(MissingExport, match=f"does not export {symbol}") as caught:
        check_exports(HEADER, {name: type for name, type in EXPORTS.items() if name != symbol})
    assert caught.value.symbol == symbol


@pytest.mark.parametrize(
    ("symbol", "type", "said"),
    [
        ("memory", "table", "memory is a table, expected a memory"),
        ("memory", TO_POINTER, "memory is a function, expected a memory"),
        (
            "arora_buffer_alloc",
            WasmFunctionType(("i64",), ("i32",)),
            "arora_buffer_alloc has type (i64) -> (i32), expected (i32) -> (i32)",
        ),
        ("arora_buffer_free", "global", "arora_buffer_free is a global, expected a function (i32) -> ()"),
        ("_initialize", TO_POINTER, "_initialize has type (i32) -> (i32), expected () -> ()"),
    ],
)
def test_an_export_of_another_type_is_refused(symbol: str, type: WasmType, said: str) -> None:
    with pytest.raises(MissingExport) as caught:
        check_exports(HEADER, {**EXPORTS, symbol: type})
    assert said in str(caught.value)


def test_the_imports_that_hosts_offer_pass() -> None:
    check_imports(
        [
            ("env", "arora_dispatch", WasmFunctionType(("i32",) * 3, ("i32",))),
            ("env", "arora_dispatch_indirect", WasmFunctionType(("i64",), ("i32",))),
            ("wasi_snapshot_preview1", "fd_write", WasmFunctionType(("i32",) * 4, ("i32",))),
        ]
    )


@pytest.mark.parametrize(
    ("namespace", "name", "type"),
    [
        ("env", "abort", WasmFunctionType()),
        ("other", "arora_dispatch", WasmFunctionType(("i32",) * 3, ("i32",))),
        ("env", "arora_dispatch", WasmFunctionType(("i32",), ("i32",))),
        ("env", "arora_dispatch", "global"),
        ("wasi_snapshot_preview1", "memory", "memory"),
        ("wasi_unstable", "fd_write", WasmFunctionType(("i32",) * 4, ("i32",))),
    ],
)
def test_any_other_import_is_named(namespace: str, name: str, type: WasmType) -> None:
    with pytest.raises(UnsupportedImport) as caught:
        check_imports([(namespace, name, type)])
    assert caught.value.symbol == f"{namespace}.{name}"
