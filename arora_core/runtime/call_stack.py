"""The running calls of an engine, and the rules for starting another one."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, Final, NoReturn, ParamSpec, TypeVar

from ..errors import AroraError, EngineClosed, LimitExceeded, ModuleBusy, ModuleNotFound
from .host_module import HOST
from .module_entry import ModuleEntry, add_context

MAX_CALL_DEPTH: Final = 64
"""Default limit of nested calls."""

_A = TypeVar("_A")
_P = ParamSpec("_P")
_R = TypeVar("_R")


class CallStack:
    """The running calls of one engine, all in one thread, each made by the call before it.

    A call from elsewhere in that thread, such as from a signal handler while a guest runs, is refused: the guest would
    be entered in the middle of its work. Only host code, which runs while its guest waits for it, may make a nested
    call.
    """

    __slots__ = ("_closed", "host_depth", "lock", "max_depth", "running")

    def __init__(self, max_depth: int) -> None:
        self.max_depth = max_depth
        self.lock = RLock()
        """Held by the thread whose calls are running."""
        self.running: list[ModuleEntry | None] = []
        """The module of each running call, the outermost first; None for a callable."""
        self.host_depth = 0
        """Call depth at which host code is on top of the stack. While guest code is on top, the stack is deeper."""
        self._closed = False

    def entrance(self, module: ModuleEntry, function: str, run: Callable[[_A], _R]) -> Callable[[_A], _R]:
        """Return the entry point of a function: ``run`` with the checks and bookkeeping that every call needs."""
        if module.executor == HOST:
            run = self.hosted(run)
        lock, max_depth, running, begin = self.lock, self.max_depth, self.running, self.running.append

        def enter(argument: _A) -> _R:
            with lock:
                depth = len(running)
                if module.closed or depth >= max_depth or (depth and depth != self.host_depth):
                    self.refuse(module, function)
                try:
                    begin(module)
                    return run(argument)
                except AroraError as error:
                    add_context(error, module.header.name, function, module.executor, module.output)
                    raise
                finally:
                    # Not popped: an exception from a signal handler may have come before ``begin``.
                    del running[depth:]

        return enter

    def hosted(self, run: Callable[_P, _R]) -> Callable[_P, _R]:
        """Return host code ``run``, which a running call leads to, wrapped so that it may make nested calls."""

        def hosted(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            outer, self.host_depth = self.host_depth, len(self.running)
            try:
                return run(*args, **kwargs)
            finally:
                self.host_depth = outer

        return hosted

    def run_callable(self, function: Callable[[], Any]) -> Any:
        """Run a callable as a nested call. Raises LimitExceeded, and any exception of the callable."""
        depth = len(self.running)
        if depth >= self.max_depth:
            raise self._too_deep()
        outer, self.host_depth = self.host_depth, depth + 1
        try:
            self.running.append(None)
            return function()
        finally:
            del self.running[depth:]
            self.host_depth = outer

    def refuse(self, module: ModuleEntry, function: str) -> NoReturn:
        """Raise the error that says why a call cannot start."""
        self.require_open()
        error: AroraError
        if module.closed:
            error = ModuleNotFound("the module has been unloaded")
        elif len(self.running) >= self.max_depth:
            error = self._too_deep()
        else:
            error = _out_of_turn()
        raise error.at(module=module.header.name, function=function, executor=module.executor)

    def require_open(self) -> None:
        """Raise EngineClosed after :meth:`close`."""
        if self._closed:
            raise EngineClosed("the engine is closed")

    def require_turn(self) -> None:
        """Raise EngineClosed, or ModuleBusy while guest code is on top of the stack."""
        self.require_open()
        if self.running and len(self.running) != self.host_depth:
            raise _out_of_turn()

    def require_idle(self, module: ModuleEntry) -> None:
        """Raise ModuleBusy while a call of the module is running."""
        if module in self.running:
            raise ModuleBusy(
                "the module cannot be unloaded from inside one of its own calls", module=module.header.name
            )

    def close(self) -> None:
        """Refuse every later call. Idempotent. Raises ModuleBusy while a call is running."""
        if self.running:
            raise ModuleBusy("the engine cannot be closed from inside one of its calls")
        self._closed = True

    @property
    def closed(self) -> bool:
        """Whether every later call is refused."""
        return self._closed

    def _too_deep(self) -> LimitExceeded:
        return LimitExceeded(f"calls are nested deeper than the limit of {self.max_depth}", limit="depth")


def _out_of_turn() -> ModuleBusy:
    return ModuleBusy(
        "another call of this engine is running, and this one was not made by it (a signal handler, a finalizer?)"
    )
