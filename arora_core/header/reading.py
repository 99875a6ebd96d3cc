"""Plain data to headers, in the high and the low form of ABI §7."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import UUID

from ..documents import parsing
from ..documents.places import Place, Refusal, header_refusal, is_uuid, suggestion
from ..errors import HeaderError
from ..types import TypeMismatch, record_files, validate
from ..types.references import (
    STR,
    TYPE_IDS,
    UNIT,
    ArrayRef,
    FixedArrayRef,
    MapRef,
    OptionRef,
    ScalarRef,
    TypeRef,
)
from ..types.registry import TypeRegistry
from ..values import Value
from ..values.text_form import read_value
from ..version import Version
from .model import ExecutorRequirement, ExportedFunction, Header, ImportedFunction, Parameter

_KINDS = {
    "scalar": ("id",),
    "array": ("id",),
    "fixedarray": ("id", "len"),
    "map": ("key_id", "value_id"),
    "option": ("id",),
}


def parse_header(text: str | bytes, registry: TypeRegistry | None) -> Header:
    """See :meth:`Header.parse`."""
    refusal = header_refusal()
    return _read(parsing.parse(text, refusal), registry, refusal)


def load_header(path: Path, registry: TypeRegistry | None) -> Header:
    """See :meth:`Header.load`."""
    refusal = header_refusal(str(path))
    data = parsing.read_file(path, refusal)
    directory = path.parent / "records"
    if directory.is_dir():
        base = TypeRegistry() if registry is None else registry
        own = record_files.load(directory, base)
        try:
            registry = base.merged(own)
        except HeaderError as error:
            raise header_refusal(str(directory))("", error.message) from None
    return _read(data, registry, refusal)


def read_header(data: object, registry: TypeRegistry | None) -> Header:
    """See :meth:`Header.from_data`."""
    return _read(data, registry, header_refusal())


def _read(data: object, registry: TypeRegistry | None, refusal: Refusal) -> Header:
    return _HeaderReader(TypeRegistry() if registry is None else registry).header(Place(data, refusal))


class _HeaderReader:
    """Reads a header whose names stand for what a registry says."""

    def __init__(self, registry: TypeRegistry) -> None:
        self._registry = registry

    def header(self, place: Place) -> Header:
        keys = place.keys(
            required=("id", "name", "author", "license", "version", "executor"),
            optional=("description", "executable_mime", "exports", "imports", "dependencies"),
        )
        description = keys.get("description")
        mime = keys.get("executable_mime")
        dependencies = keys.get("dependencies")
        return Header(
            id=keys["id"].uuid(),
            name=keys["name"].name(),
            author=keys["author"].text(),
            license=keys["license"].text(),
            description=None if description is None else description.text(),
            version=_version(keys["version"]),
            executor=_executor(keys["executor"]),
            executable_mime="" if mime is None else mime.text(),
            exports=self._exports(keys.get("exports")),
            imports=self._imports(keys.get("imports")),
            dependencies=() if dependencies is None else tuple(dependencies.list()),
            types=self._registry,
        )

    def _exports(self, place: Place | None) -> tuple[ExportedFunction, ...]:
        functions: list[ExportedFunction] = []
        once = _Once("function")
        for item in _items(place):
            keys = item.keys(required=("type", "id", "name"), optional=("parameters", "ret"))
            id, name, parameters, ret = self._signature(keys)
            once.check(keys["id"], id)
            once.check(keys["name"], name)
            functions.append(ExportedFunction(id, name, parameters, ret))
        return tuple(functions)

    def _imports(self, place: Place | None) -> tuple[ImportedFunction, ...]:
        functions: list[ImportedFunction] = []
        once = _Once("function of that module")
        for item in _items(place):
            keys = item.keys(required=("type", "id", "name", "module"), optional=("parameters", "ret"))
            module = self._module(keys["module"])
            id, name, parameters, ret = self._signature(keys)
            once.check(keys["id"], id, within=module)
            once.check(keys["name"], name, within=module)
            functions.append(ImportedFunction(id, name, parameters, ret, module))
        return tuple(functions)

    def _signature(self, keys: dict[str, Place]) -> tuple[UUID, str, tuple[Parameter, ...], TypeRef]:
        if keys["type"].name() != "function":
            keys["type"].expected("'function'")
        id = keys["id"].uuid()
        ret = keys.get("ret")
        return (
            id,
            keys["name"].name(),
            self._parameters(keys.get("parameters"), id),
            ScalarRef(UNIT) if ret is None else self._type(ret),
        )

    def _parameters(self, place: Place | None, function_id: UUID) -> tuple[Parameter, ...]:
        parameters: list[Parameter] = []
        once = _Once("parameter")
        for item in _items(place):
            keys = item.keys(required=("id", "name", "type"), optional=("mutable", "default_value"))
            parameter = self._parameter(keys)
            once.check(keys["id"], parameter.id)
            once.check(keys["name"], parameter.name)
            if parameter.mutable and parameter.id == function_id:
                keys["id"].refuse("a mutable parameter may not have its function's id, which marks the return value")
            parameters.append(parameter)
        return tuple(parameters)

    def _parameter(self, keys: dict[str, Place]) -> Parameter:
        type = self._type(keys["type"])
        default = keys.get("default_value")
        return Parameter(
            id=keys["id"].uuid(),
            name=keys["name"].name(),
            type=type,
            mutable="mutable" in keys and keys["mutable"].boolean(),
            default_value=None if default is None else self._value(default, type),
        )

    def _value(self, place: Place, type: TypeRef) -> Value:
        value = read_value(place)
        try:
            validate(value, type, self._registry)
        except TypeMismatch as error:
            place.refuse(str(error))
        return value

    def _type(self, place: Place) -> TypeRef:
        if isinstance(place.data, str):
            place.expected(f"a type reference such as {{kind: scalar, id: {place.data}}}")
        kind = _kind(place)
        keys = place.keys(required=("kind", *_KINDS[kind]))
        if kind == "map":
            key_id = self._type_id(keys["key_id"])
            if key_id != STR:
                keys["key_id"].expected("str, the only type of key")
            return MapRef(key_id, self._type_id(keys["value_id"]))
        id = self._type_id(keys["id"])
        if kind == "fixedarray":
            return FixedArrayRef(id, keys["len"].natural())
        if kind == "array":
            return ArrayRef(id)
        return OptionRef(id) if kind == "option" else ScalarRef(id)

    def _type_id(self, place: Place) -> UUID:
        name = place.data
        if isinstance(name, UUID) or (isinstance(name, str) and is_uuid(name)):
            return place.uuid()
        if not isinstance(name, str):
            place.expected("a type's UUID or name")
        if name in TYPE_IDS:
            return TYPE_IDS[name]
        record = self._registry.find(name)
        if record is None:
            place.refuse(f"unknown type {name!r}{suggestion(name, [*TYPE_IDS, *self._registry.paths()])}")
        return record.id

    def _module(self, place: Place) -> UUID:
        if not isinstance(place.data, str) or is_uuid(place.data):
            return place.uuid()
        name = place.text()
        id = self._registry.find_module(name)
        if id is None:
            known = {module.path for module in self._registry.modules()}
            place.refuse(
                f"expected a module's UUID, or the name of a module record, got {name!r}{suggestion(name, known)}"
            )
        return id


class _Once:
    """Refuses what was there before."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._seen: dict[object, str] = {}

    def check(self, place: Place, value: object, within: object = None) -> None:
        first = self._seen.setdefault((within, value), place.path)
        if first != place.path:
            place.refuse(f"another {self._what} has {value}, at {first}")


