"""The guest in tests/guests/rust, compiled once for each target, and a host for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from arora_core import Engine, GuestError, Header, HostModule, LoadedModule, ModuleDefinition, Result
from arora_core.authoring import generated_files
from arora_core.authoring.languages import generator
from arora_core.header import ExecutorRequirement, ExportedFunction
from arora_core.plugins import discover

from .rust_builds import compile_rust, library_name

SOURCE: Final = Path(__file__).parents[1] / "guests" / "rust"
TARGETS: Final = ("wasm", "wasi", "component", "native")
_EXECUTORS: Final = {"component": "wasm-component", "native": "native"}


class Surprise(Exception):
    """A bug in a host."""


def header(target: str = "wasm") -> Header:
    """Return the guest's header, for an executable of that target."""
    executor = ExecutorRequirement(_EXECUTORS.get(target, "wasm"))
    return replace(Header.load(SOURCE / "module.yaml"), executor=executor)


def compile_guest(directory: Path, target: str) -> ModuleDefinition:
    """Generate and compile the guest in a directory: optimized as plain wasm, and otherwise not."""
    made = header(target)
    generated_files.write(generator("rust", discover()), made, directory / "generated")
    shutil.copy(SOURCE / "lib.rs", directory)
    executable = compile_rust(
        directory / "lib.rs", directory / library_name("shapes", target), target, int(target == "wasm")
    )
    return ModuleDefinition(made, executable.read_bytes(), executable)


@contextmanager
def loaded(definition: ModuleDefinition, executor: str | None = None) -> Iterator[tuple[Engine, LoadedModule]]:
    """Yield an engine with the guest and the robot that it calls."""
    with Engine() as engine:
        engine.register(robot(definition.header))
        yield engine, engine.load_module(definition, executor=executor)


def robot(caller: Header) -> HostModule:
    """Return the module that the guest imports from. What it says is added to what is heard."""
    (say,) = caller.imports
    exports = (ExportedFunction(say.id, say.name, say.parameters, say.ret),)
    made = replace(
        caller, id=say.module, name="robot", executor=ExecutorRequirement("host"), exports=exports, imports=()
    )
    module = HostModule(made)

    @module.function("say")
    def _(text: str, loud: float | None, heard: list[str]) -> Result:
        if text == "surprise":
            raise Surprise
        if text == "error":
            raise GuestError("hoarse")
        return Result(loud is not None and loud == len(text), {"heard": [*heard, text]})

    return module
