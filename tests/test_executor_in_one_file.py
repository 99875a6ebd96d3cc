"""The executor of ``docs/executor-in-one-file.md`` is complete: it runs the examples, and names failures as ours do."""

from __future__ import annotations

from pathlib import Path

import pytest

from arora_core import Engine, Limits, MalformedExecutable, MissingExport, ModuleDefinition, UnsupportedLimit
from arora_core import values as v
from arora_core.conformance import wasm_guest
from examples import build
from tests.installing import Site
from tests.pages import ROOT, marked

PAGE = "docs/executor-in-one-file.md"


@pytest.fixture
def tiny(site: Site) -> Site:
    """The executor of the page, installed."""
    site.install("arora-tiny", marked(PAGE, "arora_tiny.py"))
    return site


def test_the_executor_is_complete_in_under_60_lines() -> None:
    assert len(marked(PAGE, "arora_tiny.py").splitlines()) < 60


@pytest.mark.parametrize("name", ["behavior_tree", "image_filter", "ur5"])
def test_the_executor_loads_the_examples_in_c_and_rust(tiny: Site, name: str) -> None:
    with Engine() as engine:
        engine.load(ROOT / "examples" / name / "module.yaml", executor="tiny")


def test_the_executor_has_no_wasi_which_the_example_in_cpp_imports(tiny: Site) -> None:
    with Engine() as engine, pytest.raises(MalformedExecutable, match="wasi_snapshot_preview1"):
        engine.load(ROOT / "examples" / "watchdog" / "module.yaml", executor="tiny")


@pytest.fixture(scope="module")
def watchdog_without_wasi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = ROOT / "tests" / "guests" / "arora_h" / "watchdog.c"
    return build.compile_wasm(source, tmp_path_factory.mktemp("watchdog") / "watchdog.wasm")


def test_the_executor_runs_the_examples(tiny: Site, watchdog_without_wasi: Path) -> None:
    joints = [0, -1.57, 1.57, 0, 1.57, 0]
    with Engine(prefer=["tiny"]) as engine, Engine(prefer=["wasmtime"]) as reference:
        arm = engine.load(ROOT / "examples" / "ur5" / "module.yaml")
        assert arm.executor == "tiny"
        assert arm.forward(joints) == reference.load(ROOT / "examples" / "ur5" / "module.yaml").forward(joints)
        watchdog = engine.load(ROOT / "examples" / "watchdog" / "module.yaml", executable=watchdog_without_wasi)
        assert watchdog.check([0.0] * 6, engine.register_callable(lambda: v.F64(0.5))).value == pytest.approx(
            0.3393931236798406
        )


def test_the_executor_names_failures_as_ours_do(tiny: Site, watchdog_without_wasi: Path) -> None:
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
        header = ROOT / "examples" / "watchdog" / "module.yaml"
        watchdog = engine.load(header, executable=watchdog_without_wasi, executor="tiny")
        with pytest.raises(ZeroDivisionError) as caught:
            watchdog.check([0.0] * 6, engine.register_callable(fail))
        assert caught.value is error
