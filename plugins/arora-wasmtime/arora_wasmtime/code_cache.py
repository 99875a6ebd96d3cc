"""Compiled code on disk, of components and of modules that take long to compile.

Wasmtime's own cache compresses code. Here each core module is a file that Wasmtime maps into memory, which takes
a millisecond; what is known of the executable is beside it, so that nothing has to be read out of its binary again.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import logging
import os
import pickle
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import arora_core
from arora_core.wasm.private_directory import directory_for, only_ours

DIRECTORY: Final = "ARORA_WASMTIME_CACHE"
"""The environment variable with another directory; empty for no cache."""
MOST: Final = 1 << 30
"""Bytes that are kept, those that were used last."""

_logger: Final = logging.getLogger("arora.wasmtime")

_FACTS: Final = "facts"
_FORMAT: Final = 3
"""Changes with what is kept."""
_RELEASES: Final = importlib.metadata.version("wasmtime"), arora_core.__version__


def digest(executable: bytes, *options: object) -> str:
    """Return what an executable with these options is found by, for this release of Wasmtime and of Arora."""
    hashed = hashlib.sha256(executable)
    hashed.update(repr((_FORMAT, _RELEASES, options)).encode())
    return hashed.hexdigest()


def find(key: str) -> tuple[Path, Any] | None:
    """Return the directory of an executable's code, and what was kept with it; None if it is not there."""
    directory = _directory()
    if directory is None:
        return None
    found = directory / key
    try:
        if not only_ours(found.stat()):
            return None
    except OSError:
        return None
    try:
        facts = pickle.loads((found / _FACTS).read_bytes())
        os.utime(found)
    except Exception as error:
        _logger.debug("compiled code is not used: %s", error)
        forget(key)
        return None
    return found, facts


def keep(key: str, facts: object, code: dict[int, bytes]) -> None:
    """Write the code of an executable's modules, and what is known of them, if that is possible."""
    directory = _directory()
    if directory is None:
        return
    try:
        made = Path(tempfile.mkdtemp(dir=directory))
        try:
            for number, content in code.items():
                _write(made / file_name(number), content)
            _write(made / _FACTS, pickle.dumps(facts))
            # Another process may have been faster, with the same content.
            with suppress(OSError):
                made.rename(directory / key)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        _prune(directory)
    except OSError as error:
        _logger.debug("compiled code is not kept on disk: %s", error)


def forget(key: str) -> None:
    """Remove what cannot be used."""
    directory = _directory()
    if directory is not None:
        shutil.rmtree(directory / key, ignore_errors=True)


def file_name(number: int) -> str:
    """Return the name of the file with the code of this module."""
    return f"{number}.cwasm"


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        # Code is not read before it is mapped, so what a loss of power leaves must not look complete.
        os.fsync(file.fileno())


def _directory() -> Path | None:
    return directory_for("compiled modules", DIRECTORY, "wasmtime", _logger)


def _prune(directory: Path) -> None:
    """Remove what was not used for longest. A process that has mapped a file keeps it."""
    kept = 0
    found = sorted((each for each in directory.iterdir() if each.is_dir()), key=lambda each: -each.stat().st_mtime)
    for each in found:
        kept += sum(file.stat().st_size for file in each.iterdir())
        if kept > MOST:
            shutil.rmtree(each, ignore_errors=True)
