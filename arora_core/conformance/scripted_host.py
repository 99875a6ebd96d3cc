"""A host that records its calls and returns what a check has set."""

from __future__ import annotations

from collections.abc import Callable

from .. import buffers


class ScriptedHost:
    """A host that records its calls and returns ``respond()``, by default an error buffer."""

    def __init__(self) -> None:
        self.written: list[tuple[int, bytes]] = []
        self.dispatched: list[tuple[bytes, bytes, bytes]] = []
        self.indirect: list[int] = []
        self.respond: Callable[[], bytes] = lambda: buffers.encode_error("no such module or callable")

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        self.dispatched.append((module_id, function_id, argument))
        return self.respond()

    def dispatch_indirect(self, callable_id: int) -> bytes:
        self.indirect.append(callable_id)
        return self.respond()

    def write_output(self, fd: int, data: bytes) -> None:
        self.written.append((fd, data))
