"""The handle of a module that every engine of a pool has loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from ..calls import CallResult
from ..values import Value
from .loaded_module import Function, ModuleHandle
from .pooled_batch import PooledBatch

if TYPE_CHECKING:
    from uuid import UUID


class Pool(Protocol):
    """What functions need of their pool. What they give it takes the index of the engine that is free."""

    @property
    def is_busy_here(self) -> bool:
        """Whether this thread runs a call of the pool."""
        ...

    def run(self, call: Callable[[int], Any]) -> Any:
        """Return the result of a call in this thread."""
        ...

    def waited_for(
        self, functions: Sequence[Function], arguments: tuple[Sequence[object], Mapping[str, object]]
    ) -> Any:
        """Return the result of a call that a thread of the pool makes; end it if a signal's handler raises."""
        ...

    def submit(self, call: Callable[[int], Any]) -> Future[Any]:
        """Have a thread of the pool make a call."""
        ...

    async def awaited(
        self, functions: Sequence[Function], arguments: tuple[Sequence[object], Mapping[str, object]]
    ) -> Any:
        """Return the result of a call that a thread of the pool makes; end it if the task is cancelled."""
        ...


class PooledFunction(Function):
    """One exported function of a module of a pool: each call runs on an engine that is free.

    A call waits until one is, and raises as that of a function of an engine. Each engine has a guest of its own: what a
    guest remembers of its calls depends on which ones it got.
    """

    __slots__ = ("_functions", "_interruptible", "_pool")

    def __init__(self, pool: Pool, functions: Sequence[Function], *, interruptible: bool) -> None:
        first = functions[0]
        for name in Function.__slots__:
            if name != "__call__":
                setattr(self, name, getattr(first, name))
        self._pool = pool
        self._functions = functions
        self._interruptible = interruptible
        self._awaited = self._call_awaited
        self.__call__ = self._call_pooled

    def call(self, args: Mapping[UUID, Value]) -> CallResult:
        result: CallResult = self._pool.run(lambda index: self._functions[index].call(args))
        return result

    def submit(self, /, *args: object, **kwargs: object) -> Future[Any]:
        """Call the function in a thread of the pool, when an engine is free; return the future of its result.

        Raises EngineClosed after the pool was closed; errors of the call come out of the future.
        """
        return self._pool.submit(lambda index: self._functions[index](*args, **kwargs))

    def batch(
        self,
        /,
        *columns: object,
        errors: Literal["raise", "return"] = "raise",
        progress: Callable[[int, int], object] | None = None,
        **named: object,
    ) -> Any:
        """Call the function once for each row of ``columns``, on all engines; return a column of what the calls return.

        Takes and returns what :meth:`Function.batch` does. The rows are called in parts, several at the same time:
        where a row fails, some after it may have been called.
        """
        if self._pool.is_busy_here:
            # In host code: the threads of the pool may all wait for it.
            return self._pool.run(
                lambda index: self._functions[index].batch(*columns, errors=errors, progress=progress, **named)
            )
        return PooledBatch(self._functions, columns, named).run(self._pool.submit, errors, progress)

    def _call_pooled(self, /, *args: object, **kwargs: object) -> Any:
        # Signals' handlers run in the main thread, and not while it is in a guest.
        if self._interruptible and current_thread() is main_thread() and not self._pool.is_busy_here:
            return self._pool.waited_for(self._functions, (args, kwargs))
        return self._pool.run(lambda index: self._functions[index](*args, **kwargs))

    async def _call_awaited(
        self, _: Callable[..., Any], arguments: tuple[Sequence[object], Mapping[str, object]]
    ) -> Any:
        return await self._pool.awaited(self._functions, arguments)


class PooledModule(ModuleHandle):
    """A module that every engine of a pool has loaded. Its functions are attributes and items, as of a LoadedModule."""

    def __init__(self, pool: Pool, modules: Sequence[ModuleHandle]) -> None:
        first = modules[0]
        interruptible = first._pickling.limits.interruptible
        functions = {
            name: PooledFunction(pool, [each.functions[name] for each in modules], interruptible=interruptible)
            for name in first.functions
        }
        super().__init__(first.header, first.executor, functions, lambda: _restart(modules))
        self._modules = tuple(modules)
        self._pickling = first._pickling

    @property
    def functions(self) -> Mapping[str, PooledFunction]:
        """Its functions by name, in declared order."""
        return cast("Mapping[str, PooledFunction]", self._functions)

    def __getitem__(self, name: str) -> PooledFunction:
        return cast("PooledFunction", super().__getitem__(name))

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> PooledFunction: ...


def _restart(modules: Sequence[ModuleHandle]) -> None:
    for each in modules:
        each.restart()
