"""Typed calls by compiled code, where ``arora-accelerator`` is installed.

It makes the outermost calls of functions whose executor tells where their guest is entered, and leaves all other calls,
and what is unusual about a call, to the functions here and in :mod:`.typed_call`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

from ..errors import AroraError
from ..header import ExportedFunction
from .call_stack import CallStack
from .host_code import hosting
from .host_module import HOST
from .module_entry import ModuleEntry
from .native_stack import thread
from .typed_call import TypedCall

VARIABLE: Final = "ARORA_ACCELERATOR"
"""The environment variable that leaves an installed accelerator unused, if it is ``off`` at a function's first call."""


def _installed() -> Any:
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        return None  # Importing it would turn the GIL on, for all of a program that does without.
    try:
        from arora_accelerator import Call
    except ImportError:
        return None
    return Call


_Call: Final = _installed()


def accelerated(
    calls: CallStack, module: ModuleEntry, function: ExportedFunction, call: TypedCall, direct: Callable[..., Any]
) -> Callable[..., Any]:
    """Return a function that makes the calls that ``direct`` makes, faster where that is possible."""
    if _Call is None or os.environ.get(VARIABLE) == "off":
        return direct
    if module.executor == HOST or module.limits.result is not None:
        return direct
    postponed = 1

    def ask(*args: Any, **kwargs: Any) -> Any:
        nonlocal postponed
        result = direct(*args, **kwargs)
        try:
            entry = module.instance.raw_entry(function.id.bytes)
        except AroraError:
            entry = None  # The call has been made, and its result must not be lost.
        if entry is None:
            # There may be one later, such as after a call with smaller arguments; or never.
            postponed *= 2
            made.postpone(postponed)
        else:
            postponed = 1
            made.bind(*entry)
        return result

    def fail(error: BaseException) -> None:
        module.fail(error, function.name)

    made: Any = call.accelerated(
        partial(
            _Call,
            ask=ask,
            any_call=direct,
            fail=fail,
            acquire=calls.lock.acquire,
            release=calls.lock.release,
            running=calls.running,
            hosting=hosting,
            module=module,
            thread=thread,
        )
    )
    module.rebind.append(made.unbind)
    return cast("Callable[..., Any]", made)
