"""Entering a guest, and the values that are passed on the way."""

from __future__ import annotations

from ctypes import c_void_p
from typing import Final

from . import private

RAW_VALUE: Final = 16
"""Bytes of a ``wasmtime_val_raw_t``: a union whose largest member is a v128. Every platform has it
little-endian, and the other members at its start."""

enter: Final = private.function("wasmtime_func_call_unchecked", c_void_p)
"""Takes pointers to the store's context, the function and its raw values, how many, and where to leave a trap."""
