"""``arora build``: from a started module to executables, and what it says when something is wrong."""

from __future__ import annotations

import logging
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from arora_core import Engine, GuestError
from arora_core.authoring import compilers
from arora_core.authoring.new_module import module_tree
from tests.cli.running import COMMAND, Outcome, arora

from .rust_builds import unavailable

SOURCE = "stats.c"


@pytest.fixture
def stats(tmp_path: Path) -> Path:
    """A started module in C."""
    return started(tmp_path / "stats", "c")


def started(place: Path, language: str, *, component: bool = False) -> Path:
    for path, text in module_tree("stats", language, component=component).items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text, encoding="utf-8")
    return place


def needs_rust(*, component: bool) -> None:
    """Skip the test where nothing is built of Rust, or no component."""
    missing = "there is no cargo" if shutil.which("cargo") is None else None
    if missing is None and component:
        missing = unavailable("component")
    if missing is not None:
        pytest.skip(missing)


def built(place: Path, *options: str) -> Outcome:
    return arora("build", place, "--target", "wasm", "--freestanding", *options)


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("language", "component"), [("c", False), ("cpp", False), ("rust", False), ("rust", True)], ids=str
)
def test_a_started_module_builds_and_answers_as_webassembly_and_as_a_library(
    tmp_path: Path, language: str, component: bool
) -> None:
    if language == "rust":
        needs_rust(component=component)
    place = started(tmp_path / "stats", language, component=component)
    made = arora("build", place)
    assert made.code == 0, made.err
    outputs = [Path(line) for line in made.out.splitlines()]
    assert [each.parent for each in outputs] == [place, place / "native"]
    assert all(each.stat().st_size > 0 for each in outputs)
    for header in (place / "module.yaml", place / "native" / "module.yaml"):
        with Engine() as engine:
            module = engine.load(header)
            assert module.mean([1.0, 2.0, 6.0]) == 3.0
            with pytest.raises(GuestError, match="no values"):
                module.mean([])


def test_the_build_says_what_it_generated_and_compiled_and_prints_what_came_out(stats: Path) -> None:
    made = built(stats)
    assert made.out == f"{stats / 'stats.wasm'}\n"
    generated, compiled = made.err.splitlines()
    assert generated == f"generated 2 files in {stats / 'generated'}"
    assert compiled.startswith("wasm: ")
    assert " bytes by ziglang " in compiled
    assert "generated" not in built(stats).err


def test_a_mistake_is_shown_at_the_authors_line(stats: Path) -> None:
    changed(stats / SOURCE, "return NULL;", "return nothing;")
    made = built(stats)
    assert made.code == 1
    assert f"{stats / SOURCE}:9:12: error: " in made.err
    assert "'nothing'" in made.err
    assert not (stats / "stats.wasm").exists()


def test_a_function_that_no_source_defines_is_named(stats: Path) -> None:
    changed(stats / SOURCE, "stats_mean", "other_mean")
    made = built(stats)
    assert made.code == 1
    assert f"no source defines stats_mean, declared in {stats / 'generated' / 'stats.h'}" in made.err


def test_a_function_of_another_type_is_an_error_at_the_authors_line(stats: Path) -> None:
    changed(stats / SOURCE, "double *result", "float *result")
    made = built(stats)
    assert made.code == 1
    assert f"{stats / SOURCE}:3:15: error: conflicting types for 'stats_mean'" in made.err


def test_a_changed_header_is_noticed(stats: Path) -> None:
    assert built(stats).code == 0
    changed(stats / "module.yaml", "name: mean", "name: average")
    locked = built(stats, "--locked")
    assert locked.code == 1
    assert f"not up to date with {stats / 'module.yaml'}: " in locked.err
    assert str(stats / "generated" / "stats.h") in locked.err
    again = built(stats)
    assert "no source defines stats_average" in again.err


def test_a_file_of_the_authors_is_not_overwritten_by_a_generated_one(stats: Path) -> None:
    (stats / "generated").mkdir()
    (stats / "generated" / "stats.h").write_text("/* mine */\n")
    made = built(stats)
    assert made.code == 1
    assert "stats.h was not generated, so it is not overwritten" in made.err
    assert (stats / "generated" / "stats.h").read_text() == "/* mine */\n"


def test_without_a_compiler_it_says_what_to_install(stats: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilers, "_found", lambda: iter(()))
    assert built(stats).err.endswith("error: no compiler for WebAssembly is installed: pip install ziglang\n")
    native = arora("build", stats, "--target", "native")
    assert native.err.endswith("error: no compiler for this platform is installed: pip install ziglang\n")


def test_without_cargo_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = started(tmp_path / "stats", "rust")
    monkeypatch.setenv("PATH", str(tmp_path))
    made = arora("build", place)
    assert made.code == 1
    assert "cargo, which builds modules in Rust, is not installed" in made.err


