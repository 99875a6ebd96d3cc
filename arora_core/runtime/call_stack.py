"""The calls of an engine that are running, and who may begin another one."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Any, Final, NoReturn, ParamSpec, TypeVar

from ..errors import AroraError, EngineClosed, LimitExceeded, ModuleBusy, ModuleNotFound
from .host_module import HOST
from .module_entry import ModuleEntry, explain

MAX_CALL_DEPTH: Final = 64
"""How many calls may be nested by default."""

_A = TypeVar("_A")
_P = ParamSpec("_P")
_R = TypeVar("_R")


class CallStack:
    """The running calls of one engine: of one thread at a time, each made by the code of the one before it.

    A call that no running code makes, such as a signal handler's, is refused: the guest below it is in the middle of
    something. Host code may call on, a guest only through its host.
    """

    __slots__ = ("_closed", "host_depth", "lock", "max_depth", "running")

    def __init__(self, max_depth: int) -> None:
        self.max_depth = max_depth
        self.lock = RLock()
        """Held by the thread whose calls are running."""
        self.running: list[ModuleEntry | None] = []
        """The module of each running call, the outermost first; None for a callable."""
        self.host_depth = 0
        """Call depth at which host code is on top of the stack. While a guest's code is, the stack is deeper."""
        self._closed = False

    def entrance(self, module: ModuleEntry, function: str, run: Callable[[_A], _R]) -> Callable[[_A], _R]:
        """Return ``run`` as everybody has to call it: every call of a module comes through here."""
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
                    explain(error, module.header.name, function, module.executor, module.output)
                    raise
                finally:
                    # Not popped: a signal's exception may have come before it was there.
                    del running[depth:]

        return enter

    def hosted(self, run: Callable[_P, _R]) -> Callable[_P, _R]:
        """Return ``run``, which is host code that a running call leads to, as it has to be called."""

        def hosted(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            outer, self.host_depth = self.host_depth, len(self.running)
            try:
                return run(*args, **kwargs)
            finally:
                self.host_depth = outer

        return hosted

    def run_callable(self, function: Callable[[], Any]) -> Any:
        """Run a callable, which is a call of its own. Raises LimitExceeded, and what it raises."""
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
        """Raise the reason why a call cannot begin."""
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
        """Raise EngineClosed, and ModuleBusy for what does not come out of the running call."""
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
        "a call of this engine is under way, and this one does not come out of it (a signal handler, a finalizer?)"
    )
