"""What executors can enforce or offer, and the limits that users ask them to enforce.

A limit is declared once, as a field of :class:`Limits`; whatever else depends on the limits there are reads
:data:`LIMITS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum
from numbers import Integral, Real
from typing import Any, Final


class Capability(Enum):
    """Something an executor can enforce or offer, declared as data on its class."""

    MEMORY_LIMIT = "memory limit"
    """Holds a guest to ``Limits.memory``."""
    DEADLINE = "deadline"
    """Stops a call after ``Limits.deadline``."""
    FUEL = "fuel"
    """Stops a call after ``Limits.fuel`` units of work."""
    TRAPS = "traps"
    """A guest that crashes becomes a ``Trap``; without it, a crash takes the process along."""
    OUTPUT = "output"
    """What a guest writes to stdout and stderr reaches ``Host.write_output``."""


class Unit(Enum):
    """What the number of a limit counts."""

    BYTES = "bytes"
    SECONDS = "seconds"
    WORK = "units of work"


@dataclass(frozen=True)
class Limit:
    """One limit: what it is called, what enforces it and how a user sees it."""

    name: str
    """The field of :class:`Limits`, the option of ``arora call`` and the ``limit`` of errors."""
    unit: Unit
    capability: Capability
    """What an executor declares that enforces it."""
    bounds: str
    """What it bounds, for a reader: ``each module's memory``."""
    example: str
    """A value as written on the command line: ``64MiB``."""

    def check(self, value: Any) -> None:
        """Raise TypeError for a value that is not a number of the unit, ValueError for one that is not positive."""
        seconds = self.unit is Unit.SECONDS
        is_number = isinstance(value, Real if seconds else Integral) and not isinstance(value, bool)
        if not is_number:
            expected = "a number of seconds" if seconds else "an integer"
            raise TypeError(f"limit {self.name} must be {expected}, got {value!r}")
        if not value > 0:
            raise ValueError(f"limit {self.name} must be positive, got {value!r}")


def _limit(unit: Unit, capability: Capability, bounds: str, example: str) -> Any:
    return field(default=None, metadata={"unit": unit, "capability": capability, "bounds": bounds, "example": example})


@dataclass(frozen=True)
class Limits:
    """What a user asks to be enforced on one module. None leaves it to the runtime.

    Raises TypeError for a value that is not a number, ValueError for one that is not positive.
    """

    memory: int | None = _limit(Unit.BYTES, Capability.MEMORY_LIMIT, "each module's memory", "64MiB")
    """Bytes of linear memory."""
    deadline: float | None = _limit(Unit.SECONDS, Capability.DEADLINE, "the time of a call", "0.5")
    """Seconds one outermost call may take."""
    fuel: int | None = _limit(Unit.WORK, Capability.FUEL, "the work of a call", "1000000")
    """Units of work (about one a wasm instruction) one outermost call may use."""

    def __post_init__(self) -> None:
        for limit in LIMITS:
            value = getattr(self, limit.name)
            if value is not None:
                limit.check(value)

    def requested(self) -> dict[str, Capability]:
        """Return the limits that are set by name, each with the capability that enforces it."""
        return {limit.name: limit.capability for limit in LIMITS if getattr(self, limit.name) is not None}


LIMITS: Final = tuple(Limit(each.name, **each.metadata) for each in fields(Limits))
"""Every limit there is, in the order of the constructor of :class:`Limits`."""
