"""The engine's record of one loaded module and its functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple
from uuid import UUID

from ..errors import (
    AroraError,
    CallError,
    FunctionNotFound,
    GuestError,
    LoadError,
    MalformedBuffer,
    ModuleNotFound,
    Trap,
)
from ..executor import Instance, Limits
from ..header import Header, ModuleDefinition
from .closing import close_and_log
from .guest_output import GuestOutput
from .host_module import HostModule
from .loaded_module import LoadedModule, Pickling

NO_LIMITS: Final = Limits()
_lost: Final[list[Instance]] = []
"""Kept from being deleted: their calls still refer to them."""


class FunctionEntry(NamedTuple):
    """One function: its name and its entry points, argument buffer to result buffer."""

    name: str
    enter: Callable[[bytes], bytes]
    enter_nested: Callable[[bytes], bytes]
    """For calls that guests make."""


class Restarting(NamedTuple):
    """How a module is restarted."""

    load: Callable[[], Instance]
    """Loads its definition again."""
    always: bool
    """Whether every failure restarts it, not only one that the instance cannot repair."""


class ModuleEntry:
    """One loaded module."""

    __slots__ = (
        "closed",
        "executor",
        "functions",
        "handle",
        "header",
        "held",
        "instance",
        "limits",
        "lost",
        "made_of",
        "output",
        "pickling",
        "rebind",
        "restarting",
    )

    handle: LoadedModule
    pickling: Pickling

    def __init__(
        self,
        made_of: ModuleDefinition | HostModule,
        executor: str,
        instance: Instance,
        output: GuestOutput,
        limits: Limits = NO_LIMITS,
    ) -> None:
        self.made_of = made_of
        self.header: Header = made_of.header
        self.executor = executor
        self.instance = instance
        self.output = output
        self.functions: dict[bytes, FunctionEntry] = {}
        self.limits = limits
        self.rebind: list[Callable[[], None]] = []
        """Makes each entry point of the module call its present ``instance``."""
        self.restarting: Restarting | None = None
        """How to load it again; None for a host module, which has no guest."""
        self.closed = False
        self.held = False
        """Whether the next call cannot enter the instance: the module is closed, or has to be restarted first."""
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

    def fail(self, error: BaseException, function: str) -> None:
        """Note a failure of a call of ``function``, and add the names of module, function and executor to its error."""
        self._note(error)
        if isinstance(error, AroraError):
            add_context(error, self.header.name, function, self.executor, self.output)

    def restart(self) -> None:
        """Replace the instance by a fresh one. Raises as loading; the instance is kept then."""
        if self.restarting is None:
            raise LoadError("a host module has no guest to restart", module=self.header.name, executor=self.executor)
        fresh = self.restarting.load()
        if self.closed:
            # By host code that the guest called while it was started.
            fresh.close()
            raise ModuleNotFound("the module was unloaded while it was restarted", module=self.header.name)
        # Held until every entry point calls the fresh instance: a restart that is interrupted is made again.
        used, self.instance, self.held = self.instance, fresh, True
        try:
            for rebind in self.rebind:
                rebind()
            self.held = False
        finally:
            close_and_log(used, f"the instance of {self.header.name} that was replaced failed to close")

    def close(self) -> None:
        """Close the instance and log unfinished lines of its output."""
        self.closed = self.held = True
        try:
            if not self.lost:
                self.instance.close()
        finally:
            self.output.flush()

    def lose(self) -> None:
        """Give the instance up: its call is half done, in a thread that this forked process does not have."""
        self.closed = self.held = self.lost = True
        _lost.append(self.instance)

    def _note(self, error: BaseException) -> None:
        """Have the module restarted before its next call if ``error``, which a call raised, makes it necessary."""
        if self.restarting is None or isinstance(error, (GuestError, MalformedBuffer)):
            return
        if self.restarting.always or self.instance.needs_restart:
            self.held = True
            if isinstance(error, CallError):
                error.restarted = True


def add_context(error: AroraError, module: str, function: str | None, executor: str, output: GuestOutput) -> None:
    """Add the names of module, function and executor to ``error``, and the tail of stderr to a trap.

    The innermost call that an error passes through determines them: facts already set are kept.
    """
    if isinstance(error, Trap) and error.module is None:
        error.stderr = output.take_tail()
    error.at(module=module, function=function, executor=executor)
