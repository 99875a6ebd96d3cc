"""What compilers make of the header."""

from __future__ import annotations

from pathlib import Path

import pytest
import wasmtime

from examples import build
from tests.arora_h.guests import GUESTS, NEXT, open_guest
from tests.wire import buffer, structure, u32


@pytest.mark.parametrize("kind", ["native", "wasm", "wasi"])
def test_constructors_of_cpp_globals_run_once(artefacts: dict[str, Path], kind: str) -> None:
    guest = open_guest(artefacts, "counter", kind)
    name = f"arora_function_{NEXT}".replace("-", "_")
    arguments = buffer(structure(NEXT.bytes, []))
    for expected in (100, 101, 102):
        result = buffer(structure(NEXT.bytes, [(NEXT.bytes, u32(expected))]))
        assert guest.call_for_buffer(name, arguments) == result


def test_a_module_imports_only_what_it_calls(artefacts: dict[str, Path]) -> None:
    def imports(name: str) -> list[tuple[str | None, str | None]]:
        module = wasmtime.Module.from_file(wasmtime.Engine(), str(artefacts[name]))
        return [(imported.module, imported.name) for imported in module.imports]

    assert imports("add.wasm") == []
    assert imports("walk.wasm") == [("env", "arora_dispatch")]


@pytest.mark.parametrize("standard", ["c99", "c11", "c++11", "c++17"])
def test_the_header_compiles_without_a_warning(standard: str, tmp_path: Path) -> None:
    language = "c++" if "+" in standard else "c"
    warnings = ("-x", language, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror")
    for source in (GUESTS / "walk.c", GUESTS / "add.c"):
        build.compile_native(source, tmp_path / "native", extra=warnings)
        build.compile_wasm(source, tmp_path / "freestanding.wasm", extra=warnings)
        build.compile_wasm(source, tmp_path / "wasi.wasm", extra=warnings, wasi=True)
        build.compile_wasm(source, tmp_path / "component.wasm", extra=(*warnings, "-DARORA_COMPONENT"))
