"""The user's handles of loaded modules and their functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NoReturn
from uuid import UUID

from ..binding.large_argument import LargeArgument
from ..binding.python_names import NameTable, python_names
from ..calls import CallResult
from ..documents.places import suggestion
from ..errors import AroraError, FunctionNotFound
from ..executor import Transfer
from ..header import ExportedFunction, Header, Parameter
from ..types import TypeRef, type_name
from ..values import Value
from .compiled_signature import CompiledSignature

if TYPE_CHECKING:
    from ..compiled import CompiledCodec

_PASSING: Final = (MemoryError, RecursionError, OSError)
"""What a compilation may fail with that has no cause in the function, so that the next call tries again."""


class Function:
    """One exported function. Call it with plain Python objects; it returns plain Python objects.

    A call raises ArgumentError for arguments that do not fit the parameters, GuestError when the guest returns an
    error, Trap when it crashes or breaks the ABI, LimitExceeded when a limit stops it, ModuleNotFound after its module
    was unloaded, and EngineClosed.
    """

    __slots__ = (
        "_bind_large",
        "_compiled",
        "_decode",
        "_encode",
        "_executor",
        "_export",
        "_fallback",
        "_generic",
        "_module",
        "_run",
        "_run_large",
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
        self._compiled: CompiledCodec | None = None
        self._encode: Callable[..., bytes] = self._first_encode
        self._decode: Callable[[bytes | memoryview], Any] = self._decode_generically

    @property
    def id(self) -> UUID:
        """The function's id."""
        return self._export.id

    @property
    def name(self) -> str:
        """The function's name in the header."""
        return self._export.name

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The declared parameters, in order."""
        return self._export.parameters

    @property
    def ret(self) -> TypeRef:
        """The type of the return value."""
        return self._export.ret

    @property
    def signature(self) -> str:
        """The signature as text: ``forward(joints: f64[]) -> kinematics.Pose``."""
        return str(self._generic)

    @property
    def codec_source(self) -> str:
        """The Python source compiled for this function; a comment stands for a direction left to the generic codec."""
        return self._compile().source

    def __call__(self, /, *args: object, **kwargs: object) -> Any:
        # The generic codec is called after the ``except``, so that its errors have no ``__context__``.
        try:
            argument = self._encode(*args, **kwargs)
        except LargeArgument as large:
            argument, pieces = b"", large.pieces
        except Exception as error:
            if not (_refused_the_call(error) or self._fallback.takes_over(error)):
                raise
            argument, pieces = b"", ()
        if not argument:
            if pieces:
                return self._transfer(pieces)
            argument = self._encode_generically(args, kwargs)
        result = self._run(argument)
        try:
            return self._decode(result)
        except Exception as error:
            if not self._fallback.takes_over(error):
                raise
        return self._decode_generically(result)

    def call(self, args: Mapping[UUID, Value]) -> CallResult:
        """Make a generic call: values by parameter id in, values out. Raises as a typed call does."""
        try:
            return self._generic.decode_values(self._run(self._generic.encode_values(args)))
        except AroraError as error:
            error.at(module=self._module, function=self.name, executor=self._executor)
            raise

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Function cannot be copied or pickled; send its header and executable, and load them")

    def __repr__(self) -> str:
        return f"<function {self._module}.{self.signature}>"

    @property
    def __signature__(self) -> inspect.Signature:
        """The signature for ``help`` and editors. Every parameter is optional: the guest sees it as absent."""
        registry = self._generic.registry
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        names = python_names(each.name for each in self.parameters)
        return inspect.Signature(
            [
                inspect.Parameter(name, kind, default=None, annotation=type_name(each.type, registry))
                for name, each in zip(names, self.parameters, strict=True)
            ],
            return_annotation=type_name(self.ret, registry),
        )

    def _compile(self) -> CompiledCodec:
        if self._compiled is None:
            from ..compiled import compile_codec
            from ..compiled.source_code import leave

            # Assigned first, so that a compilation that fails is not repeated at every call.
            self._encode = self._decode = leave
            try:
                self._compiled = compile_codec(self._module, self._export, self._generic.registry)
            except BaseException as error:
                if not isinstance(error, Exception) or isinstance(error, _PASSING):
                    self._encode, self._decode = self._first_encode, self._decode_generically
                raise
            self._encode = self._compiled.encode or leave
            self._decode = self._compiled.decode or leave
        return self._compiled

    def _first_encode(self, /, *args: object, **kwargs: object) -> bytes:
        """Compile on the first call: most functions of most modules are never called."""
        self._compile()
        return self._encode(*args, **kwargs)

    def _encode_generically(self, args: Sequence[object], kwargs: Mapping[str, object]) -> bytes:
        with self._named():
            return self._generic.encode_call(args, kwargs)

    def _decode_generically(self, result: bytes | memoryview) -> Any:
        with self._named():
            return self._generic.decode_result(bytes(result))

    def _transfer(self, pieces: Sequence[bytes | memoryview]) -> Any:
        if self._run_large is None:
            self._run_large = self._bind_large()
        transfer = Transfer(pieces, self._read)
        try:
            return self._run_large(transfer)
        finally:
            # For a call that failed before the argument was copied: its traceback would hold on to the caller's array.
            transfer.release()

    def _read(self, result: bytes | memoryview) -> Any:
        """Return the result of the call. It shares no memory with ``result``, which may be a view of the guest's."""
        try:
            return self._decode(result)
        except Exception as error:
            if not self._fallback.takes_over(error):
                raise
        return self._decode_generically(result)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Add this function's name to errors about its arguments and results."""
        try:
            yield
        except AroraError as error:
            error.at(module=self._module, function=self.name, executor=self._executor)
            raise


