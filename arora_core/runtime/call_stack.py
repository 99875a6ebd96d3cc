"""The running calls of an engine, and the rules for starting another one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from sys import modules
from typing import Any, Final, NoReturn, ParamSpec, TypeVar
from weakref import WeakSet

from ..errors import AroraError, EngineClosed, LimitExceeded, ModuleBusy, ModuleNotFound
from ..executor import Instance
from ..lock import Lock
from . import host_code, native_stack, turns
from .host_code import GREENLET, hosting
from .host_module import HOST
from .module_entry import ModuleEntry
from .native_stack import thread
from .passed_buffers import PassedBuffers

MAX_CALL_DEPTH: Final = 64
"""Default limit of nested calls."""

# CPython calls a method of an imported name by way of a bound method that it makes each time.
begin_hosting, end_hosting, times_hosting = hosting.append, hosting.remove, hosting.count

_A = TypeVar("_A")
_P = ParamSpec("_P")
_R = TypeVar("_R")


class CallStack:
    """The running calls of one engine, all in one thread, each made by the call before it.

    A call from elsewhere in that thread, such as from a signal handler while a guest runs, is refused: the guest would
    be entered in the middle of its work. Only host code, which runs while its guest waits for it, may make a nested
    call.
    """

    __slots__ = ("__weakref__", "_closed", "host_depth", "lock", "max_depth", "passed", "running")

    def __init__(self, max_depth: int) -> None:
        self.max_depth = max_depth
        self.lock: Any = Lock()
        """Held by the thread whose calls are running."""
        self.running: list[ModuleEntry | None] = []
        """The module of each running call, the outermost first; None for a callable, and for a module being loaded."""
        self.host_depth = 0
        """Call depth at which host code is on top of the stack. While guest code is on top, the stack is deeper."""
        self.passed = PassedBuffers()
        self._closed = False
        _all.add(self)

    def entrance(
        self, module: ModuleEntry, function: str, bind: Callable[[Instance], Callable[[_A], _R]]
    ) -> tuple[Callable[[_A], _R], Callable[[_A], _R]]:
        """Return the entry points of a function, with the checks and bookkeeping that every call needs.

        The first is for any call, the second for calls that guests make, where it is faster. ``bind`` returns what they
        call of an instance: of the module's present one, and of each that replaces it.
        """
        run = bind(module.instance)
        if module.executor == HOST:
            run = self.hosted(run)
        lock, max_depth, running, stack = self.lock, self.max_depth, self.running, module.instance.stack
        begin, end_all, owned = running.append, running.clear, lock._is_owned
        # ``with`` takes twice as long as both together.
        acquire, release = lock.acquire, lock.release

        def enter(argument: _A) -> _R:
            if running or hosting:
                return enter_nested(argument)
            try:
                acquire()
                # There are still no calls: the thread that had the lock meanwhile has ended its own.
                if module.held or not (thread.levels or not stack):
                    self._prepare(module, function, stack)
                try:
                    begin(module)
                    return run(argument)
                except BaseException as error:
                    module.fail(error, function)
                    raise
                finally:
                    end_all()
            finally:
                # Nothing is called before: the handler of a signal, which may raise, runs after calls.
                try:  # noqa: SIM105, contextlib.suppress takes as long as all the rest
                    release()
                except RuntimeError:
                    pass  # An exception from a signal handler came before it was acquired.

        def enter_nested(argument: _A) -> _R:
            if not owned():
                return self._enter_in_turn(module, function, enter_nested, argument)
            depth = len(running)
            if depth >= max_depth or (depth and depth != self.host_depth):
                self.refuse(module, function)
            if depth >= thread.levels or (hosting and (GREENLET in modules or times_hosting(self) != len(hosting))):
                self._check_thread(module, function, stack)
            if module.held or not (depth or thread.levels or not stack):
                self._prepare(module, function, stack)
            try:
                begin(module)
                return run(argument)
            except BaseException as error:
                module.fail(error, function)
                raise
            finally:
                # Not popped: an exception from a signal handler may have come before ``begin``.
                del running[depth:]

        def rebind() -> None:
            nonlocal run, stack
            run, stack = bind(module.instance), module.instance.stack

        module.rebind.append(rebind)
        return enter, enter_nested

    def hosted(self, run: Callable[_P, _R]) -> Callable[_P, _R]:
        """Return host code ``run``, which a running call leads to, wrapped so that it may make nested calls."""
        running = self.running

        def hosted(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            outer, self.host_depth = self.host_depth, len(running)
            try:
                begin_hosting(self)
                return run(*args, **kwargs)
            finally:
                self.host_depth = outer
                try:  # noqa: SIM105, as above
                    end_hosting(self)
                except ValueError:
                    pass  # An exception from a signal handler came before it was appended.

        host_code.runners.add(hosted.__code__)
        return hosted

    def run_callable(self, function: Callable[[], Any]) -> Any:
        """Run a callable as a nested call. Raises LimitExceeded, and any exception of the callable."""
        running = self.running
        depth = len(running)
        if depth >= self.max_depth:
            raise self._too_deep()
        outer, self.host_depth = self.host_depth, depth + 1
        try:
            begin_hosting(self)
            running.append(None)
            return function()
        finally:
            del running[depth:]
            self.host_depth = outer
            try:  # noqa: SIM105, as above
                end_hosting(self)
            except ValueError:
                pass

    def run_load(self, load: Callable[[], _R], stack: int) -> _R:
        """Run the load of a module, in which guest code runs, as a nested call.

        Raises LimitExceeded, also where the thread has less than ``stack`` bytes of its stack left.
        """
        depth = len(self.running)
        if depth >= self.max_depth:
            raise self._too_deep()
        self._require_stack(stack)
        try:
            self.running.append(None)
            return load()
        finally:
            del self.running[depth:]

    def refuse(self, module: ModuleEntry, function: str) -> NoReturn:
        """Raise the error that says why a call cannot start."""
        self.require_open()
        error: AroraError
        if module.lost:
            error = ModuleBusy(
                "another thread was in a call of the module when this process was forked; load it again, with replace"
            )
        elif module.closed:
            error = ModuleNotFound("the module has been unloaded")
        elif len(self.running) >= self.max_depth:
            error = self._too_deep()
        else:
            error = _out_of_turn()
        raise error.at(module=module.header.name, function=function, executor=module.executor)

    def wait_for_turn(self, deadline: float | None = None) -> None:
        """Wait until no other thread uses the engine; return without its lock.

        Raises ModuleBusy where that thread waits for this one, or host code of this thread runs in another greenlet,
        LimitExceeded where ``deadline`` seconds pass first.
        """
        try:
            if not self.lock._is_owned():
                turns.wait(self.lock, deadline)
        finally:
            turns.arrived()
        if host_code.in_another_greenlet():
            raise _in_another_greenlet()

    def turn(self) -> Any:
        """Wait as :meth:`wait_for_turn`, and return the engine's lock, not acquired yet: ``with calls.turn(): ...``.

        A context manager in Python could be left locked by what the handler of a signal raises; this lock cannot
        (:mod:`arora_core.lock`).
        """
        self.wait_for_turn()
        return self.lock

    def require_open(self) -> None:
        """Raise EngineClosed after :meth:`close`."""
        if self._closed:
            raise EngineClosed("the engine is closed")

    def require_turn(self) -> None:
        """Raise EngineClosed, or ModuleBusy while guest code is on top of the stack."""
        self.require_open()
        if self.running and len(self.running) != self.host_depth:
            raise _out_of_turn()

    def require_idle(self, module: ModuleEntry, done: str = "unloaded") -> None:
        """Raise ModuleBusy, which says what cannot be ``done``, while a call of the module is running."""
        if module in self.running:
            message = f"the module cannot be {done} from inside one of its own calls"
            raise ModuleBusy(message, module=module.header.name)

    def close(self) -> None:
        """Refuse every later call. Idempotent. Raises ModuleBusy while a call or a load is running."""
        if self.running:
            raise ModuleBusy("the engine cannot be closed from inside one of its calls, or while it loads a module")
        self._closed = True

    @property
    def closed(self) -> bool:
        """Whether every later call is refused."""
        return self._closed

    def _enter_in_turn(self, module: ModuleEntry, function: str, enter: Callable[[_A], _R], argument: _A) -> _R:
        """Call ``enter`` once the engine is free, or once it is known that other threads do not wait for this one."""
        try:
            turns.wait(self.lock, module.limits.deadline)
            with self.lock:
                turns.arrived()
                return enter(argument)
        except AroraError as error:
            error.at(module=module.header.name, function=function, executor=module.executor)
            raise
        finally:
            turns.arrived()

    def _prepare(self, module: ModuleEntry, function: str, stack: int) -> None:
        """Refuse or restart a held module, and make sure of the stack."""
        if module.closed:
            self.refuse(module, function)
        # A module that is running goes on until its outermost call has ended.
        if module.held and module not in self.running:
            module.restart()
        self._check_thread(module, function, stack)

    def _check_thread(self, module: ModuleEntry, function: str, stack: int) -> None:
        """Raise ModuleBusy or LimitExceeded for a call that the current thread cannot make now."""
        try:
            if host_code.in_another_greenlet():
                raise _in_another_greenlet()
            self._require_stack(stack)
        except AroraError as error:
            error.at(module=module.header.name, function=function, executor=module.executor)
            raise

    def _require_stack(self, stack: int) -> None:
        """Raise LimitExceeded where the thread has less than ``stack`` bytes and the reserve left; 0 asks for none."""
        if stack and native_stack.lacks(stack, level := self._level()):
            raise LimitExceeded(
                f"less than {(stack + native_stack.RESERVE) >> 10} KiB are left of the thread's stack "
                f"(calls nested in it: {level}; threading.stack_size sets the size of new threads)",
                limit="depth",
            )

    def _level(self) -> int:
        """Return the number of calls of all engines that are running in the current thread."""
        return sum(len(calls.running) for calls in {self, *host_code.in_this_thread()})

    def _after_fork(self) -> None:
        """Release what calls of the parent's other threads held: a forked process does not have them."""
        if self.lock._is_owned():
            return
        self.lock._at_fork_reinit()
        for module in self.running:
            if module is not None:
                module.lose()
        self.running.clear()
        self.host_depth = 0

    def _too_deep(self) -> LimitExceeded:
        return LimitExceeded(f"calls are nested deeper than the limit of {self.max_depth}", limit="depth")


host_code.runners.add(CallStack.run_callable.__code__)


def out_of_frames(error: RecursionError) -> LimitExceeded:
    """Return the depth error for a call for which Python had no frames. Raises ``error`` if host code raised it."""
    if host_code.raised(error):
        raise error
    limit = sys.getrecursionlimit()
    return LimitExceeded(f"calls are nested deeper than Python's limit of {limit} frames allows", limit="depth")


def _in_another_greenlet() -> ModuleBusy:
    return ModuleBusy(
        "another greenlet of this thread is in a call, and calls of one thread have to end in the order in which "
        "they began"
    )


_all: Final[WeakSet[CallStack]] = WeakSet()


def _after_fork_in_child() -> None:
    for each in list(_all):
        each._after_fork()
    host_code.forget_other_threads()
    turns.forget_other_threads()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def _out_of_turn() -> ModuleBusy:
    return ModuleBusy(
        "another call of this engine is running, and this one was not made by it (a signal handler, a finalizer?)"
    )
