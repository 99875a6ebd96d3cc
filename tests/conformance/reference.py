"""The reference executor: it simulates the conformance guest in Python, and calls it by the protocol of real guests.

It checks the imports and exports of a module, and then runs the conformance guest in its place. Its parts are methods,
so that each mutant can override one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, ClassVar, Final

from arora_core import wasm_types
from arora_core.conformance.guests import EDITION
from arora_core.errors import LimitExceeded, Trap, TrapKind
from arora_core.executor import Capability, Executor, Host, Instance, Limits
from arora_core.fixed_tables import fix
from arora_core.guest_symbols import DISPATCH, DISPATCH_INDIRECT, WasmType, check_exports, check_imports, initializer
from arora_core.header import ExportedFunction, ModuleDefinition
from arora_core.linear_memory import BufferCall, GlobalVariable, LinearGuest, LinearMemory
from arora_core.wasi import PREVIEW_1, Preview1, check_wasi_imports

from . import guest_services, guest_values  # noqa: F401 - they register the guest's functions
from .guest_calls import run
from .simulated_guest import LEAST_MEMORY, SimulatedGuest

_GROW_TABLE: Final = b"\xfc\x0f\0"


class Unwinding(BaseException):
    """Unwinds a guest after an exception of its host, which is in ``carried``."""


class ReferenceInstance(LinearGuest, Instance):
    """One simulated guest."""

    def __init__(self, definition: ModuleDefinition, host: Host, limits: Limits) -> None:
        super().__init__(host)
        self.module_id = definition.header.id.bytes
        self.wasi = Preview1(self)
        imports: dict[str, Callable[..., Any]] = {name: self.wasi.answer(name) for name in PREVIEW_1}
        imports |= {DISPATCH: self.answer_dispatch, DISPATCH_INDIRECT: self.answer_dispatch_indirect}
        self.guest = SimulatedGuest(limits, {name: self.wrap_import(name, each) for name, each in imports.items()})
        if limits.memory is not None and self.guest.memory.size() > limits.memory:
            raise LimitExceeded("its initial memory exceeds the limit", limit="memory")
        self.guest.edition = edition_in(definition.executable) or EDITION
        memory = self.memory_of(self.guest)
        self.wasi.attach(memory)
        functions = {
            export.id.bytes: self.wrap_export(partial(self.run_export, export)) for export in definition.header.exports
        }
        self.attach(memory, self.wrap_export(self.allocate), self.wrap_export(self.free), functions, self.wrap_call)
        self.wrap_export(self.initialise)(0)
        self.attach_stack(self.stack_pointer(), unknown=False)

    def interrupt(self) -> None:
        self.guest.meter.interrupt()

    # Exports of the guest.

    def stack_pointer(self) -> GlobalVariable | None:
        return self.guest.stack

    def memory_of(self, guest: SimulatedGuest) -> LinearMemory:
        return guest.memory

    def allocate(self, size: int) -> int:
        return self.guest.allocator.alloc(size)

    def free(self, at: int) -> int:
        self.guest.allocator.free(at)
        return 0

    def run_export(self, export: ExportedFunction, argument_at: int) -> int:
        return self.guest.stack.in_frame(lambda: run(self.guest, export, argument_at))

    def initialise(self, _: int) -> int:
        self.guest.initialised += 100 if self.guest.allocator.allocated else 1
        if self.guest.edition != EDITION:
            for fd in (1, 2):
                self.guest.fd_write(fd, self.guest.edition)
        return 0

    # Calls into and out of the guest.

    def wrap_call(self, call: BufferCall) -> BufferCall:
        return self.guest.meter.wrap(call)

    def wrap_export(self, call: Callable[[int], int]) -> Callable[[int], int]:
        def enter(number: int) -> int:
            try:
                return call(number)
            except Unwinding:
                self.raise_carried()

        return enter

    def wrap_import(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*numbers: int) -> Any:
            try:
                return function(*numbers)
            except BaseException as error:
                self.carried.append(error)
                raise Unwinding from None

        return call


@lru_cache(maxsize=8)
def _types(executable: bytes) -> wasm_types.ModuleTypes:
    return wasm_types.read(executable)


def edition_in(executable: bytes) -> bytes | None:
    """Return the text that ``edition()`` of a conformance guest returns, None for an executable that is none."""
    at = executable.find(EDITION[:-1])
    return None if at < 0 else executable[at : at + len(EDITION)]


class ReferenceExecutor(Executor):
    """Simulates the conformance guest in place of every WebAssembly module."""

    name: ClassVar[str] = "reference"
    serves: ClassVar[frozenset[str]] = frozenset({"wasm"})
    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability)
    instance: ClassVar[type[ReferenceInstance]] = ReferenceInstance

    def load(self, definition: ModuleDefinition, host: Host, limits: Limits) -> Instance:
        types = _types(definition.executable)
        self.check(definition, types.imports, types.exports)
        if limits.memory is not None and self.tables(definition, limits.memory) + LEAST_MEMORY > limits.memory:
            raise LimitExceeded("its tables and initial memory exceed the limit", limit="memory")
        grows = edition_in(definition.executable) is None and _GROW_TABLE in definition.executable
        if initializer(types.exports) is not None and (not grows or self.lets_tables_grow(limits)):
            self.start(definition)
        return self.instance(definition, host, limits)

    def tables(self, definition: ModuleDefinition, memory: int) -> int:
        """Return the bytes of all tables."""
        return fix(definition.executable, memory).size

    def lets_tables_grow(self, limits: Limits) -> bool:
        return limits.memory is None

    def check(
        self, definition: ModuleDefinition, imports: list[tuple[str, str, WasmType]], exports: dict[str, WasmType]
    ) -> None:
        check_exports(definition.header, exports)
        check_imports(imports)
        check_wasi_imports(imports)

    def start(self, definition: ModuleDefinition) -> None:
        """Run ``_initialize``: that of the conformance guest returns, that of tiny modules traps.

        One that grows a table returns where it cannot, and is not run then.
        """
        if edition_in(definition.executable) is None:
            raise Trap("unreachable", kind=TrapKind.UNREACHABLE)
