"""The guest that answers as a script says (``tests/guests/batch/scripted.c``), with any signature, on any executor."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from arora_core import Engine, Limits, LoadedModule
from arora_core.header import ExportedFunction, Header, ModuleDefinition
from arora_core.header.model import ExecutorRequirement
from arora_core.types import TypeRegistry, Version
from examples import build
from tests.signatures import UNIT, array, parameter, scalar

SOURCE = Path(__file__).parents[1] / "guests" / "batch" / "scripted.c"
_FOLLOW = ExportedFunction(UUID(int=0xF01), "follow", (parameter(99, array("u8")),), UNIT)
_STATE = ExportedFunction(UUID(int=0xF02), "state", (), scalar("u64"))


class Action(IntEnum):
    """What the guest does before it answers, or instead."""

    ANSWER = 0
    TRAP = 1
    NOTHING = 2
    OWN_ARGUMENT = 3
    OUTSIDE = 4
    SCRIBBLE = 5
    CALL = 6
    GROW = 7
    KEEP = 8


class Entry(NamedTuple):
    """One entry of a script: an action, and the result buffer."""

    action: Action
    result: bytes = b"\5\0\0\0\0"


@cache
def executable(kind: str) -> bytes:
    """Return the guest's executable, compiled once: of kind ``wasm`` or ``native``."""
    with tempfile.TemporaryDirectory() as folder:
        compile = build.compile_wasm if kind == "wasm" else build.compile_native
        return compile(SOURCE, Path(folder) / "scripted").read_bytes()


def load(
    engine: Engine,
    executor: str,
    probe: ExportedFunction,
    script: Iterable[Entry],
    types: TypeRegistry,
    limits: Limits | None = None,
    after_trap: str = "repair",
) -> LoadedModule:
    """Load the guest with the function ``probe``, and give it its script."""
    kind = "native" if executor.startswith("native") else "wasm"
    header = Header(
        id=UUID(int=0xBA7C4),
        name="scripted",
        author="",
        license="",
        description=None,
        version=Version(1, 0, 0),
        executor=ExecutorRequirement(kind),
        exports=(probe, _FOLLOW, _STATE),
        types=types,
    )
    definition = ModuleDefinition(header, executable(kind))
    module = engine.load_module(definition, executor=executor, limits=limits, replace=True, after_trap=after_trap)
    module["follow"](encoded(list(script)))
    return module


def encoded(script: Sequence[Entry]) -> bytes:
    """Return a script as the guest reads it."""
    return b"".join(len(each.result).to_bytes(4, "little") + bytes([each.action]) + each.result for each in script)
