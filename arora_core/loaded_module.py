"""The user's handles: a loaded module, and one typed function of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from .calls import CallResult
from .document import suggestion
from .errors import AroraError, FunctionNotFound
from .header import ExportedFunction, Header, Parameter
from .python_types import python_names
from .signature import Signature
from .types import TypeRef, type_name
from .values import Value


class Function:
    """One exported function. Call it with plain Python; what it answers is plain Python.

    Raises ArgumentError for arguments that do not fit, GuestError when the guest answers with an error, Trap
    when it crashes or breaks the ABI, LimitExceeded, ModuleNotFound after it was unloaded, EngineClosed.
    """

    def __init__(
        self, module: str, export: ExportedFunction, signature: Signature, run: Callable[[bytes], bytes]
    ) -> None:
        self._module = module
        self._export = export
        self._typed = signature
        self._run = run

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
        """For a reader: ``forward(joints: f64[]) -> ur5.Pose``."""
        return str(self._typed)

    def __call__(self, *args: object, **kwargs: object) -> Any:
        try:
            return self._typed.decode_result(self._run(self._typed.encode_call(args, kwargs)))
        except AroraError as error:
            error.at(module=self._module, function=self.name)
            raise

    def call(self, args: Mapping[UUID, Value]) -> CallResult:
        """The generic call: values by parameter id in, values out. Raises as a typed call does."""
        try:
            return self._typed.decode_values(self._run(self._typed.encode_values(args)))
        except AroraError as error:
            error.at(module=self._module, function=self.name)
            raise

    def __repr__(self) -> str:
        return f"<function {self._module}.{self.signature}>"

    @property
    def __signature__(self) -> inspect.Signature:
        """What ``help`` and editors show. Every parameter may be left out: the guest sees it as absent."""
        registry = self._typed.registry
        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        names = python_names(each.name for each in self.parameters)
        return inspect.Signature(
            [
                inspect.Parameter(name, kind, default=None, annotation=type_name(each.type, registry))
                for name, each in zip(names, self.parameters, strict=True)
            ],
            return_annotation=type_name(self.ret, registry),
        )


class LoadedModule:
    """A module loaded in an engine. Its functions are attributes (``arm.forward``) and items (``arm["forward"]``)."""

    def __init__(self, header: Header, executor: str, functions: Mapping[str, Function]) -> None:
        self._header = header
        self._executor = executor
        self._functions = MappingProxyType(dict(functions))

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
        """The name of the executor it runs on; ``host`` for a host module."""
        return self._executor

    @property
    def header(self) -> Header:
        """The header it was loaded with."""
        return self._header

    @property
    def functions(self) -> Mapping[str, Function]:
        """Its functions by name, in declared order."""
        return self._functions

    def __getitem__(self, name: str) -> Function:
        try:
            return self._functions[name]
        except KeyError:
            raise FunctionNotFound(
                f"it has no function {name!r}{suggestion(name, self._functions)}", module=self.name
            ) from None

    def __getattr__(self, name: str) -> Function:
        # Called only for names that are no attributes of the handle itself.
        functions: Mapping[str, Function] = self.__dict__.get("_functions", {})
        if name not in functions:
            raise AttributeError(f"no function {name!r} in {self!r}{suggestion(name, functions)}")
        return functions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._functions)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._functions]

    def __repr__(self) -> str:
        return f"<module {self.name} on {self.executor}: {', '.join(self._functions) or 'no functions'}>"
