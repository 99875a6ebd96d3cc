"""What the README tells a newcomer to do works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from arora_core import Engine, Limits, MissingExport, ModuleDefinition, UnsupportedLimit
from arora_core import values as v
from arora_core.conformance import wasm_guest
from examples import build
from tests.installing import Site
from tests.pages import ROOT, marked

README = (ROOT / "README.md").read_text(encoding="utf-8")


def programs() -> list[str]:
    """The Python blocks that a reader would paste into a file and run."""
    blocks = re.findall(r"(?<!-->\n)```python\n(.*?)```\n", README, re.DOTALL)
    assert blocks
    return blocks


@pytest.mark.parametrize("program", programs(), ids=lambda program: program.splitlines()[0])
def test_every_program_runs_and_prints_what_its_comments_say(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    said = re.findall(r"print\(.*\)  # (.*)", program)
    assert said == [] or done.stdout.splitlines() == said
    assert done.stdout


def test_the_first_command_prints_the_answer_shown() -> None:
    (command,) = re.findall(r"\.venv/bin/arora (call examples/ur5.*)\n", README)
    answer = subprocess.run(
        f"{sys.executable} -m arora_core {command}", shell=True, cwd=ROOT, capture_output=True, text=True, check=True
    )
    shown = re.search(r"```yaml\n(position:.*?)```", README, re.DOTALL)
    assert shown is not None
    assert answer.stdout == shown[1]


def test_continuous_integration_runs_the_readmes_test_command() -> None:
    command = (ROOT / ".ci" / "run").read_text().rstrip().splitlines()[-1]
    assert f"```sh\n{command}\n```" in README


@pytest.fixture
def tiny(site: Site) -> Site:
    """The README's executor, installed."""
    site.install("arora-tiny", marked("README.md", "arora_tiny.py"))
    return site


def test_the_executor_is_complete_in_under_60_lines() -> None:
    assert len(marked("README.md", "arora_tiny.py").splitlines()) < 60


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
