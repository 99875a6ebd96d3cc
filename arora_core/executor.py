"""The contract of executors.

An author of an executor implements :class:`Executor` and :class:`Instance` (for WebAssembly runtimes,
:mod:`arora_core.linear_memory` implements most of the instance) and returns the executor class from the
``arora_executors`` hook.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, NoReturn, Protocol

from .limits import Capability as Capability
from .limits import Limits as Limits
from .raw_entry import RawEntry as RawEntry
from .rows import Forms as Forms
from .rows import RowField as RowField
from .rows import RowForm as RowForm
from .rows import Rows as Rows
from .rows import RowsCall as RowsCall
from .rows import row_by_row as row_by_row

if TYPE_CHECKING:
    from .header import ModuleDefinition


class Host(Protocol):
    """The engine's side of an instance. Ids are 16 raw bytes, buffers are as in ABI §1.

    ``dispatch`` and ``dispatch_indirect`` return failures that a guest may handle as error buffers. A guest must not
    handle the exceptions that they or ``write_output`` raise: the instance unwinds the guest, and the call that entered
    the guest raises the same exception object.
    """

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        """Call a function of a loaded module; return its raw result buffer."""
        ...

    def dispatch_indirect(self, callable_id: int) -> bytes:
        """Call the callable registered under ``callable_id``; return the buffer of its value."""
        ...

    def write_output(self, fd: int, data: bytes) -> None:
        """Receive bytes that the guest wrote to file descriptor 1 or 2."""
        ...


TRANSFER_THRESHOLD: Final = 1 << 16
"""Size in bytes above which an argument buffer is passed as a :class:`Transfer`."""


class Transfer(NamedTuple):
    """A call with large buffers, which are copied as rarely as possible."""

    pieces: Sequence[bytes | memoryview]
    """The argument buffer in pieces: bytes, or views of format ``B``. The instance calls :meth:`release` as soon as it
    has copied them, because the objects behind the views cannot be resized until then."""
    read: Callable[[bytes | memoryview], Any]
    """Takes the result buffer, which may be a view of guest memory that is valid only until this function returns.
    Its result is the result of the call."""

    def release(self) -> None:
        """Release the views among the pieces. Idempotent."""
        for piece in self.pieces:
            if isinstance(piece, memoryview):
                piece.release()


class Instance(ABC):
    """One loaded definition inside an executor: raw buffers in and out."""

    stack: int = 0
    """Bytes of the calling thread's stack that a call may use; 0 where that is not known. The engine refuses a call if
    the thread has less left than this and a reserve for host code."""

    @property
    def needs_restart(self) -> bool:
        """Whether a failed call has left the guest in a state that the instance cannot repair.

        The engine then loads the definition again before the next call, and closes this instance. False by default.
        """
        return False

    @abstractmethod
    def dispatch(self, function_id: bytes, argument: bytes) -> bytes:
        """Call one exported function.

        Takes the function's id (16 raw bytes) and an argument buffer. Returns the raw result buffer, which may be an
        error buffer. Raises Trap when the guest crashes or breaks the ABI, LimitExceeded when a limit stops it,
        FunctionNotFound for an id that the header does not export, and any exception that the ``Host`` raised.
        """

    def function(self, function_id: bytes) -> Callable[[bytes], bytes]:
        """Return ``dispatch`` bound to one function. Override it where early binding makes calls faster."""
        return partial(self.dispatch, function_id)

    def raw_entry(self, function_id: bytes) -> RawEntry | None:
        """Return where compiled code may enter the guest for calls of one function; None where there is no such place.

        The engine asks after a call that succeeded, and now and then again where there is none yet. The default is
        None. Calls through a raw entry do what those of :meth:`function` do.
        """
        return None

    def transfer(self, function_id: bytes) -> Callable[[Transfer], Any]:
        """Return the entry point of one function for large buffers.

        Override it where a guest's memory can be written and read in place.
        """
        call = self.function(function_id)

        def run(transfer: Transfer) -> Any:
            argument = b"".join(transfer.pieces)
            transfer.release()
            return transfer.read(call(argument))

        return run

    def batch(self, function_id: bytes) -> RowsCall:
        """Return the entry point of one function for many calls, which are made as single calls are.

        Override it where a loop inside the runtime makes calls faster. Limits of calls apply to each row.
        """
        return row_by_row(self.function(function_id))

    def interrupt(self) -> None:  # noqa: B027 - most executors cannot
        """End the running call: it raises Interrupted as soon as the guest's code runs, or the guest waits in WASI.

        Does nothing if no call is running: it must not end a later one. Called from any thread, repeatedly until the
        call has ended, of instances that were loaded with ``Limits.interruptible``; so executors that do not declare
        ``Capability.INTERRUPT`` need none.
        """

    def __reduce__(self) -> NoReturn:
        raise TypeError("an instance cannot be copied or pickled; load its definition again")

    @abstractmethod
    def close(self) -> None:
        """Release all resources. Idempotent."""


class Executor(ABC):
    """Runs module definitions on one runtime. Every engine creates its own object, on first use."""

    name: ClassVar[str]
    """The name, unique among installed executors: ``wasmtime``."""
    serves: ClassVar[frozenset[str]]
    """The ``executor.name`` values of headers it can run: ``{"wasm"}``."""
    stack: ClassVar[int] = 0
    """Bytes of the calling thread's stack that loading a module may use, because code of the guest runs then; 0 where
    that is not known. As :attr:`Instance.stack`."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """The file suffixes of the executables it runs: ``(".lua",)``. ``Engine.load`` looks for them beside a header
    that it serves, before it looks for ``.wasm`` or a library."""
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    priority: ClassVar[int] = 0
    """Decides among executors that serve the same header where the user has no preference; the highest wins."""

    @classmethod
    def unavailable(cls) -> str | None:
        """Return why the executor cannot run here and what to do about it, in one sentence; None when it can run.

        It must be cheap, and import the runtime only if there is no other way.
        """
        return None

    @classmethod
    def version(cls) -> str | None:
        """Return the version of the runtime (``"50.0.1"``), None if it has none.

        It is compared with the ``min_version`` and ``max_version`` of headers. It must be cheap, like ``unavailable``.
        """
        return None

    @abstractmethod
    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        """Create an instance of ``definition``.

        ``limits`` has only limits whose capability the executor declares. Raises a LoadError: MalformedExecutable,
        MissingExport or UnsupportedImport; Trap or LimitExceeded when the guest fails during initialization.
        """

    def __reduce__(self) -> NoReturn:
        raise TypeError("an executor cannot be copied or pickled; make one in each process")

    async def prepare(self, definition: ModuleDefinition) -> None:  # noqa: B027 - most have nothing to prepare
        """Do the slow part of the next ``load`` of an equal definition without blocking.

        This is for runtimes that cannot do that part in ``load``: browsers compile large modules only asynchronously.
        Does nothing by default. Raises as ``load``.
        """

    def close(self) -> None:  # noqa: B027 - most runtimes have nothing to release
        """Release the executor's own resources, after its instances have been closed. Idempotent."""
