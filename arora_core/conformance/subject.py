"""What a check works with: the executor under test, the guest, and a fresh engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import TypeVar
from uuid import UUID

from hypothesis import strategies as st

from .. import buffers
from .. import values as v
from ..calls import CallResult
from ..executor import Capability, Executor, Host, Instance, Limits
from ..hookspecs import hookimpl
from ..plugins import Origin, Plugins
from ..runtime.engine import Engine
from ..runtime.loaded_module import LoadedModule
from .expecting import expect_equal
from .generating import for_all
from .guests import Guest

_T = TypeVar("_T")

NO_LIMITS = Limits()
_COUNTING = 0xFF
"""The number of a module that checks do not load themselves."""


class Subject:
    """The executor under test, made anew for every check and closed after it."""

    def __init__(self, executor: type[Executor], guest: Guest, *, examples: int = 50) -> None:
        self.executor = executor
        self.guest = guest
        self.examples = examples
        self._stack = ExitStack()
        self._engine: Engine | None = None
        self._module: LoadedModule | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the executor declares."""
        return self.executor.capabilities

    @property
    def engine(self) -> Engine:
        """The check's first engine, which has only the executor under test."""
        if self._engine is None:
            self._engine = self.new_engine()
        return self._engine

    @property
    def module(self) -> LoadedModule:
        """The guest, loaded once in ``engine``."""
        if self._module is None:
            self._module = self.load()
        return self._module

    def new_engine(self) -> Engine:
        """Another engine."""
        return self._stack.enter_context(Engine(plugins=only(self.executor)))

    def load(
        self, number: int = 0, *, engine: Engine | None = None, limits: Limits | None = None, replace: bool = False
    ) -> LoadedModule:
        """The guest as module ``number``, in ``engine`` or else in the check's first one."""
        return (engine or self.engine).load_module(
            self.guest.definition(number), executor=self.executor.name, limits=limits, replace=replace
        )

    def new_executor(self) -> Executor:
        """A bare executor, closed after the check."""
        executor = self.executor()
        self._stack.callback(executor.close)
        return executor

    def instance(self, host: Host, *, number: int = 0, limits: Limits = NO_LIMITS) -> Instance:
        """The guest on a bare executor, without an engine around it. Closed after the check, if not before."""
        instance = self.new_executor().load(self.guest.definition(number), host, limits)
        self._stack.callback(instance.close)
        return instance

    def function_id(self, name: str) -> UUID:
        """The id of one of the guest's functions."""
        return next(each.id for each in self.guest.header().exports if each.name == name)

    def argument(self, name: str, *given: v.Value) -> bytes:
        """The argument buffer of a call: ``given`` in declared order."""
        export = next(each for each in self.guest.header().exports if each.name == name)
        fields = [(parameter.id, value) for parameter, value in zip(export.parameters, given, strict=False)]
        return buffers.encode(v.Structure(export.id, fields))

    def answered(self, name: str, value: v.Value) -> bytes:
        """The result buffer in which a function answers ``value``."""
        id = self.function_id(name)
        return buffers.encode(v.Structure(id, [(id, value)]))

    def dispatch(self, name: str, *given: v.Value) -> bytes:
        """The raw result of a call on ``module``."""
        return self.engine.dispatch(self.module.id, self.function_id(name), self.argument(name, *given))

    def values(self, name: str, given: Mapping[str, v.Value] | None = None) -> CallResult:
        """The result in values of a call on ``module``, arguments by name."""
        function = self.module[name]
        ids = {each.name: each.id for each in function.parameters}
        return function.call({ids[parameter]: value for parameter, value in (given or {}).items()})

    def allocations(self, module: LoadedModule | None = None) -> Sequence[int]:
        """The guest's blocks in use, ever allocated, ever given back, and given back that were not in use."""
        counts: Sequence[int] = list((module or self.module).allocations())
        return counts

    def require_single_calls(self) -> None:
        """Raises CheckFailed when a nested call is made more than once. Deep ones would then never come to an end."""
        module = self.load(_COUNTING)
        answer = module.forward(module.id, self.function_id("count"), self.argument("count"))
        expect_equal(answer, self.answered("count", v.U32(1)), "the first count(), called once by the guest itself")

    def for_all(self, strategy: st.SearchStrategy[_T], test: Callable[[_T], None], *, examples: int = 0) -> None:
        """Runs ``test`` on examples of ``strategy``; raises what it raises, for the smallest example that fails."""
        for_all(strategy, test, examples or self.examples)

    def close(self) -> None:
        """Closes the engines and instances of the check."""
        self._stack.close()

    def __enter__(self) -> Subject:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _OnlyPlugin:
    def __init__(self, executors: Sequence[type[Executor]]) -> None:
        self._executors = executors

    @hookimpl
    def arora_executors(self) -> Sequence[type[Executor]]:
        return self._executors


def only(*executors: type[Executor]) -> Plugins:
    """Plugins that offer these executors, installed or not, and nothing else."""
    plugins = Plugins()
    plugins.add(_OnlyPlugin(executors), Origin("conformance", "arora-core", ""))
    return plugins
