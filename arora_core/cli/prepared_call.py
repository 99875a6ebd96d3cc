"""A call that is ready to be made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PreparedCall:
    """``make`` makes the call; ``to_data`` turns what it answers into plain data.

    ``returns_nothing`` is set where there is nothing to print, because the function returns unit.
    """

    make: Callable[[], Any]
    to_data: Callable[[Any], object]
    returns_nothing: bool = False
