"""How the library of arora-libwasmer is compiled, kept and put into wheels."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import arora_libwasmer
import pytest
from hatchling.builders.wheel import WheelBuilder

import arora_core

SOURCE = Path(__file__).resolve().parents[1]
NATIVE = SOURCE / "native"
posix = pytest.mark.skipif(os.name != "posix", reason="stands in for cargo by a shell script")


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compiling_under_test", SOURCE / "compiling.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# What it imports of the directory it is in.
sys.path.insert(0, str(SOURCE))
import crates  # noqa: E402

compiling = loaded()
sys.path.remove(str(SOURCE))


def quiet(words: str) -> None:
    """Report nothing."""


@pytest.fixture
def crate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the distribution, nothing of which is compiled yet, and no setting."""
    for name in (compiling.LIBRARY, compiling.FEATURES, compiling.GLIBC, "CARGO_TARGET_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(compiling.CACHE, str(tmp_path / "cache"))
    root = tmp_path / "source"
    ignored = shutil.ignore_patterns("target", "*.so", "*.dylib", "*.dll", "__pycache__")
    shutil.copytree(SOURCE, root, ignore=ignored)
    return root


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put scripts in place of cargo and rustc, and nothing else of either on the path."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))

    def write(name: str, script: str) -> None:
        tool = directory / name
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)

    return write


def described(version: str) -> str:
    return f"echo 'rustc {version} (a 2026-01-01)'; echo 'host: x86_64-unknown-linux-gnu'; echo 'release: {version}'"


CARGO = """
if [ "$1" = metadata ]; then echo '{metadata}'; exit; fi
while [ "$1" != --manifest-path ]; do shift; done
/bin/mkdir -p "$CARGO_TARGET_DIR/release"
echo "$ARORA_LIBWASMER_BUILD" > "$CARGO_TARGET_DIR/release/{name}"
echo "built by cargo"
"""


OURS: dict[str, object] = {
    "id": "0",
    "name": "arora-libwasmer",
    "version": "1.0.0",
    "source": None,
    "license": "Apache-2.0",
    "targets": [],
}
METADATA = json.dumps(
    {"packages": [{**OURS, "repository": None}], "resolve": {"root": "0", "nodes": [{"id": "0", "deps": []}]}}
)


