"""A call that is loaded and parsed, ready to run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PreparedCall:
    """``make`` runs the call; ``to_data`` converts what it returns to plain data.

    ``returns_nothing`` is set for a function that returns unit: there is nothing to print.
    """

    make: Callable[[], Any]
    to_data: Callable[[Any], object]
    returns_nothing: bool = False
