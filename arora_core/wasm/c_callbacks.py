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
_END: Final = sys.maxsize


class Unwinding:
    """What tells a C caller to stop: made by ``make`` when it is needed, with one made beforehand.

    The one in store is for when nothing can be made any more: at the end of Python's stack every call fails,
    and to hand out ``answer`` takes none. ``arm`` puts another in its place. The C caller owns what it was
    given; ``discard`` gives back what nobody was.
    """

    __slots__ = ("_discard", "answer", "make")

    def __init__(self, make: Callable[[], int], discard: Callable[[int], object] | None = None) -> None:
        """Without ``discard``, nothing is made beforehand, and the last answer is zero."""
        self.make = make
        self._discard = discard
        self.answer = 0
        self.arm()

    def arm(self) -> None:
        """Sees to it that one is in store."""
        if not self.answer and self._discard is not None:
            self.answer = self.make()

    def close(self) -> None:
        """Gives back the one in store. Idempotent."""
        if self.answer and self._discard is not None:
            self._discard(self.answer)
        self.answer = 0


def c_callback(function: Callable[..., int], carried: list[BaseException], unwinding: Unwinding) -> Callable[..., int]:
    """``function`` for ctypes to make a callback of.

    What it raises is put into ``carried``, and ``unwinding`` answers instead. While something is carried, the
    function is not run at all.
    """

    def callback(*arguments: Any) -> int:
        try:
            try:
                return unwinding.make() if carried else function(*arguments)
            except BaseException as exception:
                carried[_END:] = [exception]
                return unwinding.make()
        except BaseException as exception:
            # Ctrl-C for the second time, or no stack left to make anything on: from here on there is no call.
            carried[_END:] = [exception]
            answer = unwinding.answer
            unwinding.answer = 0
            return answer

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
