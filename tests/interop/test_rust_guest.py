"""A module made with the Rust crates runs here as it does there. Skipped unless ARORA_RUST_ENGINE names them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from arora_core import Call, Engine, GuestError, Header, LoadedModule, ModuleDefinition, Trap, buffers, discover
from arora_core import values as v
from arora_core.documents import parsing
from arora_core.header import ExecutorRequirement
from arora_core.types.record_files import load as load_records
from arora_core.values.text_form import argument_refusal
from examples import build

from .both_engines import BothEngines
from .probe_process import Probe
from .rust_crates import COMPONENT, HERE, WASI, RustLine
from .sample_values import VALUES

GUEST = HERE / "guest"
HEADER = Header.load(GUEST / "module.yaml")
UR5 = Header.load(build.EXAMPLES / "ur5" / "module.yaml")
FORWARD = UR5.exports[0]
KINDS = {
    name: kind
    for name, each in discover().executors.items()
    for kind in ("wasm", "native", "wasm-component")
    if kind in each.serves and name != "browser" and each.unavailable() is None
}
"""The executors, but that of browsers: each test would start one."""


@pytest.fixture(scope="session")
def wasm(rust: RustLine) -> Path:
    return rust.guest(WASI)


@pytest.fixture(scope="session")
def library(rust: RustLine) -> Path:
    return rust.guest()


@pytest.fixture(scope="session")
def component(rust: RustLine) -> Path:
    if not rust.makes_components:
        pytest.skip(f"the macros that go with arora-types {rust.types.version} make no components")
    return rust.guest(COMPONENT)


@pytest.fixture(params=KINDS)
def executor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def walk(request: pytest.FixtureRequest, executor: str, engine: Engine) -> LoadedModule:
    kind = KINDS[executor]
    executable: Path = request.getfixturevalue({"native": "library"}.get(kind, kind.removeprefix("wasm-")))
    header = replace(HEADER, executor=ExecutorRequirement(kind))
    return engine.load_module(ModuleDefinition(header, executable.read_bytes()), executor=executor)


def test_the_header_of_the_declaration_is_the_one_we_resolve(rust: RustLine) -> None:
    header, _ = rust.guest_description()
    assert Header.parse(header) == HEADER
    assert Header.parse(header).to_data() == HEADER.to_data()


def test_the_record_of_the_declaration_is_one_of_a_directory_of_records(rust: RustLine, tmp_path: Path) -> None:
    _, record = rust.guest_description()
    directory = tmp_path / "records" / "module"
    directory.mkdir(parents=True)
    (directory / f"{HEADER.id}@{HEADER.version}.json").write_text(record, encoding="utf-8")
    (module,) = load_records(directory.parent).modules()
    assert (module.id, module.name, module.version) == (HEADER.id, "walk", HEADER.version)
    written = parsing.parse(record, argument_refusal)
    assert isinstance(written, dict)
    assert set(written["exports"]) == {str(each.id) for each in HEADER.exports}


def test_text_and_numbers_go_in_and_come_out(walk: LoadedModule) -> None:
    assert walk.call_out("hö ", 3) == "hö hö hö "
    result = walk.stretch([1.0, 2.0], 0.5)
    assert (result.ret, list(result.mutated["steps"])) == (3.0, [0.5, 1.0])


def test_records_go_in_and_come_out(walk: LoadedModule) -> None:
    place = walk.climb({"label": "col", "height": 1900.5}, "up")
    assert (place.label, place.height) == ("col", 2000.5)
    assert walk.climb(place, "down").height == 1900.5


def test_any_value_is_carried_as_the_same_bytes(walk: LoadedModule, engine: Engine) -> None:
    carry = next(each for each in HEADER.exports if each.name == "carry")
    for value in VALUES:
        call = Call(carry.id, {carry.parameters[0].id: value}, HEADER.id)
        assert buffers.encode(engine.call(call).ret) == buffers.encode(value)


def test_an_argument_that_is_missing_is_an_error_of_the_guest(walk: LoadedModule, engine: Engine) -> None:
    with pytest.raises(GuestError, match="missing parameter `text`"):
        engine.call(Call(HEADER.exports[0].id, {}, HEADER.id))
    assert walk.call_out("still here", 1) == "still here"


def test_it_calls_a_module_of_ours(walk: LoadedModule, executor: str, engine: Engine) -> None:
    if KINDS[executor] == "native":
        pytest.skip("the Rust crates make no native modules that call others")
    engine.load(build.EXAMPLES / "ur5" / "module.yaml")
    joints = v.ArrayF64([0.0] * 6)
    answer = walk.ask(str(UR5.id), str(FORWARD.id), str(FORWARD.parameters[0].id), joints)
    ours = engine.call(Call(FORWARD.id, {FORWARD.parameters[0].id: joints}, UR5.id))
    assert answer == v.Structure(FORWARD.id, [(FORWARD.id, ours.ret)])


def test_a_panic_is_a_trap_and_the_next_call_works(walk: LoadedModule, executor: str) -> None:
    if KINDS[executor] == "native":
        pytest.skip("a panic ends the process of a native module")
    with pytest.raises(Trap, match="a UUID"):
        walk.ask("no id", "", "", v.Unit())
    assert walk.call_out("a", 2) == "aa"


def test_both_engines_run_the_same_module_alike(engine: Engine, probe: Probe, rust: RustLine, wasm: Path) -> None:
    if not rust.runs_core_modules:
        pytest.skip(f"arora-engine {rust.engine.version} runs WebAssembly as components only")
    both = BothEngines(engine, probe)
    both.load(UR5, build.wasm_path("ur5"))
    both.load(HEADER, wasm)
    ids = {"owner": UR5.id, "target": FORWARD.id, "parameter": FORWARD.parameters[0].id}
    both.call("walk", "call_out", text=v.String("a"), times=v.U8(3))
    both.call("walk", "stretch", steps=v.ArrayF64([1.0]), factor=v.F32(0.1))
    both.call("walk", "ask", **{name: v.String(str(id)) for name, id in ids.items()}, value=v.ArrayF64([0.5] * 6))
