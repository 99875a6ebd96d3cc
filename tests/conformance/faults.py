"""What makes a mutant: the reference executor, with one fault that authors of executors are prone to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from arora_core.linear_memory import BufferCall

from .reference import ReferenceExecutor, ReferenceInstance

MUTANTS: Final[list[type[ReferenceExecutor]]] = []


@dataclass(frozen=True)
class Fault:
    """What the suite has to make of a mutant."""

    caught_by: str
    """The sentence of the check that names the fault."""
    everywhere: bool = False
    """Whether nothing works any more with it, so that there is no telling it from others."""
    examples: int = 3
    """How many examples the checks that generate them try: a few, unless the fault shows in few of them."""
    beside: int = 20
    """How many other checks may fail: about one in seven, unless the fault shows in whatever a guest does."""


FAULTS: Final[dict[str, Fault]] = {}
"""By the name of the mutant's class."""


def mutant(
    caught_by: str, *, everywhere: bool = False, examples: int = 3, beside: int = 20
) -> Callable[[type[ReferenceInstance]], type[ReferenceInstance]]:
    """A decorator: makes an executor of a faulty instance, under the name of its class."""

    def register(instance: type[ReferenceInstance]) -> type[ReferenceInstance]:
        mutated = type(instance.__name__, (ReferenceExecutor,), {"instance": instance})
        add(mutated, Fault(caught_by, everywhere, examples, beside))
        return instance

    return register


def add(mutated: type[ReferenceExecutor], fault: Fault) -> None:
    """Registers an executor with a fault."""
    MUTANTS.append(mutated)
    FAULTS[mutated.__name__] = fault


class Rewriting(ReferenceInstance):
    """Does something of its own with what goes in and with what comes out."""

    def given(self, argument: bytes) -> bytes:
        return argument

    def answered(self, argument: bytes, result: bytes) -> bytes:
        return result

    def around(self, call: BufferCall) -> BufferCall:
        metered = super().around(call)
        return lambda argument: self.answered(argument, metered(self.given(argument)))
