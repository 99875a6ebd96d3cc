"""Limits as they are given on the command line: an option for each."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import click

from ..limits import LIMITS, Limits, Unit

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)(i?)(b?)", re.IGNORECASE | re.ASCII)
_POWERS: Final = {"": 0, "k": 1, "m": 2, "g": 3}


def size(given: str) -> int:
    """The bytes that ``67108864``, ``64MiB`` or ``64MB`` says, at least 1. Raises BadParameter.

    KiB, MiB and GiB count in 1024s; kB, MB and GB in 1000s.
    """
    match = _SIZE.fullmatch(given.strip())
    if match is None or (match[3] and not match[2]):
        raise click.BadParameter(f"{given!r} is not a size such as 64MiB.")
    number, power = float(match[1]), _POWERS[match[2].lower()]
    bytes_ = int(number * (1024 if match[3] else 1000) ** power)
    if bytes_ < 1:
        raise click.BadParameter("a limit must be at least one byte.")
    return bytes_


def seconds(given: str) -> float:
    """The time in seconds, which is above zero. Raises BadParameter."""
    try:
        time = float(given)
    except ValueError:
        time = math.nan
    if not 0 < time < math.inf:
        raise click.BadParameter(f"{given!r} is not a time in seconds such as 0.5.")
    return time


_GIVEN_AS: Final[dict[Unit, tuple[str, Any]]] = {
    Unit.BYTES: ("SIZE", size),
    Unit.SECONDS: ("SECONDS", seconds),
}
"""For each unit with a notation of its own, the placeholder in the help text and click's type."""

_COUNT: Final[tuple[str, Any]] = ("N", click.IntRange(min=1))
"""The same for units that are counted."""


def limit_options(command: Callable[..., None]) -> Callable[..., None]:
    """A decorator: adds an option for each limit, and passes what is given as the argument ``limits``."""

    @wraps(command)
    def limited(*args: Any, **kwargs: Any) -> None:
        given = {limit.name: kwargs.pop(limit.name) for limit in LIMITS}
        command(*args, limits=Limits(**given), **kwargs)

    for limit in reversed(LIMITS):
        metavar, type = _GIVEN_AS.get(limit.unit, _COUNT)
        help = f"Limit {limit.bounds}, such as {limit.example}."
        limited = click.option(f"--{limit.name}", type=type, metavar=metavar, help=help)(limited)
    return limited