def test_the_library_that_is_given_is_taken(crate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = crate / "given.so"
    given.write_bytes(b"library")
    monkeypatch.setenv(compiling.LIBRARY, str(given))
    assert compiling.library(crate, quiet) == given


def test_a_given_library_that_is_no_file_is_named(crate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compiling.LIBRARY, "/nowhere.so")
    with pytest.raises(FileNotFoundError, match=r"ARORA_LIBWASMER is '/nowhere\.so', which is no file"):
        compiling.library(crate, quiet)


@posix
def test_it_is_compiled_once_and_told_what_it_is_built_from(crate: Path, tools: Callable[[str, str], None]) -> None:
    tools("rustc", described("1.95.0"))
    tools("cargo", CARGO.format(name=compiling.NAME, metadata=METADATA))
    said: list[str] = []
    first = compiling.library(crate, said.append)
    assert first.read_text().strip() == first.parent.name
    assert "compiling Wasmer" in said[0]
    tools("cargo", "exit 1")
    assert compiling.library(crate, quiet) == first


@posix
@pytest.mark.parametrize("changed", ["source", "lock", "stub", "features", "glibc", "compiler", "flags"])
def test_it_is_compiled_again_when_what_it_is_made_from_changes(
    crate: Path, tools: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    def digest() -> str:
        made: str = compiling._digest(crate / "native", compiling._rust())
        return made

    tools("cargo", "exit 1")
    tools("rustc", described("1.95.0"))
    before = digest()
    assert digest() == before
    files = {"source": "src/lib.rs", "lock": "Cargo.lock", "stub": "stubs/libwild/src/lib.rs"}
    variables = {"features": compiling.FEATURES, "glibc": compiling.GLIBC, "flags": "RUSTFLAGS"}
    if changed in files:
        path = crate / "native" / files[changed]
        path.write_bytes(path.read_bytes() + b"\n")
    elif changed in variables:
        monkeypatch.setenv(variables[changed], "another")
    else:
        tools("rustc", described("1.96.0"))
    assert digest() != before


@posix
@pytest.mark.parametrize(
    ("scripts", "reason"),
    [
        ({}, "there is no cargo"),
        ({"cargo": "exit 1"}, "no rustc that runs"),
        ({"cargo": "exit 1", "rustc": "exit 1"}, "no rustc that runs"),
        ({"cargo": "exit 1", "rustc": described("1.63.0")}, "Rust is too old: rustc 1.63.0"),
    ],
)
def test_what_is_missing_to_compile_it_is_named(
    crate: Path, tools: Callable[[str, str], None], scripts: dict[str, str], reason: str
) -> None:
    for name, script in scripts.items():
        tools(name, script)
    with pytest.raises(compiling.CannotCompile, match=reason):
        compiling.library(crate, quiet)


@posix
def test_a_cargo_that_fails_is_an_error(crate: Path, tools: Callable[[str, str], None]) -> None:
    tools("rustc", described("1.95.0"))
    tools("cargo", "exit 3")
    with pytest.raises(subprocess.CalledProcessError):
        compiling.library(crate, quiet)


def wheel(root: Path, place: Path) -> tuple[str, set[str]]:
    """Return the name and the files of the wheel of a source tree."""
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text().replace('dynamic = ["version"]', 'version = "1.0"').partition("# All distributions")
    pyproject.write_text(text[0] + text[2].partition('core/__init__.py"\n')[2])
    (built,) = WheelBuilder(str(root)).build(directory=str(place), versions=["standard"])
    with zipfile.ZipFile(built) as archive:
        return Path(built).name, set(archive.namelist())


def test_a_wheel_has_the_library_and_serves_every_python(crate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = crate / "given"
    given.write_bytes(b"library")
    monkeypatch.setenv(compiling.LIBRARY, str(given))
    name, files = wheel(crate, crate / "dist")
    assert name == f"arora_libwasmer-1.0-py3-none-{compiling.wheel_platform()}.whl"
    assert f"arora_libwasmer/{compiling.NAME}" in files


@posix
def test_a_wheel_says_what_its_library_is_made_of(crate: Path, tools: Callable[[str, str], None]) -> None:
    tools("rustc", described("1.95.0"))
    tools("cargo", CARGO.format(name=compiling.NAME, metadata=METADATA))
    _, files = wheel(crate, crate / "dist")
    assert f"arora_libwasmer-1.0.dist-info/sboms/{crates.BILL}" in files
    assert f"arora_libwasmer/{crates.LICENCES}" in files


@posix
def test_without_a_compiler_the_wheel_has_no_library_and_is_for_any_platform(
    crate: Path, tools: Callable[[str, str], None]
) -> None:
    name, files = wheel(crate, crate / "dist")
    assert name == "arora_libwasmer-1.0-py3-none-any.whl"
    assert f"arora_libwasmer/{compiling.NAME}" not in files


def test_an_old_release_of_linuxs_c_library_is_in_the_wheels_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv(compiling.GLIBC, "2.17")
    assert compiling.wheel_platform().startswith("manylinux_2_17_")


@pytest.mark.parametrize(("system", "oldest"), [("linux", "2.17"), ("darwin", None), ("win32", None)])
def test_only_on_linux_is_there_an_old_c_library_to_link_for(
    system: str, oldest: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(compiling.GLIBC, "2.17")
    monkeypatch.setattr(sys, "platform", system)
    assert compiling.oldest_glibc() == oldest


# The package.


def test_a_package_without_the_library_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arora_libwasmer, "__file__", str(tmp_path / "__init__.py"))
    assert arora_libwasmer.path() is None
    reason = arora_libwasmer.unavailable() or ""
    assert "install Rust 1.95 or later" in reason
    (tmp_path / compiling.NAME).write_bytes(b"library")
    assert arora_libwasmer.unavailable() is None


def test_the_crate_has_the_version_of_the_core_and_pins_wasmer() -> None:
    manifest = (NATIVE / "Cargo.toml").read_text()
    assert f'version = "{arora_core.__version__}"' in manifest
    pinned = set(re.findall(r'^wasmer[\w-]* = \{ version = "=([\d.]+)"', manifest, re.MULTILINE))
    locked = set(re.findall(r'name = "wasmer(?:-types)?"\nversion = "([\d.]+)"', (NATIVE / "Cargo.lock").read_text()))
    assert pinned == locked
    assert len(pinned) == 1


def test_the_oldest_rust_is_the_same_everywhere() -> None:
    oldest = ".".join(map(str, compiling.OLDEST_RUST))
    assert f"Rust {oldest}" in (SOURCE / "README.md").read_text()
    assert f"Rust {oldest}" in (SOURCE / "arora_libwasmer" / "__init__.py").read_text()
