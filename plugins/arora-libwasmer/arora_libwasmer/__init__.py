"""The library by which arora-wasmer runs guests: Wasmer, behind a few C functions. Nothing here loads it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

ABI: Final = 1
"""The version of the library's C functions: what its ``aw_abi`` returns."""

_NAMES: Final = {"win32": "arora_libwasmer.dll", "darwin": "libarora_libwasmer.dylib"}
NAME: Final = _NAMES.get(sys.platform, "libarora_libwasmer.so")
"""The name of the library's file."""


def path() -> Path | None:
    """Return where the library is; None if this package was installed without it."""
    library = Path(__file__).with_name(NAME)
    return library if library.exists() else None


def unavailable() -> str | None:
    """Return why there is no library and what to do about it, in one sentence; None if there is one."""
    if path() is not None:
        return None
    return (
        "arora-libwasmer was installed without its library, which has no build for this platform and could not be "
        "compiled; install Rust 1.95 or later (https://rustup.rs), then "
        "pip install --force-reinstall --no-deps --no-cache-dir arora-libwasmer"
    )


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
