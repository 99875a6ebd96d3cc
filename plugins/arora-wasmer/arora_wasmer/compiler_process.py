"""The process in which a module is compiled that may be much work (:mod:`arora_core.wasm.compiling_apart`)."""

from __future__ import annotations

from . import runtime


def compiled(_: None, executable: bytes) -> bytes:
    """Return the code of a module."""
    return runtime.code(runtime.new_module(runtime.new_store(), executable))
