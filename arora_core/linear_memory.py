"""The guest protocol over a linear memory, for authors of executors: see :mod:`arora_core.wasm.linear_memory`."""

from .wasm.linear_memory import (
    PREFIX,
    SLACK,
    SMALLEST,
    U32,
    U64,
    BufferCall,
    Export,
    LinearGuest,
    LinearMemory,
    MappedMemory,
    TransferCall,
)

__all__ = [
    "PREFIX",
    "SLACK",
    "SMALLEST",
    "U32",
    "U64",
    "BufferCall",
    "Export",
    "LinearGuest",
    "LinearMemory",
    "MappedMemory",
    "TransferCall",
]
