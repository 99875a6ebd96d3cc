"""Whether a module can run here, decided before any browser sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arora_core import wasm_types
from arora_core.guest_symbols import check_exports, check_imports
from arora_core.wasi import check_wasi_imports

if TYPE_CHECKING:
    from arora_core.header import ModuleDefinition


def check(definition: ModuleDefinition) -> None:
    """Raises MalformedExecutable, MissingExport or UnsupportedImport for what a browser could not run.

    A browser itself would not notice a function of another type than promised.
    """
    found = wasm_types.read(definition.executable)
    check_exports(definition.header, found.exports)
    check_imports(found.imports)
    check_wasi_imports(found.imports)
