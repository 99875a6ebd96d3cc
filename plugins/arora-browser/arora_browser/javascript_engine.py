"""The engine that ``arora.mjs`` calls: every method returns a plain JavaScript object and raises nothing.

The object is ``{value}``, ``{error}`` with the facts of an exception, or ``{thrown}`` with what a JavaScript callable
threw, as the same JavaScript value.
"""

from __future__ import annotations

import json
import logging
import tempfile
import traceback
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

from arora_core import Engine, Header, Limits, LoadedModule, ModuleDefinition, errors, records, text
from arora_core import values as v
from arora_core.documents.places import is_uuid
from arora_core.errors import ArgumentError, AroraError, CallError, HeaderError, LoadError, ModuleNotFound, Trap
from arora_core.types.registry import TypeRegistry

from . import javascript_values
from .descriptions import describe

_FACTS = ("module", "function", "executor", "path", "source", "parameter", "limit", "symbol", "offset", "stderr")
_METHODS = (
    "load",
    "prepare",
    "load_prepared",
    "call_text",
    "call",
    "modules",
    "register",
    "unregister",
    "restart",
    "unload",
    "close",
)


def new_engine(prefer: str, mark: str) -> Any:
    """Return the methods of a new engine by name, as proxies that the caller destroys.

    ``prefer`` is a JSON list. ``mark`` is the key that stands for a typed array in the JSON of arguments.
    """
    ffi = import_module("pyodide.ffi")
    to_object = import_module("js").Object.fromEntries
    try:
        engine = JavaScriptEngine(prefer, mark)
    except BaseException as error:
        return ffi.to_js({"error": _facts(error)}, dict_converter=to_object)
    methods = {name: ffi.create_proxy(getattr(engine, name)) for name in _METHODS}
    return ffi.to_js({"value": methods}, dict_converter=to_object)


class JavaScriptEngine:
    """One engine. Headers, options and arguments are passed as text, executables and typed arrays as buffers."""

    def __init__(self, prefer: str, mark: str) -> None:
        self._engine = Engine(prefer=json.loads(prefer))
        self._mark = mark
        self._prepared: dict[UUID, ModuleDefinition] = {}
        ffi = import_module("pyodide.ffi")
        self._null: object = ffi.jsnull
        self._to_js: Callable[..., Any] = ffi.to_js
        self._object: Any = import_module("js").Object.fromEntries

    def load(self, header: str, executable: Any, options: str) -> Any:
        return self._outcome(lambda: self._load(self._parse_definition(header, executable, options), options))

    async def prepare(self, header: str, executable: Any, options: str) -> Any:
        try:
            definition = self._parse_definition(header, executable, options)
            executor = json.loads(options).get("executor")
            await self._engine.prepare(definition.header, definition.executable, executor=executor)
            self._prepared[definition.header.id] = definition
        except BaseException as error:
            return self._failure(error)
        return self._outcome(lambda: None)

    def load_prepared(self, header: str, options: str) -> Any:
        return self._outcome(lambda: self._load_prepared(header, options))

    def call_text(self, call: str) -> Any:
        return self._outcome(lambda: self._call_text(call))

    def call(self, module: str, function: str, args: str, buffers: Any) -> Any:
        return self._outcome(lambda: self._call(module, function, args, buffers))

    def modules(self) -> Any:
        return self._outcome(lambda: [describe(each) for each in self._engine.modules.values()])

    def register(self, function: Any) -> Any:
        return self._outcome(lambda: self._engine.register_callable(lambda: _callable_result(function())))

    def unregister(self, id: int) -> Any:
        return self._outcome(lambda: self._engine.unregister_callable(id))

    def restart(self, module: str) -> Any:
        return self._outcome(lambda: self._find_module(module).restart())

    def unload(self, module: str) -> Any:
        return self._outcome(lambda: self._engine.unload(self._find_module(module)))

    def close(self) -> Any:
        return self._outcome(self._engine.close)

    # What the methods return, or raise.

    def _parse_definition(self, header: str, executable: Any, options: str) -> ModuleDefinition:
        given: Mapping[str, str] = json.loads(options).get("records") or {}
        base = self._engine.types
        registry = base.merged(_read_records(given, base)) if given else base
        return ModuleDefinition(Header.parse(header, registry), executable.to_bytes())

    def _load(self, definition: ModuleDefinition, options: str) -> dict[str, object]:
        given = json.loads(options)
        module = self._engine.load_module(
            definition,
            executor=given.get("executor"),
            limits=Limits(**given.get("limits") or {}),
            replace=given.get("replace", False),
            after_trap=given.get("afterTrap", "repair"),
        )
        return describe(module)

    def _load_prepared(self, header: str, options: str) -> dict[str, object]:
        # The whole header was read when the module was prepared; here its id is enough.
        id = header if is_uuid(header) else _header_id(header)
        definition = self._prepared.get(UUID(id))
        if definition is None:
            raise LoadError(f"no module {id} was prepared; await engine.prepareModule(header, bytes) first")
        described = self._load(definition, options)
        del self._prepared[UUID(id)]
        return described

    def _call_text(self, call: str) -> Any:
        answer = self._engine.call(text.call_from_data(json.loads(call)))
        return javascript_values.with_null(text.result_to_data(answer), self._null)

    def _call(self, module: str, function: str, args: str, buffers: Any) -> Any:
        called = self._find_module(module)[function]
        registry = self._engine.types
        given = javascript_values.parsed(args, buffers, self._mark)
        types = {each.name: each.type for each in called.parameters}
        if isinstance(given, list):
            # The call itself refuses too many arguments.
            ordered = zip(given, called.parameters, strict=False)
            read = [javascript_values.read(each, parameter.type, registry) for each, parameter in ordered]
            answer = called(*read, *given[len(read) :])
        else:
            answer = called(
                **{
                    name: javascript_values.read(each, types[name], registry) if name in types else each
                    for name, each in given.items()
                }
            )
        mutable = {each.name: each.type for each in called.parameters if each.mutable}
        if not mutable:
            return javascript_values.written(answer, called.ret, registry, self._null)
        return {
            "ret": javascript_values.written(answer.ret, called.ret, registry, self._null),
            "mutated": {
                name: javascript_values.written(each, mutable[name], registry, self._null)
                for name, each in answer.mutated.items()
            },
        }

    def _find_module(self, name: str) -> LoadedModule:
        loaded = self._engine.modules
        if is_uuid(name) and UUID(name) in loaded:
            return loaded[UUID(name)]
        named = [each for each in loaded.values() if each.name == name]
        if len(named) != 1:
            known = ", ".join(each.name for each in loaded.values()) or "none"
            reason = f"{len(named)} modules are named {name!r}: give the id of one" if named else f"no module {name!r}"
            raise ModuleNotFound(f"{reason} (loaded: {known})")
        return named[0]

    # What JavaScript gets.

    def _outcome(self, action: Callable[[], Any]) -> Any:
        try:
            value = action()
            return self._to_plain_object({"value": self._null if value is None else value})
        except BaseException as error:
            return self._failure(error)

    def _failure(self, error: BaseException) -> Any:
        outcome = getattr(error, "javascript_outcome", None)
        return outcome if outcome is not None else self._to_plain_object({"error": _facts(error)})

    def _to_plain_object(self, data: object) -> Any:
        return self._to_js(data, dict_converter=self._object, create_pyproxies=False)


