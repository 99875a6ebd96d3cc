"""A module in an engine of ours and in the Rust engine: calls go to both, and have to be answered alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from arora_core import Call, CallResult, Engine, Header, ModuleDefinition
from arora_core import values as v
from arora_core.header import ExecutorRequirement

from .probe_process import Probe


class BothEngines:
    """Two engines with the same modules."""

    def __init__(self, engine: Engine, probe: Probe) -> None:
        self.engine = engine
        self.probe = probe
        self._headers: dict[str, Header] = {}
        self._in_rust: set[UUID] = set()

    def load(self, header: Header, executable: Path, kind: str = "wasm") -> None:
        """Load a module into both engines; the Rust engine of the process keeps those of earlier tests."""
        built = replace(header, executor=ExecutorRequirement(kind))
        self.engine.load_module(ModuleDefinition(built, executable.read_bytes()))
        self.probe.load(built, executable)
        self._headers[header.name] = built

    def call(self, module: str, function: str, **arguments: v.Value) -> CallResult:
        """Return the result of a call, which is the same of both engines."""
        call = self.described(module, function, arguments)
        here = self.engine.call(call)
        assert here == self.probe.call(call)
        return here

    def described(self, module: str, function: str, arguments: Mapping[str, v.Value]) -> Call:
        """Return a call by names."""
        header = self._headers[module]
        export = next(each for each in header.exports if each.name == function)
        ids = {each.name: each.id for each in export.parameters}
        return Call(export.id, {ids[name]: value for name, value in arguments.items()}, header.id)

    def loaded(self, module: str) -> Header:
        """Return the header that a module was loaded with."""
        return self._headers[module]
