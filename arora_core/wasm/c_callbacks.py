"""Python functions that C code calls through ctypes, from which no exception may get out.

An exception that leaves such a function cannot be handed on: ctypes prints it, and the C caller reads whatever
happened to be where the result should have been. Where that is taken for a pointer, the process dies. ``try`` around
the body is not enough, because CPython since 3.11 runs pending signal handlers on *entering* a function, before its
first statement, and a function which a long-running guest calls is precisely where Ctrl-C strikes. (CPython 3.10 does
not, for a function that begins with ``try``.)

Nothing documented keeps handlers from running there. (A generator, entered by its ``send``, has them run inside its
own ``try``; but it takes one argument, and no call from inside of another.) So one number is changed in the bytecode
of such functions (:func:`_postpone_signals`). Whether that does what it is meant to is checked on the running
interpreter, when this file is imported. Where it does not, functions stay as they are, and a RuntimeWarning says what
may happen.
"""

from __future__ import annotations

import ctypes
import dis
import platform
import sys
import threading
import warnings
from collections.abc import Callable
from functools import partial
from operator import methodcaller
from types import FunctionType
from typing import Any, Final

_CPYTHON: Final = sys.implementation.name == "cpython"
# The argument of RESUME says where in a function it stands. It is only used to decide whether signal handlers
# run: they do at the start (0) and after a yield (1), they do not after a `yield from` (2).
_AT_START: Final = 0
_AFTER_YIELD_FROM: Final = 2
_END: Final = sys.maxsize


class Unwinding:
    """What tells a C caller to stop: made by ``make`` when it is needed, with one made beforehand.

    The one in store is for when nothing can be made any more: at the end of Python's stack every call fails,
    and to hand out ``answer`` takes none. ``arm`` puts another in its place. The C caller owns what it was
    given; ``discard`` releases what nobody was given.
    """

    __slots__ = ("_discard", "answer", "make")

    def __init__(self, make: Callable[[], int], discard: Callable[[int], object] | None = None) -> None:
        """Without ``discard``, nothing is made beforehand, and the last answer is zero."""
        self.make = make
        self._discard = discard
        self.answer = 0
        self.arm()

    def arm(self) -> None:
        """Make sure that one is in store."""
        if not self.answer and self._discard is not None:
            self.answer = self.make()

    def close(self) -> None:
        """Release the one in store. Idempotent."""
        if self.answer and self._discard is not None:
            self._discard(self.answer)
        self.answer = 0


def c_callback(function: Callable[..., int], pending: list[BaseException], unwinding: Unwinding) -> Callable[..., int]:
    """Return ``function`` for ctypes to make a callback of.

    What it raises is put into ``pending``, and what ``unwinding`` makes is returned instead. While an exception is
    pending, the function is not run at all.
    """

    def callback(*arguments: Any) -> int:
        try:
            try:
                return unwinding.make() if pending else function(*arguments)
            except BaseException as exception:
                pending[_END:] = [exception]
                return unwinding.make()
        except BaseException as exception:
            # Ctrl-C for the second time, or no stack left to make anything on: from here on there is no call.
            pending[_END:] = [exception]
            answer = unwinding.answer
            unwinding.answer = 0
            return answer

    if _UNSAFE is None:
        _postpone_signals(callback)
    return callback


def _postpone_signals(function: Callable[..., int]) -> None:
    """Have signal handlers run no earlier than inside the ``try`` that ``function`` begins with."""
    assert isinstance(function, FunctionType)
    code = function.__code__
    for instruction in dis.get_instructions(code):
        if instruction.opname == "RESUME" and instruction.arg == _AT_START:
            patched = bytearray(code.co_code)
            patched[instruction.offset + 1] = _AFTER_YIELD_FROM
            function.__code__ = code.replace(co_code=bytes(patched))
            return


class _Struck(BaseException):
    """Stands for what a signal handler raises."""


def unsafe(prepare: Callable[[Callable[..., int]], None] = _postpone_signals) -> str | None:
    """Return why an exception may leave a function that ``prepare`` has made safe, in a sentence; None if none can.

    Has an exception raised in this thread, as a signal handler would raise it, in the moment before such a function is
    entered: C code calls the one and the other, and between its calls the interpreter looks for nothing pending.
    """
    # Other implementations have no such function; and a debugger's or a profiler's, called first, would be struck.
    if not _CPYTHON or sys.gettrace() or sys.getprofile():
        return None

    def other() -> int:
        return 0

    def entered() -> int:
        try:
            # On entering any other function, handlers are to run.
            return other()
        except _Struck:
            return 0

    prepare(entered)
    # For the first time, because the interpreter then replaces instructions by quicker ones.
    entered()
    here = ctypes.c_ulong(threading.get_ident())
    strike = partial(ctypes.pythonapi.PyThreadState_SetAsyncExc, here, ctypes.py_object(_Struck))
    try:
        list(map(methodcaller("__call__"), (strike, entered)))
    except _Struck:
        return (
            f"On {platform.python_implementation()} {platform.python_version()}, signal handlers run before the first "
            "statement of a function that a guest calls. One that raises at that moment, as Ctrl-C does, may end the "
            "process"
        )
    return None


_UNSAFE: Final = unsafe()
if _UNSAFE is not None:
    warnings.warn(_UNSAFE, RuntimeWarning, stacklevel=2)
