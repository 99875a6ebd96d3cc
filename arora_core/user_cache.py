"""Where the current user's caches are, on each operating system."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_directory(name: str) -> Path:
    """Return the user's directory to keep things of this name in, which may not exist.

    Raises RuntimeError where the user has no home.
    """
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData/Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library/Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "arora" / name
