"""What the groups share: the executors under measurement, engines and guests, given back when a group is done."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from arora_core import Engine, LoadedModule, discover
from benchmarks import guests

LEFT_OUT: Final = frozenset({"browser"})
"""Executors that are measured only when they are asked for: this one starts a browser."""


class NoSuchExecutor(Exception):
    """An executor was asked for that cannot be measured here; the message says why."""


@dataclass
class Workbench:
    """``executors`` are measured, in this order. ``quick`` asks for smaller things to do, not for other ones."""

    executors: tuple[str, ...]
    quick: bool
    stack: ExitStack = field(default_factory=ExitStack)

    def engine(self) -> Engine:
        """A new engine, closed with the group."""
        return self.stack.enter_context(Engine())

    def load(self, engine: Engine, executor: str, number: int = 1) -> LoadedModule:
        """``bench.c`` on an executor; each ``number`` is another module."""
        return engine.load_module(guests.bench(kind_of(executor), number), executor=executor)

    def loaded(self, engine: Engine) -> dict[str, LoadedModule]:
        """``bench.c`` once on every executor, in one engine."""
        return {each: self.load(engine, each, number) for number, each in enumerate(self.executors, 1)}


def kind_of(executor: str) -> str:
    """What of the guests an executor runs: ``wasm`` or ``native``."""
    served = discover().executors[executor].executor.serves
    return "wasm" if "wasm" in served else "native"


def usable_executors(asked: list[str]) -> tuple[str, ...]:
    """The executors asked for, or all that can run here. Raises NoSuchExecutor."""
    known = discover().executors
    for name in asked:
        if name not in known:
            raise NoSuchExecutor(f"no executor {name!r} is installed (installed: {', '.join(sorted(known)) or 'none'})")
        reason = known[name].executor.unavailable()
        if reason:
            raise NoSuchExecutor(f"{name} cannot run here: {reason}")
    if asked:
        return tuple(dict.fromkeys(asked))
    usable = [name for name, each in known.items() if name not in LEFT_OUT and each.executor.unavailable() is None]
    return tuple(sorted(usable, key=lambda name: (-known[name].executor.priority, name)))


def unusable_executors() -> dict[str, str]:
    """Why the other installed executors are not measured, by name."""
    reasons = {name: each.executor.unavailable() for name, each in sorted(discover().executors.items())}
    return {
        name: reason or "only measured when asked for with --executor"
        for name, reason in reasons.items()
        if reason or name in LEFT_OUT
    }
