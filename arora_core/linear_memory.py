"""The guest protocol over a linear memory, for authors of executors. See :mod:`arora_core.wasm.linear_memory`."""

from .wasm.guest_interface import (
    U32,
    U64,
    BufferCall,
    Export,
    GlobalVariable,
    LinearMemory,
    MappedMemory,
    TransferCall,
)
from .wasm.guest_memory import PREFIX, SLACK, SMALLEST
from .wasm.linear_memory import LinearGuest

__all__ = [
    "PREFIX",
    "SLACK",
    "SMALLEST",
    "U32",
    "U64",
    "BufferCall",
    "Export",
    "GlobalVariable",
    "LinearGuest",
    "LinearMemory",
    "MappedMemory",
    "TransferCall",
]
