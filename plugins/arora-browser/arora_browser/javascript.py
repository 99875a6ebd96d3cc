"""What ``arora.mjs`` calls: an engine whose every method answers with plain JavaScript and raises nothing.

An answer is ``{value}``, ``{error}`` with the facts of an exception, or ``{thrown}`` with what JavaScript itself threw
inside a callable: that goes back as the very same thing.
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

from arora_core import Engine, Header, Limits, LoadedModule, ModuleDefinition, records, text
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
    "unload",
    "close",
)


def new_engine(prefer: str, mark: str) -> Any:
    """The methods of a new engine, each as a proxy to be destroyed in the end."""
    ffi = import_module("pyodide.ffi")
    to_object = import_module("js").Object.fromEntries
    try:
        engine = JavaScriptEngine(prefer, mark)
    except BaseException as error:
        return ffi.to_js({"error": _facts(error)}, dict_converter=to_object)
    methods = {name: ffi.create_proxy(getattr(engine, name)) for name in _METHODS}
    return ffi.to_js({"value": methods}, dict_converter=to_object)


class JavaScriptEngine:
    """One engine. Headers, options and arguments come as text, executables and typed arrays as their buffers."""

    def __init__(self, prefer: str, mark: str) -> None:
        self._engine = Engine(prefer=json.loads(prefer))
        self._mark = mark
        self._prepared: dict[UUID, ModuleDefinition] = {}
        ffi = import_module("pyodide.ffi")
        self._null: object = ffi.jsnull
        self._to_js: Callable[..., Any] = ffi.to_js
        self._object: Any = import_module("js").Object.fromEntries

    def load(self, header: str, executable: Any, options: str) -> Any:
        return self._answer(lambda: self._loaded(self._definition(header, executable, options), options))

    async def prepare(self, header: str, executable: Any, options: str) -> Any:
        try:
            definition = self._definition(header, executable, options)
            executor = json.loads(options).get("executor")
            await self._engine.prepare(definition.header, definition.executable, executor=executor)
            self._prepared[definition.header.id] = definition
        except BaseException as error:
            return self._failed(error)
        return self._answer(lambda: None)

    def load_prepared(self, header: str, options: str) -> Any:
        return self._answer(lambda: self._load_prepared(header, options))

    def call_text(self, call: str) -> Any:
        return self._answer(lambda: self._call_text(call))

    def call(self, module: str, function: str, args: str, buffers: Any) -> Any:
        return self._answer(lambda: self._call(module, function, args, buffers))

    def modules(self) -> Any:
        return self._answer(lambda: [describe(each) for each in self._engine.modules.values()])

    def register(self, function: Any) -> Any:
        return self._answer(lambda: self._engine.register_callable(lambda: _returned(function())))

    def unregister(self, id: int) -> Any:
        return self._answer(lambda: self._engine.unregister_callable(id))

    def unload(self, module: str) -> Any:
        return self._answer(lambda: self._engine.unload(self._module(module)))

    def close(self) -> Any:
        return self._answer(self._engine.close)

    # What they do.

    def _definition(self, header: str, executable: Any, options: str) -> ModuleDefinition:
        given: Mapping[str, str] = json.loads(options).get("records") or {}
        base = self._engine.types
        registry = base.merged(_records(given, base)) if given else base
        return ModuleDefinition(Header.parse(header, registry), executable.to_bytes())

    def _loaded(self, definition: ModuleDefinition, options: str) -> dict[str, object]:
        given = json.loads(options)
        module = self._engine.load_module(
            definition,
            executor=given.get("executor"),
            limits=Limits(**given.get("limits") or {}),
            replace=given.get("replace", False),
        )
        return describe(module)

    def _load_prepared(self, header: str, options: str) -> dict[str, object]:
        # Only the id is needed: the whole header was read when the module was prepared.
        id = header if is_uuid(header) else _id_in(header)
        definition = self._prepared.get(UUID(id))
        if definition is None:
            raise LoadError(f"no module {id} was prepared; await engine.prepareModule(header, bytes) first")
        described = self._loaded(definition, options)
        del self._prepared[UUID(id)]
        return described

    def _call_text(self, call: str) -> Any:
        answer = self._engine.call(text.call_from_data(json.loads(call)))
        return javascript_values.with_null(text.result_to_data(answer), self._null)

    def _call(self, module: str, function: str, args: str, buffers: Any) -> Any:
        called = self._module(module)[function]
        registry = self._engine.types
        given = javascript_values.parsed(args, buffers, self._mark)
        types = {each.name: each.type for each in called.parameters}
        if isinstance(given, list):
            # Arguments too many are the call's to refuse.
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

    def _module(self, name: str) -> LoadedModule:
        loaded = self._engine.modules
        if is_uuid(name) and UUID(name) in loaded:
            return loaded[UUID(name)]
        named = [each for each in loaded.values() if each.name == name]
        if len(named) != 1:
            known = ", ".join(each.name for each in loaded.values()) or "none"
            reason = f"{len(named)} modules are named {name!r}: say which by its id" if named else f"no module {name!r}"
            raise ModuleNotFound(f"{reason} (loaded: {known})")
        return named[0]

    # Answers.

    def _answer(self, action: Callable[[], Any]) -> Any:
        try:
            value = action()
            return self._plain({"value": self._null if value is None else value})
        except BaseException as error:
            return self._failed(error)

    def _failed(self, error: BaseException) -> Any:
        box = getattr(error, "javascript_box", None)
        return box if box is not None else self._plain({"error": _facts(error)})

    def _plain(self, data: object) -> Any:
        return self._to_js(data, dict_converter=self._object, create_pyproxies=False)


class _ThrownCallError(CallError):
    """A CallError of arora.mjs that a callable threw: the calling guest may handle it."""

    def __init__(self, message: str, box: Any) -> None:
        super().__init__(message)
        self.javascript_box = box


class _Thrown(Exception):
    """Anything else that a callable threw."""

    def __init__(self, box: Any) -> None:
        super().__init__("JavaScript threw")
        self.javascript_box = box


def _returned(answer: Any) -> v.Value:
    """The value a callable answered; ``arora.mjs`` gives it as text, and in a box what was thrown instead."""
    if isinstance(answer, str):
        try:
            return text.from_data(json.loads(answer))
        except ArgumentError as error:
            # The callable's mistake, and not for the calling guest to handle.
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
    if isinstance(error, Trap):
        facts["kind"] = error.kind.name
        if error.exit_code is not None:
            facts["exitCode"] = error.exit_code
    return facts


def _records(given: Mapping[str, str], base: TypeRegistry) -> TypeRegistry:
    """The records in files by their path below the directory of records, such as ``structure/<uuid>@1.0.0.yaml``."""
    with tempfile.TemporaryDirectory() as directory:
        for name, written in given.items():
            file = Path(directory, name)
            if ".." in file.parts or Path(name).is_absolute():
                raise HeaderError("leads out of the directory of records", source=name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(written, encoding="utf-8")
        try:
            return records.load(directory, base)
        except HeaderError as error:
            source = (error.source or "").removeprefix(f"{directory}/")
            message = error.message.replace(f"{directory}/", "")
            raise HeaderError(message, path=error.path, source=source) from None


def _id_in(header: str) -> str:
    from arora_core.documents import parsing
    from arora_core.documents.places import Place, header_refusal

    refusal = header_refusal()
    keys = dict(Place(parsing.parse(header, refusal), refusal).entries())
    return str(keys["id"].uuid()) if "id" in keys else ""


class _Console(logging.Handler):
    """Hands every record of the log to a function of JavaScript's: level, logger and message."""

    def __init__(self, write: Any) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        self._write(record.levelname.lower(), record.name, record.getMessage())


def log_to(write: Any) -> None:
    """Sends Arora's log, from INFO up, to a function of JavaScript's, in the place of any before it."""
    logger = logging.getLogger("arora")
    for handler in [each for each in logger.handlers if isinstance(each, _Console)]:
        logger.removeHandler(handler)
    logger.addHandler(_Console(write))
    logger.setLevel(logging.INFO)
    logger.propagate = False
