"""The description, in a component's binary, of how its core modules are linked.

All that a module of Arora needs is read. Of other things, such as components inside the component, only their place in
the numbering is kept, so that a component may have them as long as its function ``dispatch`` does without.

Reference: https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Union

from ...errors import MalformedExecutable
from ..binary_reader import WasmReader
from .component_plan import (
    UNFREED_RESULTS,
    ComponentPlan,
    CoreExport,
    CoreInstance,
    CoreItem,
    Dropped,
    Instantiated,
    Lifted,
    Lowered,
    Unavailable,
)
from .component_types import FunctionType, InstanceType, OtherType, Type
from .type_reader import COMPONENT, CORE, CORE_MODULE, FUNCTION, INSTANCE, TYPE, VALUE, TypeScope, external_name

MAGIC: Final = b"\0asm\x0d\0\x01\0"
"""The first bytes of every component: the magic number, a version, and what tells it from a module."""

_CUSTOM: Final = 0
_MODULE, _CORE_INSTANCES, _NESTED, _INSTANCES, _ALIASES, _TYPES, _CANON, _START, _IMPORTS, _EXPORTS = (
    *(1, 2, 4, 5, 6, 7, 8, 9, 10, 11),
)
_CORE_SORTS: Final = (0, 1, 2, 3, 4, 0x10, CORE_MODULE, 0x12)
_CORE_FUNCTION: Final = 0
_CORE_INSTANCE: Final = 0x12
_UTF_8, _MEMORY, _REALLOC, _POST_RETURN = 0, 3, 4, 5
_OTHER_OPTIONS: Final = {1: "strings in UTF-16", 2: "strings in Latin-1", 6: "asynchronous functions"}
_NESTED_PART: Final = Unavailable("a component inside it")


@dataclass(frozen=True)
class _Imported:
    """A function or a resource that the component imports."""

    interface: str
    name: str
    type: Type


_Function = Union[_Imported, Lifted, Unavailable]
_Instance = Union[str, Mapping[str, _Function], Unavailable]
"""The name of an imported interface; functions by name; or what it is instead."""


def is_component(executable: bytes) -> bool:
    """Return whether ``executable`` begins as a component does."""
    return executable[: len(MAGIC)] == MAGIC


def read(executable: bytes) -> ComponentPlan:
    """Return how the core modules of a component are linked. Raises MalformedExecutable."""
    if not is_component(executable):
        found = "a WebAssembly module" if executable[:4] == MAGIC[:4] else "something else"
        raise MalformedExecutable(f"{found}, expected a WebAssembly component")
    return _Component(executable).plan()


class _Component:
    """The index spaces of a component, filled section by section."""

    def __init__(self, executable: bytes) -> None:
        self._modules: list[bytes] = []
        self._core_instances: list[CoreInstance] = []
        self._core_items: dict[int, list[CoreItem]] = {sort: [] for sort in _CORE_SORTS}
        self._scope = TypeScope()
        # By index of the type: which resource of which interface it is.
        self._resources: dict[int, _Imported] = {}
        self._interfaces: dict[str, InstanceType] = {}
        self._functions: list[_Function] = []
        self._instances: list[_Instance] = []
        self._exported: dict[str, Lifted | Unavailable] = {}
        self._imports: list[Lowered] = []
        self._components = 0
        self._unfreed_results = False
        reader = WasmReader(executable, len(MAGIC))
        while reader.left:
            section = reader.byte()
            body = reader.part(reader.u32())
            if section == _MODULE:
                self._modules.append(body.rest())
            elif section == _NESTED:
                self._components += 1
            elif section == _CUSTOM:
                self._unfreed_results |= body.name() == UNFREED_RESULTS
            elif section == _START:
                raise MalformedExecutable("has a start function of the component, which is not supported")
            elif (read_item := _SECTIONS.get(section)) is not None:
                for _ in range(body.count()):
                    read_item(self, body)

    def plan(self) -> ComponentPlan:
        return ComponentPlan(self._modules, self._core_instances, self._exported, self._imports, self._unfreed_results)

    # Core modules and what they export.

    def _core_instance(self, body: WasmReader) -> None:
        if body.byte():
            items = {}
            for _ in range(body.count()):
                name = body.name()
                items[name] = self._core_item(body, body.byte())
            self._core_instances.append(items)
            return
        module = _below(body, body.u32(), len(self._modules), "core module")
        arguments = {}
        for _ in range(body.count()):
            name = body.name()
            if body.byte() != _CORE_INSTANCE:
                raise body.malformed("an argument of a core module that is not an instance")
            arguments[name] = self._core_instance_index(body)
        self._core_instances.append(Instantiated(module, arguments))

    def _core_instance_index(self, body: WasmReader) -> int:
        return _below(body, body.u32(), len(self._core_instances), "core instance")

    def _core_item(self, body: WasmReader, sort: int) -> CoreItem:
        if sort not in self._core_items:
            raise body.malformed(f"an item of the unknown core sort {sort:#x}")
        items = self._core_items[sort]
        return items[_below(body, body.u32(), len(items), "core item")]

    # Aliases.

    def _alias(self, body: WasmReader) -> None:
        sort = body.byte()
        core = body.byte() if sort == CORE else -1
        target = body.byte()
        if target == 0:
            self._alias_export(body, sort)
        elif target == 1 and core in self._core_items:
            instance = self._core_instance_index(body)
            self._core_items[core].append(self._exported_item(instance, body.name()))
        elif target == 2:
            self._alias_outer(body, sort)
        else:
            raise body.malformed(f"an alias of the unknown form {target}")

    def _exported_item(self, instance: int, name: str) -> CoreItem:
        items = self._core_instances[instance]
        if isinstance(items, Instantiated):
            return CoreExport(instance, name)
        return items.get(name) or Unavailable(f"{name}, which is not there")

    def _alias_export(self, body: WasmReader, sort: int) -> None:
        instance = self._instances[_below(body, body.u32(), len(self._instances), "instance")]
        name = body.name()
        if sort == TYPE:
            self._add_type(instance, name)
        elif sort == FUNCTION:
            self._functions.append(self._function_of(instance, name))
        elif sort == INSTANCE:
            self._instances.append(Unavailable("an instance inside another"))
        elif sort == COMPONENT:
            self._components += 1
        elif sort == CORE:
            self._modules.append(b"")
        elif sort != VALUE:
            raise body.malformed(f"an alias of the unknown sort {sort:#x}")

    def _alias_outer(self, body: WasmReader, sort: int) -> None:
        levels, index = body.u32(), body.u32()
        if sort != TYPE:
            raise body.malformed("an alias of a module or component further out, where there is nothing")
        self._scope.types.append(self._scope.outer(body, levels, index))

    def _add_type(self, instance: _Instance, name: str) -> None:
        type: Type = OtherType("unknown")
        if isinstance(instance, str):
            type = self._interfaces[instance].exports.get(name, type)
            if isinstance(type, OtherType):
                self._resources[len(self._scope.types)] = _Imported(instance, name, type)
        self._scope.types.append(type)

    def _function_of(self, instance: _Instance, name: str) -> _Function:
        if isinstance(instance, Unavailable):
            return instance
        if isinstance(instance, str):
            return _Imported(instance, name, self._interfaces[instance].exports.get(name, OtherType("nothing")))
        return instance.get(name) or Unavailable(f"{name}, which is not there")

    # Types, imports and exports.

    def _type(self, body: WasmReader) -> None:
        self._scope.define(body)

    def _import(self, body: WasmReader) -> None:
        name = external_name(body)
        sort, type = self._scope.described(body)
        if sort == INSTANCE:
            if not isinstance(type, InstanceType):
                raise body.malformed("an imported instance whose type is not an instance's")
            self._interfaces[name] = type
            self._instances.append(name)
        elif sort == FUNCTION:
            self._functions.append(_Imported("", name, type))
        elif sort == TYPE:
            if isinstance(type, OtherType):
                self._resources[len(self._scope.types)] = _Imported("", name, type)
            self._scope.types.append(type)
        elif sort == COMPONENT:
            self._components += 1
        else:
            self._modules.append(b"")

    def _export(self, body: WasmReader) -> None:
        name, sort = external_name(body), body.byte()
        if sort == CORE:
            body.byte()
        index = body.u32()
        if body.byte():
            self._scope.described(body)
        # An export is an item again, with an index of its own.
        if sort == FUNCTION:
            function = self._functions[_below(body, index, len(self._functions), "function")]
            self._functions.append(function)
            self._exported[name] = (
                Unavailable("a function that it imports") if isinstance(function, _Imported) else function
            )
        elif sort == TYPE:
            if index in self._resources:
                self._resources[len(self._scope.types)] = self._resources[index]
            self._scope.types.append(self._scope.at(body, index))
        elif sort == INSTANCE:
            self._instances.append(self._instances[_below(body, index, len(self._instances), "instance")])
        elif sort == COMPONENT:
            self._components += 1
        elif sort == CORE:
            self._modules.append(self._modules[_below(body, index, len(self._modules), "core module")])

    def _instance(self, body: WasmReader) -> None:
        if not body.byte():
            _below(body, body.u32(), self._components, "component")
            for _ in range(body.count()):
                body.name()
                self._skip_item(body)
            self._instances.append(_NESTED_PART)
            return
        functions: dict[str, _Function] = {}
        for _ in range(body.count()):
            name = external_name(body)
            sort, index = self._skip_item(body)
            if sort == FUNCTION:
                functions[name] = self._functions[_below(body, index, len(self._functions), "function")]
        self._instances.append(functions)

    def _skip_item(self, body: WasmReader) -> tuple[int, int]:
        sort = body.byte()
        if sort == CORE:
            body.byte()
        return sort, body.u32()

    # Functions across the border of the component.

    def _canonical(self, body: WasmReader) -> None:
        kind = body.byte()
        if kind == 0:
            self._lift(body)
        elif kind == 1:
            self._lower(body)
        elif kind in (2, 4):
            body.u32()
            self._core_items[_CORE_FUNCTION].append(Unavailable("a resource of its own"))
        elif kind == 3:
            resource = self._resources.get(body.u32())
            self._core_items[_CORE_FUNCTION].append(
                Unavailable("a resource of its own") if resource is None else Dropped(resource.interface, resource.name)
            )
        else:
            raise MalformedExecutable(f"uses a function of the component model ({kind:#x}) that is not supported")

    def _lift(self, body: WasmReader) -> None:
        body.byte()
        function = self._core_item(body, _CORE_FUNCTION)
        options = self._options(body)
        type = self._scope.at(body, body.u32())
        if not isinstance(type, FunctionType):
            raise body.malformed("a lifted function whose type is not a function's")
        lifted = Lifted(type, function, options.memory, options.realloc, options.post_return)
        self._functions.append(options.unavailable or lifted)

    def _lower(self, body: WasmReader) -> None:
        body.byte()
        function = self._functions[_below(body, body.u32(), len(self._functions), "function")]
        options = self._options(body)
        self._core_items[_CORE_FUNCTION].append(options.unavailable or self._lowered(function, options))

    def _lowered(self, function: _Function, options: _Options) -> CoreItem:
        if not isinstance(function, _Imported):
            return function if isinstance(function, Unavailable) else _NESTED_PART
        if not isinstance(function.type, FunctionType):
            return Unavailable(f"{function.interface}.{function.name}, which is not a function")
        lowered = Lowered(function.interface, function.name, function.type, options.memory, options.realloc)
        self._imports.append(lowered)
        return lowered

    def _options(self, body: WasmReader) -> _Options:
        options = _Options()
        for _ in range(body.count()):
            option = body.byte()
            if option == _MEMORY:
                options = replace(options, memory=self._core_item(body, _CORE_MEMORY))
            elif option == _REALLOC:
                options = replace(options, realloc=self._core_item(body, _CORE_FUNCTION))
            elif option == _POST_RETURN:
                options = replace(options, post_return=self._core_item(body, _CORE_FUNCTION))
            elif option in _OTHER_OPTIONS:
                options = replace(options, unavailable=Unavailable(_OTHER_OPTIONS[option]))
            elif option != _UTF_8:
                raise MalformedExecutable(f"has functions with an option ({option}) that is not supported")
        return options


@dataclass(frozen=True)
class _Options:
    memory: CoreItem | None = None
    realloc: CoreItem | None = None
    post_return: CoreItem | None = None
    unavailable: Unavailable | None = None


_CORE_MEMORY: Final = 2
_SECTIONS: Final[Mapping[int, Callable[[_Component, WasmReader], None]]] = {
    _CORE_INSTANCES: _Component._core_instance,
    _INSTANCES: _Component._instance,
    _ALIASES: _Component._alias,
    _TYPES: _Component._type,
    _CANON: _Component._canonical,
    _IMPORTS: _Component._import,
    _EXPORTS: _Component._export,
}


def _below(body: WasmReader, index: int, count: int, what: str) -> int:
    if index >= count:
        raise body.malformed(f"a {what} with index {index}, which does not exist")
    return index
