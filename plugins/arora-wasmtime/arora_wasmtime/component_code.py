"""The compiled core modules of components, shared by the instances of this process, and kept on disk."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakKeyDictionary, WeakValueDictionary

from wasmtime import WasmtimeError

from arora_core.wasm.components.component_plan import ComponentPlan, Instantiated
from arora_core.wasm.components.component_reader import read
from arora_core.wasm.components.world import check_world
from arora_core.wasm.module_types import ModuleTypes
from arora_core.wasm.stack_pointer import GuestStack

from . import code_cache
from .engines import LARGE, Compiled, CompilingEngine

_logger: Final = logging.getLogger("arora.wasmtime")


class ComponentCode:
    """How a component is linked, and its compiled core modules, by number."""

    def __init__(self, plan: ComponentPlan, modules: dict[int, Compiled]) -> None:
        self.plan = plan
        self.modules = modules
        self.made_of: tuple[bytes, bool] = b"", False
        """The executable, and whether it is for a memory limit."""


@dataclass(frozen=True)
class _Facts:
    """What is kept on disk beside the code."""

    plan: ComponentPlan
    modules: dict[int, tuple[ModuleTypes, GuestStack, int]]


_known: Final[WeakKeyDictionary[CompilingEngine, WeakValueDictionary[str, ComponentCode]]] = WeakKeyDictionary()
_alive: Final[WeakValueDictionary[str, ComponentCode]] = WeakValueDictionary()
"""Code that some engine of this process has."""


def component_code(executable: bytes, compiling: CompilingEngine, memory: int | None) -> ComponentCode:
    """Return the code of a component for a memory limit, if there is one.

    It comes from this process, from the disk, or from the compiler. Raises LoadError where the component is malformed
    or of another world, and LimitExceeded if it begins with more than its limit.
    """
    # The code is the same for every limit: its tables cannot grow.
    limited = memory is not None
    known = _known.setdefault(compiling, WeakValueDictionary())
    for same in list(known.values()):
        # A restart has the same object: a large one takes long to hash.
        if same.made_of[0] is executable and same.made_of[1] == limited:
            return same
    key = code_cache.digest(executable, compiling.counted, limited)
    code = known.get(key)
    if code is None:
        other = _alive.get(key)
        if other is not None:
            moved = {number: compiling.moved(each) for number, each in other.modules.items()}
            code = ComponentCode(other.plan, moved)
        else:
            code = _from_disk(key, compiling) or _compiled(key, executable, compiling, memory)
        known[key] = _alive[key] = code
        code.made_of = executable, limited
    return code


def _from_disk(key: str, compiling: CompilingEngine) -> ComponentCode | None:
    found = code_cache.find(key)
    if found is None:
        return None
    directory, facts = found
    try:
        assert isinstance(facts, _Facts)
        modules = {}
        for number, (types, stack, tables) in facts.modules.items():
            file = directory / code_cache.file_name(number)
            modules[number] = compiling.from_file((key, number), file, types, stack)
            modules[number].tables = tables
    except (WasmtimeError, AssertionError, OSError) as error:
        _logger.debug("compiled code is not used: %s", error)
        code_cache.forget(key)
        return None
    return ComponentCode(facts.plan, modules)


def _compiled(key: str, executable: bytes, compiling: CompilingEngine, memory: int | None) -> ComponentCode:
    plan = read(executable)
    check_world(plan)
    used = sorted({each.module for each in plan.instances if isinstance(each, Instantiated)})
    if len(executable) > LARGE:
        _logger.info("compiling a component of %.0f MB, which is kept for later", len(executable) / 1e6)
    modules = {number: compiling.limited(plan.modules[number], memory, kept=False) for number in used}
    kept = replace(plan, modules=())
    facts = _Facts(kept, {number: (each.types, each.stack, each.tables) for number, each in modules.items()})
    code_cache.keep(key, facts, {number: bytes(each.module.serialize()) for number, each in modules.items()})
    return ComponentCode(kept, modules)