def test_what_a_component_in_rust_prints_is_logged_by_lines(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    needs_rust(component=True)
    place = started(tmp_path / "stats", "rust", component=True)
    changed(
        place / "src" / "lib.rs", "        if values", '        print!("{}\\nof", values.len());\n        if values'
    )
    changed(place / "src" / "lib.rs", 'Err("no', 'Err("\u00e9: no')
    made = arora("build", place, "--target", "wasm")
    assert made.code == 0, made.err
    with Engine() as engine, caplog.at_level(logging.INFO, logger="arora.module"):
        module = engine.load(place / "module.yaml")
        assert module.executor == "wasmtime-component"
        for _ in range(2):
            with pytest.raises(GuestError, match="\u00e9: no values"):
                module.mean([])
    assert [each.message for each in caplog.records if each.name == "arora.module.stats"] == ["0", "of0"]


def test_without_the_target_of_components_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_rust(component=False)
    place = started(tmp_path / "stats", "rust", component=True)
    # The compiler looks for its libraries there alone.
    monkeypatch.setenv("RUSTFLAGS", f"--sysroot={tmp_path}")
    made = arora("build", place, "--target", "wasm")
    assert made.code == 1
    assert made.err.endswith("error: Rust's library for WebAssembly is missing: rustup target add wasm32-wasip2\n")


@pytest.mark.parametrize("language", ["c", "cpp"])
def test_c_is_not_built_as_a_component(tmp_path: Path, language: str) -> None:
    place = started(tmp_path / "stats", language)
    changed(place / "module.yaml", "{name: wasm}", "{name: wasm-component}")
    made = built(place)
    assert made.code == 1
    assert "a module in C or C++ is built as a core module: executor: {name: wasm}" in made.err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("no-such-cc", "there is no compiler 'no-such-cc'"),
        ("", "there is no compiler ''"),
        (f"{sys.executable} -c pass", "does not build for WebAssembly, clang and zig do: pip install ziglang"),
    ],
)
def test_a_given_compiler_that_cannot_is_refused(stats: Path, command: str, message: str) -> None:
    made = built(stats, "--cc", command)
    assert made.code == 1
    assert message in made.err


@pytest.mark.parametrize(("language", "tool"), [("rust", "Cargo"), ("python", "componentize-py")])
@pytest.mark.parametrize("option", ["--cc=zig cc", "--freestanding", "--flag=-O3"])
def test_options_of_c_are_refused_for_other_languages(tmp_path: Path, language: str, tool: str, option: str) -> None:
    made = arora("build", started(tmp_path / "stats", language), "--target", "wasm", option)
    assert made.code == 1
    assert "generated" not in made.err
    said = f"--cc, --freestanding and --flag are for C and C++; a module in {language.capitalize()} is built by {tool}"
    assert said in made.err


def test_a_given_compiler_compiles(stats: Path) -> None:
    zig = f"{sys.executable} -m ziglang cc"
    made = built(stats, "--cc", zig, "--flag=-O3")
    assert made.code == 0, made.err
    assert f" bytes by {zig} in " in made.err


def test_clang_compiles_cpp_where_it_has_a_library_for_wasi(tmp_path: Path) -> None:
    place = started(tmp_path / "stats", "cpp")
    made = arora("build", place, "--target", "wasm", "--cc", "clang++")
    if made.code != 0:
        with pytest.raises(compilers.BuildError) as refused:
            compilers.compiler_for("wasm", "cpp", "clang++")
        assert str(refused.value) in made.err
        return
    with Engine() as engine:
        assert engine.load(place / "module.yaml").mean([1.0, 2.0, 6.0]) == 3.0


def test_a_module_in_cpp_may_have_sources_in_c(tmp_path: Path) -> None:
    place = started(tmp_path / "stats", "cpp")
    (place / "halved.c").write_text("double halved(double value) { return value / 2; }\n")
    source = place / "stats.cpp"
    changed(source, "arora::Result<", 'extern "C" double halved(double value);\n\narora::Result<')
    changed(source, "return std::accumulate(", "return halved(std::accumulate(")
    changed(source, "values.size();", "values.size());")
    made = arora("build", place, "--target", "native")
    assert made.code == 0, made.err
    with Engine() as engine:
        assert engine.load(place / "native" / "module.yaml").mean([1.0, 2.0, 6.0]) == 1.5


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("clang", "clang++"),
        ("/opt/bin/clang-14", "/opt/bin/clang++-14"),
        ("gcc", "g++"),
        ("x86_64-linux-gnu-gcc-12 -m64", "x86_64-linux-gnu-g++-12 -m64"),
        ("zig cc", "zig c++"),
        ("clang++", "clang++"),
        ("mine", "mine"),
    ],
)
def test_cpp_is_linked_by_the_driver_that_knows_its_library(
    given: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name)
    assert compilers.compiler_for("native", "cpp", given).cpp == tuple(expected.split())


def test_warnings_are_shown_and_are_no_errors(stats: Path) -> None:
    changed(stats / SOURCE, "double sum = 0;", "double sum = 0, unused;")
    made = built(stats)
    assert made.code == 0
    assert f"{stats / SOURCE}:4:21: warning: unused variable 'unused'" in made.err


def test_then_needs_watch(stats: Path) -> None:
    made = built(stats, "--then", "true")
    assert made.code == 2
    assert "--then goes with --watch" in made.err


def test_cpp_is_not_built_without_its_library(tmp_path: Path) -> None:
    made = built(started(tmp_path / "stats", "cpp"))
    assert made.code == 1
    assert "a module in C++ needs the library of C++: build it without --freestanding" in made.err


def test_watch_builds_and_loads_again_at_every_change(stats: Path) -> None:
    command = [*COMMAND, "build", str(stats), "--target", "wasm", "--freestanding", "--watch", "--then", "echo built"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as watching:
        try:
            assert watching.stderr is not None
            read_until(watching.stderr, "wasm: loaded on wasmtime: mean(values: f64[]) -> f64")
            read_until(watching.stderr, "watching ")
            changed(stats / SOURCE, "return NULL;", "return nothing;")
            read_until(watching.stderr, "error: ")
            changed(stats / SOURCE, "return nothing;", "return NULL;")
            read_until(watching.stderr, "wasm: loaded on wasmtime: ")
        finally:
            watching.send_signal(signal.SIGINT)
        assert watching.wait() == 130


def read_until(lines: IO[str], beginning: str) -> None:
    """Read up to the line that begins so. Fails if the process ends before it comes."""
    assert any(line.startswith(beginning) for line in lines), beginning