class _ThrownCallError(CallError):
    """A callable threw an AroraError that is a CallError, which the calling guest may handle."""

    def __init__(self, message: str, outcome: Any) -> None:
        super().__init__(message)
        self.javascript_outcome = outcome


class _Thrown(Exception):
    """A callable threw something else."""

    def __init__(self, outcome: Any) -> None:
        super().__init__("JavaScript threw")
        self.javascript_outcome = outcome


def _callable_result(answer: Any) -> v.Value:
    """Return the value of a callable: JSON, or an object with what it threw (``runCallable`` in ``arora.mjs``)."""
    if isinstance(answer, str):
        try:
            return text.from_data(json.loads(answer))
        except ArgumentError as error:
            # A mistake of the callable, which the calling guest must not handle.
            raise TypeError(f"a callable must return a value as tagged data: {error}") from None
    if isinstance(answer.callError, str):
        raise _ThrownCallError(answer.callError, answer)
    raise _Thrown(answer)


def _facts(error: BaseException) -> dict[str, object]:
    facts: dict[str, object] = {"name": type(error).__name__, "message": str(error)}
    if not isinstance(error, AroraError):
        facts["traceback"] = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        return facts
    facts |= {"message": error.summary(), "reason": error.message}
    facts |= {name: found for name in _FACTS if (found := getattr(error, name, None)) not in (None, "")}
    if isinstance(error, CallError) and error.restarted:
        facts["restarted"] = True
    if isinstance(error, Trap):
        facts["kind"] = error.kind.name
        if error.exit_code is not None:
            facts["exitCode"] = error.exit_code
    return facts


def _read_records(given: Mapping[str, str], base: TypeRegistry) -> TypeRegistry:
    """Return the records of files, by path below the directory of records, such as ``structure/<uuid>@1.0.0.yaml``."""
    with tempfile.TemporaryDirectory() as directory:
        for name, written in given.items():
            file = Path(directory, name)
            if ".." in file.parts or Path(name).is_absolute():
                raise HeaderError("is not a path below the directory of records", source=name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(written, encoding="utf-8")
        try:
            return records.load(directory, base)
        except HeaderError as error:
            source = (error.source or "").removeprefix(f"{directory}/")
            message = error.message.replace(f"{directory}/", "")
            raise HeaderError(message, path=error.path, source=source) from None


def _header_id(header: str) -> str:
    from arora_core.documents import parsing
    from arora_core.documents.places import Place, header_refusal

    refusal = header_refusal()
    keys = dict(Place(parsing.parse(header, refusal), refusal).entries())
    return str(keys["id"].uuid()) if "id" in keys else ""


class _JavaScriptHandler(logging.Handler):
    """Passes every log record to a JavaScript function: level, logger and message."""

    def __init__(self, write: Any) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        self._write(record.levelname.lower(), record.name, record.getMessage())


def call_error_names() -> Any:
    """Return the names of CallError and its subclasses, as a JavaScript array."""
    names = [name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, CallError)]
    return import_module("pyodide.ffi").to_js(names)


def log_to(write: Any) -> None:
    """Send Arora's log, from INFO up, to a JavaScript function, which replaces any earlier one."""
    logger = logging.getLogger("arora")
    for handler in [each for each in logger.handlers if isinstance(each, _JavaScriptHandler)]:
        logger.removeHandler(handler)
    logger.addHandler(_JavaScriptHandler(write))
    logger.setLevel(logging.INFO)
    logger.propagate = False
