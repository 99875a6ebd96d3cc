"""The executor of ``docs/executor-in-one-file.md`` is complete: it runs the examples, and names failures as ours do."""

from __future__ import annotations

import pytest

from arora_core import Engine, Limits, LoadedModule, MissingExport, ModuleDefinition, UnsupportedLimit
from arora_core import values as v
from arora_core.conformance import run_checks, wasm_guest
from examples import build
from tests.installing import Site
from tests.pages import ROOT, marked

PAGE = "docs/executor-in-one-file.md"


@pytest.fixture
def tiny(site: Site) -> Site:
    """The executor of the page, installed."""
    site.install("arora-tiny", marked(PAGE, "arora_tiny.py"))
    return site


def test_the_executor_is_complete_in_fewer_than_80_lines() -> None:
    assert len(marked(PAGE, "arora_tiny.py").splitlines()) < 80


def test_the_executor_runs_the_examples(tiny: Site) -> None:
    joints = [0, -1.57, 1.57, 0, 1.57, 0]
    with Engine(prefer=["tiny"]) as engine, Engine(prefer=["wasmtime"]) as reference:
        for name in ("behavior_tree", "image_filter", "ur5", "watchdog"):
            assert engine.load(ROOT / "examples" / name / "module.yaml").executor == "tiny"
            reference.load(ROOT / "examples" / name / "module.yaml")
        arms = [only(each, "ur5") for each in (engine, reference)]
        assert arms[0].forward(joints) == arms[1].forward(joints)
        checks = [
            only(each, "watchdog").check([0.0] * 6, each.register_callable(lambda: v.F64(0.5)))
            for each in (engine, reference)
        ]
        assert checks[0].value == checks[1].value == pytest.approx(0.3393931236798406)


def only(engine: Engine, name: str) -> LoadedModule:
    (found,) = (each for each in engine.modules.values() if each.name == name)
    return found


def test_the_executor_names_failures_as_ours_do(tiny: Site) -> None:
    other = ModuleDefinition(wasm_guest().header(), build.wasm_path("ur5").read_bytes())
    with Engine() as engine:
        with pytest.raises(MissingExport):
            engine.load_module(other, executor="tiny")
        with pytest.raises(UnsupportedLimit):
            engine.load_module(other, executor="tiny", limits=Limits(memory=1 << 20))
        error = ZeroDivisionError()

        def fail() -> v.Value:
            raise error

        engine.load(ROOT / "examples" / "ur5" / "module.yaml", executor="tiny")
        watchdog = engine.load(ROOT / "examples" / "watchdog" / "module.yaml", executor="tiny")
        with pytest.raises(ZeroDivisionError) as caught:
            watchdog.check([0.0] * 6, engine.register_callable(fail))
        assert caught.value is error


def test_the_executor_fails_the_checks_of_nothing_but_what_the_page_says(tiny: Site) -> None:
    slow = [
        "a chain of modules that recurse ends in order",
        "a hundred traps do no more harm than one",
        "any exception of the host ends every guest it passes",
        "frames of calls that are unwound are given back",
    ]
    areas = ["calls", "errors", "exceptions", "output", "traps"]
    results = run_checks("tiny", areas, examples=5, size=100_000, skip=dict.fromkeys(slow, "takes seconds"))
    assert {each.check.name for each in results.failed} == {
        "a conversion of nan is a trap of that kind",
        "an indirect call to null is a trap of that kind",
        "an indirect call with another signature is a trap of that kind",
        "the stack of every level is where it was after a failure below",
        "the stack of every level is where it was after a trap below",
        # wasmtime-py's generators make it another exception.
        "an exception of the host comes out as the same object",
    }
