"""Faults in preparing and loading."""

from __future__ import annotations

from arora_core.conformance.scripted_host import ScriptedHost
from arora_core.errors import MalformedExecutable, MissingExport, Trap, UnsupportedImport
from arora_core.executor import Host, Instance, Limits
from arora_core.guest_symbols import (
    ALLOC,
    ALLOC_TYPE,
    FREE,
    FREE_TYPE,
    FUNCTION_TYPE,
    HOST_TYPES,
    INITIALIZE,
    INITIALIZE_TYPE,
    WASI_NAMESPACE,
    WasmType,
)
from arora_core.header import ExportedFunction, ModuleDefinition
from arora_core.wasi import PREVIEW_1

from .faults import Fault, add
from .reference import ReferenceExecutor, ReferenceInstance


class LoadsWithoutLooking(ReferenceExecutor):
    def check(self, *looked_at: object) -> None:
        pass


class IgnoresTypes(ReferenceExecutor):
    """Looks for the names of exports and imports, and not for what they are."""

    def check(
        self, definition: ModuleDefinition, imports: list[tuple[str, str, WasmType]], exports: dict[str, WasmType]
    ) -> None:
        right: dict[str, WasmType] = {
            "memory": "memory",
            "_initialize": INITIALIZE_TYPE,
            ALLOC: ALLOC_TYPE,
            FREE: FREE_TYPE,
        }
        super().check(definition, [], {name: right.get(name, FUNCTION_TYPE) for name in exports})
        offered = {("env", name) for name in HOST_TYPES} | {(WASI_NAMESPACE, name) for name in PREVIEW_1}
        for namespace, name, _ in imports:
            if (namespace, name) not in offered:
                raise UnsupportedImport("nobody offers it", symbol=f"{namespace}.{name}")


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
                raise UnsupportedImport("there is no network", symbol=f"{namespace}.{name}")


class AsksForInitialize(ReferenceExecutor):
    def check(
        self, definition: ModuleDefinition, imports: list[tuple[str, str, WasmType]], exports: dict[str, WasmType]
    ) -> None:
        super().check(definition, imports, exports)
        if INITIALIZE not in exports:
            raise MissingExport("it is no reactor", symbol=INITIALIZE)


class ClosesWhatItLoaded(ReferenceExecutor):
    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        self._runtime = object()
        return super().load(definition, host, limits)

    def close(self) -> None:
        del self._runtime


class VersionIsATuple(ReferenceExecutor):
    @classmethod
    def version(cls) -> str | None:
        return (1, 2, 3)  # type: ignore[return-value]


class StartsWhatCrashes(ReferenceExecutor):
    """An ``_initialize`` that traps is taken for one that has ended."""

    def start(self, definition: ModuleDefinition) -> None:
        pass


class PreparesAnything(ReferenceExecutor):
    """Compiles without a look at what went wrong."""

    async def prepare(self, definition: ModuleDefinition) -> None:
        if not definition.executable.startswith(b"\0asm"):
            raise ValueError("magic number")


class PreparesByModule(ReferenceExecutor):
    """Keeps what was prepared by the module's id, and loads that."""

    def __init__(self) -> None:
        self._prepared: dict[object, ModuleDefinition] = {}

    async def prepare(self, definition: ModuleDefinition) -> None:
        self._prepared[definition.header.id] = definition

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        return super().load(self._prepared.get(definition.header.id, definition), host, limits)


class PreparesForOneLoad(ReferenceExecutor):
    """Gives away the instance that was prepared, as often as it is asked for."""

    def __init__(self) -> None:
        self._prepared: dict[bytes, Instance] = {}

    async def prepare(self, definition: ModuleDefinition) -> None:
        self._prepared[definition.executable] = super().load(definition, ScriptedHost(), Limits())

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        return self._prepared.get(definition.executable) or super().load(definition, host, limits)


class _Remembering(ReferenceInstance):
    """Tells whether its guest has crashed."""

    crashed = False

    def ran(self, export: ExportedFunction, argument_at: int) -> int:
        try:
            return super().ran(export, argument_at)
        except Trap:
            self.crashed = True
            raise


class UsesCrashedGuestsAgain(ReferenceExecutor):
    """A guest that crashed was not cleaned when it was closed, and the next one has its place."""

    def __init__(self) -> None:
        self._made: list[_Remembering] = []

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        super().load(definition, host, limits).close()
        instance = _Remembering(definition, host, limits)
        for used in self._made:
            if used.crashed and used._closed:
                instance.guest.calls, instance.guest.kept = used.guest.calls, used.guest.kept
        self._made.append(instance)
        return instance


class LoadsAnything(ReferenceExecutor):
    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        try:
            return super().load(definition, host, limits)
        except MalformedExecutable:
            return self.instance(definition, host, limits)


add(LoadsWithoutLooking, Fault("an export that is missing is named"))
add(IgnoresTypes, Fault("an import of another type is refused"))
add(NeedsNoMemory, Fault("an export the abi asks for is missed"))
add(StartsWhatCrashes, Fault("a guest that crashes while it starts is a trap"))
add(LacksSockets, Fault("every function of wasi preview 1 can be imported"))
add(AsksForInitialize, Fault("a module that asks for nothing loads"))
add(ClosesWhatItLoaded, Fault("an executor can be made and closed without a module", everywhere=True))
add(VersionIsATuple, Fault("the executor says what it is"))
add(PreparesAnything, Fault("preparing what is no executable is refused as by load or left to it"))
add(PreparesByModule, Fault("what was prepared is not taken for another module"))
add(PreparesForOneLoad, Fault("a prepared module loads as any other"))
add(
    UsesCrashedGuestsAgain,
    Fault("any sequence of loads calls crashes and unloads does what it should", examples=150),
)
add(LoadsAnything, Fault("what is no executable is malformed"))
