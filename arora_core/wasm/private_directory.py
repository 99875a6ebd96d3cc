"""Directories for compiled code, which only the user can write to.

Compiled code is run as it is: whoever can write it can do what the user can. So it is read from, and written to, a
directory that only the user can write to, in directories of which the same holds, and from nowhere else.
"""

from __future__ import annotations

import os
import stat
import sys
from logging import Logger
from pathlib import Path

from ..user_cache import cache_directory


def directory_for(what: str, variable: str, name: str, logger: Logger) -> Path | None:
    """Return the directory to keep ``what`` in, made if it does not exist; None if nothing is to be kept.

    The environment variable names another one than ``name`` in the user's cache; if it is empty, nothing is kept. Why a
    directory cannot be used is logged at DEBUG.
    """
    given = os.environ.get(variable)
    if given == "":
        return None
    try:
        directory = Path(given or cache_directory(name)).absolute()
        _make(directory)
        reason = _untrusted(directory)
    except (OSError, RuntimeError) as error:
        reason = str(error)
    if reason is None:
        return directory
    logger.debug("%s are not cached on disk: %s", what, reason)
    return None


def only_ours(status: os.stat_result) -> bool:
    """Return whether a file or directory is the user's, and nobody else can write to it."""
    # On Windows, the directory of a user's application data is the user's alone.
    if sys.platform == "win32":
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _make(directory: Path) -> None:
    """Make a directory and those it is in, where they do not exist, for the user alone."""
    if not directory.is_dir():
        _make(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)


def _untrusted(directory: Path) -> str | None:
    """Return why others might write to a directory, None if they cannot."""
    if sys.platform == "win32":
        return None
    real = directory.resolve()
    if not only_ours(real.stat()):
        return f"others can write to {real}"
    for parent in real.parents:
        status = parent.stat()
        # In a directory with the sticky bit, such as /tmp, nobody can replace what is another's.
        open_to_others = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not status.st_mode & stat.S_ISVTX
        if open_to_others or status.st_uid not in (0, os.geteuid()):
            return f"others can write to {parent}"
    return None
