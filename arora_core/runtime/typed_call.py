"""Calls of one function with plain Python objects: by compiled code, and by the generic codec where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from ..binding.large_argument import LargeArgument
from ..errors import AroraError
from ..executor import Transfer
from ..header import ExportedFunction
from .compiled_signature import CompiledSignature

if TYPE_CHECKING:
    from ..compiled import CompiledCodec

_PASSING: Final = (MemoryError, RecursionError, OSError)
"""What a compilation may fail with that has no cause in the function, so that the next call tries again."""


class TypedCall:
    """Calls one function. Calling it is right for any arguments; :meth:`direct` is faster for most.

    Its code is compiled at the first call: most functions of most modules are never called.
    """

    __slots__ = (
        "_bind_large",
        "_decode",
        "_encode",
        "_executor",
        "_export",
        "_fallback",
        "_generic",
        "_module",
        "_run",
        "_run_large",
        "compiled",
    )

    def __init__(
        self,
        module: str,
        executor: str,
        export: ExportedFunction,
        signature: CompiledSignature,
        run: Callable[[bytes], bytes],
        bind_large: Callable[[], Callable[[Transfer], Any]],
    ) -> None:
        self._module = module
        self._executor = executor
        self._export = export
        self._generic = signature
        self._fallback = signature.fallback
        self._run = run
        self._bind_large = bind_large
        self._run_large: Callable[[Transfer], Any] | None = None
        self.compiled: CompiledCodec | None = None
        """The function's codec, once it has been compiled."""
        self._encode: Callable[..., bytes] = self._first_encode
        self._decode: Callable[[bytes | memoryview], Any] = self._decode_generically

    def __call__(self, /, *args: object, **kwargs: object) -> Any:
        try:
            argument = self._encode(*args, **kwargs)
        except Exception as error:
            argument, pieces = b"", self._pieces_of(error)
        # The generic codec is called after the ``except``, so that its errors have no ``__context__``.
        if not argument:
            return self._unencoded(pieces, args, kwargs)
        return self.decoded(self._run(argument))

    def direct(self) -> Callable[..., Any] | None:
        """Return a function that makes the same calls, None before the first call has been made."""
        if self.compiled is None:
            return None
        from ..compiled.direct_call import direct_call

        return direct_call(
            len(self._export.parameters),
            f"<arora call of {self._module}.{self._export.name}>",
            any_call=self,
            encode=self._encode,
            run=self._run,
            decode=self._decode,
            pieces_of=self._pieces_of,
            unencoded=self._unencoded,
            takes_over=self._fallback.takes_over,
            decode_generically=self._decode_generically,
        )

    def accelerated(self, make: Callable[..., Any]) -> Any:
        """Return what ``make`` makes of the steps of a call. Call it after :meth:`compile`."""
        return make(
            parameters=len(self._export.parameters),
            encode=self._encode,
            decode=self._decode,
            resume=lambda argument: self.decoded(self._run(argument)),
            unencoded=lambda error, args: self._unencoded(self._pieces_of(error), args, {}),
            undecoded=self._undecoded,
        )

    def decoded(self, result: bytes | memoryview) -> Any:
        """Return the result of the call. It shares no memory with ``result``, which may be a view of the guest's."""
        try:
            return self._decode(result)
        except Exception as error:
            if not self._fallback.takes_over(error):
                raise
        return self._decode_generically(result)

    def compile(self) -> CompiledCodec:
        """Compile the codec if that has not been done, and return it."""
        if self.compiled is None:
            from ..compiled import compile_codec
            from ..compiled.source_code import leave

            # Assigned first, so that a compilation that fails is not repeated at every call.
            self._encode = self._decode = leave
            try:
                self.compiled = compile_codec(self._module, self._export, self._generic.registry)
            except BaseException as error:
                if not isinstance(error, Exception) or isinstance(error, _PASSING):
                    self._encode, self._decode = self._first_encode, self._decode_generically
                raise
            self._encode = self.compiled.encode or leave
            self._decode = self.compiled.decode or leave
        return self.compiled

    def _first_encode(self, /, *args: object, **kwargs: object) -> bytes:
        self.compile()
        return self._encode(*args, **kwargs)

    def _pieces_of(self, error: Exception) -> Sequence[bytes | memoryview]:
        """Return the pieces of an argument buffer that is too large to be joined, none where the generic codec has to
        encode the arguments. Raises ``error``, which compiled code raised for them, where neither is the case."""
        if isinstance(error, LargeArgument):
            return error.pieces
        if not (_refused_the_call(error) or self._fallback.takes_over(error)):
            raise error
        return ()

    def _undecoded(self, error: Exception, result: bytes) -> Any:
        """Return the result that compiled code could not read. Raises ``error`` where that is final."""
        if not self._fallback.takes_over(error):
            raise error
        return self._decode_generically(result)

    def _unencoded(
        self, pieces: Sequence[bytes | memoryview], args: Sequence[object], kwargs: Mapping[str, object]
    ) -> Any:
        """Make a call whose argument buffer compiled code did not return."""
        if pieces:
            return self._transfer(pieces)
        return self.decoded(self._run(self._encode_generically(args, kwargs)))

    def _transfer(self, pieces: Sequence[bytes | memoryview]) -> Any:
        if self._run_large is None:
            self._run_large = self._bind_large()
        transfer = Transfer(pieces, self.decoded)
        try:
            return self._run_large(transfer)
        finally:
            # For a call that failed before the argument was copied: its traceback would hold on to the caller's array.
            transfer.release()

    def _encode_generically(self, args: Sequence[object], kwargs: Mapping[str, object]) -> bytes:
        with self._named():
            return self._generic.encode_call(args, kwargs)

    def _decode_generically(self, result: bytes | memoryview) -> Any:
        with self._named():
            return self._generic.decode_result(bytes(result))

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Add the function's name to errors about its arguments and results."""
        try:
            yield
        except AroraError as error:
            error.at(module=self._module, function=self._export.name, executor=self._executor)
            raise


def _refused_the_call(error: Exception) -> bool:
    """Return whether the arguments did not bind, so that the compiled code did not run."""
    if type(error) is not TypeError:
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals is globals()
