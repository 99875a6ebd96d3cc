"""Checks that an executable can run here, before it is sent to a browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from arora_core import wasm_types
from arora_core.guest_symbols import check_exports, check_imports, initializer
from arora_core.wasi import check_wasi_imports
from arora_core.wasm import stack_pointer
from arora_core.wasm.stack_pointer import GuestStack

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition


class Startable(NamedTuple):
    """A checked executable, and what ``guest.mjs`` has to know to start it."""

    executable: bytes
    stack: GuestStack
    initialize: str | None
    """The export to call before anything else."""

    def options(self) -> str:
        """Return the ``Options`` of ``guest.mjs`` as JSON."""
        options = {"initialize": self.initialize, "stackPointer": self.stack.export}
        return json.dumps({name: symbol for name, symbol in options.items() if symbol is not None})


def check_executable(definition: ModuleDefinition) -> Startable:
    """Raise MalformedExecutable, MissingExport or UnsupportedImport for an executable that a browser cannot run.

    JavaScript cannot read the types of functions, so a browser would not notice one of the wrong type.
    """
    found = wasm_types.read(definition.executable)
    check_exports(definition.header, found.exports)
    check_imports(found.imports)
    check_wasi_imports(found.imports)
    executable, stack = stack_pointer.exported(definition.executable)
    return Startable(executable, stack, initializer(found.exports))
