"""Compiled code on disk, so that a module is compiled once for many processes.

It is kept in a directory that only the user can write to (:mod:`arora_core.wasm.private_directory`).
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from arora_core.wasm.private_directory import directory_for, only_ours

DIRECTORY: Final = "ARORA_WASMER_CACHE"
"""The environment variable with another directory; empty for no cache."""
MOST: Final = 512 << 20
"""Bytes that are kept, those that were used last."""

_logger: Final = logging.getLogger("arora.wasmer")

_DIGEST: Final = 32
_SUFFIX: Final = ".code"


class CodeCache:
    """The code that one build of the library has compiled."""

    def __init__(self, build: str) -> None:
        """``build`` names the build; if it is empty, nothing is cached."""
        self._build = build

    def find(self, executable: bytes, flags: int) -> bytes | None:
        """Return the code of an executable, None if it is not there or damaged."""
        directory = self._directory()
        if directory is None:
            return None
        path = directory / self._name(executable, flags)
        try:
            with path.open("rb") as file:
                if not only_ours(os.fstat(file.fileno())):
                    return None
                content = file.read()
            os.utime(path)
        except OSError:
            return None
        digest, code = content[:_DIGEST], content[_DIGEST:]
        # Against damage, such as by a full disk. It proves nothing about who wrote it.
        return code if hashlib.sha256(code).digest() == digest else None

    def keep(self, executable: bytes, flags: int, code: Callable[[], bytes]) -> None:
        """Write code to disk, if that is possible, and remove what was not used for longest."""
        directory = self._directory()
        if directory is None:
            return
        try:
            content = code()
            handle, temporary = tempfile.mkstemp(dir=directory)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(content).digest() + content)
                os.replace(temporary, directory / self._name(executable, flags))
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary)
                raise
            _prune(directory)
        except OSError as error:
            _logger.debug("compiled code is not cached on disk: %s", error)

    def forget(self, executable: bytes, flags: int) -> None:
        """Remove code that the library has refused."""
        if (directory := self._directory()) is not None:
            with suppress(OSError):
                (directory / self._name(executable, flags)).unlink()

    def _name(self, executable: bytes, flags: int) -> str:
        return hashlib.sha256(f"{self._build}\0{flags}\0".encode() + executable).hexdigest() + _SUFFIX

    def _directory(self) -> Path | None:
        """Return the directory, made if it does not exist; None if there is to be no cache."""
        return directory_for("compiled modules", DIRECTORY, "wasmer", _logger) if self._build else None


def _prune(directory: Path) -> None:
    kept = 0
    for status, path in sorted(((path.stat(), path) for path in directory.glob(f"*{_SUFFIX}")), key=_last_used):
        kept += status.st_size
        if kept > MOST:
            path.unlink(missing_ok=True)


def _last_used(file: tuple[os.stat_result, Path]) -> float:
    return -file[0].st_mtime
