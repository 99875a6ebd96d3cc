"""The imports and exports of a WebAssembly binary. See :mod:`arora_core.wasm.module_types`."""

from .wasm.module_types import ModuleTypes, read

__all__ = ["ModuleTypes", "read"]
