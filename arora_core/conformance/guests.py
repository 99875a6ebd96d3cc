"""The conformance guest as each kind of executable, under any number of module ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

from ..errors import LoadError
from ..executor import Capability, Executor
from ..header import ExecutorRequirement, ExportedFunction, Header, ModuleDefinition
from .expecting import CheckSkipped

SOURCE: Final = Path(__file__).parent / "guest"
"""The directory of the guest's source, header, records and WebAssembly build."""

SANDBOXED: Final = frozenset(
    {
        *("wild", "crash", "last_words", "leave", "burrow"),
        *("print", "print_pieces", "write", "clock", "random", "ambient", "sleep"),
        *("hog", "pages", "initialised"),
    }
)
"""The functions missing from native builds that share a process, because they would end it or need WASI."""

COMPONENT: Final = "wasm-component"
"""The kind of a guest that is a WebAssembly component (docs/ABI.md, section 6)."""

OUTSIDE_COMPONENTS: Final = frozenset({"leave", "wild"})
"""The functions missing from the component: WASI 0.2 has no exit codes, and pointers do not leave a component."""


EDITION: Final = b"arora conformance guest, edition 1"
"""The text in the executable that the guest's ``edition()`` returns."""


def id_of(number: int) -> UUID:
    """Return the id of a module (0 to 0xff), or of a part of the guest's header: functions are 0xNN00."""
    return UUID(f"00000000-0000-4000-8c0f-{number:012x}")


@cache
def header() -> Header:
    """Return the guest's header as it ships, for the WebAssembly build, with all functions."""
    return Header.load(SOURCE / "module.yaml")


@dataclass(frozen=True)
class Guest:
    """The guest as one kind of executable.

    ``kind`` is the ``executor.name`` of its header, ``executable`` its bytes, and ``functions`` the names of the
    functions that it exports. For an executor that serves another kind, build the guest in that kind.
    """

    kind: str
    executable: bytes
    functions: frozenset[str]

    @property
    def lists_functions(self) -> bool:
        """Whether its functions can be told from its executable. A component has one export for all of them."""
        return self.kind != COMPONENT

    def header(self, number: int = 0, also: Iterable[ExportedFunction] = ()) -> Header:
        """Return the header of the guest as module ``number``, named ``conformance``, ``conformance_1``, ...

        ``also`` are further exports to declare, which the executable does not have.
        """
        exports = tuple(each for each in header().exports if each.name in self.functions)
        return replace(
            header(),
            id=id_of(number),
            name=f"conformance_{number}" if number else "conformance",
            executor=ExecutorRequirement(self.kind),
            exports=(*exports, *also),
        )

    def edition(self, digit: int) -> Guest:
        """Return the guest with another executable, whose ``edition()`` ends in ``digit``: the one that ships is 1.

        Raises CheckSkipped if the text that it returns is not in the executable, as where that is compressed.
        """
        if EDITION not in self.executable:
            raise CheckSkipped(f"the {self.kind} guest does not hold the text {EDITION.decode()!r} as it is")
        return replace(self, executable=self.executable.replace(EDITION, EDITION[:-1] + b"%d" % digit))

    def only(self, functions: frozenset[str]) -> Guest:
        """Return the same executable with only these functions in its header, as far as the guest has them."""
        return replace(self, functions=self.functions & functions)

    def definition(self, number: int = 0) -> ModuleDefinition:
        """Return the guest as module ``number``."""
        return ModuleDefinition(self.header(number), self.executable)


@cache
def wasm_guest() -> Guest:
    """Return the guest as WebAssembly, as it ships."""
    return Guest("wasm", (SOURCE / "guest.wasm").read_bytes(), frozenset(each.name for each in header().exports))


@cache
def component_guest() -> Guest:
    """Return the guest as a WebAssembly component, as it ships. It needs WASI 0.2."""
    functions = frozenset(each.name for each in header().exports) - OUTSIDE_COMPONENTS
    return Guest(COMPONENT, (SOURCE / "guest.component.wasm").read_bytes(), functions)


@cache
def native_guest(*, own_process: bool = False) -> Guest:
    """Return the guest as a shared library for this machine, compiled once per process. Raises CompilerNotFound.

    It has all functions if it is for a process of its own, which it may end.
    """
    from .compiling import compile_native

    functions = frozenset(each.name for each in header().exports)
    if own_process:
        return Guest("native", compile_native(SOURCE / "guest.c", "-DOWN_PROCESS"), functions)
    return Guest("native", compile_native(SOURCE / "guest.c"), functions - SANDBOXED)


def guest_for(executor: type[Executor]) -> Guest:
    """Return the guest in a kind that ``executor`` serves. Raises LoadError if there is none, CompilerNotFound."""
    if "wasm" in executor.serves:
        return wasm_guest()
    if COMPONENT in executor.serves:
        return component_guest()
    if "native" in executor.serves:
        return native_guest(own_process=Capability.TRAPS in executor.capabilities)
    served = ", ".join(sorted(executor.serves)) or "nothing"
    raise LoadError(
        f"the conformance guest ships as wasm, {COMPONENT} and native; {executor.name} serves {served}: pass guest=",
        executor=executor.name,
    )
