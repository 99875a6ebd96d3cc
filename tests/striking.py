"""Exceptions at chosen moments, where the handler of a signal may raise them: Ctrl-C at its worst.

CPython runs handlers on entering a function and after a call. (After a jump backwards too, which is left out.)
"""

from __future__ import annotations

import dis
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from types import CodeType, FrameType
from typing import Final

import pytest

from arora_core.wasm import c_callbacks
from tests.public_calls import PUBLIC_CALLS

_TOOL: Final = 4


class Struck(KeyboardInterrupt):
    """A Ctrl-C of the user: what plugins raise otherwise may be taken for a fault of theirs."""


def _strike() -> None:
    """Raise Struck: from a signal's handler where the code under test defers Ctrl-C, as public calls do."""
    if not PUBLIC_CALLS:
        raise Struck
    signal.raise_signal(signal.SIGINT)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Struck


class _Moments:
    """Counts the moments of one thread, and raises Struck at one of them."""

    def __init__(self, chosen: int) -> None:
        self._chosen = chosen
        self.passed = 0
        """The moments so far."""
        self._thread = threading.get_ident()

    @property
    def struck(self) -> bool:
        return self.passed > self._chosen

    def pass_one(self, code: CodeType | None) -> None:
        # Handlers do not run on entering these: see that module.
        if threading.get_ident() != self._thread or (code is not None and code.co_filename == c_callbacks.__file__):
            return
        self.passed += 1
        if self.passed == self._chosen + 1:
            _strike()

    def on_event(self, frame: FrameType, event: str, argument: object) -> None:
        # Not "return": in most places, no handler runs between the end of a function and its caller.
        if event in ("call", "c_return"):
            self.pass_one(frame.f_code if event == "call" else None)


def moments(density: int) -> Iterator[int]:
    """Yield every moment up to ``density``, then ever fewer: their number grows with the logarithm of the last."""
    moment = 0
    while True:
        yield moment
        moment += 1 + moment // density


def last_moments(run: Callable[[], object], density: int) -> Iterator[int]:
    """Yield the last moments of ``run``, which is run once, then ever fewer before them."""
    counted = _Moments(sys.maxsize)
    with _watched(counted):
        run()
    for back in moments(density):
        if back > counted.passed:
            return
        yield counted.passed - back


def struck_at(moment: int, run: Callable[[], object]) -> bool:
    """Run ``run``, and raise Struck inside it at this moment, counted from 0; return whether there were that many.

    Swallows the Struck that comes out.
    """
    moments = _Moments(moment)
    handler = signal.signal(signal.SIGINT, _interrupt)
    # What an earlier strike left open may warn when it is collected. pytest's hook would be struck, and fail the test.
    hook, sys.unraisablehook = sys.unraisablehook, deque[object](maxlen=0).append
    try:
        with _watched(moments):
            run()
    except Struck:
        assert moments.struck
    finally:
        sys.unraisablehook = hook
        signal.signal(signal.SIGINT, handler)
    return moments.struck


@cache
def _beginnings_of_with(code: CodeType) -> frozenset[int]:
    """Return the offsets of calls of ``__enter__``, after which CPython 3.15 runs no handlers. 3.14 does run them."""
    if sys.version_info < (3, 15):
        return frozenset()
    found = list(dis.get_instructions(code))
    return frozenset(each.offset for before, each in pairwise(found) if before.opname == "LOAD_SPECIAL")


@contextmanager
def _watched(moments: _Moments) -> Iterator[None]:
    if sys.version_info[:2] == (3, 11):
        # In two of three whole runs, in making the frame of ``on_event``. The cause has not been found.
        pytest.skip("CPython 3.11 crashed while it called the profile function that strikes")
    if sys.version_info < (3, 12):
        sys.setprofile(moments.on_event)
        try:
            yield
        finally:
            sys.setprofile(None)
        return
    # Unlike a profile function, it sees the returns of ctypes functions.
    watch = sys.monitoring

    def on_return(code: CodeType, offset: int, *_: object) -> None:
        if offset not in _beginnings_of_with(code):
            moments.pass_one(None)

    watch.use_tool_id(_TOOL, __name__)
    try:
        watch.register_callback(_TOOL, watch.events.PY_START, lambda code, _: moments.pass_one(code))
        watch.register_callback(_TOOL, watch.events.C_RETURN, on_return)
        watch.set_events(_TOOL, watch.events.PY_START | watch.events.CALL)
        yield
    finally:
        watch.set_events(_TOOL, 0)
        watch.free_tool_id(_TOOL)
