"""Faults in preparing and loading."""

from __future__ import annotations

from arora_core import wasm_types
from arora_core.conformance.scripted_host import ScriptedHost
from arora_core.errors import MalformedExecutable, MissingExport, Trap, UnsupportedImport
from arora_core.executor import Host, Instance, Limits
from arora_core.guest_symbols import (
    ALLOC,
    ALLOC_TYPE,
    CONSTRUCTORS,
    FREE,
    FREE_TYPE,
    FUNCTION_TYPE,
    HOST_TYPES,
    INITIALIZE,
    INITIALIZE_TYPE,
    START,
    WASI_NAMESPACE,
    WasmType,
)
from arora_core.header import ExportedFunction, ModuleDefinition
from arora_core.wasi import PREVIEW_1

from .faults import Fault, add
from .reference import ReferenceExecutor, ReferenceInstance


class LoadsWithoutChecking(ReferenceExecutor):
    def check(self, *given: object) -> None:
        pass


class IgnoresTypes(ReferenceExecutor):
    """Checks the names of exports and imports, but not their types."""

    def check(
        self, definition: ModuleDefinition, imports: list[tuple[str, str, WasmType]], exports: dict[str, WasmType]
    ) -> None:
        right: dict[str, WasmType] = {
            "memory": "memory",
            INITIALIZE: INITIALIZE_TYPE,
            CONSTRUCTORS: INITIALIZE_TYPE,
            ALLOC: ALLOC_TYPE,
            FREE: FREE_TYPE,
        }
        super().check(definition, [], {name: right.get(name, FUNCTION_TYPE) for name in exports})
        offered = {("env", name) for name in HOST_TYPES} | {(WASI_NAMESPACE, name) for name in PREVIEW_1}
        for namespace, name, _ in imports:
            if (namespace, name) not in offered:
                raise UnsupportedImport("no host provides it", symbol=f"{namespace}.{name}")


class NeedsNoMemory(ReferenceExecutor):
    def check(
        self, definition: ModuleDefinition, imports: list[tuple[str, str, WasmType]], exports: dict[str, WasmType]
    ) -> None:
        super().check(definition, imports, {"memory": "memory", **exports})


class LacksSockets(ReferenceExecutor):
    def check(
        self, definition: ModuleDefinition, imports: list[tuple[str, str, WasmType]], exports: dict[str, WasmType]
    ) -> None:
        super().check(definition, imports, exports)
        for namespace, name, _ in imports:
            if name.startswith("sock_"):
                raise UnsupportedImport("sockets are not supported", symbol=f"{namespace}.{name}")


class RequiresInitialize(ReferenceExecutor):
    def check(
        self, definition: ModuleDefinition, imports: list[tuple[str, str, WasmType]], exports: dict[str, WasmType]
    ) -> None:
        super().check(definition, imports, exports)
        if INITIALIZE not in exports:
            raise MissingExport("not a reactor", symbol=INITIALIZE)


class ClosesOnlyAfterALoad(ReferenceExecutor):
    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        self._runtime = object()
        return super().load(definition, host, limits)

    def close(self) -> None:
        del self._runtime


class VersionIsATuple(ReferenceExecutor):
    @classmethod
    def version(cls) -> str | None:
        return (1, 2, 3)  # type: ignore[return-value]


class IgnoresTrapsOfInitialize(ReferenceExecutor):
    """Ignores a trap in ``_initialize``."""

    def start(self, definition: ModuleDefinition) -> None:
        pass


class LeaksErrorsOfPrepare(ReferenceExecutor):
    """Raises the error of a compiler as it is."""

    async def prepare(self, definition: ModuleDefinition) -> None:
        if not definition.executable.startswith(b"\0asm"):
            raise ValueError("magic number")


class PreparesByModule(ReferenceExecutor):
    """Keeps prepared modules by id, and loads them instead of the given definition."""

    def __init__(self) -> None:
        self._prepared: dict[object, ModuleDefinition] = {}

    async def prepare(self, definition: ModuleDefinition) -> None:
        self._prepared[definition.header.id] = definition

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        return super().load(self._prepared.get(definition.header.id, definition), host, limits)


class LoadsThePreparedInstanceAgain(ReferenceExecutor):
    """Returns the same prepared instance from every load."""

    def __init__(self) -> None:
        self._prepared: dict[bytes, Instance] = {}

    async def prepare(self, definition: ModuleDefinition) -> None:
        self._prepared[definition.executable] = super().load(definition, ScriptedHost(), Limits())

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        return self._prepared.get(definition.executable) or super().load(definition, host, limits)


class _Remembering(ReferenceInstance):
    """Remembers whether its guest has crashed."""

    crashed = False

    def run_export(self, export: ExportedFunction, argument_at: int) -> int:
        try:
            return super().run_export(export, argument_at)
        except Trap:
            self.crashed = True
            raise


class ReusesCrashedGuests(ReferenceExecutor):
    """Does not reset a guest that crashed and was closed, and uses it for the next instance."""

    def __init__(self) -> None:
        self._made: list[_Remembering] = []

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        super().load(definition, host, limits).close()
        instance = _Remembering(definition, host, limits)
        for used in self._made:
            if used.crashed and used.closed:
                instance.guest.calls, instance.guest.kept = used.guest.calls, used.guest.kept
        self._made.append(instance)
        return instance


class LoadsAnything(ReferenceExecutor):
    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        try:
            return super().load(definition, host, limits)
        except MalformedExecutable:
            return self.instance(definition, host, limits)


class LeavesGlobalsUnconstructed(ReferenceExecutor):
    def start(self, definition: ModuleDefinition) -> None:
        if INITIALIZE in wasm_types.read(definition.executable).exports:
            super().start(definition)


class LoadsPrograms(ReferenceExecutor):
    def check(
        self, definition: ModuleDefinition, imports: list[tuple[str, str, WasmType]], exports: dict[str, WasmType]
    ) -> None:
        super().check(definition, imports, {name: type for name, type in exports.items() if name != START})

    def start(self, definition: ModuleDefinition) -> None:
        if START not in wasm_types.read(definition.executable).exports:
            super().start(definition)


add(LoadsWithoutChecking, Fault("an export that is missing is named"))
add(IgnoresTypes, Fault("an import of another type is refused"))
add(NeedsNoMemory, Fault("an export the abi asks for is missed"))
add(IgnoresTrapsOfInitialize, Fault("a guest that crashes while it starts is a trap"))
add(LacksSockets, Fault("every function of wasi preview 1 can be imported"))
add(RequiresInitialize, Fault("a module that asks for nothing loads"))
add(ClosesOnlyAfterALoad, Fault("an executor can be made and closed without a module", everywhere=True))
add(VersionIsATuple, Fault("the executor says what it is"))
add(LeaksErrorsOfPrepare, Fault("preparing what is no executable is refused as by load or left to it"))
add(PreparesByModule, Fault("what was prepared is not taken for another module"))
add(LoadsThePreparedInstanceAgain, Fault("a prepared module loads as any other"))
add(
    ReusesCrashedGuests,
    Fault("any sequence of loads calls crashes and unloads does what it should", examples=150),
)
add(LeavesGlobalsUnconstructed, Fault("constructors are called where there is no initialize"))
add(LoadsPrograms, Fault("a program is no module"))
add(LoadsAnything, Fault("what is no executable is malformed"))
