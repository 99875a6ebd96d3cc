"""Compare executors: the same calls must have the same results on each of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import strategies as st

from .. import buffers
from .. import values as v
from ..errors import AroraError, Trap
from ..executor import Capability, Executor
from ..header import ExportedFunction
from ..plugins import Plugins, discover
from ..runtime.engine import Engine
from ..runtime.loaded_module import LoadedModule
from . import strategies
from .compiling import CompilerNotFound
from .expecting import CheckFailed, expect_equal
from .generating import for_all
from .guests import Guest, guest_for, header, id_of
from .subject import only

_DETERMINISTIC = (
    *(each.name for each in header().exports if each.name.startswith("echo")),
    *("mirror", "mirror_all", "reverse", "given", "add", "received", "append", "nothing", "count", "exchange"),
    *("checksum", "fail", "malform", "forward", "indirect"),
)
"""The functions whose result does not depend on the executor. Other results depend on time, random numbers, memory or
the text of error messages."""
_CRASHES = ("crash", "wild")
_MAX_FAILURE_MODE = 12
"""The largest argument drawn for functions whose argument selects a way to fail; larger than every mode in use."""


@dataclass(frozen=True)
class HostUnderTest:
    """An executor that is available on this machine, with its guest."""

    executor: type[Executor]
    guest: Guest

    @property
    def name(self) -> str:
        """The executor's name."""
        return self.executor.name


@dataclass(frozen=True)
class CallOutcome:
    """The result buffer of a call, or the class name and trap kind of its error."""

    result: bytes | None
    error: str | None = None
    kind: str | None = None


def hosts(plugins: Plugins | None = None) -> Sequence[HostUnderTest]:
    """Return every installed executor that is available on this machine and has a guest, sorted by name.

    ``plugins`` replaces the installed plugins.
    """
    found = []
    installed = (plugins or discover()).executors
    for name in sorted(installed):
        executor = installed[name].executor
        if installed[name].unavailable() is None:
            try:
                found.append(HostUnderTest(executor, guest_for(executor)))
            except (AroraError, CompilerNotFound):
                continue
    return found


def compare_calls(one: HostUnderTest, other: HostUnderTest, examples: int = 100) -> None:
    """Run the same generated sequences of calls on two executors.

    Raises CheckFailed for the smallest sequence whose outcomes differ.
    """
    with Engine(plugins=only(one.executor)) as first, Engine(plugins=only(other.executor)) as second:

        def compare(sequence: Sequence[tuple[str, bytes]]) -> None:
            engines = [_loaded(first, one), _loaded(second, other)]
            for name, argument in sequence:
                id = _function_id(name)
                outcomes = [_outcome(partial(engine.dispatch, id_of(0), id, argument)) for engine in engines]
                what = f"{name}({argument.hex()}) on {other.name}, compared with {one.name}"
                expect_equal(outcomes[1], outcomes[0], what)

        for_all(st.lists(_calls(one, other), max_size=8), compare, examples)


def compare_module_graphs(available: Sequence[HostUnderTest], examples: int = 30, *, modules: int = 5) -> None:
    """Run calls between modules that are distributed at random over executors, and with all modules on the first one.

    Raises CheckFailed for the smallest sequence of calls whose outcomes differ.
    """
    first = available[0]
    with (
        Engine(plugins=only(*{each.executor for each in available})) as mixed,
        Engine(plugins=only(first.executor)) as single,
    ):

        def compare(drawn: tuple[int, list[tuple[list[int], int, int]]]) -> None:
            seed, walks = drawn
            placed = random.Random(seed).choices(list(available), k=modules)
            distributed = [_module(mixed, host, number) for number, host in enumerate(placed)]
            together = [_module(single, first, number) for number in range(modules)]
            for route, start, end in walks:
                ids = b"".join(id_of(number).bytes for number in route[1:])
                calls = [partial(each[route[0]].walk, ids, start, end) for each in (distributed, together)]
                outcomes = [_outcome(partial(_encoded, call)) for call in calls]
                names = " -> ".join(placed[number].name for number in route)
                what = f"a walk over {names}, compared with one on {first.name} alone"
                expect_equal(outcomes[0], outcomes[1], what)

        route = st.lists(st.integers(0, modules - 1), min_size=1, max_size=20)
        walk = st.tuples(route, st.integers(0, (1 << 64) - 1), st.integers(0, 2))
        drawn = st.tuples(st.integers(0, 1 << 32), st.lists(walk, min_size=1, max_size=5))
        for_all(drawn, compare, examples)


