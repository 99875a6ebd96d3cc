"""Resources that groups share: the executors to measure, and engines and guests, which are closed after a group."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from arora_core import Engine, LoadedModule, discover
from benchmarks import guests

ONLY_ON_REQUEST: Final = frozenset({"browser"})
_BENCH_KINDS: Final = frozenset({"wasm", "native"})
"""The kinds that ``bench.c`` is built in. Components have groups of their own."""
"""Executors that are measured only on request. This one starts a browser."""


class NoSuchExecutor(Exception):
    """A requested executor cannot be measured here. The message gives the reason."""


@dataclass
class Workbench:
    """The executors to measure, in this order. ``quick`` selects smaller operations of the same kind."""

    executors: tuple[str, ...]
    quick: bool
    stack: ExitStack = field(default_factory=ExitStack)

    def engine(self) -> Engine:
        """Return a new engine. It is closed after the group."""
        return self.stack.enter_context(Engine())

    def load(self, engine: Engine, executor: str, number: int = 1) -> LoadedModule:
        """Load ``bench.c`` on an executor. Each ``number`` is a different module."""
        return engine.load_module(guests.bench(kind_of(executor), number), executor=executor)

    def loaded(self, engine: Engine) -> dict[str, LoadedModule]:
        """Load ``bench.c`` on every executor, all in one engine. Return the modules by executor."""
        return {each: self.load(engine, each, number) for number, each in enumerate(self.executors, 1)}


def kind_of(executor: str) -> str:
    """Return the kind of guest that an executor runs: ``wasm`` or ``native``."""
    served = discover().executors[executor].executor.serves
    return "wasm" if "wasm" in served else "native"


def usable_executors(requested: list[str]) -> tuple[str, ...]:
    """Return the requested executors, or by default all that are available here. Raises NoSuchExecutor."""
    known = discover().executors
    for name in requested:
        if name not in known:
            raise NoSuchExecutor(f"no executor {name!r} is installed (installed: {', '.join(sorted(known)) or 'none'})")
        reason = known[name].executor.unavailable()
        if reason:
            raise NoSuchExecutor(f"{name} cannot run here: {reason}")
        if not known[name].executor.serves & _BENCH_KINDS:
            raise NoSuchExecutor(f"{name} is measured by the group components, whatever executors are asked for")
    if requested:
        return tuple(dict.fromkeys(requested))
    usable = [
        name
        for name, each in known.items()
        if name not in ONLY_ON_REQUEST and each.executor.serves & _BENCH_KINDS and each.executor.unavailable() is None
    ]
    return tuple(sorted(usable, key=lambda name: (-known[name].executor.priority, name)))


def unusable_executors() -> dict[str, str]:
    """Return the reasons why the other installed executors are not measured, by name."""
    reasons = {name: each.executor.unavailable() for name, each in sorted(discover().executors.items())}
    return {
        name: reason or "only measured with --executor"
        for name, reason in reasons.items()
        if reason or name in ONLY_ON_REQUEST
    }
