"""Executors of plugins in use. Every fault of their code comes out as a PluginError, of the distribution at fault.

Only calls of functions are made as they are: nothing stands between the engine and the entry points of an instance.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from .errors import AroraError, LoadError, PluginError
from .executor import Executor, Host, Instance, RawEntry, RowsCall, Transfer
from .header import ModuleDefinition
from .installed_plugins import Origin
from .limits import Capability, Limits
from .plugin_code import described, guarded, is_transient, optional_text, raised_by_a_handler, shortage, shown

_T = TypeVar("_T")

Excused = Callable[[BaseException], bool]
"""Whether an exception that came out of a plugin's code is another's."""


@dataclass(frozen=True)
class InstalledExecutor:
    """An executor class, its origin, and its attributes as they were when it was found.

    It asks the class by its methods: a class that fails to answer is disabled, and harms no other.
    """

    executor: type[Executor]
    origin: Origin
    name: str
    serves: frozenset[str]
    capabilities: frozenset[Capability]
    priority: int
    suffixes: tuple[str, ...]
    stack: int
    disable: Callable[[str], None] = field(repr=False, compare=False)
    """Disables it for the reason given."""

    def unavailable(self) -> str | None:
        """Return why it cannot run here, which may be that it was disabled because it failed to answer."""
        try:
            return self._text("asking whether it can run", self.executor.unavailable)
        except PluginError as error:
            return error.message

    def version(self) -> str | None:
        """Return the version of its runtime. Raises PluginError where it fails to answer, and is disabled then."""
        return self._text("asking for its version", self.executor.version)

    def create(self, excused: Excused) -> ExecutorInUse | None:
        """Return a new executor; None when it cannot be created, and is disabled now.

        Raises an AroraError with which it refuses, and LoadError when memory is short.
        """
        try:
            return ExecutorInUse(self, guarded("creating it raised", self._created), excused)
        except PluginError as error:
            cause = error.__cause__
            if (short := shortage(cause)) is not None:
                raise LoadError(f"not enough {short} to create the executor", executor=self.name) from None
            if isinstance(cause, (AroraError, RecursionError)):
                raise cause from None
            self.disable(error.message)
            return None

    def _created(self) -> Executor:
        made: object = self.executor()
        if not isinstance(made, Executor):
            raise PluginError(f"creating it gave {made!r}, which is no Executor")
        return made

    def _text(self, question: str, ask: Callable[[], object]) -> str | None:
        try:
            return optional_text(question, ask)
        except PluginError as error:
            if not is_transient(error.__cause__):
                self.disable(error.message)
            raise


class ExecutorInUse:
    """An executor that an engine has created."""

    def __init__(self, installed: InstalledExecutor, executor: Executor, excused: Excused) -> None:
        self.executor = executor
        self._installed = installed
        self._excused = excused

    def load(
        self,
        definition: ModuleDefinition,
        host: Host,
        limits: Limits,
        run: Callable[[Callable[[], object], int], object],
    ) -> InstanceInUse:
        """Return an instance of a definition, which ``run`` loads, given the stack that loading may use."""
        load = partial(self.executor.load, definition, host, limits)
        loaded = self.guarded("load", lambda: run(load, self._installed.stack))
        if not isinstance(loaded, Instance):
            raise self.fault(f"load gave {shown(loaded)}, which is no Instance")
        return InstanceInUse(self, loaded)

    async def prepare(self, definition: ModuleDefinition) -> None:
        """Prepare a later load."""
        preparing: object = self.guarded("prepare", lambda: self.executor.prepare(definition))
        if not inspect.isawaitable(preparing):
            raise self.fault(f"prepare gave {shown(preparing)}, which cannot be awaited")
        try:
            await preparing
        # No other exceptions: by these, tasks are cancelled.
        except (Exception, SystemExit) as error:
            self._judge("prepare", error)
            raise

    def close(self) -> None:
        """Release the executor's own resources."""
        self.guarded("close", self.executor.close)

    def guarded(self, method: str, code: Callable[[], _T]) -> _T:
        """Return what a method returns.

        Raises PluginError in place of an exception that is a fault of the plugin: no AroraError, no lack of stack,
        nothing that the user raised or that is excused. Raises LoadError for a lack of memory, descriptors or threads.
        """
        try:
            return code()
        except BaseException as error:
            self._judge(method, error)
            raise

    def _judge(self, method: str, error: BaseException) -> None:
        """Raise what takes the place of an exception, if anything does."""
        if isinstance(error, (AroraError, RecursionError)) or raised_by_a_handler(error) or self._excused(error):
            return
        if (short := shortage(error)) is not None:
            raise LoadError(f"not enough {short} to {method} it", executor=self._installed.name) from None
        raise self.fault(f"{method} raised {described(error)}") from error

    def fault(self, message: str) -> PluginError:
        """Return the error that says what is wrong with the plugin."""
        origin, name = self._installed.origin, self._installed.name
        message = f"{origin}: executor {name!r}: {message}"
        return PluginError(message, distribution=origin.distribution, executor=name)


class InstanceInUse(Instance):
    """An instance that an executor in use has loaded."""

    def __init__(self, executor: ExecutorInUse, instance: Instance) -> None:
        self.instance = instance
        self._executor = executor

    @property
    def stack(self) -> int:  # type: ignore[override]
        """As the instance says."""
        stack: object = self._executor.guarded("stack", lambda: self.instance.stack)
        if not isinstance(stack, int):
            raise self._executor.fault(f"stack of its instance is {shown(stack)}, which is no int")
        return stack

    @property
    def needs_restart(self) -> bool:
        """As the instance says."""
        return self._executor.guarded("needs_restart", lambda: bool(self.instance.needs_restart))

    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        """As the instance does."""
        return self.instance.dispatch(function_id, argument)

    def function(self, function_id: bytes) -> Callable[[bytes], bytes]:
        """Return the instance's own entry point of a function."""
        return self._callable("function", lambda: self.instance.function(function_id))

    def raw_entry(self, function_id: bytes) -> RawEntry | None:
        """Return where compiled code may enter the instance's guest."""
        entry: object = self._executor.guarded("raw_entry", lambda: self.instance.raw_entry(function_id))
        if not isinstance(entry, (RawEntry, type(None))):
            raise self._executor.fault(f"raw_entry gave {shown(entry)}, which is no RawEntry")
        return entry

    def transfer(self, function_id: bytes) -> Callable[[Transfer], Any]:
        """Return the instance's own entry point of a function for large buffers."""
        return self._callable("transfer", lambda: self.instance.transfer(function_id))

    def batch(self, function_id: bytes) -> RowsCall:
        """Return the instance's own entry point of a function for many calls."""
        return self._callable("batch", lambda: self.instance.batch(function_id))

    def interrupt(self) -> None:
        """End the running call."""
        self._executor.guarded("interrupt", self.instance.interrupt)

    def close(self) -> None:
        """Release all resources."""
        self._executor.guarded("close", self.instance.close)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute that only this instance has, which tools for one executor look at."""
        return getattr(self.instance, name)

    def _callable(self, method: str, bind: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
        entry: object = self._executor.guarded(method, bind)
        if not callable(entry):
            raise self._executor.fault(f"{method} gave {shown(entry)}, which cannot be called")
        return entry
