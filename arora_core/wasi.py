"""WASI preview 1, for authors of executors. See :mod:`arora_core.wasm.wasi`."""

from .wasm.wasi import PREVIEW_1, Preview1, check_wasi_imports

__all__ = ["PREVIEW_1", "Preview1", "check_wasi_imports"]