def _refused_the_call(error: Exception) -> bool:
    """Return whether the arguments did not bind, so that the compiled code did not run."""
    if type(error) is not TypeError:
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals is globals()


class ModuleHandle:
    """A handle of a module loaded in an engine: a :class:`LoadedModule`, or one whose functions have declared types."""

    _header: Header
    _executor: str
    _functions: Mapping[str, Function]
    _restart: Callable[[], None]
    _origin: ModuleHandle
    """The handle that the engine made. A typed handle is another one of the same module."""
    _attributes: NameTable

    def __init__(
        self, header: Header, executor: str, functions: Mapping[str, Function], restart: Callable[[], None]
    ) -> None:
        self._restart = restart
        self._header = header
        self._executor = executor
        self._functions = MappingProxyType(dict(functions))
        self._origin = self
        self._attributes = self._names(self._functions)
        # Attributes of the object itself are found faster than by __getattr__.
        self.__dict__.update(zip(self._attributes.python, self._functions.values(), strict=True))

    @classmethod
    def _names(cls, functions: Iterable[str]) -> NameTable:
        """Return the attributes that handles of this class have for functions."""
        return attributes_for(functions, ModuleHandle)

    @property
    def id(self) -> UUID:
        """The module's id."""
        return self._header.id

    @property
    def name(self) -> str:
        """The module's name."""
        return self._header.name

    @property
    def executor(self) -> str:
        """The name of its executor; ``host`` for a host module."""
        return self._executor

    @property
    def header(self) -> Header:
        """The header it was loaded with."""
        return self._header

    @property
    def functions(self) -> Mapping[str, Function]:
        """Its functions by name, in declared order."""
        return self._functions

    def restart(self) -> None:
        """Replace the guest by a fresh one, as after loading. This handle and its functions remain valid.

        Raises ModuleBusy from inside one of the module's own calls, ModuleNotFound after it was unloaded, LoadError for
        a host module, and what loading raises; the module is unchanged then.
        """
        self._restart()

    def __getitem__(self, name: str) -> Function:
        try:
            return self._functions[name]
        except KeyError:
            raise FunctionNotFound(
                f"it has no function {name!r}{suggestion(name, self._functions)}", module=self.name
            ) from None

    if not TYPE_CHECKING:
        # For type checkers, only a LoadedModule has attributes that they do not know.
        def __getattr__(self, name: str) -> Function:
            attributes: NameTable | None = self.__dict__.get("_attributes")
            if attributes is None:
                raise AttributeError(name)  # On a handle whose __init__ did not run, such as a copy being made.
            if name in self._functions:
                attribute = attributes.python[attributes.index_of[name]]
                raise AttributeError(
                    f"the function {name!r} is the item [{name!r}] and the attribute {attribute} of {self!r}"
                )
            raise AttributeError(f"no function {name!r} in {self!r}{suggestion(name, attributes.python)}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a loaded module cannot be copied or pickled; send its header and executable, and load them")

    def __repr__(self) -> str:
        return f"<module {self.name} on {self.executor}: {', '.join(self._functions) or 'no functions'}>"


class LoadedModule(ModuleHandle):
    """A module loaded in an engine. Its functions are attributes (``arm.forward``) and items (``arm["forward"]``).

    An item has the function's name in the header, an attribute its Python name: ``arm["move-to"]`` is ``arm.move_to``.
    As the handle has attributes of its own, ``arm["id"]`` is ``arm.id_``. ``dir`` lists the attributes.
    """

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Function: ...


def attributes_for(functions: Iterable[str], handle: type[ModuleHandle]) -> NameTable:
    """Return the attributes for functions that do not clash with those of the class ``handle``."""
    own = {*dir(handle), *ModuleHandle.__annotations__}
    return NameTable(functions, own.__contains__)
