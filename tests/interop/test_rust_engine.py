"""Our modules in the Rust engine answer as they do here. Skipped unless ARORA_RUST_ENGINE names one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from arora_core import Call, Engine, GuestError, Header, buffers
from arora_core import values as v
from arora_core.conformance import guests
from examples import build

from .both_engines import BothEngines
from .probe_process import Probe, Refused
from .rust_crates import RustLine
from .sample_values import VALUES

EXAMPLES = build.EXAMPLES
JOINTS = v.ArrayF64([0.1, -1.57, 1.57, 0.0, 1.57, 0.0])
WORLD_WITH_FUNCTIONS = (5, 5)
"""From this version on, components have to list their functions (docs/ABI.md, section 6)."""


@pytest.fixture(scope="module")
def both(probe: Probe, rust: RustLine) -> Iterator[BothEngines]:
    if not rust.runs_core_modules:
        pytest.skip(f"arora-engine {rust.engine.version} runs WebAssembly as components only")
    with Engine() as engine:
        both = BothEngines(engine, probe)
        for name in ("ur5", "watchdog", "image_filter", "behavior_tree"):
            both.load(Header.load(EXAMPLES / name / "module.yaml"), build.wasm_path(name))
        both.load(guests.header(), guests.SOURCE / "guest.wasm")
        yield both


def test_an_arm_answers_with_the_same_pose(both: BothEngines) -> None:
    assert isinstance(both.call("ur5", "forward", joints=JOINTS).ret, v.Structure)


def test_mutable_parameters_come_back(both: BothEngines) -> None:
    result = both.call("ur5", "clamp", joints=v.ArrayF64([7.0, 0.0, -7.0, 0.0, 0.0, 0.0]))
    assert result.ret == v.U32(2)
    assert len(result.mutated) == 1


def test_a_module_calls_another_and_the_host(both: BothEngines) -> None:
    near = both.call("watchdog", "check", joints=JOINTS)
    assert both.call("watchdog", "check", joints=JOINTS, reach=v.U64(0)) == near
    answers = set()
    for metres in (v.F64(0.01), v.F64(10.0)):
        here = both.engine.call(_check(both, both.engine.register_callable(partial(v.F64, metres.value))))
        assert both.probe.call(_check(both, both.probe.register(metres))) == here
        answers.add(here)
    assert len(answers) == 2


def _check(both: BothEngines, reach: int) -> Call:
    return both.described("watchdog", "check", {"joints": JOINTS, "reach": v.U64(reach)})


def test_a_module_in_rust_filters_the_same_picture(both: BothEngines) -> None:
    filters = v.ArrayEnumeration(
        UUID("db149e47-14be-49ab-b93f-e42eabd2d9f2"), [(UUID("8b3a1535-3f13-4b70-9856-c32a687b253b"), v.Unit())]
    )
    picture = v.ArrayU8([0, 1, 2, 253, 254, 255])
    result = both.call("image_filter", "apply", pixels=picture, width=v.U32(2), filters=filters)
    assert result.ret == v.ArrayU8([255, 254, 253, 2, 1, 0])


def test_a_guest_returns_any_value_as_it_was(both: BothEngines) -> None:
    for value in VALUES:
        result = both.call("conformance", "echo", value=value)
        assert buffers.encode(result.ret) == buffers.encode(value)


def test_an_argument_that_is_left_out_is_absent(both: BothEngines) -> None:
    assert both.call("conformance", "given", b=v.U32(1)).ret == both.call("conformance", "given", b=v.U32(9)).ret


def test_an_error_of_a_guest_is_one_of_the_call(both: BothEngines) -> None:
    call = both.described("conformance", "fail", {"message": v.String("not today")})
    with pytest.raises(Refused, match="not today"):
        both.probe.call(call)
    with pytest.raises(GuestError, match="not today"):
        both.engine.call(call)


def test_the_rust_engine_calls_no_initialize(both: BothEngines) -> None:
    call = both.described("conformance", "initialised", {})
    assert (both.probe.call(call).ret, both.engine.call(call).ret) == (v.U32(0), v.U32(1))


def test_the_same_bytes_go_in_and_come_out(both: BothEngines) -> None:
    given = {"items": v.ArrayF64([1.5]), "item": v.F64(-0.0), "log": v.String("x")}
    call = both.described("conformance", "append", given)
    argument = buffers.encode(v.Structure(call.id, call.args.items()))
    assert call.module_id is not None
    there = both.probe.dispatch(str(call.module_id), str(call.id), argument)
    assert there == both.engine.dispatch(call.module_id, call.id, argument)


def test_a_component_of_ours_runs_there(engine: Engine, probe: Probe, rust: RustLine) -> None:
    both = BothEngines(engine, probe)
    header = replace(guests.component_guest().header(7), name="component")
    executable = guests.SOURCE / "guest.component.wasm"
    if rust.engine.line >= WORLD_WITH_FUNCTIONS:
        with pytest.raises(Refused):
            both.load(header, executable, guests.COMPONENT)
        return
    both.load(header, executable, guests.COMPONENT)
    for value in VALUES[::7]:
        assert both.call("component", "echo", value=value).ret == value


def test_a_native_library_of_ours_runs_there(
    engine: Engine, probe: Probe, rust: RustLine, native_examples: dict[str, Path]
) -> None:
    if rust.engine.line < (4, 2, 1):
        pytest.skip(f"arora-engine {rust.engine.version} reads the size of a native module's result backwards")
    both = BothEngines(engine, probe)
    header = Header.load(native_examples["ur5"] / "module.yaml")
    library = next(path for path in native_examples["ur5"].iterdir() if path.suffix in (".so", ".dylib", ".dll"))
    both.load(replace(header, id=UUID(int=header.id.int + 1)), library, "native")
    for _ in range(100):
        both.call("ur5", "forward", joints=JOINTS)
