"""The stack pointer of a WebAssembly guest. See :mod:`arora_core.wasm.stack_pointer`."""

from .wasm.stack_pointer import GuestStack, exported

__all__ = ["GuestStack", "exported"]
