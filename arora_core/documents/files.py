"""Reading the files of documents: regular files of bounded size, and of a directory only what lies inside it.

A directory of records may come from anyone. A named pipe or a device in it would block its reader, and a symbolic link
could lead to a file whose content then stands in an error message.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from .places import Refusal

MAX_BYTES: Final = 2 << 20
"""Bytes of the largest header or record. Reading YAML takes seconds a megabyte."""

_NO_WAITING: Final = getattr(os, "O_NONBLOCK", 0)
_FLAGS: Final = os.O_RDONLY | _NO_WAITING | sum(getattr(os, name, 0) for name in ("O_BINARY", "O_CLOEXEC", "O_NOCTTY"))
_DIRECTORY: Final = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW"))
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_RELATIVE: Final = os.open in os.supports_dir_fd and os.stat in os.supports_dir_fd

_KINDS: Final = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a symbolic link that leads nowhere"),
)


def read(path: str | os.PathLike[str], refusal: Refusal) -> bytes:
    """Return the content of a regular file; links are followed. Raises the error that ``refusal`` makes."""
    return _read(lambda: _opened(path, os.stat(path), _FLAGS), refusal)


def is_pipe(path: str | os.PathLike[str]) -> bool:
    """Return whether a pipe is there: a named one, ``/dev/stdin``, or what shells write for ``<(command)``."""
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def read_pipe(path: str | os.PathLike[str], refusal: Refusal) -> bytes:
    """Return what comes out of a pipe, for which this waits. Raises the error that ``refusal`` makes."""
    return _read(lambda: os.open(path, _FLAGS & ~_NO_WAITING), refusal, of_pipe=True)


class Directory:
    """A directory of which only regular files inside it are read. Links may lead from place to place within it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._root = Path(os.path.realpath(path))

    def has(self, path: str | os.PathLike[str]) -> bool:
        """Return whether ``path`` is inside, and not a link that leads out."""
        return Path(os.path.realpath(path)).is_relative_to(self._root)

    def read(self, path: str | os.PathLike[str], refusal: Refusal) -> bytes:
        """Return the content of a regular file inside. Raises the error that ``refusal`` makes."""
        if not self.has(path):
            raise refusal("", "cannot be read: it is a symbolic link out of its directory")
        parts = Path(os.path.realpath(path)).relative_to(self._root).parts
        return _read(lambda: self._open(parts), refusal)

    def _open(self, parts: tuple[str, ...]) -> int:
        """Open a file step by step, following no link: one may have been put in place since the path was resolved."""
        if not _RELATIVE:
            path = self._root.joinpath(*parts)
            return _opened(path, os.lstat(path), _FLAGS | _NO_LINK)
        *folders, name = parts or (os.curdir,)
        directory = os.open(self._root, _DIRECTORY)
        try:
            for folder in folders:
                inner = os.open(folder, _DIRECTORY, dir_fd=directory)
                os.close(directory)
                directory = inner
            found = os.stat(name, dir_fd=directory, follow_symlinks=False)
            return _opened(name, found, _FLAGS | _NO_LINK, directory)
        finally:
            os.close(directory)


def _opened(path: str | os.PathLike[str], found: os.stat_result, flags: int, directory: int | None = None) -> int:
    """Open what ``found`` describes. Devices are not opened at all: some do something when they are."""
    _check_regular(found)
    return os.open(path, flags) if directory is None else os.open(path, flags, dir_fd=directory)


def _read(open_file: Callable[[], int], refusal: Refusal, *, of_pipe: bool = False) -> bytes:
    try:
        with open(open_file(), "rb") as file:
            # The path may lead to something else by now, which O_NONBLOCK kept from blocking.
            if not of_pipe:
                _check_regular(os.fstat(file.fileno()))
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise refusal("", f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # such as a path with a null character
        raise refusal("", f"cannot be read: {error}") from None
    if len(content) > MAX_BYTES:
        raise refusal("", f"cannot be read: it is larger than {MAX_BYTES:,} bytes")
    return content


def _check_regular(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(found.st_mode)), "not a regular file")
        raise ValueError(f"it is {kind}, not a regular file")
