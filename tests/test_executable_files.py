"""Which file is a header's executable."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from arora_core import Engine
from arora_core.conformance.subject import only
from arora_core.errors import LoadError
from arora_core.executor import Executor, Host, Instance, Limits
from arora_core.header import Header, ModuleDefinition
from arora_core.header.executable_files import candidates, find, read


def header(name: str = "arm", executor: str = "wasm") -> Header:
    return Header.from_data(
        {
            "id": "0a0a0a0a-0000-4000-8000-000000000001",
            "name": name,
            "author": "",
            "license": "",
            "version": {"major": 1, "minor": 0, "patch": 0},
            "executor": {"name": executor},
            "exports": [],
            "imports": [],
        }
    )


def names(executor: str, name: str = "arm", file: str = "arm.yaml") -> list[str]:
    return [path.name for path in candidates(Path("somewhere") / file, header(name, executor))]


def made(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0asm")
    return path


@pytest.mark.parametrize("file", ["module.wasm", "two-words.wasm", "two_words.wasm"])
def test_a_wasm_module_is_found_by_the_headers_stem_or_its_name(tmp_path: Path, file: str) -> None:
    executable = made(tmp_path, file)
    assert find(tmp_path / "module.yaml", header("two-words")) == executable


def test_the_headers_own_name_comes_before_the_modules() -> None:
    assert names("wasm", "arm", "module.yaml") == ["module.wasm", "arm.wasm"]


@pytest.mark.parametrize(
    ("platform", "first"),
    [
        ("linux", ["libarm.so", "arm.so", "libarm.dylib"]),
        ("darwin", ["libarm.dylib", "arm.dylib", "libarm.so"]),
        ("win32", ["arm.dll", "libarm.dll", "libarm.so"]),
    ],
)
def test_a_native_module_is_first_what_this_platform_calls_a_library(
    monkeypatch: pytest.MonkeyPatch, platform: str, first: list[str]
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert names("native")[:3] == first


def test_a_library_of_another_platform_is_found_when_there_is_no_other(tmp_path: Path) -> None:
    foreign = made(tmp_path, "arm.dll")
    assert find(tmp_path / "arm.yaml", header(executor="native")) == foreign


def test_a_wasm_module_is_not_looked_for_among_libraries() -> None:
    assert names("wasm") == ["arm.wasm"]


def test_a_path_names_the_executable(tmp_path: Path) -> None:
    executable = made(tmp_path / "build", "out.bin")
    assert find(tmp_path / "arm.yaml", header(), executable) == executable


def test_a_bare_name_is_looked_for_beside_the_header(tmp_path: Path) -> None:
    executable = made(tmp_path, "other.bin")
    assert find(tmp_path / "arm.yaml", header(), "other.bin") == executable


@pytest.mark.parametrize(("executor", "file"), [("wasm", "other-arm.wasm"), ("native", "libother_arm.so")])
def test_a_bare_name_may_lack_prefix_and_suffix(tmp_path: Path, executor: str, file: str) -> None:
    executable = made(tmp_path, file)
    assert find(tmp_path / "arm.yaml", header(executor=executor), "other-arm") == executable


def test_a_name_with_folders_is_looked_for_beside_the_header(tmp_path: Path) -> None:
    executable = made(tmp_path, "build/arm.wasm")
    assert find(tmp_path / "arm.yaml", header(), "build/arm") == executable


def test_a_folder_is_no_executable(tmp_path: Path) -> None:
    (tmp_path / "arm.wasm").mkdir()
    with pytest.raises(LoadError):
        find(tmp_path / "arm.yaml", header())


def test_when_there_is_none_the_error_lists_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(LoadError) as caught:
        find(tmp_path / "module.yaml", header())
    assert str(tmp_path / "module.wasm") in str(caught.value)
    assert str(tmp_path / "arm.wasm") in str(caught.value)


@pytest.mark.parametrize("name", ["../arm", "/etc/arm", "..\\arm", ""])
def test_a_modules_name_does_not_lead_out_of_the_headers_folder(name: str) -> None:
    paths = candidates(Path("somewhere/module.yaml"), header(name or "x"))
    assert {path.parent for path in paths} == {Path("somewhere")}


@pytest.mark.parametrize("name", ["x" * 300, "\u4e16" * 200, "x" * 1_000_000, "nul\0l", "a/" * 3000], ids=len)
def test_a_modules_name_that_no_file_can_have_is_an_executable_that_is_not_found(tmp_path: Path, name: str) -> None:
    with pytest.raises(LoadError, match="found no executable") as caught:
        find(tmp_path / "module.yaml", header(name))
    assert len(str(caught.value.message)) < 5000


class Lua(Executor):
    """Fails to load with the content of the executable, which shows which one was found."""

    name = "lua"
    serves = frozenset({"lua"})
    suffixes = (".lua", ".luac")

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        raise LoadError(definition.executable.decode())


@pytest.mark.parametrize("file", ["arm.lua", "module.luac"])
def test_an_executor_declares_the_suffixes_of_its_executables(tmp_path: Path, file: str) -> None:
    (tmp_path / "module.yaml").write_text(json.dumps(header(executor="lua").to_data()))
    (tmp_path / file).write_text("print(1)")
    with Engine(plugins=only(Lua)) as engine, pytest.raises(LoadError, match=r"print\(1\)"):
        engine.load(tmp_path / "module.yaml")


def test_the_suffixes_of_executors_come_before_the_usual_ones() -> None:
    found = candidates(Path("arm.yaml"), header(executor="lua"), only(Lua).suffixes("lua"))
    assert [path.name for path in found] == ["arm.lua", "arm.luac", "arm.wasm"]


def test_executables_of_another_kind_are_not_looked_for() -> None:
    assert only(Lua).suffixes("wasm") == ()


def test_an_executable_that_cannot_be_read_is_a_load_error_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"arm: .*cannot be read: "):
        read(tmp_path, header())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, so large a file is written in full")
def test_an_executable_larger_than_memory_is_a_load_error_that_says_so(tmp_path: Path) -> None:
    made(tmp_path, "arm.wasm")
    os.truncate(tmp_path / "arm.wasm", 1 << 43)
    with pytest.raises(LoadError, match=f"arm: not enough memory to read the {1 << 43} bytes of "):
        read(tmp_path / "arm.wasm", header())
