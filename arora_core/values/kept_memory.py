"""Keeping the memory that large buffers take in the process between calls.

A C library gives the memory of large blocks back to the system when they are freed, and takes it anew, page by page,
for the next ones. In a call with 8 MB each way that takes longer than all copies together: 6100 page faults, which on
a virtual machine are 10 ms or more, beside 3 ms for all else. The GNU C library learns what sizes a program uses from
the blocks that it frees, and keeps memory of twice the largest (mallopt(3), M_MMAP_THRESHOLD). Three buffers live in
a call: the argument, the result, and the array made of it.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Final

LARGE: Final = 1 << 20
"""From so many bytes on, it matters."""

_MOST: Final = 31 << 20
"""What the GNU C library can learn: larger blocks it always gives back."""

_learnt = 0


def expect(size: int) -> None:
    """Lets the C library keep memory for buffers of ``size`` bytes: a block for two of them, never touched, is taken
    and given back, once for the largest size so far."""
    global _learnt
    if size <= _learnt or _learnt == _MOST:
        return
    tracing = sys.modules.get("tracemalloc")
    if tracing is not None and tracing.is_tracing():
        return  # It would be taken for a use of memory.
    _learnt = min(size, _MOST)
    with suppress(MemoryError):
        bytearray(min(2 * size, _MOST))
