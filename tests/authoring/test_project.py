"""A module's directory: its language and sources, and the start of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from arora_core import Header
from arora_core.authoring.new_module import LANGUAGES, module_tree
from arora_core.authoring.project import ProjectError, project_at
from tests.cli.running import arora

EMPTY = "{}"


def directory(place: Path, *names: str) -> Path:
    for name in ("module.yaml", *names):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(EMPTY)
    return place


@pytest.mark.parametrize(
    ("names", "language", "sources"),
    [
        (["mean.c"], "c", ["mean.c"]),
        (["src/mean.c", "more.c"], "c", ["more.c", "src/mean.c"]),
        (["mean.cpp"], "cpp", ["mean.cpp"]),
        (["mean.cc", "old.c"], "cpp", ["mean.cc", "old.c"]),
        (["Cargo.toml", "src/lib.rs", "src/bin/x.rs"], "rust", ["src/bin/x.rs", "src/lib.rs"]),
        (["mean.py", "more.py", "test_mean.py", "conftest.py", "tests/x.py"], "python", ["mean.py", "more.py"]),
        (["mean.c", "plot.py"], "c", ["mean.c"]),
        (["mean.c", "generated/mean_glue.c", "tests/probe.c", "build/x.c"], "c", ["mean.c"]),
    ],
)
def test_the_sources_tell_the_language(tmp_path: Path, names: list[str], language: str, sources: list[str]) -> None:
    found = project_at(directory(tmp_path, *names))
    assert found.language == language
    assert [each.relative_to(tmp_path).as_posix() for each in found.sources] == sources


def test_a_header_stands_for_its_directory(tmp_path: Path) -> None:
    assert project_at(directory(tmp_path, "mean.c") / "module.yaml").directory == tmp_path


def test_a_directory_without_a_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no module\.yaml here; arora new module starts a module"):
        project_at(tmp_path)


def test_a_module_without_sources_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"no sources here or in src \(\*\.c, \*\.cpp"):
        project_at(directory(tmp_path, "test_mean.py"))


def test_what_is_built_is_no_input(tmp_path: Path) -> None:
    found = project_at(directory(tmp_path, "mean.c", "records/structure/x.yaml"))
    inputs = ("mean.c", "module.yaml", "records/structure/x.yaml", "include/own.h")
    outputs = [
        *("mean.wasm", "generated/mean.h", "native/module.yaml", "target/release/x.d", ".mean.c.swp"),
        *("generated", "__pycache__", "__pycache__/mean.cpython-314.pyc"),
    ]
    assert all(found.is_input(tmp_path / each) for each in inputs)
    assert not any(found.is_input(tmp_path / each) for each in outputs)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_started_module_has_new_ids_and_its_name_everywhere(language: str) -> None:
    first, second = (module_tree("image-filter", language) for _ in range(2))
    headers = [Header.parse(each["module.yaml"]) for each in (first, second)]
    assert [each.name for each in headers] == ["image-filter"] * 2
    assert headers[0].id != headers[1].id
    assert headers[0].exports[0].id != headers[1].exports[0].id
    assert first.keys() == second.keys() >= {"README.md", ".gitignore", "test_image_filter.py"}
    assert not [path for path, text in first.items() if "my_module" in path + text or "my-module" in path + text]


def test_a_module_in_python_does_not_hide_one_of_pythons_own() -> None:
    started = module_tree("string", "python")
    assert {"string_.py", "test_string_.py"} <= started.keys()
    assert "from generated.string_ import Module\n\n\nclass String(Module):\n" in started["string_.py"]


def test_a_module_is_started_where_nothing_is(tmp_path: Path) -> None:
    place = tmp_path / "mean"
    made = arora("new", "module", "mean", "--language", "c", "--directory", place)
    assert (made.code, made.err) == (0, f"Next: cd {place}; arora build; pytest\n")
    assert {Path(line) for line in made.out.splitlines()} == {each for each in place.rglob("*") if each.is_file()}
    again = arora("new", "module", "mean", "--language", "c", "--directory", place)
    assert again.code == 2
    assert "exists already; nothing was written" in again.err


@pytest.mark.parametrize(
    ("language", "options"), [("rust", ["--component"]), ("python", ["--component"]), ("python", [])]
)
def test_a_module_is_started_as_a_component(tmp_path: Path, language: str, options: list[str]) -> None:
    assert arora("new", "module", "mean", "--language", language, *options, "--directory", tmp_path).code == 0
    assert Header.load(tmp_path / "module.yaml").executor.name == "wasm-component"


def test_no_module_in_c_is_started_as_a_component(tmp_path: Path) -> None:
    made = arora("new", "module", "mean", "--language", "c", "--component", "--directory", tmp_path)
    assert made.code == 2
    assert "--component goes with --language rust" in made.err
    assert not any(tmp_path.iterdir())


def test_a_missing_language_is_told_which_there_are() -> None:
    made = arora("new", "module", "mean")
    assert made.code == 2
    assert "Missing option '--language': c, cpp, rust, python" in made.err


def test_an_unknown_language_is_told_the_nearest() -> None:
    made = arora("new", "module", "mean", "--language", "rusty")
    assert made.code == 2
    assert "no modules are started in 'rusty', did you mean 'rust'?" in made.err