def _items(place: Place | None) -> Iterable[Place]:
    return () if place is None else place.items()


def _kind(place: Place) -> str:
    kinds = dict(place.entries())
    if "kind" not in kinds:
        place.under("kind", None).refuse("the key 'kind' is missing")
    kind = kinds["kind"].name()
    if kind not in _KINDS:
        kinds["kind"].refuse(f"unknown kind {kind!r}{suggestion(kind, _KINDS)}")
    return kind


def _version(place: Place) -> Version:
    if isinstance(place.data, str):
        text = place.data
        return place.made(lambda: Version.parse(text))
    if not isinstance(place.data, Mapping):
        place.expected("a version, {major, minor, patch} or text such as '1.2.3'")
    keys = place.keys(required=("major", "minor", "patch"))
    return Version(keys["major"].natural(), keys["minor"].natural(), keys["patch"].natural())


def _executor(place: Place) -> ExecutorRequirement:
    keys = place.keys(required=("name",), optional=("min_version", "max_version"))
    name = keys["name"].name()
    low, high = (_version(keys[key]) if key in keys else None for key in ("min_version", "max_version"))
    if low is not None and high is not None and high < low:
        keys["max_version"].refuse(f"{high} is below min_version, {low}")
    return ExecutorRequirement(name, low, high)
