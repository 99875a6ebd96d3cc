"""Checks that an executable can run here, before it is sent to a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arora_core import wasm_types
from arora_core.guest_symbols import check_exports, check_imports
from arora_core.wasi import check_wasi_imports

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition


def check_executable(definition: ModuleDefinition) -> None:
    """Raise MalformedExecutable, MissingExport or UnsupportedImport for an executable that a browser cannot run.

    JavaScript cannot read the types of functions, so a browser would not notice one of the wrong type.
    """
    found = wasm_types.read(definition.executable)
    check_exports(definition.header, found.exports)
    check_imports(found.imports)
    check_wasi_imports(found.imports)
