"""The conformance guest: its header, its source and its build agree."""

from __future__ import annotations

import re
from pathlib import Path

from arora_core import Engine
from arora_core.conformance.guests import (
    OUTSIDE_COMPONENTS,
    SANDBOXED,
    SOURCE,
    component_guest,
    header,
    id_of,
    native_guest,
    wasm_guest,
)
from arora_core.wasm import module_types
from tests.conformance.build_component import build_core
from tests.conformance.build_guest import SHIPPED, build_guest
from tests.conformance.component_parts import core_modules, without_custom_sections


def test_the_wasm_that_ships_is_built_from_its_source(tmp_path: Path) -> None:
    fresh = build_guest(tmp_path / "guest.wasm")
    assert fresh.read_bytes() == SHIPPED.read_bytes(), "run: python -m tests.conformance.build_guest"


def test_the_component_that_ships_is_built_from_its_source(tmp_path: Path) -> None:
    fresh = without_custom_sections(build_core(tmp_path / "core.wasm").read_bytes())
    shipped = core_modules(component_guest().executable)[0]
    assert shipped == fresh, "run: python -m tests.conformance.build_component"


def test_the_component_that_ships_has_nothing_that_only_describes_it() -> None:
    executable = component_guest().executable
    assert without_custom_sections(executable) == executable


def test_the_core_module_of_the_component_has_what_its_world_asks_for() -> None:
    types = module_types.read(core_modules(component_guest().executable)[0])
    assert {"memory", "dispatch", "cabi_post_dispatch", "cabi_realloc", "_initialize"} <= types.exports.keys()
    hosts = {name for space, name, _ in types.imports if space == "arora:module/host@0.1.0"}
    assert hosts == {"dispatch", "dispatch-indirect"}


def test_ids_follow_from_the_numbers_in_the_source() -> None:
    exports = header().exports
    assert len({each.id for each in exports}) == len({each.name for each in exports}) == len(exports)
    for export in exports:
        number = export.id.int & 0xFFFF
        assert (export.id, number & 0xFF) == (id_of(number), 0)
        assert [each.id for each in export.parameters] == [
            id_of(number + place) for place in range(1, len(export.parameters) + 1)
        ]


def test_every_function_of_the_header_is_described_in_the_source() -> None:
    source = "".join(path.read_text() for path in SOURCE.glob("*.h"))
    described = set(re.findall(r"\b([a-z][a-z0-9_]*)\(", source)) | set(re.findall(r"\becho_[a-z0-9]+\b", source))
    macros = {f"echo_{each}" for each in ("u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32")}
    macros |= {f"{each}s" for each in (*macros, "echo_bool", "echo_u8", "echo_f64")}
    assert {each.name for each in header().exports} - described - macros == set()


def test_the_native_guest_has_every_function_that_needs_no_sandbox() -> None:
    assert native_guest().functions == wasm_guest().functions - SANDBOXED


def test_a_native_guest_for_a_process_of_its_own_has_every_function() -> None:
    assert native_guest(own_process=True).functions == wasm_guest().functions


def test_the_component_has_every_function_but_those_that_do_not_fit_in_one() -> None:
    assert component_guest().functions == wasm_guest().functions - OUTSIDE_COMPONENTS
    assert component_guest().header().executor.name == "wasm-component"


def test_a_guest_loads_as_any_number_of_modules() -> None:
    with Engine() as engine:
        modules = [engine.load_module(wasm_guest().definition(number), executor="wasmtime") for number in range(3)]
        assert [each.name for each in modules] == ["conformance", "conformance_1", "conformance_2"]
        assert [each.id for each in modules] == [id_of(number) for number in range(3)]
