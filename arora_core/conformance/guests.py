"""The conformance guest as each kind of executable, under as many ids as a check wants modules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

from ..errors import LoadError
from ..executor import Executor
from ..header import ExecutorRequirement, ExportedFunction, Header, ModuleDefinition

SOURCE: Final = Path(__file__).parent / "guest"
"""The directory of the guest's source, header, records and WebAssembly build."""

SANDBOXED: Final = frozenset(
    {
        *("wild", "crash", "last_words"),
        *("print", "print_pieces", "clock", "random", "ambient"),
        *("hog", "pages", "initialised"),
    }
)
"""The functions that a native build does not have: they would end the process, or need WASI."""


def id_of(number: int) -> UUID:
    """The id of a module (0 to 0xff), or of what the guest's header numbers: functions are 0xNN00."""
    return UUID(f"00000000-0000-4000-8c0f-{number:012x}")


@cache
def header() -> Header:
    """The guest's header as it ships: of the WebAssembly build, with every function there is."""
    return Header.load(SOURCE / "module.yaml")


@dataclass(frozen=True)
class Guest:
    """The guest as one kind of executable: what ``executor.name`` says in its header, and its bytes.

    ``functions`` are the names of those it has. Whoever serves a kind of its own brings the guest in that kind.
    """

    kind: str
    executable: bytes
    functions: frozenset[str]

    def header(self, number: int = 0, also: Iterable[ExportedFunction] = ()) -> Header:
        """The header of the guest as module ``number``, called ``conformance``, ``conformance_1``, ...

        ``also`` are exports to promise beyond those there are.
        """
        exports = tuple(each for each in header().exports if each.name in self.functions)
        return replace(
            header(),
            id=id_of(number),
            name=f"conformance_{number}" if number else "conformance",
            executor=ExecutorRequirement(self.kind),
            exports=(*exports, *also),
        )

    def definition(self, number: int = 0) -> ModuleDefinition:
        """The guest as module ``number``."""
        return ModuleDefinition(self.header(number), self.executable)


@cache
def wasm_guest() -> Guest:
    """The guest as WebAssembly, as it ships."""
    return Guest("wasm", (SOURCE / "guest.wasm").read_bytes(), frozenset(each.name for each in header().exports))


@cache
def native_guest() -> Guest:
    """The guest as a shared library for this machine, compiled once a process. Raises CompilerNotFound."""
    from .compiling import compile_native

    functions = frozenset(each.name for each in header().exports) - SANDBOXED
    return Guest("native", compile_native(SOURCE / "guest.c"), functions)


def guest_for(executor: type[Executor]) -> Guest:
    """The guest in a kind that ``executor`` serves. Raises LoadError when there is none, CompilerNotFound."""
    if "wasm" in executor.serves:
        return wasm_guest()
    if "native" in executor.serves:
        return native_guest()
    served = ", ".join(sorted(executor.serves)) or "nothing"
    raise LoadError(
        f"the conformance guest ships as wasm and native, and {executor.name} serves {served}: pass guest=",
        executor=executor.name,
    )
