"""Where compiled code enters a guest, for a call without Python in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class RawEntry(NamedTuple):
    """A C function that calls one function of a guest, and the addresses of what it takes and leaves behind.

    The engine calls it only while no other call is running, and without the GIL. Addresses are those of this process.
    They are valid as long as ``open`` is not empty.
    """

    enter: int
    """``void *enter(void *context, void *function, void *values, size_t count, void **trap)``, which returns an error
    or NULL."""
    context: int
    function: int
    values: int
    """The result is there afterwards: the size of the result buffer as an i64, if it is at ``answer``; otherwise a
    number that is not positive."""
    value_count: int
    trap: int
    """The address of a pointer. It is NULL before the call, and after one that did not trap."""
    argument: int
    """The argument buffer is written to here."""
    argument_size: int
    """Bytes of the largest argument buffer."""
    answer: int
    answer_size: int
    """Bytes of the largest result buffer that is read at ``answer``."""
    open: list[Any]
    """Empty as soon as the guest is closed."""
    carried: list[Any]
    """Not empty after a call that an exception of the host ended."""
    unsettled: list[Any]
    """Not empty where the next call has to clean up first, which a plain call does."""
    before: Callable[[], object] | None
    """Called before ``enter``; may raise."""
    settle: Callable[[int], bytes]
    """Called with the error, or 0, after a call with an error, a trap, something in ``carried``, or a result that is
    not at ``answer``. Returns the result buffer, or raises as the call does."""
