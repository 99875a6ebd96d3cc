"""The registry of mutants: copies of the reference executor with one fault that authors of executors may make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from arora_core.linear_memory import BufferCall

from .reference import ReferenceExecutor, ReferenceInstance

MUTANTS: Final[list[type[ReferenceExecutor]]] = []


@dataclass(frozen=True)
class Fault:
    """How the suite has to find the fault of a mutant."""

    caught_by: str
    """The name of the check that has to fail."""
    everywhere: bool = False
    """Whether nearly all checks fail, so that the fault cannot be told from others."""
    examples: int = 3
    """The number of inputs that checks with generated inputs try. Higher for a fault that shows on few inputs."""
    max_others: int = 20
    """How many other checks may fail: about one in seven. Higher for a fault that affects every call."""


FAULTS: Final[dict[str, Fault]] = {}
"""The fault of each mutant, by the name of its class."""


def mutant(
    caught_by: str, *, everywhere: bool = False, examples: int = 3, max_others: int = 20
) -> Callable[[type[ReferenceInstance]], type[ReferenceInstance]]:
    """Return a decorator that registers an executor of a faulty instance, under the name of the instance's class."""

    def register(instance: type[ReferenceInstance]) -> type[ReferenceInstance]:
        mutated = type(instance.__name__, (ReferenceExecutor,), {"instance": instance})
        add(mutated, Fault(caught_by, everywhere, examples, max_others))
        return instance

    return register


def add(mutated: type[ReferenceExecutor], fault: Fault) -> None:
    """Register an executor with a fault."""
    MUTANTS.append(mutated)
    FAULTS[mutated.__name__] = fault


class Rewriting(ReferenceInstance):
    """Calls with a changed argument buffer, or returns a changed result buffer. Changes nothing by default."""

    def rewrite_argument(self, argument: bytes) -> bytes:
        return argument

    def rewrite_result(self, argument: bytes, result: bytes) -> bytes:
        return result

    def wrap_call(self, call: BufferCall) -> BufferCall:
        wrapped = super().wrap_call(call)
        return lambda argument: self.rewrite_result(argument, wrapped(self.rewrite_argument(argument)))
