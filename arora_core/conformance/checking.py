"""Checks: named functions that test one property of an executor, and their registry."""

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
    "batch",
    "errors",
    "traps",
    "dispatch",
    "exceptions",
    "reentrancy",
    "limits",
    "interruption",
    "output",
    "isolation",
    "life_cycle",
    "leaks",
    "host_leaks",
)
"""The areas of checks, in the order in which they run; each is a file of :mod:`arora_core.conformance.areas`."""


@dataclass(frozen=True)
class Check:
    """A test of one property of an executor. ``name`` is a unique sentence that says what is expected.

    ``run`` takes a new :class:`~arora_core.conformance.subject.Subject` and raises an exception if the check fails.
    The check is skipped unless the executor declares the capabilities in ``needs``, the guest has the functions in
    ``uses`` and, where ``kind`` is not None, the guest is an executable of one of these kinds.

    The subject's guest has only the functions in ``uses`` and ``may_use``: a check that calls another one fails on
    every executor, instead of on those alone whose guest lacks it. With None, it has all its functions.
    """

    name: str
    area: str
    run: Callable[[Subject], None]
    needs: frozenset[Capability] = frozenset()
    uses: frozenset[str] | None = None
    may_use: frozenset[str] = frozenset()
    kind: tuple[str, ...] | None = None


_registered: Final[dict[str, Check]] = {}


def check(
    area: str,
    *,
    needs: Iterable[Capability] = (),
    uses: Iterable[str] | None = None,
    may_use: Iterable[str] = (),
    kind: str | tuple[str, ...] | None = None,
) -> Callable[[Callable[[Subject], None]], Callable[[Subject], None]]:
    """Return a decorator that registers a function as a check, named by the function's name with spaces.

    ``kind`` is the kind of guest that it is for, or several; None if it is for all.

    Raises ValueError for an unknown area and, in the decorator, for a name that is already registered.
    """
    if area not in AREAS:
        raise ValueError(f"no area {area!r} (areas: {', '.join(AREAS)})")

    def register(function: Callable[[Subject], None]) -> Callable[[Subject], None]:
        name = function.__name__.replace("_", " ")
        if name in _registered:
            raise ValueError(f"a check named {name!r} is already registered")
        used = None if uses is None else frozenset(uses)
        kinds = (kind,) if isinstance(kind, str) else kind
        _registered[name] = Check(name, area, function, frozenset(needs), used, frozenset(may_use), kinds)
        return function

    return register


def checks(areas: Iterable[str] | None = None) -> Sequence[Check]:
    """Return the checks of the given areas (by default, of all), in the order of ``AREAS``.

    Raises ValueError for an unknown area.
    """
    wanted = AREAS if areas is None else tuple(areas)
    for area in wanted:
        if area not in AREAS:
            raise ValueError(f"no area {area!r} (areas: {', '.join(AREAS)})")
    for area in AREAS:
        import_module(f".areas.{area}", __package__)
    return [each for area in AREAS if area in wanted for each in _registered.values() if each.area == area]
