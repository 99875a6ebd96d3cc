"""The engine's record of one loaded module and its functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple
from uuid import UUID

from ..errors import AroraError, FunctionNotFound, Trap
from ..executor import Instance
from ..header import Header
from .guest_output import GuestOutput
from .loaded_module import LoadedModule

_lost: Final[list[Instance]] = []
"""Kept from being deleted: their calls still refer to them."""


class FunctionEntry(NamedTuple):
    """One function: its name and its entry point, argument buffer to result buffer."""

    name: str
    enter: Callable[[bytes], bytes]


class ModuleEntry:
    """One loaded module."""

    __slots__ = ("closed", "deadline", "executor", "functions", "handle", "header", "instance", "lost", "output")

    handle: LoadedModule

    def __init__(
        self, header: Header, executor: str, instance: Instance, output: GuestOutput, deadline: float | None = None
    ) -> None:
        self.header = header
        self.executor = executor
        self.instance = instance
        self.output = output
        self.functions: dict[bytes, FunctionEntry] = {}
        self.deadline = deadline
        self.closed = False
        self.lost = False
        """Whether it can be neither used nor closed, because a call of it was running where this process was forked."""

    def function(self, id: bytes) -> FunctionEntry:
        """Return the function with that id. Raises FunctionNotFound."""
        entry = self.functions.get(id)
        if entry is None:
            known = ", ".join(each.name for each in self.functions.values()) or "none"
            message = f"it has no function {UUID(bytes=id)} (it has {known})"
            raise FunctionNotFound(message, module=self.header.name, executor=self.executor)
        return entry

    def close(self) -> None:
        """Close the instance and log unfinished lines of its output."""
        self.closed = True
        if not self.lost:
            self.instance.close()
        self.output.flush()

    def lose(self) -> None:
        """Give the instance up: its call is half done, in a thread that this forked process does not have."""
        self.closed = self.lost = True
        _lost.append(self.instance)


def add_context(error: AroraError, module: str, function: str | None, executor: str, output: GuestOutput) -> None:
    """Add the names of module, function and executor to ``error``, and the tail of stderr to a trap.

    The innermost call that an error passes through determines them: facts already set are kept.
    """
    if isinstance(error, Trap) and error.module is None:
        error.stderr = output.take_tail()
    error.at(module=module, function=function, executor=executor)
