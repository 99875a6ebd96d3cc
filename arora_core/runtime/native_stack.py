"""The native stack of the current thread, on which guests and the host code that they call have to fit.

A guest that runs out of stack traps as long as its runtime knows how much it may use. A runtime counts that from where
it entered the guest, so guests that call one another, and threads with small stacks, could still run over the end of
the stack, which ends the process. So the engine makes sure of enough stack before each call.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, Final

RESERVE: Final = 256 << 10
"""Bytes for the host code that a guest calls, and for Python between two guests."""
_ROOMY: Final = 2 << 20
"""Bytes from which the outermost calls of a thread need no check: a guest, the reserve, and Python between this check
and later calls."""
_LEVEL: Final = (1 << 20) + RESERVE
"""Bytes that one of several nested calls uses at most."""

_REGISTERS: Final = {
    ("linux", "x86_64"): ("getcontext", 20),
    ("linux", "aarch64"): ("getcontext", 54),
    ("win32", "AMD64"): ("RtlCaptureContext", 19),
    ("win32", "ARM64"): ("RtlCaptureContext", 32),
}
"""The function of the system that copies the registers of the processor, and the index of the stack pointer in them, in
words of 64 bits (``ucontext_t`` of glibc, ``CONTEXT`` of Windows)."""
_CONTEXT: Final = 8192
"""Bytes for the registers on any of these systems."""


class Thread(threading.local):
    """What is known of the stack of the current thread."""

    levels = 0
    """How many calls fit into it, one in the other, without a check."""
    left: Callable[[], int | None] | None = None


thread: Final = Thread()


def lacks(need: int, level: int) -> bool:
    """Return whether the thread has less stack left than ``need`` bytes and the reserve.

    ``level`` is the number of calls that are running in it. Where the system does not say, the answer is False.
    """
    if level < thread.levels:
        return False
    if thread.left is None:
        thread.left = _left_of_stack()
    left = thread.left()
    if left is None:
        return False
    if not level and left >= _ROOMY:
        thread.levels = (left - _ROOMY) // _LEVEL + 1
    return left < need + RESERVE


def _left_of_stack() -> Callable[[], int | None]:
    """Return a function that returns the bytes left of this thread's stack, None where that is not known."""
    try:
        low, size = _bounds()
    except (ImportError, AttributeError, OSError, KeyError):
        return lambda: None
    try:
        pointer = _stack_pointer()
    except (ImportError, AttributeError, OSError, KeyError):
        # At least a thread whose whole stack is too small is refused.
        return lambda: size

    def left() -> int | None:
        at = pointer() - low
        return at if 0 <= at <= size else None

    return left


def _bounds() -> tuple[int, int]:
    """Return the lowest address and the size in bytes of this thread's stack."""
    import ctypes
    from ctypes import byref, c_size_t, c_void_p

    low, size = c_void_p(), c_size_t()
    if sys.platform == "win32":
        high = c_void_p()
        ctypes.windll.kernel32.GetCurrentThreadStackLimits(byref(low), byref(high))
        return low.value or 0, (high.value or 0) - (low.value or 0)
    library = ctypes.PyDLL(None)
    library.pthread_self.restype = c_void_p
    this = c_void_p(library.pthread_self())
    if sys.platform == "darwin":
        library.pthread_get_stackaddr_np.restype = c_void_p
        library.pthread_get_stacksize_np.restype = c_size_t
        bytes_ = library.pthread_get_stacksize_np(this)
        return library.pthread_get_stackaddr_np(this) - bytes_, bytes_
    attributes = ctypes.create_string_buffer(256)
    if library.pthread_getattr_np(this, attributes):
        raise OSError("pthread_getattr_np failed")
    try:
        library.pthread_attr_getstack(attributes, byref(low), byref(size))
    finally:
        library.pthread_attr_destroy(attributes)
    return low.value or 0, size.value


def _stack_pointer() -> Callable[[], int]:
    """Return a function that returns the address of the top of this thread's stack."""
    import ctypes
    import platform

    name, index = _REGISTERS[sys.platform, platform.machine()]
    library: Any
    if sys.platform == "win32":
        library = ctypes.windll.kernel32
    else:
        library = ctypes.PyDLL(None)
    copy_registers = library[name]
    copy_registers.restype = None
    words = (ctypes.c_uint64 * (_CONTEXT // 8 + 1))()
    # Windows requires an address that is divisible by 16.
    at = ctypes.addressof(words)
    shift = (-at % 16) // 8
    registers, top = ctypes.c_void_p(at + 8 * shift), index + shift

    def pointer() -> int:
        copy_registers(registers)
        return words[top]

    return pointer
