"""A host that does what a check tells it to."""

from __future__ import annotations

from collections.abc import Callable

from .. import buffers


class ScriptedHost:
    """A host that keeps what it is asked for, and gives the answer it is told to: a refusal, at first."""

    def __init__(self) -> None:
        self.written: list[tuple[int, bytes]] = []
        self.asked: list[tuple[bytes, bytes, bytes]] = []
        self.indirect: list[int] = []
        self.answer: Callable[[], bytes] = lambda: buffers.encode_error("nobody is there")

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        self.asked.append((module_id, function_id, argument))
        return self.answer()

    def dispatch_indirect(self, callable_id: int) -> bytes:
        self.indirect.append(callable_id)
        return self.answer()

    def write_output(self, fd: int, data: bytes) -> None:
        self.written.append((fd, data))
