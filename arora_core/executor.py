"""What an executor must be. Contracts only: nothing here runs anything.

An executor author implements :class:`Executor` and :class:`Instance` (for WebAssembly runtimes most of the
instance is written once in :mod:`arora_core.linear_memory`) and returns the class from the
``arora_executors`` hook.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, Protocol

from .limits import Capability as Capability
from .limits import Limits as Limits

if TYPE_CHECKING:
    from .header import ModuleDefinition


class Host(Protocol):
    """What the engine hands to every instance. Ids are 16 raw bytes, buffers are as in ABI §1.

    ``dispatch`` and ``dispatch_indirect`` answer failures a guest may handle as error buffers. Any exception
    that does come out of them is not the guest's to handle: the instance unwinds its guest and lets the
    same exception object out of the call that entered the guest.
    """

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        """Calls a function of another loaded module; returns its raw result buffer."""
        ...

    def dispatch_indirect(self, callable_id: int) -> bytes:
        """Calls what is registered under ``callable_id``; returns a buffer holding one plain value."""
        ...

    def write_output(self, fd: int, data: bytes) -> None:
        """Takes what the guest wrote to file descriptor 1 or 2."""
        ...


TRANSFER_THRESHOLD: Final = 1 << 16
"""Bytes above which an argument buffer goes to the guest as a :class:`Transfer`."""


class Transfer(NamedTuple):
    """A call with large buffers, which are copied no more often than they have to be."""

    pieces: Sequence[bytes | memoryview]
    """The argument buffer, in pieces: bytes, or views of single bytes. Whoever makes the call has them released as
    soon as they have been copied: what a view is of cannot change its size until then."""
    read: Callable[[bytes | memoryview], Any]
    """Gets the result buffer, which may be a view of the guest's own memory, and valid only until this returns.
    What it returns is what the call does."""

    def release(self) -> None:
        """Releases the views among the pieces. Idempotent."""
        for piece in self.pieces:
            if isinstance(piece, memoryview):
                piece.release()


class Instance(ABC):
    """One loaded definition inside an executor: raw buffers in and out."""

    @abstractmethod
    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        """Runs one exported function.

        Takes the function's id (16 raw bytes) and an argument buffer, returns the raw result buffer, error
        buffers included. Raises Trap when the guest crashes or breaks the ABI, LimitExceeded when a limit
        stops it, FunctionNotFound for an id the header does not export, and whatever ``Host`` raised.
        """

    def function(self, function_id: bytes) -> Callable[[bytes], bytes]:
        """``dispatch`` bound to one function. Override it where binding early makes calls faster."""
        return partial(self.dispatch, function_id)

    def transfer(self, function_id: bytes) -> Callable[[Transfer], Any]:
        """``function`` for large buffers. Override it where a guest's memory can be written and read in place."""
        call = self.function(function_id)

        def run(transfer: Transfer) -> Any:
            argument = b"".join(transfer.pieces)
            transfer.release()
            return transfer.read(call(argument))

        return run

    @abstractmethod
    def close(self) -> None:
        """Gives everything back. Idempotent."""


class Executor(ABC):
    """Runs module definitions on one runtime. The engine makes one object per engine, when first needed."""

    name: ClassVar[str]
    """Unique among installed executors: ``wasmtime``."""
    serves: ClassVar[frozenset[str]]
    """The ``executor.name`` values of headers it can run: ``{"wasm"}``."""
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    priority: ClassVar[int] = 0
    """Decides among executors that serve the same headers when the user has no preference; higher wins."""

    @classmethod
    def unavailable(cls) -> str | None:
        """Why it cannot run here and what to do about it, in one sentence; None when it can.

        Cheap: it imports no runtime it can avoid importing.
        """
        return None

    @classmethod
    def version(cls) -> str | None:
        """The runtime's version (``"50.0.1"``), which a header's min_version and max_version are held against.

        Cheap, like ``unavailable``. None when it has none.
        """
        return None

    @abstractmethod
    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        """Makes an instance of ``definition``.

        The engine has already refused limits whose capability is not declared. Raises a LoadError:
        MalformedExecutable, MissingExport or UnsupportedImport; Trap when the guest crashes while it starts.
        """

    async def prepare(self, definition: ModuleDefinition) -> None:  # noqa: B027 - most have nothing to prepare
        """Does what may take long, so that the next ``load`` of an equal definition need not wait for it.

        For a runtime that can do some of it only without blocking: browsers refuse to compile large modules
        otherwise. Does nothing by default. Raises what ``load`` raises.
        """

    def close(self) -> None:  # noqa: B027 - most runtimes have nothing to give back
        """Gives back what the executor itself holds; its instances are closed by then. Idempotent."""
