"""Every error Arora raises, under one root.

The facts are data on the exception (``.module``, ``.function``, ``.executor``, ...), and ``str(error)`` is
one readable line made from them. A layer that knows more than the one that raised (the engine knows the
module's name, a decoder only an offset) fills in the missing facts with :meth:`AroraError.at`.
"""

from __future__ import annotations

import pickle
from contextlib import suppress
from enum import Enum
from typing import TypeVar

_E = TypeVar("_E", bound="AroraError")


class AroraError(Exception):
    """The root. ``module``, ``function`` and ``executor`` are names for people to read, or None where unknown.

    ``row`` is the row of the call in a batch, counted from 0, None outside of batches.
    """

    row: int | None = None

    def __init__(
        self,
        message: str,
        *,
        module: str | None = None,
        function: str | None = None,
        executor: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.module = module
        self.function = function
        self.executor = executor

    def at(
        self: _E,
        *,
        module: str | None = None,
        function: str | None = None,
        executor: str | None = None,
    ) -> _E:
        """Fill in whichever of the three is still unknown, and return this same error.

        The innermost layer that knows wins: in a chain of nested calls that is the function that failed,
        not the one that called it.
        """
        if self.module is None:
            self.module = module
            self.function = self.function or function
        if self.executor is None:
            self.executor = executor
        return self

    def summary(self) -> str:
        """Return the error as one line: where it happened (``ur5.forward``), then what."""
        return ": ".join(part for part in (*self._place(), self.message) if part)

    def _place(self) -> tuple[str, ...]:
        """Return the parts of the line before the message, outermost first."""
        named = ".".join(part for part in (self.module, self.function) if part)
        return (named,) if self.row is None else (named, f"row {self.row}")

    def __str__(self) -> str:
        return self.summary()

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle and copy everything that the exception carries, and its cause where that can be pickled."""
        return _restored, (type(self), self.args, _pickled(self.__cause__)), self.__dict__.copy()


def _restored(cls: type[AroraError], args: tuple[object, ...], cause: bytes | None) -> AroraError:
    """Return an exception of this class without its data, which pickle adds."""
    # Without ``__init__``, whose parameters are those of the subclass.
    error = cls.__new__(cls, *args)
    if cause is not None:
        # The process may lack the class of the cause.
        with suppress(Exception):
            error.__cause__ = pickle.loads(cause)
    return error


def _pickled(cause: BaseException | None) -> bytes | None:
    """Return the pickled exception; None if there is none, or it cannot be pickled."""
    if cause is not None:
        with suppress(Exception):
            return pickle.dumps(cause)
    return None


class PluginError(AroraError):
    """A plugin that cannot be used: it failed to import, or a hook of it returned the wrong thing.

    ``distribution`` is the name of the installed distribution at fault, where it is known.
    """

    def __init__(self, message: str, *, distribution: str | None = None, executor: str | None = None) -> None:
        super().__init__(message, executor=executor)
        self.distribution = distribution


class HeaderError(AroraError):
    """A mistake in a header or a record. ``path`` points at it, e.g. ``exports[2].parameters[0].type``.

    ``source`` names the file, where there was one.
    """

    def __init__(self, message: str, *, path: str = "", source: str | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.source = source

    def _place(self) -> tuple[str, ...]:
        return self.source or "", self.path


class MalformedBuffer(AroraError):
    """Bytes that are not a valid Arora buffer (ABI §1).

    ``offset`` counts bytes from the start of the buffer; ``expected`` says what should have been there.
    """

    def __init__(self, message: str, *, offset: int, expected: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.expected = expected

    def _place(self) -> tuple[str, ...]:
        return *super()._place(), f"malformed buffer at byte {self.offset}", f"expected {self.expected}"


class LoadError(AroraError):
    """A module could not be loaded."""


class ExecutorNotFound(LoadError):
    """No installed executor has that name, or none serves what the header asks for."""


class ExecutorUnavailable(LoadError):
    """The executor is installed but cannot run here; the message says why and what to do about it."""


class MalformedExecutable(LoadError):
    """The executable is not of the kind that its header declares, or is corrupt."""


class MissingExport(LoadError):
    """The executable lacks an export that its header or the ABI requires, or exports it with another type.

    ``symbol`` is the name of the export.
    """

    def __init__(self, message: str, *, symbol: str, module: str | None = None, executor: str | None = None) -> None:
        super().__init__(message, module=module, executor=executor)
        self.symbol = symbol


class UnsupportedImport(LoadError):
    """The executable imports something that hosts do not provide. ``symbol`` is ``namespace.name``."""

    def __init__(self, message: str, *, symbol: str, module: str | None = None, executor: str | None = None) -> None:
        super().__init__(message, module=module, executor=executor)
        self.symbol = symbol


class UnsupportedLimit(LoadError):
    """The executor cannot enforce a requested limit. ``limit`` is its name in ``Limits``."""

    def __init__(self, message: str, *, limit: str, module: str | None = None, executor: str | None = None) -> None:
        super().__init__(message, module=module, executor=executor)
        self.limit = limit


class CallError(AroraError):
    """A call failed. Inside a guest's dispatch, the calling guest receives it as an error buffer (ABI §4).

    ``restarted`` says that the failure cost the module its state: its next call meets a fresh instance.
    """

    restarted: bool = False

    def summary(self) -> str:
        return f"{super().summary()}; the module was restarted" if self.restarted else super().summary()


class ModuleNotFound(CallError):
    """No module with that id is loaded, or it has been unloaded."""


class FunctionNotFound(CallError):
    """The module has no such function, or no callable is registered under that id."""


class ModuleBusy(CallError):
    """The module or the engine is in a call, and what was asked cannot wait for its end.

    It is asked from inside that call, from the middle of it (a signal handler, another greenlet), from a thread for
    which that call waits, or in a forked process that lacks the thread of the call.
    """


class ArgumentError(CallError):
    """An argument was rejected before the guest ran. ``parameter`` is the parameter's name, or None."""

    def __init__(
        self,
        message: str,
        *,
        parameter: str | None = None,
        module: str | None = None,
        function: str | None = None,
    ) -> None:
        super().__init__(message, module=module, function=function)
        self.parameter = parameter

    def _place(self) -> tuple[str, ...]:
        return *super()._place(), f"parameter {self.parameter}" if self.parameter else ""


class GuestError(CallError):
    """The guest failed in an orderly way: it returned an error buffer. ``message`` is the guest's own."""


class TrapKind(Enum):
    """Why a guest crashed, in terms every WebAssembly host can tell apart."""

    ABI = "broke the ABI"
    UNREACHABLE = "unreachable"
    MEMORY_OUT_OF_BOUNDS = "memory access out of bounds"
    TABLE_OUT_OF_BOUNDS = "table access out of bounds"
    INDIRECT_CALL = "indirect call to null or to another signature"
    INTEGER_DIVISION_BY_ZERO = "integer division by zero"
    INTEGER_OVERFLOW = "integer overflow"
    BAD_CONVERSION = "invalid conversion to integer"
    STACK_OVERFLOW = "call stack exhausted"
    EXIT = "exited"
    OTHER = "trap"


class Trap(CallError):
    """The guest crashed. ``kind`` says how; ``stderr`` is the tail of what it wrote to stderr.

    ``exit_code`` is set when ``kind`` is ``EXIT``, None otherwise.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: TrapKind = TrapKind.OTHER,
        exit_code: int | None = None,
        stderr: str = "",
        module: str | None = None,
        function: str | None = None,
        executor: str | None = None,
    ) -> None:
        super().__init__(message, module=module, function=function, executor=executor)
        self.kind = kind
        self.exit_code = exit_code
        self.stderr = stderr

    def __str__(self) -> str:
        tail = self.stderr.strip()
        return f"{self.summary()}\nstderr: {tail}" if tail else self.summary()


class LimitExceeded(CallError):
    """A limit that the user set, or the engine's depth limit, stopped the call. ``limit`` is its name."""

    def __init__(
        self,
        message: str,
        *,
        limit: str,
        module: str | None = None,
        function: str | None = None,
        executor: str | None = None,
    ) -> None:
        super().__init__(message, module=module, function=function, executor=executor)
        self.limit = limit


class Interrupted(CallError):
    """The program ended a call of a module that is loaded with ``Limits(interruptible=True)``."""


class EngineClosed(CallError):
    """The engine was closed."""
