"""``arora build`` of modules in Python: what comes out, and what it says when something is wrong."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from arora_core.authoring import componentize
from arora_core.authoring.compilers import BuildError
from arora_core.authoring.new_module import module_tree
from arora_core.authoring.project import project_at
from tests.cli.running import Outcome, arora

HEADER = "module.yaml"
SOURCE = "stats.py"
BEGIN = "Traceback (most recent call last):\n"
COMPONENT = b"\0asm\x0d\0\x01\0"


@pytest.fixture
def stats(tmp_path: Path) -> Path:
    """A started module in Python."""
    place = tmp_path / "stats"
    for path, text in module_tree("stats", "python").items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text, encoding="utf-8")
    return place


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def refused(place: Path) -> str:
    """Return what the build says about a module that it does not build."""
    made = arora("build", place)
    assert (made.code, made.out) == (1, "")
    assert not list(place.glob("*.wasm"))
    return made.err.partition("error: ")[2]


def test_a_started_module_is_built_as_a_component_from_its_generated_files(stats: Path) -> None:
    made: Outcome = arora("build", stats)
    assert made.code == 0, made.err
    assert made.out == f"{stats / 'stats.wasm'}\n"
    assert (stats / "stats.wasm").read_bytes().startswith(COMPONENT)
    generated, built = made.err.splitlines()
    assert generated == f"generated 2 files in {stats / 'generated'}"
    assert built.startswith("wasm: ")
    assert " bytes by componentize-py " in built


def test_what_the_source_raises_is_shown_at_the_authors_line_alone(stats: Path) -> None:
    changed(
        stats / SOURCE, "from arora_core import GuestError\n", "from arora_core import GuestError\nimport nowhere\n"
    )
    said = [line.strip() for line in refused(stats).splitlines()]
    line = (stats / SOURCE).read_text(encoding="utf-8").splitlines().index("import nowhere") + 1
    assert said == [
        "Traceback (most recent call last):",
        f'File "{stats / SOURCE}", line {line}, in <module>',
        "import nowhere",
        "ModuleNotFoundError: No module named 'nowhere'",
    ]


def test_a_function_that_the_class_does_not_define_is_named(stats: Path) -> None:
    changed(stats / SOURCE, "def mean", "def average")
    assert refused(stats) == "Stats in stats.py does not define mean\n"


def test_native_targets_are_refused(stats: Path) -> None:
    made = arora("build", stats, "--target", "native")
    assert made.code == 1
    assert "a module in Python is built for WebAssembly alone, as a component: leave out --target native" in made.err


def test_a_header_of_another_kind_of_module_is_refused(stats: Path) -> None:
    changed(stats / HEADER, "name: wasm-component", "name: wasm")
    assert refused(stats) == (
        f"{stats / HEADER} says executor wasm, and a module in Python is a component: "
        "executor: {name: wasm-component}\n"
    )


def test_a_source_of_another_name_is_refused(stats: Path) -> None:
    (stats / SOURCE).rename(stats / "other.py")
    assert refused(stats) == f"{stats}: the module stats has to be in stats.py\n"


def test_without_componentize_py_it_says_what_to_install(stats: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert refused(stats) == (
        "componentize-py, which builds modules in Python, is not installed: pip install componentize-py\n"
    )


def test_a_program_on_the_path_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    program = shutil.which("componentize-py", path=os.fspath(Path(sys.executable).parent))
    monkeypatch.setattr(shutil, "which", lambda name: program)
    assert componentize.version().startswith("componentize-py ")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("error: what it does not raise", "error: what it does not raise"),
        (
            f'AssertionError: {BEGIN}  File "/1/glue.py", line 1, in <module>\n    world()\n'
            "    ~~~~~^^\narora_core.errors.HeaderError: exports[0]: no\n\n\nCaused by:\n    HeaderError\n",
            "exports[0]: no",
        ),
        (
            f'AssertionError: {BEGIN}  File "/1/glue.py", line 1, in <module>\n    import s\n'
            '  File "/0/s.py", line 2, in <module>\n    f()\n  File "/2/other.py", line 3, in f\n'
            "arora_core.errors.GuestError: no\n\n\nCaused by:\n",
            f'{BEGIN}  File "{Path("here")}{os.sep}s.py", line 2, in <module>\n    f()\n'
            f'  File "{Path(sysconfig.get_path("purelib"), "other.py")}", line 3, in f\n'
            "arora_core.errors.GuestError: no",
        ),
    ],
    ids=["not an exception", "Arora's", "the author's"],
)
def test_messages_of_componentize_py_are_reduced_to_what_the_author_can_use(
    said: str, shown: str, stats: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project = project_at(stats)

    def failing(command: list[str], *rest: object) -> None:
        raise BuildError(said)

    monkeypatch.setattr(componentize, "run", failing)
    with pytest.raises(BuildError) as failed:
        componentize.build(project, project.header(), tmp_path / "scratch")
    assert str(failed.value) == shown.replace(str(Path("here")), str(project.directory))