def across_suite(plugins: Plugins | None = None, *, examples: int = 60) -> type:
    """Return a new pytest class with a test for each pair of available executors, and one that distributes modules over
    all of them.

    ``plugins`` replaces the installed plugins, ``examples`` is the number of generated inputs of each test.
    """
    found = hosts(plugins)
    methods: dict[str, object] = {}
    for one, other in combinations(found, 2):
        name = f"test_{one.name}_and_{other.name}_give_the_same_answers".replace("-", "_")
        methods[name] = _method(partial(compare_calls, one, other, examples))
    if found:
        run = partial(compare_module_graphs, found, max(1, examples // 3))
        methods["test_modules_spread_over_all_executors_behave_as_on_one"] = _method(run)
    else:
        methods["test_there_is_an_executor"] = _method(partial(pytest.skip, "no executor is installed"))
    return type("AcrossSuite", (), methods)


# --- internals -----------------------------------------------------------------------------------


def _method(run: Callable[[], None]) -> Callable[[object], None]:
    def test(_: object) -> None:
        try:
            run()
        except CheckFailed as failure:
            pytest.fail(str(failure), pytrace=False)

    return test


def _calls(one: HostUnderTest, other: HostUnderTest) -> st.SearchStrategy[tuple[str, bytes]]:
    """Draw calls of functions that both guests have: mostly with arguments of the declared types, sometimes of any."""
    crashing = all(Capability.TRAPS in each.executor.capabilities for each in (one, other))
    names = [
        each for each in (*_DETERMINISTIC, *(_CRASHES if crashing else ())) if _has(one, each) and _has(other, each)
    ]
    return st.sampled_from(names).flatmap(lambda name: st.tuples(st.just(name), _arguments(name)))


def _has(host: HostUnderTest, function: str) -> bool:
    return function in host.guest.functions


def _arguments(name: str) -> st.SearchStrategy[bytes]:
    export = next(each for each in header().exports if each.name == name)
    typed = strategies.arguments(export, header().types)
    if name in ("malform", *_CRASHES):
        modes = st.integers(0, _MAX_FAILURE_MODE).map(v.U32)
        return modes.map(lambda mode: _buffer(export.id, {export.parameters[0].id: mode}))
    if name == "forward":
        return _forwards(export)
    anything = st.fixed_dictionaries({}, optional={each.id: strategies.values() for each in export.parameters})
    return st.one_of(typed, typed, typed, anything).map(lambda given: _buffer(export.id, given))


def _forwards(forward: ExportedFunction) -> st.SearchStrategy[bytes]:
    """Draw arguments of ``forward`` that hold well-formed buffers: a native executor has to trust their size."""
    inner = st.sampled_from(["echo", "add", "fail", "count", "malform"])
    argument = inner.flatmap(lambda name: st.tuples(st.just(_function_id(name)), _arguments(name)))
    module = st.one_of(st.just(id_of(0)), strategies.ids())
    ids = [each.id for each in forward.parameters]

    def built(drawn: tuple[UUID, tuple[UUID, bytes]]) -> bytes:
        target, (function, buffer) = drawn
        given = [v.Uuid(target), v.Uuid(function), v.ArrayU8(buffer)]
        return _buffer(forward.id, dict(zip(ids, given, strict=True)))

    return st.tuples(module, argument).map(built)


def _buffer(function: UUID, given: Mapping[UUID, v.Value]) -> bytes:
    return buffers.encode(v.Structure(function, list(given.items())))


def _function_id(name: str) -> UUID:
    return next(each.id for each in header().exports if each.name == name)


def _loaded(engine: Engine, host: HostUnderTest) -> Engine:
    """Load a fresh instance of the guest and return the engine."""
    _module(engine, host, 0)
    return engine


def _module(engine: Engine, host: HostUnderTest, number: int) -> LoadedModule:
    return engine.load_module(host.guest.definition(number), executor=host.name, replace=True)


def _encoded(call: Callable[[], int]) -> bytes:
    return call().to_bytes(8, "little")


def _outcome(call: Callable[[], bytes]) -> CallOutcome:
    try:
        return CallOutcome(call())
    except AroraError as error:
        return CallOutcome(None, type(error).__name__, error.kind.name if isinstance(error, Trap) else None)
