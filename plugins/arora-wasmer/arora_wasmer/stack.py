"""How much of the native stack a guest is given."""

from __future__ import annotations

from typing import Final

STACK: Final = 1 << 20
"""Bytes that the thread has to have left.

Wasmer sets no bound: a guest traps at the end of the thread's stack. Host code that runs over it does so as well, and
leaves Python's frames behind, so a guest begins with as much stack as it may use with Wasmtime.
"""
