"""The engine's record of one loaded module and its functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from ..errors import AroraError, FunctionNotFound, Trap
from ..executor import Instance
from ..header import Header
from .guest_output import GuestOutput
from .loaded_module import LoadedModule


class FunctionEntry(NamedTuple):
    """One function: its name, and what enters it."""

    name: str
    enter: Callable[[bytes], bytes]


class ModuleEntry:
    """One loaded module."""

    __slots__ = ("closed", "executor", "functions", "handle", "header", "instance", "output")

    handle: LoadedModule

    def __init__(self, header: Header, executor: str, instance: Instance, output: GuestOutput) -> None:
        self.header = header
        self.executor = executor
        self.instance = instance
        self.output = output
        self.functions: dict[bytes, FunctionEntry] = {}
        self.closed = False

    def function(self, id: bytes) -> FunctionEntry:
        """The function of that id. Raises FunctionNotFound."""
        entry = self.functions.get(id)
        if entry is None:
            known = ", ".join(each.name for each in self.functions.values()) or "none"
            message = f"it has no function {UUID(bytes=id)} (it has {known})"
            raise FunctionNotFound(message, module=self.header.name, executor=self.executor)
        return entry

    def close(self) -> None:
        """Closes the instance and logs what its output left unfinished."""
        self.closed = True
        self.instance.close()
        self.output.flush()


def explain(error: AroraError, module: str, function: str | None, executor: str, output: GuestOutput) -> None:
    """Adds to ``error`` what is known where it passes; the innermost place it passes has the first word."""
    if isinstance(error, Trap) and error.module is None:
        error.stderr = output.take_tail()
    error.at(module=module, function=function, executor=executor)
