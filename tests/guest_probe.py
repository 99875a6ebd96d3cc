"""The probe: a guest that does, on request, everything a guest can do to its host (``tests/guests/probe``)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from arora_core import Header, ModuleDefinition, discover
from examples import build

SOURCE = Path(__file__).parent / "guests" / "probe"
KINDS = {"wasmtime": "wasm", "native": "native"}
if (_wasmer := discover().executors.get("wasmer")) and _wasmer.executor.unavailable() is None:
    KINDS["wasmer"] = "wasm"
"""What each executor under test serves."""

WASM_ONLY = frozenset({"wild", "crash", "print", "grow"})
"""Functions whose native twins would end the process."""


def id_of(number: int) -> UUID:
    """The id of the probe's function or parameter of that number."""
    return UUID(f"00000000-0000-4000-8000-{number:012x}")


def header(kind: str, *, id: UUID | None = None, name: str | None = None) -> Header:
    """The probe's header for one kind of executable, under another id and name where given."""
    data: dict[str, Any] = Header.load(SOURCE / "module.yaml").to_data()
    if kind == "native":
        data["exports"] = [each for each in data["exports"] if each["name"] not in WASM_ONLY]
    data["executor"] = {"name": kind}
    data["id"] = str(id or data["id"])
    data["name"] = name or data["name"]
    return Header.from_data(data)


def compiled(directory: Path) -> dict[str, bytes]:
    """The probe's executable by kind."""
    source = SOURCE / "probe.c"
    return {
        "wasm": build.compile_wasm(source, directory / "probe.wasm").read_bytes(),
        "native": build.compile_native(source, directory / build.native_library_name("probe")).read_bytes(),
    }


class Probe:
    """The probe as one executor runs it."""

    def __init__(self, executor: str, executable: bytes) -> None:
        self.executor = executor
        self.kind = KINDS[executor]
        self.executable = executable

    def definition(self, *, id: UUID | None = None, name: str | None = None) -> ModuleDefinition:
        """The probe's definition, under another id and name where given."""
        return ModuleDefinition(header(self.kind, id=id, name=name), self.executable)
