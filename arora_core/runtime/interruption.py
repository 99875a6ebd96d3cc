"""Calls that one thread makes for another, which may end them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import Context
from typing import Any

from ..errors import Interrupted
from ..lock import Lock
from .call_stack import CallStack


def interrupt(calls: CallStack) -> None:
    """End the running calls of modules that can be interrupted. Does nothing where there are none.

    It may come too early, before the guest has begun, or amid a call that begins another one: ask again until the call
    has ended.
    """
    for module in list(calls.running):
        if module is not None and module.limits.interruptible:
            module.instance.interrupt()


class CallForAnother:
    """A call that the thread of :meth:`run` makes. Another one may interrupt it, and no other call of the engine."""

    __slots__ = ("_arguments", "_calls", "_context", "_deadline", "_function", "_guard", "_interrupted", "_runs")

    def __init__(
        self,
        calls: CallStack,
        deadline: float | None,
        function: Callable[..., Any],
        arguments: tuple[Sequence[object], Mapping[str, object]],
        context: Context,
    ) -> None:
        self._calls = calls
        self._deadline = deadline
        self._function = function
        self._arguments = arguments
        self._context = context
        self._guard = Lock()
        self._runs = False
        self._interrupted = False

    def run(self) -> Any:
        """Make the call once the engine is free. Returns and raises what it does, or raises Interrupted."""
        # Taken before the call takes it: from here to the end of the call, no other one can run.
        self._calls.wait_for_turn(self._deadline)
        with self._calls.lock:
            with self._guard:
                if self._interrupted:
                    raise Interrupted("was interrupted before it began")
                self._runs = True
            try:
                positional, named = self._arguments
                return self._context.run(self._function, *positional, **named)
            finally:
                with self._guard:
                    self._runs = False

    def interrupt(self) -> None:
        """End the call, if its module can be interrupted. Ask again until it has ended."""
        with self._guard:
            self._interrupted = True
            if self._runs:
                interrupt(self._calls)
