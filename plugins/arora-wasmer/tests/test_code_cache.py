"""Compiled code on disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from arora_wasmer import code_cache
from arora_wasmer.code_cache import CodeCache

EXECUTABLE = b"\0asm\x01\0\0\0"
CODE = b"code" * 100
posix = pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cache"
    monkeypatch.setenv(code_cache.DIRECTORY, str(path))
    return path


def keep(cache: CodeCache, executable: bytes = EXECUTABLE, flags: int = 0, code: bytes = CODE) -> None:
    cache.keep(executable, flags, lambda: code)


def test_code_is_found_again_by_another_process_of_the_same_build(directory: Path) -> None:
    keep(CodeCache("build"))
    assert CodeCache("build").find(EXECUTABLE, 0) == CODE


@pytest.mark.parametrize(
    ("build", "executable", "flags"),
    [("other", EXECUTABLE, 0), ("build", EXECUTABLE + b"\0", 0), ("build", EXECUTABLE, 1)],
)
def test_code_is_found_for_the_same_build_executable_and_flags_alone(
    directory: Path, build: str, executable: bytes, flags: int
) -> None:
    keep(CodeCache("build"))
    assert CodeCache(build).find(executable, flags) is None


def test_damaged_code_is_not_found(directory: Path) -> None:
    keep(CodeCache("build"))
    (file,) = directory.iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert CodeCache("build").find(EXECUTABLE, 0) is None


def test_code_that_was_refused_is_forgotten(directory: Path) -> None:
    cache = CodeCache("build")
    keep(cache)
    cache.forget(EXECUTABLE, 0)
    assert list(directory.iterdir()) == []


def test_a_library_built_by_hand_caches_nothing(directory: Path) -> None:
    keep(CodeCache(""))
    assert not directory.exists()


def test_an_empty_setting_turns_the_cache_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(code_cache.DIRECTORY, "")
    cache = CodeCache("build")
    keep(cache)
    assert cache.find(EXECUTABLE, 0) is None


@posix
def test_the_directory_and_the_files_are_the_users_alone(directory: Path) -> None:
    keep(CodeCache("build"))
    (file,) = directory.iterdir()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@posix
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_nothing_is_read_from_or_written_to_a_directory_that_others_can_write_to(directory: Path, mode: int) -> None:
    cache = CodeCache("build")
    keep(cache)
    directory.chmod(mode)
    assert cache.find(EXECUTABLE, 0) is None
    keep(cache, EXECUTABLE + b"\0")
    assert len(list(directory.iterdir())) == 1


@posix
def test_nothing_is_read_from_a_directory_in_one_that_others_can_write_to(directory: Path) -> None:
    cache = CodeCache("build")
    keep(cache)
    parent = directory.parent
    parent.chmod(0o777)
    try:
        assert cache.find(EXECUTABLE, 0) is None
    finally:
        parent.chmod(0o700)


@posix
def test_nothing_is_read_from_a_file_that_others_can_write_to(directory: Path) -> None:
    cache = CodeCache("build")
    keep(cache)
    (file,) = directory.iterdir()
    file.chmod(0o666)
    assert cache.find(EXECUTABLE, 0) is None


@posix
def test_a_directory_that_cannot_be_made_means_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv(code_cache.DIRECTORY, str(tmp_path / "file" / "cache"))
    cache = CodeCache("build")
    keep(cache)
    assert cache.find(EXECUTABLE, 0) is None


def test_what_was_not_used_for_longest_is_removed(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_cache, "MOST", 2 * (32 + len(CODE)))
    cache = CodeCache("build")
    for age, executable in enumerate((b"a", b"b")):
        keep(cache, executable)
        for file in directory.iterdir():
            os.utime(file, (1000 + age, 1000 + age))
    assert cache.find(b"a", 0) == CODE  # It is used now.
    keep(cache, b"c")
    assert [cache.find(each, 0) for each in (b"a", b"c")] == [CODE, CODE]
    assert len(list(directory.iterdir())) == 2
