"""The constant header bytes of call buffers, which follow the size prefix (ABI §3)."""

from __future__ import annotations

from ..header import ExportedFunction
from ..values import Tag


def arguments_head(export: ExportedFunction, count: int) -> bytes:
    """Return the bytes before the first of ``count`` arguments."""
    return bytes([Tag.STRUCTURE]) + export.id.bytes + count.to_bytes(4, "little")


def result_head(export: ExportedFunction, mutable: int) -> bytes:
    """Return the bytes before the return value, which ``mutable`` parameters follow."""
    return arguments_head(export, 1 + mutable) + export.id.bytes
