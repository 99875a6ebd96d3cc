"""The pages on writing plugins are true: their trees are those that ``arora new`` writes, and pass their tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from arora_core import Engine, MalformedExecutable, MissingExport, Trap, TrapKind
from arora_core import values as v
from arora_core.cli.new import plugin_tree
from arora_core.conformance import wasm_guest
from tests.cli.running import EXAMPLES, arora
from tests.installing import Environment, makes_an_environment
from tests.plugin_pages import ROOT, marked_blocks, on_the_path, page, tree_of_the_page, write

KINDS = ("executor", "codec", "command")


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's executor, on the path and found by its entry point as if it were installed."""
    place = write(tree_of_the_page("executor"), tmp_path / "arora-mine")
    on_the_path(place, monkeypatch)
    for name in [name for name in sys.modules if name.partition(".")[0] == "arora_mine"]:
        monkeypatch.delitem(sys.modules, name)
    return place


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_shows_every_file_that_the_command_writes(kind: str) -> None:
    assert tree_of_the_page(kind) == plugin_tree(kind, "mine")


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_lists_every_file(kind: str) -> None:
    tree = page(kind).partition("    arora-mine/\n")[2].partition("\n##")[0]
    listed = re.findall(r"^ +([\w.]+)(?:/$| {2,}|$)", tree, re.MULTILINE)
    assert {path.rpartition("/")[2] for path in plugin_tree(kind, "mine")} <= set(listed)


def test_the_executor_has_the_length_the_page_says() -> None:
    said = re.search(r"in about (\d+) lines of code", page("executor"))
    assert said is not None
    package = [text for path, text in plugin_tree("executor", "mine").items() if path.startswith("arora_mine/")]
    lines = [line.strip() for text in package for line in text.splitlines()]
    code = [line for line in lines if line and not line.startswith(("#", '"""', "from ", "import ", "@"))]
    assert abs(len(code) - int(said[1])) <= 10


def test_the_executor_runs_the_examples(mine: Path) -> None:
    joints = [0, -1.57, 1.57, 0, 1.57, 0]
    with Engine(prefer=["mine"]) as engine, Engine(prefer=["wasmtime"]) as reference:
        arm = engine.load(EXAMPLES / "ur5" / "module.yaml")
        assert arm.executor == "mine"
        assert arm.forward(joints) == reference.load(EXAMPLES / "ur5" / "module.yaml").forward(joints)
        watchdog = engine.load(EXAMPLES / "watchdog" / "module.yaml")
        error = ZeroDivisionError()

        def fail() -> v.Value:
            raise error

        with pytest.raises(ZeroDivisionError) as caught:
            watchdog.check([0.0] * 6, engine.register_callable(fail))
        assert caught.value is error


def test_the_executor_names_failures_as_ours_do(mine: Path) -> None:
    header = wasm_guest().header()
    with Engine() as engine:
        with pytest.raises(MalformedExecutable):
            engine.load_module_from_parts(header, b"(module)", executor="mine")
        ur5 = (EXAMPLES / "ur5" / "ur5.wasm").read_bytes()
        with pytest.raises(MissingExport):
            engine.load_module_from_parts(header, ur5, executor="mine")
        guest = engine.load_module(wasm_guest().definition(), executor="mine")
        with pytest.raises(Trap) as caught:
            guest.crash(0)
        assert caught.value.kind is TrapKind.UNREACHABLE


@makes_an_environment
def test_the_tree_installs_into_a_fresh_environment_and_passes_the_suite(tmp_path: Path) -> None:
    place = write(tree_of_the_page("executor"), tmp_path / "arora-mine")
    environment = Environment(tmp_path / "environment")
    # arora-core as it is here; on PyPI may be another, or none.
    for command in (f"pip install --quiet '{ROOT}[cli,conformance]'", *marked_blocks("executor")["run"].splitlines()):
        said = environment.run(command, place)
    assert re.search(r"\d+ passed", said)


# The command.


def test_the_command_writes_the_tree_under_the_name_given(tmp_path: Path) -> None:
    place = tmp_path / "arora-wasm-micro"
    done = arora("new", "executor", "wasm-micro", "--directory", place)
    assert (done.code, done.out.splitlines()) == (
        0,
        [str(place / path) for path in plugin_tree("executor", "wasm-micro")],
    )
    assert {str(path.relative_to(place).as_posix()) for path in place.rglob("*.*")} == set(
        plugin_tree("executor", "wasm-micro")
    )
    assert 'name: ClassVar[str] = "wasm-micro"' in (place / "arora_wasm_micro" / "executor.py").read_text()
    assert "TestWasmMicro = executor_suite(" in (place / "tests" / "test_conformance.py").read_text()
    assert "pip install -e '.[test]'" in done.err


@pytest.mark.parametrize("kind", KINDS)
def test_the_template_name_is_nowhere_left(kind: str) -> None:
    for path, text in plugin_tree(kind, "other").items():
        assert "mine" not in f"{path} {text}".lower(), path


@pytest.mark.parametrize("kind", ["codec", "command"])
def test_the_codec_and_the_command_that_are_written_pass_their_own_tests(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "arora-other"
    assert arora("new", kind, "other", "--directory", place).code == 0
    info = place / "arora_other-0.1.0.dist-info"
    info.mkdir()
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: arora-other\nVersion: 0.1.0\n")
    info.joinpath("entry_points.txt").write_text("[arora]\nother = arora_other\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    path = os.pathsep.join([str(place), str(ROOT)])
    done = subprocess.run(command, cwd=place, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_command_that_there_is_already_is_refused(tmp_path: Path) -> None:
    done = arora("new", "command", "inspect", "--directory", tmp_path / "there")
    assert (done.code, list(tmp_path.iterdir())) == (2, [])
    assert "there is already a command 'arora inspect'" in done.err


def test_the_command_overwrites_nothing(tmp_path: Path) -> None:
    tmp_path.joinpath("mine.txt").write_text("mine")
    done = arora("new", "executor", "other", "--directory", tmp_path)
    assert (done.code, [path.name for path in tmp_path.iterdir()]) == (2, ["mine.txt"])
    assert "exists already; nothing was written" in done.err


@pytest.mark.parametrize("name", ["", "Mine", "1st", "my_own", "a--b", "-a", "a/b", "ä", "core", "host"])
def test_the_command_refuses_what_cannot_be_a_name(tmp_path: Path, name: str) -> None:
    done = arora("new", "executor", "--directory", tmp_path / "there", "--", name)
    assert (done.code, list(tmp_path.iterdir())) == (2, [])
