"""Python functions that C code calls through ctypes, from which no exception may get out.

An exception that leaves such a function cannot be handed on: ctypes prints it, and the C caller reads whatever
happened to be where the result should have been. Where that is taken for a pointer, the process dies. ``try``
around the body is not enough, because CPython since 3.11 runs pending signal handlers on *entering* a function,
before its first statement, and a function which a long-running guest calls is precisely where Ctrl-C strikes.
(CPython 3.10 does not, for a function that begins with ``try``.)
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any, Final

_CHECKS_ON_ENTRY: Final = sys.implementation.name == "cpython" and sys.version_info >= (3, 11)
# The argument of RESUME says where in a function it stands. It is only used to decide whether signal handlers
# run: they do at the start (0) and after a yield (1), they do not after a `yield from` (2).
_AT_START: Final = 0
_AFTER_YIELD_FROM: Final = 2


def c_callback(
    function: Callable[..., int], carried: list[BaseException], unwind: Callable[[], int]
) -> Callable[..., int]:
    """``function`` for ctypes to make a callback of.

    What it raises is put into ``carried``, and ``unwind`` answers instead: it gives what tells the C caller to
    stop. While something is carried, the function is not run at all.
    """

    def callback(*arguments: Any) -> int:
        try:
            try:
                return unwind() if carried else function(*arguments)
            except BaseException as exception:
                carried.append(exception)
                return unwind()
        except BaseException as exception:
            # Ctrl-C for the second time, while the first was being put away.
            carried.append(exception)
            return unwind()

    if _CHECKS_ON_ENTRY:
        _postpone_signals(callback)
    return callback


def _postpone_signals(function: Callable[..., int]) -> None:
    """Makes signal handlers run no earlier than inside the ``try`` that ``function`` begins with."""
    assert isinstance(function, FunctionType)
    code = function.__code__
    for instruction in dis.get_instructions(code):
        if instruction.opname == "RESUME" and instruction.arg == _AT_START:
            patched = bytearray(code.co_code)
            patched[instruction.offset + 1] = _AFTER_YIELD_FROM
            function.__code__ = code.replace(co_code=bytes(patched))
            return
