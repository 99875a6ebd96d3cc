"""ctypes callbacks that no exception can leave.

ctypes cannot pass on an exception that leaves a callback: it prints the exception, and the C caller reads an undefined
result. If the caller uses that as a pointer, the process dies. A ``try`` around the body is not enough: since 3.11,
CPython runs pending signal handlers on *entering* a function, before its first statement, and Ctrl-C during a long call
of a guest is most likely handled on entering a callback. (CPython 3.10 does not run handlers there if the function
begins with ``try``.)

No documented feature prevents handlers from running there. (A generator resumed by ``send`` runs them inside its own
``try``, but takes only one argument and cannot be re-entered.) So :func:`_postpone_signals` changes one number in the
bytecode of callbacks. On import, this module checks on the running interpreter that the change works. If it does not,
callbacks are left unchanged, and a RuntimeWarning says what may happen.
"""

from __future__ import annotations

import ctypes
import dis
import platform
import sys
import threading
import warnings
from collections.abc import Callable
from functools import cache, partial
from operator import methodcaller  # noqa: TID251 - in no cycle, and in no page
from types import CodeType, FunctionType
from typing import Any, Final

_CPYTHON: Final = sys.implementation.name == "cpython"
# The argument of RESUME is its position in the function. The interpreter uses it only to decide whether to run signal
# handlers: it does at the start (0) and after a yield (1), but not after a `yield from` (2).
_AT_START: Final = 0
_AFTER_YIELD_FROM: Final = 2
_END: Final = sys.maxsize
CALLS_COUNT: Final = sys.version_info < (3, 12)
"""Whether CPython counts calls of C functions like frames of Python."""


class Unwinding:
    """The results that make a C caller stop: pointers that ``make`` returns, and one made in advance as a spare.

    The ``spare`` is for when ``make`` cannot be called: at the end of Python's stack every call fails, but an
    attribute can still be returned. ``arm`` replaces a used spare. The C caller owns the results it receives;
    ``discard`` releases a spare that was never used.
    """

    __slots__ = ("_discard", "make", "spare")

    def __init__(self, make: Callable[[], int], discard: Callable[[int], object] | None = None) -> None:
        """Without ``discard``, there is no spare, and zero is returned in its place."""
        self.make = make
        self._discard = discard
        self.spare = 0
        self.arm()

    def arm(self) -> None:
        """Make a spare if there is none."""
        if not self.spare and self._discard is not None:
            self.spare = self.make()

    def close(self) -> None:
        """Release the spare. Idempotent."""
        # Forgotten first: a signal's handler may raise before or after it is released.
        spare, self.spare = self.spare, 0
        if spare and self._discard is not None:
            self._discard(spare)


def require_frame() -> None:
    """Raise RecursionError where a C function that is called next could not call a callback.

    At the end of Python's stack the frame of the callback itself cannot be made, and no ``try`` in it helps. CPython
    3.10 and 3.11 count the call of the C function like a frame.
    """
    if CALLS_COUNT:
        _last_frame()


def _last_frame() -> None:
    pass


def c_callback(function: Callable[..., int], pending: list[BaseException], unwinding: Unwinding) -> Callable[..., int]:
    """Return ``function`` wrapped for ctypes, so that no exception leaves it.

    An exception of ``function`` is appended to ``pending``, and the callback returns a result of
    ``unwinding``. While an exception is pending, the callback does not run ``function``.
    """

    def callback(*arguments: Any) -> int:
        try:
            try:
                return unwinding.make() if pending else function(*arguments)
            except BaseException as exception:
                pending[_END:] = [exception]
                return unwinding.make()
        except BaseException as exception:
            # A second Ctrl-C, or no stack left for `make`: nothing is called from here on.
            pending[_END:] = [exception]
            result = unwinding.spare
            unwinding.spare = 0
            return result

    if _UNSAFE is None:
        _postpone_signals(callback)
    return callback


def _postpone_signals(function: Callable[..., int]) -> None:
    """Make signal handlers run no earlier than inside the ``try`` that ``function`` begins with."""
    assert isinstance(function, FunctionType)
    function.__code__ = _postponing(function.__code__)


@cache
def _postponing(code: CodeType) -> CodeType:
    for instruction in dis.get_instructions(code):
        if instruction.opname == "RESUME" and instruction.arg == _AT_START:
            patched = bytearray(code.co_code)
            patched[instruction.offset + 1] = _AFTER_YIELD_FROM
            return code.replace(co_code=bytes(patched))
    return code


class _Struck(BaseException):
    """Stands for the exception of a signal handler."""


def unsafe(prepare: Callable[[Callable[..., int]], None] = _postpone_signals) -> str | None:
    """Return a sentence on why an exception may leave a function that ``prepare`` has patched; None if none can.

    The check schedules an asynchronous exception in this thread, as a signal handler would raise it, immediately before
    such a function is entered. C code (``map``) makes both calls, so the interpreter does not check for pending
    exceptions between them.
    """
    # Other implementations lack the function below. A trace or profile function would get the exception instead.
    if not _CPYTHON or sys.gettrace() or sys.getprofile():
        return None

    def other() -> int:
        return 0

    def entered() -> int:
        try:
            # Entering any other function must run handlers.
            return other()
        except _Struck:
            return 0

    prepare(entered)
    # Warm up: the interpreter specializes instructions on the first call.
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
