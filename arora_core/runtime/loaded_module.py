"""The user's handles of loaded modules and their functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar
from uuid import UUID

from ..binding.python_names import NameTable, python_names
from ..calls import CallResult
from ..documents.places import suggestion
from ..errors import AroraError, FunctionNotFound
from ..executor import RowsCall, Transfer
from ..header import ExportedFunction, Header, Parameter
from ..limits import Limits
from ..types import TypeRef, type_name
from ..values import Value
from .compiled_signature import CompiledSignature
from .typed_call import TypedCall

if TYPE_CHECKING:
    from .batch import Batch

_Handle = TypeVar("_Handle", bound="ModuleHandle")


class Pickling(Protocol):
    """How a module is pickled: what ``__reduce__`` of its handles and of its functions returns."""

    def module(self, handle: ModuleHandle) -> tuple[Any, ...]: ...

    def function(self, name: str) -> tuple[Any, ...]: ...

    def part(self) -> Any: ...

    @property
    def made_of(self) -> Any: ...

    @property
    def limits(self) -> Limits: ...


class Function:
    """One exported function. Call it with plain Python objects; it returns plain Python objects.

    A call raises ArgumentError for arguments that do not fit the parameters, GuestError when the guest returns an
    error, Trap when it crashes or breaks the ABI, LimitExceeded when a limit stops it, ModuleNotFound after its module
    was unloaded, and EngineClosed.
    """

    __slots__ = (
        "__call__",
        "_accelerate",
        "_awaited",
        "_batch",
        "_bind_rows",
        "_call",
        "_executor",
        "_export",
        "_generic",
        "_module",
        "_pickling",
        "_run",
    )

    __call__: Callable[..., Any]
    """Takes the arguments, positional or by name, and returns the result of the call."""
    _accelerate: Callable[[TypedCall, Callable[..., Any]], Callable[..., Any]]
    _awaited: Callable[..., Coroutine[Any, Any, Any]]
    _pickling: Pickling

    def __init__(
        self,
        module: str,
        executor: str,
        export: ExportedFunction,
        signature: CompiledSignature,
        run: Callable[[bytes], bytes],
        bind_large: Callable[[], Callable[[Transfer], Any]],
        bind_rows: Callable[[], RowsCall],
    ) -> None:
        self._module = module
        self._executor = executor
        self._export = export
        self._generic = signature
        self._run = run
        self._bind_rows = bind_rows
        self._batch: Batch | None = None
        self._call = TypedCall(module, executor, export, signature, run, bind_large)
        self.__call__ = self._first_call

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
        return self._call.compile().source

    def call(self, args: Mapping[UUID, Value]) -> CallResult:
        """Make a generic call: values by parameter id in, values out. Raises as a typed call does."""
        try:
            return self._generic.decode_values(self._run(self._generic.encode_values(args)))
        except AroraError as error:
            error.at(module=self._module, function=self.name, executor=self._executor)
            raise

    def batch(
        self,
        /,
        *columns: object,
        errors: Literal["raise", "return"] = "raise",
        progress: Callable[[int, int], object] | None = None,
        **named: object,
    ) -> Any:
        """Call the function once for each row of ``columns``, in order; return a column of what the calls return.

        A column is a NumPy array, a buffer, a sequence, a series, an Arrow array, or ``itertools.repeat(x)`` for the
        same ``x`` in every row. The result is a NumPy array for numbers, booleans, arrays of fixed length of them, and
        structures of these; otherwise a list. Where parameters are mutable, it is a ``Result`` of columns.

        A row that fails raises what the call raises, with the row as ``.row``; the rows before it have been called, and
        none after it. With ``errors="return"`` every row is called, all columns returned are lists, and exceptions are
        in them in place of results. ``progress(done, total)`` is called now and then, and at the end.

        Raises ArgumentError also for columns of different length, and ImportError where NumPy is missing.
        """
        if self._batch is None:
            self._batch = self._make_batch()
        return self._batch(columns, named, errors, progress)

    async def acall(self, /, *args: object, **kwargs: object) -> Any:
        """Call the function as ``function(...)`` does, in another thread; return what it returns.

        The event loop runs on meanwhile. Where the task is cancelled, also by ``asyncio.timeout``, the guest is
        interrupted if the module is loaded with ``Limits(interruptible=True)``; otherwise the task ends when the call
        has ended. A call that has not begun is not made. Raises ModuleBusy too, from an event loop inside a call of the
        same engine.
        """
        return await self._awaited(self.__call__, (args, kwargs))

    def __copy__(self) -> Function:
        return self

    def __deepcopy__(self, memo: object) -> Function:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what its module is made of. Unpickled, it is loaded once a process and thread.

        Raises PicklingError for what cannot be carried.
        """
        return self._pickling.function(self.name)

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

    def _make_batch(self) -> Batch:
        from .batch import Batch

        # Results of rows may be read before a first call.
        try:
            self._call.compile()
        except Exception as error:
            if not self._generic.fallback.takes_over(error):
                raise
        call = self._call.direct() or self._call
        return Batch(
            self._module, self._executor, self._export, self._generic, call, self._call.decoded, self._bind_rows()
        )

    def _first_call(self, /, *args: object, **kwargs: object) -> Any:
        """Make a call, and have later ones made by what it compiled."""
        try:
            return self._call(*args, **kwargs)
        finally:
            direct = self._call.direct()
            self.__call__ = self._first_call if direct is None else self._accelerate(self._call, direct)


class ModuleHandle:
    """A handle of a module loaded in an engine: a :class:`LoadedModule`, or one whose functions have declared types."""

    _header: Header
    _executor: str
    _functions: Mapping[str, Function]
    _restart: Callable[[], None]
    _origin: ModuleHandle
    """The handle that the engine made. A typed handle is another one of the same module."""
    _pickling: Pickling
    """Of the handle that the engine made."""
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

    def __copy__(self: _Handle) -> _Handle:
        return self

    def __deepcopy__(self: _Handle, memo: object) -> _Handle:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what the module is made of. Raises PicklingError for what cannot be carried."""
        return self._origin._pickling.module(self)

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
