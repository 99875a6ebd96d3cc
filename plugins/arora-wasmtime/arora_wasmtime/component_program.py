"""A component, whose core modules are instantiated and linked one by one (:mod:`arora_core.wasm.components`).

Small modules in the same store translate between the component's functions and those of a core guest, so that calls,
callbacks, batches, limits and failures are those of any other guest. ``component_blocks.wat`` has a memory for buffers,
``component_host.wat`` is the interface ``arora:module/host``, ``component_lists.wat`` gets memory for results of WASI,
and ``component_facade.wat`` has the exports of a core guest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from wasmtime import Module

from arora_core.errors import LoadError, MalformedExecutable, Trap, TrapKind
from arora_core.executor import Limits
from arora_core.guest_symbols import (
    DISPATCH,
    DISPATCH_INDIRECT,
    HOST_NAMESPACE,
    HOST_TYPES,
    WasmFunctionType,
    function_symbol,
)
from arora_core.linear_memory import U32
from arora_core.stack_pointer import GuestStack
from arora_core.wasm.components.component_plan import (
    ComponentPlan,
    CoreExport,
    CoreItem,
    Dropped,
    Instantiated,
    Lifted,
    Lowered,
)
from arora_core.wasm.components.preview2 import Preview2, ResultPlace
from arora_core.wasm.components.world import check_world, is_host

from .calls import Item, Items
from .component_code import component_code
from .engines import Compiled, CompilingEngine
from .instantiation import part_failure
from .program import Started, Surroundings
from .wat import source

if TYPE_CHECKING:
    from arora_core.header import Header, ModuleDefinition

_STACK: Final = "stack_pointer"
_DROP: Final = WasmFunctionType(("i32",), ())
_REFUSE: Final = WasmFunctionType(("i32", "i32"), ("i32",))


class ComponentProgram:
    """The compiled core modules of a component, and how they are linked."""

    def __init__(self, definition: ModuleDefinition, compiling: CompilingEngine, limits: Limits) -> None:
        self._header = definition.header
        # Kept for others that load the same executable.
        self._code = component_code(definition.executable, compiling, limits.memory)
        self._plan, self._modules = self._code.plan, self._code.modules
        self._dispatch = check_world(self._plan)
        self.least_memory = sum(each.types.least_memory for each in self._modules.values())
        self.tables = sum(each.tables for each in self._modules.values())
        # Its own, and that of the buffers between it and its host.
        self.memories = 2

    def start(self, surroundings: Surroundings) -> Started:
        """See :meth:`arora_wasmtime.program.Program.start`."""
        linking = _Linking(self._plan, self._modules, surroundings)
        linking.instantiate()
        return linking.finish(self._dispatch, self._header)


class _Linking:
    """The making of one instance."""

    def __init__(self, plan: ComponentPlan, modules: Mapping[int, Compiled], surroundings: Surroundings) -> None:
        self._plan = plan
        self._around = surroundings
        self._calls = surroundings.calls
        self._modules = {
            number: surroundings.compiling.on(surroundings.engine, each) for number, each in modules.items()
        }
        self._instances: list[Items] = []
        self._items: dict[int, Item] = {}
        self._wasi = Preview2(surroundings.guest)
        self._hosts: dict[tuple[CoreItem, CoreItem], Items] = {}
        self._result_places: dict[tuple[CoreItem | None, CoreItem | None], ResultPlace] = {}
        blocks = self._adapter(source("component_blocks"), [])
        self._blocks = [blocks(name) for name in ("memory", "alloc", "free")]

    def instantiate(self) -> None:
        """Make the instances of the component's core modules."""
        for instance in self._plan.instances:
            if not isinstance(instance, Instantiated):
                self._instances.append(partial(self._named, instance))
                continue
            compiled = self._modules[instance.module]
            imports = [
                self._argument(instance.arguments, namespace, name) for namespace, name, _ in compiled.types.imports
            ]
            self._instances.append(self._part(compiled.module, imports))

    def finish(self, dispatch: Lifted, header: Header) -> Started:
        """Make the exports of a core guest from the component's function ``dispatch``."""
        assert dispatch.memory is not None
        assert dispatch.realloc is not None
        stack, pointer = self._stack(dispatch)
        component = [self._item(each) for each in (dispatch.memory, dispatch.realloc, dispatch.function)]
        imports = [*self._blocks, *component, *([] if pointer is None else [pointer])]
        if dispatch.post_return is not None:
            imports.append(self._item(dispatch.post_return))
        text = source(
            "component_facade",
            stack="" if pointer is None else _STACK_GLOBAL,
            post_return=_NO_POST_RETURN if dispatch.post_return is None else _POST_RETURN,
            give_back=_GIVE_BACK if self._plan.unfreed_results else "",
            functions="\n  ".join(_export(function.id.bytes) for function in header.exports),
        )
        self._calls.complete(self._adapter(text, imports))
        return Started(None, stack)

    # Instances.

    def _part(self, module: Module, imports: Sequence[Item]) -> Items:
        with part_failure(self._around.limits):
            return self._calls.instantiate_part(module, imports)

    def _adapter(self, text: str, imports: Sequence[Item]) -> Items:
        compiling, engine = self._around.compiling, self._around.engine
        own = engine is not compiling.engine
        return self._part(Module(engine, text) if own else compiling.adapter_module(text), imports)

    def _named(self, items: Mapping[str, CoreItem], name: str) -> Item:
        if name not in items:
            raise MalformedExecutable(f"is malformed: a core module imports {name}, which its component does not pass")
        return self._item(items[name])

    def _argument(self, arguments: Mapping[str, int], namespace: str, name: str) -> Item:
        if namespace not in arguments:
            raise MalformedExecutable(
                f"is malformed: a core module imports {namespace}.{name}, which its component does not pass"
            )
        return self._exported(arguments[namespace], name)

    def _exported(self, instance: int, name: str) -> Item:
        try:
            return self._instances[instance](name)
        except MalformedExecutable:
            raise
        except LoadError:
            raise MalformedExecutable(f"is malformed: one of its core modules does not export {name}") from None

    # Items.

    def _item(self, item: CoreItem) -> Item:
        if isinstance(item, CoreExport):
            return self._exported(item.instance, item.name)
        # Equal functions are told apart: each is lowered with options of its own.
        if id(item) not in self._items:
            self._items[id(item)] = self._made(item)
        return self._items[id(item)]

    def _made(self, item: CoreItem) -> Item:
        if isinstance(item, Dropped):
            return self._calls.host_function((item.interface, item.name), _DROP, self._wasi.drop(item))
        assert isinstance(item, Lowered)
        if is_host(item.interface):
            return self._host(item)(item.name)
        answer = self._wasi.answer(item, self._result_place(item))
        return self._calls.host_function((item.interface, item.name), item.type.lowered, answer)

    def _host(self, item: Lowered) -> Items:
        assert item.memory is not None
        assert item.realloc is not None
        key = item.memory, item.realloc
        if key not in self._hosts:
            guest = self._around.guest
            answers: dict[str, tuple[WasmFunctionType, Callable[..., int]]] = {
                DISPATCH: (HOST_TYPES[DISPATCH], guest.answer_dispatch),
                DISPATCH_INDIRECT: (HOST_TYPES[DISPATCH_INDIRECT], guest.answer_dispatch_indirect),
                "refuse": (_REFUSE, _refuse),
            }
            functions = [
                self._calls.host_function((HOST_NAMESPACE, name), type, answer)
                for name, (type, answer) in answers.items()
            ]
            imports = [*self._blocks, self._item(item.memory), self._item(item.realloc), *functions]
            self._hosts[key] = self._adapter(source("component_host"), imports)
        return self._hosts[key]

    def _result_place(self, item: Lowered) -> ResultPlace:
        key = item.memory, item.realloc
        if key not in self._result_places:
            memory = None if item.memory is None else self._calls.memory_of(self._item(item.memory))
            allocators = []
            if item.realloc is not None:
                lists = self._adapter(source("component_lists"), [self._item(item.realloc)])
                allocators = [self._calls.export_of(lists(name)) for name in ("bytes", "words")]
            self._result_places[key] = ResultPlace(memory, *allocators)
        return self._result_places[key]

    def _stack(self, dispatch: Lifted) -> tuple[GuestStack, Item | None]:
        """Return what is known of the stack of ``dispatch``, and its pointer.

        Other modules may have stacks of their own, as what translates between releases of WASI does. Some of them
        allocate these later, so their pointers do not tell where they were.
        """
        found = {
            instance: self._modules[each.module].stack
            for instance, each in enumerate(self._plan.instances)
            if isinstance(each, Instantiated)
        }
        pointers = {instance: stack.export for instance, stack in found.items() if stack.export is not None}
        unknown = any(stack.unknown for stack in found.values()) or len(pointers) > 1
        main = dispatch.function.instance if isinstance(dispatch.function, CoreExport) else -1
        instance = main if main in pointers else next(iter(pointers), -1) if len(pointers) == 1 else -1
        if instance < 0:
            return GuestStack(None, unknown), None
        return GuestStack(_STACK, unknown), self._instances[instance](pointers[instance])


def _refuse(at: int, size: int) -> int:
    raise Trap(
        f"called dispatch with a list of {size & U32} bytes that is not a buffer of this size", kind=TrapKind.ABI
    )


_STACK_GLOBAL: Final = f'(global (export "{_STACK}") (import "component" "{_STACK}") (mut i32))'
_POST_RETURN: Final = '(import "component" "post_return" (func $post_return (param i32)))'
_GIVE_BACK: Final = """(if (i32.eqz (local.get $header)) (then
      (call $post_return (call $dispatch (i64.const 0) (i64.const 0) (local.get $from) (local.get $size)))))"""
_NO_POST_RETURN: Final = "(func $post_return (param i32))"


def _export(id: bytes) -> str:
    high, low = (int.from_bytes(half, "big") for half in (id[:8], id[8:]))
    return (
        f'(func (export "{function_symbol(id)}") (param i32) (result i32) '
        f"(call $call (i64.const {high}) (i64.const {low}) (local.get 0)))"
    )
