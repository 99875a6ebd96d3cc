"""The choice between unchecked and public calls, made once a process."""

from __future__ import annotations

import logging
import os
import warnings
from functools import cache
from typing import TYPE_CHECKING, Final

from arora_core.errors import ExecutorUnavailable

if TYPE_CHECKING:
    from .calls import MakeCalls

VARIABLE: Final = "ARORA_WASMTIME_CALLS"
UNCHECKED, PUBLIC = "unchecked", "public"

_logger: Final = logging.getLogger("arora.wasmtime")


def wrong_choice() -> str | None:
    """Return why the value of ARORA_WASMTIME_CALLS is invalid; None if it is valid or not set."""
    asked = os.environ.get(VARIABLE)
    if asked in (None, "", UNCHECKED, PUBLIC):
        return None
    return f"{VARIABLE} is {asked!r}, expected {UNCHECKED!r}, {PUBLIC!r} or nothing"


@cache
def chosen() -> MakeCalls:
    """Return how all instances of this process are called. Raise ExecutorUnavailable if the choice is impossible."""
    wrong = wrong_choice()
    if wrong is not None:
        raise ExecutorUnavailable(wrong)
    asked = os.environ.get(VARIABLE)
    if asked == PUBLIC:
        _logger.info("guests are called through wasmtime-py's public classes, as %s asks", VARIABLE)
        return _public()

    from .private_names import DIFFERENCE

    if DIFFERENCE is None:
        from .unchecked_calls import UncheckedCalls

        _logger.debug("guests are called through Wasmtime's unchecked C functions")
        return UncheckedCalls
    if asked == UNCHECKED:
        raise ExecutorUnavailable(f"{VARIABLE} asks for {UNCHECKED} calls, but {DIFFERENCE}")
    message = (
        f"guests are called through wasmtime-py's public classes, many times slower, because {DIFFERENCE}. Install a "
        f"release of arora-wasmtime that knows this one of wasmtime, or accept it with {VARIABLE}={PUBLIC}"
    )
    _logger.info("%s", message)
    warnings.warn(message, RuntimeWarning, stacklevel=2)
    return _public()


def _public() -> MakeCalls:
    from .public_calls import PublicCalls

    return PublicCalls
