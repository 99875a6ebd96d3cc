"""A check: a sentence about executors, and the function that finds out whether it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ..executor import Capability

if TYPE_CHECKING:
    from .subject import Subject

AREAS: Final = (
    "loading",
    "values",
    "calls",
    "errors",
    "traps",
    "dispatch",
    "exceptions",
    "reentrancy",
    "limits",
    "output",
    "isolation",
    "life_cycle",
    "leaks",
)
"""What the checks are sorted into; each is a file of :mod:`arora_core.conformance.areas`."""


@dataclass(frozen=True)
class Check:
    """One check. ``run`` takes a fresh :class:`~arora_core.conformance.subject.Subject` and raises when it fails.

    ``name`` is a sentence, and unique. ``needs`` are the capabilities without which it is skipped, ``uses`` the
    guest's functions without which it is, and ``kind`` is what the guest has to be, if that matters: it brings modules
    of its own of that kind.
    """

    name: str
    area: str
    run: Callable[[Subject], None]
    needs: frozenset[Capability] = frozenset()
    uses: frozenset[str] = frozenset()
    kind: str | None = None


_registered: Final[dict[str, Check]] = {}


def check(
    area: str, *, needs: Iterable[Capability] = (), uses: Iterable[str] = (), kind: str | None = None
) -> Callable[[Callable[[Subject], None]], Callable[[Subject], None]]:
    """A decorator: makes a function a check whose sentence is the function's name."""
    if area not in AREAS:
        raise ValueError(f"no area {area!r} (there are {', '.join(AREAS)})")

    def register(function: Callable[[Subject], None]) -> Callable[[Subject], None]:
        name = function.__name__.replace("_", " ")
        if name in _registered:
            raise ValueError(f"there are two checks called {name!r}")
        _registered[name] = Check(name, area, function, frozenset(needs), frozenset(uses), kind)
        return function

    return register


def checks(areas: Iterable[str] | None = None) -> Sequence[Check]:
    """Every check, or those of some areas, sorted by area. Raises ValueError for an area there is not."""
    wanted = AREAS if areas is None else tuple(areas)
    for area in wanted:
        if area not in AREAS:
            raise ValueError(f"no area {area!r} (there are {', '.join(AREAS)})")
    for area in AREAS:
        import_module(f".areas.{area}", __package__)
    return [each for area in AREAS if area in wanted for each in _registered.values() if each.area == area]
