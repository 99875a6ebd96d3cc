"""Several engines with the same modules, for programs that use several processors."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from types import TracebackType
from typing import Any, Final, NoReturn, TypeVar

from ..buffers import AroraCodec
from ..errors import EngineClosed, Interrupted, ModuleBusy
from ..executor import Limits
from ..header import Header, ModuleDefinition
from ..lock import Lock
from ..plugins import Plugins, discover
from ..types import TypeRegistry
from ..values import Value
from .awaited_calls import outcome
from .call_stack import MAX_CALL_DEPTH
from .closing import close_after, close_all
from .engine import REPAIR, Engine, Made
from .free_engines import FreeEngines
from .host_module import HostModule
from .interruption import CallForAnother, interrupt
from .loaded_module import Function, LoadedModule, ModuleHandle
from .pooled_module import PooledModule

_AGAIN: Final = 0.01
"""Seconds between two interruptions of the calls that run while the pool is closed."""

_T = TypeVar("_T")


class EnginePool:
    """``size`` engines, each with a thread, that have the same modules loaded. Usable from any thread.

    Functions of its modules run on any engine that is free, so ``size`` guests run at the same time. ``limits`` are
    those of modules that are loaded without; the other parameters are those of :class:`Engine`. Raises ValueError for a
    size below one.
    """

    def __init__(
        self,
        size: int,
        *,
        prefer: Sequence[str] = (),
        limits: Limits | None = None,
        types: TypeRegistry | None = None,
        plugins: Plugins | None = None,
        max_depth: int = MAX_CALL_DEPTH,
        codec: str = AroraCodec.name,
    ) -> None:
        if isinstance(size, bool) or not isinstance(size, int):
            raise TypeError(f"the size of a pool must be an integer, got {size!r}")
        if size < 1:
            raise ValueError(f"the size of a pool must be at least 1, got {size}")
        self._limits = limits
        plugins = discover() if plugins is None else plugins
        self._engines: Final = tuple(
            Engine(prefer=prefer, types=types, plugins=plugins, max_depth=max_depth, codec=codec) for _ in range(size)
        )
        self._free = FreeEngines(size)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="arora-pool")
        self._loading = Lock()
        self._closed = False
        self._process = os.getpid()

    @property
    def size(self) -> int:
        """The number of engines."""
        return len(self._engines)

    # --- loading -------------------------------------------------------------------------------------

    def load(
        self,
        path: str | os.PathLike[str],
        *,
        executable: str | os.PathLike[str] | None = None,
        executor: str | None = None,
        limits: Limits | None = None,
        replace: bool = False,
        after_trap: str = REPAIR,
    ) -> PooledModule:
        """Load a header file and the executable beside it on every engine. Raises as :meth:`Engine.load`."""
        definition = self._engines[0]._definition(path, executable)
        return self.load_module(definition, executor=executor, limits=limits, replace=replace, after_trap=after_trap)

    def load_module(
        self,
        definition: ModuleDefinition,
        *,
        executor: str | None = None,
        limits: Limits | None = None,
        replace: bool = False,
        after_trap: str = REPAIR,
    ) -> PooledModule:
        """Load a definition on every engine, or on none. Raises as :meth:`Engine.load_module`."""
        chosen = executor

        def load(engine: Engine) -> Made:
            nonlocal chosen
            made = engine._loaded(definition, chosen, limits or self._limits, replace, after_trap)
            chosen = made[0].executor
            return made

        return self._on_all(load, replace)

    def load_module_from_parts(
        self,
        header: Header,
        executable: bytes,
        *,
        executor: str | None = None,
        limits: Limits | None = None,
        replace: bool = False,
        after_trap: str = REPAIR,
    ) -> PooledModule:
        """Load a header with the bytes of its executable on every engine. Raises as :meth:`Engine.load_module`."""
        definition = ModuleDefinition(header, executable)
        return self.load_module(definition, executor=executor, limits=limits, replace=replace, after_trap=after_trap)

    def register(self, module: HostModule, *, replace: bool = False) -> PooledModule:
        """Register a host module with every engine: its functions are called from several threads at the same time.

        Raises as :meth:`Engine.register`.
        """
        return self._on_all(lambda engine: engine._registered(module, replace), replace)

    def unload(self, module: ModuleHandle) -> None:
        """Unload a module from every engine. Waits for its calls to end. Raises as :meth:`Engine.unload`."""
        self._require_open()
        origin = module._origin
        if not isinstance(origin, PooledModule):
            raise TypeError(f"expected a module of a pool, got {module!r}")
        for engine, each in zip(self._engines, origin._modules, strict=True):
            engine.unload(each)

    def _on_all(self, make: Callable[[Engine], Made], replace: bool) -> PooledModule:
        """Make a module for every engine, and only then put each in its place."""
        self._require_open()
        made: list[Made] = []
        modules: list[LoadedModule] = []
        with self._loading:
            try:
                for engine in self._engines:
                    with engine._calls.turn():
                        made.append(make(engine))
                for engine, each in zip(self._engines, made, strict=True):
                    with engine._calls.turn():
                        modules.append(engine._install(*each, replace))
            except BaseException as error:
                for engine, module in zip(self._engines, modules, strict=False):
                    engine.unload(module)
                for entry, _ in made[len(modules) :]:
                    close_after(error, entry)
                raise
        return PooledModule(self, modules)

    def register_callable(self, function: Callable[[], Value]) -> int:
        """Register a Python callable with every engine; return the u64 id by which their guests call it.

        It is called from several threads at the same time. Otherwise as :meth:`Engine.register_callable`.
        """
        self._require_open()
        with self._loading:
            id = self._engines[0].register_callable(function)
            for engine in self._engines[1:]:
                engine._callables.add(function, id)
            return id

    def unregister_callable(self, id: int) -> None:
        """Unregister a callable from every engine. Raises FunctionNotFound."""
        self._require_open()
        with self._loading:
            for engine in self._engines:
                engine.unregister_callable(id)

    # --- calling -------------------------------------------------------------------------------------

    @property
    def is_busy_here(self) -> bool:
        """Whether this thread runs a call of the pool: host code does that the call leads to."""
        return self._free.is_mine

    def run(self, call: Callable[[int], _T]) -> _T:
        """Return what ``call`` returns, given the index of an engine that is free. It runs in this thread."""
        self._require_open()
        return self._free.run(call)

    def waited_for(
        self, functions: Sequence[Function], arguments: tuple[Sequence[object], Mapping[str, object]]
    ) -> Any:
        """Return the result of a call of one of the functions, in a thread of the pool.

        What a signal's handler raises meanwhile, as KeyboardInterrupt, comes out when it has interrupted the call.
        """
        call = _AwaitedCall(self._engines, functions, arguments)
        future = self.submit(call.run)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            while not future.done():
                call.interrupt()
                wait([future], _AGAIN)
            raise

    def submit(self, call: Callable[[int], _T]) -> Future[_T]:
        """Have a thread of the pool make a call, as :meth:`run`. Raises EngineClosed."""
        self._require_open()
        try:
            return self._threads.submit(self._free.run, call)
        except RuntimeError:
            # Closed meanwhile, or there are no threads.
            self._require_open()
            raise

    async def awaited(
        self, functions: Sequence[Function], arguments: tuple[Sequence[object], Mapping[str, object]]
    ) -> Any:
        """Return the result of a call of one of the functions, which are those of the engines, in a thread."""
        if self.is_busy_here:
            raise ModuleBusy("acall inside a call of the same pool could wait for the end of that call")
        call = _AwaitedCall(self._engines, functions, arguments)
        return await outcome(self.submit(call.run), call.interrupt)

    # --- closing -------------------------------------------------------------------------------------

    def close(self, *, wait: bool = True, cancel_futures: bool = False) -> None:
        """Refuse later calls, and release everything when those that were made have ended. Idempotent.

        ``wait`` waits for that. ``cancel_futures`` cancels the submitted calls that have not begun; those that are
        running end by themselves. Raises ModuleBusy from inside a call of the pool.
        """
        if self.is_busy_here:
            raise ModuleBusy("the pool cannot be closed from inside one of its calls")
        self._closed = True
        if self._process != os.getpid():
            # It has neither the threads nor what they are in the middle of.
            return
        self._threads.shutdown(wait=False, cancel_futures=cancel_futures)
        if wait:
            self._release()
        else:
            threading.Thread(target=self._release, name="arora-pool-closing").start()

    def _release(self) -> None:
        self._threads.shutdown()
        # Each waits for the calls that other threads make.
        close_all(self._engines)

    def _end_calls(self) -> None:
        """Interrupt all calls until they have ended, where modules can be interrupted."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        while not self._free.are_all_free:
            for engine in self._engines:
                interrupt(engine._calls)
            time.sleep(_AGAIN)

    def __enter__(self) -> EnginePool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and not issubclass(kind, Exception):
            # As KeyboardInterrupt: the program is to end.
            self._end_calls()
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("an EnginePool cannot be copied or pickled; make one in each process, or pickle its functions")

    def __repr__(self) -> str:
        return f"<arora pool of {self.size} engines{', closed' if self._closed else ''}>"

    def _require_open(self) -> None:
        if self._closed:
            raise EngineClosed("the pool is closed")
        if self._process != os.getpid():
            raise EngineClosed("the pool belongs to the process that made it; a forked process has to make its own")


class _AwaitedCall:
    """A call that a task of asyncio waits for, on the engine that is free when it begins."""

    def __init__(
        self,
        engines: Sequence[Engine],
        functions: Sequence[Function],
        arguments: tuple[Sequence[object], Mapping[str, object]],
    ) -> None:
        self._engines = engines
        self._functions = functions
        self._arguments = arguments
        self._context = copy_context()
        self._interrupted = False
        self._call: CallForAnother | None = None

    def run(self, index: int) -> Any:
        function = self._functions[index]
        self._call = CallForAnother(self._engines[index]._calls, None, function, self._arguments, self._context)
        if self._interrupted:
            raise Interrupted("was interrupted before it began")
        return self._call.run()

    def interrupt(self) -> None:
        self._interrupted = True
        if self._call is not None:
            self._call.interrupt()
