"""The capabilities of executors, and the limits that users set.

A limit is declared once, as a field of :class:`Limits`. All other code that depends on the set of limits reads
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
    """Enforces ``Limits.memory``."""
    DEADLINE = "deadline"
    """Enforces ``Limits.deadline``: stops a call after that many seconds."""
    FUEL = "fuel"
    """Enforces ``Limits.fuel``: stops a call after that many units of work."""
    TRAPS = "traps"
    """Turns a crash of the guest into a ``Trap``. Without it, a crash ends the process."""
    INTERRUPT = "interrupt"
    """Ends a running call when ``Instance.interrupt`` is called, for modules with ``Limits.interruptible``."""
    OUTPUT = "output"
    """Passes the guest's stdout and stderr to ``Host.write_output``."""


class Unit(Enum):
    """The unit of a limit."""

    BYTES = "bytes"
    SECONDS = "seconds"
    WORK = "units of work"


@dataclass(frozen=True)
class Limit:
    """The description of one limit."""

    name: str
    """The name of the field of :class:`Limits`, of the option of ``arora call``, and in the ``limit`` of errors."""
    unit: Unit
    capability: Capability | None
    """The capability that an executor needs to enforce the limit; None where the engine enforces it."""
    bounds: str
    """The bounded quantity, for readers: ``each module's memory``."""
    example: str
    """A value in the notation of the command line: ``64MiB``."""

    def check(self, value: Any) -> None:
        """Raise TypeError for a value of the wrong type for the unit, ValueError for one that is out of range."""
        seconds = self.unit is Unit.SECONDS
        is_number = isinstance(value, Real if seconds else Integral) and not isinstance(value, bool)
        if not is_number:
            expected = "a number of seconds" if seconds else "an integer"
            raise TypeError(f"limit {self.name} must be {expected}, got {value!r}")
        if not value > 0:
            raise ValueError(f"limit {self.name} must be positive, got {value!r}")
        if seconds:
            try:
                float(value)
            except OverflowError:
                raise ValueError(f"limit {self.name} must be less than 1e309 seconds") from None


def _limit(unit: Unit, capability: Capability | None, bounds: str, example: str) -> Any:
    return field(default=None, metadata={"unit": unit, "capability": capability, "bounds": bounds, "example": example})


@dataclass(frozen=True)
class Limits:
    """The limits that a user sets on one module. None leaves a limit to the runtime.

    Raises TypeError for a value that is not a number (``interruptible``: not a bool), ValueError for one that is not
    positive or too large.
    """

    memory: int | None = _limit(Unit.BYTES, Capability.MEMORY_LIMIT, "each module's memory", "64MiB")
    """Linear memory, in bytes."""
    deadline: float | None = _limit(Unit.SECONDS, Capability.DEADLINE, "the time of a call", "0.5")
    """Duration of one outermost call, in seconds."""
    fuel: int | None = _limit(Unit.WORK, Capability.FUEL, "the work of a call", "1000000")
    """Work of one outermost call, in units of about one WebAssembly instruction."""
    result: int | None = _limit(Unit.BYTES, None, "each result of a module", "1MiB")
    """The buffer of one result, of an outermost or a nested call, in bytes. It is checked before the buffer is copied
    out of the guest and decoded. The engine enforces it, on every executor."""
    interruptible: bool = False
    """Whether its calls can be ended from outside, as those are that asyncio cancels. The guest looks for that all the
    time, which makes its code slower."""

    def __post_init__(self) -> None:
        if not isinstance(self.interruptible, bool):
            raise TypeError(f"interruptible must be a bool, got {self.interruptible!r}")
        for limit in LIMITS:
            value = getattr(self, limit.name)
            if value is not None:
                limit.check(value)

    def requested(self) -> dict[str, Capability]:
        """Return the limits that are set and that an executor enforces: by name, each with its capability."""
        requested = {
            limit.name: limit.capability
            for limit in LIMITS
            if limit.capability is not None and getattr(self, limit.name) is not None
        }
        return {**requested, INTERRUPTIBLE: Capability.INTERRUPT} if self.interruptible else requested


LIMITS: Final = tuple(Limit(each.name, **each.metadata) for each in fields(Limits) if each.metadata)
"""All limits that are numbers, in the order of the constructor of :class:`Limits`."""
INTERRUPTIBLE: Final = "interruptible"
"""The one field of :class:`Limits` that is not a number."""
