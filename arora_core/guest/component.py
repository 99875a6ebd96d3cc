"""The border of a component: the world ``arora:module/module`` (ABI §6) on one side, :mod:`.serving` on the other.

For components alone: componentize-py makes ``wit_world`` and ``componentize_py_types`` of the world.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from types import ModuleType
from typing import Any, cast

from componentize_py_types import Err
from wit_world.imports import host
from wit_world.imports.types import Id

from ..errors import GuestError
from .exports import Exports
from .host import link
from .serving import CallFailed, Server, keep_lines


class _WorldsHost:
    """The host as the world has it."""

    def __init__(self) -> None:
        self._ids: dict[bytes, Id] = {}

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        try:
            result: bytes = host.dispatch(self._id(module_id), self._id(function_id), argument)
        except Err as error:
            raise GuestError(error.value) from None
        return result

    def dispatch_indirect(self, callable_id: int) -> bytes:
        try:
            answer: bytes = host.dispatch_indirect(callable_id)
        except Err as error:
            raise GuestError(error.value) from None
        return answer

    def _id(self, id: bytes) -> Id:
        made = self._ids.get(id)
        if made is None:
            made = self._ids[id] = Id(int.from_bytes(id[:8], "big"), int.from_bytes(id[8:], "big"))
        return made


def world(exports: Exports, source: ModuleType) -> type[Any]:
    """Return the class that componentize-py looks for, ``WitWorld``: it answers calls with what ``source`` implements.

    Called while the module is built; the component begins with what it leaves behind. Raises as
    :meth:`Exports.implementation` and :class:`Server` do.
    """
    link(_WorldsHost())
    answer = Server(exports, exports.implementation(source)).dispatch
    keep_lines(source)
    for stream in (sys.stdout, sys.stderr):
        # What is printed would wait for more otherwise, as in a file.
        cast(TextIOWrapper, stream).reconfigure(line_buffering=True)

    class WitWorld:
        def dispatch(self, method: Id, arg: bytes) -> bytes:
            # The host gives a result back as an argument, which componentize-py frees (UNFREED_RESULTS).
            if not method.hi and not method.lo:
                return b""
            try:
                return answer(method.hi, method.lo, arg)
            except CallFailed as error:
                raise Err(str(error)) from None

    return WitWorld
