"""The argument of a check: the executor under test, the guest, and a fresh engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Final, TypeVar
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

EXAMPLES: Final = 50
"""The number of inputs that a check with generated inputs tries, and the most repetitions of a check that repeats."""
SIZE: Final = 5 << 20
"""Bytes of the largest buffers that checks make."""
NO_LIMITS = Limits()
_COUNTING = 0xFF
"""A module number that no check loads."""


class Subject:
    """The executor under test, its guest and engines. Every check gets a new one, which is closed after the check."""

    def __init__(self, executor: type[Executor], guest: Guest, *, examples: int = EXAMPLES, size: int = SIZE) -> None:
        self.executor = executor
        self.guest = guest
        self.examples = examples
        self.size = size
        self._stack = ExitStack()
        self._engine: Engine | None = None
        self._module: LoadedModule | None = None

    @property
    def capabilities(self) -> frozenset[Capability]:
        """The capabilities that the executor declares."""
        return self.executor.capabilities

    @property
    def engine(self) -> Engine:
        """An engine that has only the executor under test. Created when first used."""
        if self._engine is None:
            self._engine = self.new_engine()
        return self._engine

    @property
    def module(self) -> LoadedModule:
        """The guest as module 0 in ``engine``. Loaded when first used."""
        if self._module is None:
            self._module = self.load()
        return self._module

    def new_engine(self) -> Engine:
        """Return another engine that has only the executor under test. It is closed after the check."""
        return self._stack.enter_context(Engine(plugins=only(self.executor)))

    def load(
        self, number: int = 0, *, engine: Engine | None = None, limits: Limits | None = None, replace: bool = False
    ) -> LoadedModule:
        """Load the guest as module ``number`` into ``engine``, by default the subject's, and return it."""
        return (engine or self.engine).load_module(
            self.guest.definition(number), executor=self.executor.name, limits=limits, replace=replace
        )

    def new_executor(self) -> Executor:
        """Return an executor without an engine. It is closed after the check."""
        executor = self.executor()
        self._stack.callback(executor.close)
        return executor

    def instance(self, host: Host, *, number: int = 0, limits: Limits = NO_LIMITS) -> Instance:
        """Load the guest on an executor without an engine and return the instance. It is closed after the check."""
        instance = self.new_executor().load(self.guest.definition(number), host, limits)
        self._stack.callback(instance.close)
        return instance

    def function_id(self, name: str) -> UUID:
        """Return the id of one of the guest's functions."""
        return next(each.id for each in self.guest.header().exports if each.name == name)

    def argument(self, name: str, *given: v.Value) -> bytes:
        """Return the argument buffer of a call. ``given`` are values in the order of the parameters."""
        export = next(each for each in self.guest.header().exports if each.name == name)
        fields = [(parameter.id, value) for parameter, value in zip(export.parameters, given, strict=False)]
        return buffers.encode(v.Structure(export.id, fields))

    def result(self, name: str, value: v.Value) -> bytes:
        """Return the result buffer of a function that returns ``value``."""
        id = self.function_id(name)
        return buffers.encode(v.Structure(id, [(id, value)]))

    def dispatch(self, name: str, *given: v.Value) -> bytes:
        """Call a function of ``module`` and return the result buffer. ``given`` as in ``argument``."""
        return self.engine.dispatch(self.module.id, self.function_id(name), self.argument(name, *given))

    def values(self, name: str, given: Mapping[str, v.Value] | None = None) -> CallResult:
        """Call a function of ``module`` with values by parameter name, and return its result as values."""
        function = self.module[name]
        ids = {each.name: each.id for each in function.parameters}
        return function.call({ids[parameter]: value for parameter, value in (given or {}).items()})

    def allocations(self, module: LoadedModule | None = None) -> Sequence[int]:
        """Return counts of the guest's allocator: blocks in use, allocations, frees, and frees of blocks not in use."""
        counts: Sequence[int] = list((module or self.module).allocations())
        return counts

    def times(self, most: int) -> int:
        """Return how often a check repeats something: ``most``, and less in proportion where there are few examples."""
        return max(1, min(most, most * self.examples // EXAMPLES))

    def up_to(self, most: int) -> int:
        """Return the size of a large buffer in bytes: ``most``, or the subject's size if it is lower."""
        return min(most, self.size)

    def require_single_calls(self) -> None:
        """Raise CheckFailed if the executor makes a nested call more than once.

        Checks of deep recursion call this first: they would not terminate on such an executor.
        """
        module = self.load(_COUNTING)
        result = module.forward(module.id, self.function_id("count"), self.argument("count"))
        expect_equal(result, self.result("count", v.U32(1)), "the first count(), called once by the guest itself")

    def for_all(self, strategy: st.SearchStrategy[_T], test: Callable[[_T], None], *, examples: int = 0) -> None:
        """Run ``test`` on examples of ``strategy``; raise the exception of the smallest failing example.

        ``examples`` replaces the subject's number of examples.
        """
        for_all(strategy, test, examples or self.examples)

    def close(self) -> None:
        """Close the engines, executors and instances of the check."""
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
    """Return plugins that provide these executors and nothing else. They need not be installed."""
    plugins = Plugins()
    plugins.add(_OnlyPlugin(executors), Origin("conformance", "arora-core", ""))
    return plugins
