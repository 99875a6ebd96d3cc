"""The process in which a module is compiled that may be much work (:mod:`arora_core.wasm.compiling_apart`)."""

from __future__ import annotations

import os

from . import library


def compiled(flags: int, executable: bytes) -> bytes:
    """Return the code of a module."""
    return library.serialize(library.compile(executable, flags, os.cpu_count() or 1))
