"""Build the conformance guest as the component that ships: ``python -m tests.conformance.build_component``.

This needs Node.js 20 or later with npm, which downloads the Bytecode Alliance's tools of the versions below.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from arora_core.authoring.building import INCLUDE
from arora_core.conformance.guests import SOURCE
from examples import build

from .component_parts import without_custom_sections

SHIPPED: Final = SOURCE / "guest.component.wasm"
WIT: Final = INCLUDE / "wit" / "module.wit"
_ENVELOPE: Final = Path(__file__).with_name("envelope.mjs")
_TOOLS: Final = "@bytecodealliance/jco-transpile@0.15.0"
_ADAPTER: Final = "@bytecodealliance/jco@1.35.0"
"""The package with WASI preview 1 in terms of WASI 0.2. It is not installed: that would install a hundred others."""
_ADAPTER_FILE: Final = "package/lib/wasi_snapshot_preview1.reactor.wasm"


def build_core(output: Path) -> Path:
    """Compile the core module of the component to ``output`` and return that."""
    return build.compile_wasm(SOURCE / "guest.c", output, extra=["-Oz", "-DARORA_COMPONENT"])


def build_component(output: Path = SHIPPED) -> Path:
    """Build the component as ``output`` and return that. The same sources and versions produce the same bytes."""
    with TemporaryDirectory(prefix="arora-component-") as name:
        scratch = Path(name)
        core, made = build_core(scratch / "core.wasm"), scratch / "component.wasm"
        _run(scratch, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", ".", _TOOLS)
        _run(scratch, "npm", "pack", "--silent", _ADAPTER)
        with tarfile.open(next(scratch.glob("*.tgz"))) as package:
            package.extract(_ADAPTER_FILE, scratch, filter="data")
        # Node looks for packages beside the script.
        script = shutil.copy(_ENVELOPE, scratch)
        _run(scratch, "node", str(script), str(core), str(WIT), str(scratch / _ADAPTER_FILE), str(made))
        output.write_bytes(without_custom_sections(made.read_bytes()))
    return output


def _run(directory: Path, program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise SystemExit(f"the component needs {program}: install Node.js 20 or later")
    subprocess.run([found, *arguments], cwd=directory, check=True)


if __name__ == "__main__":
    print(f"{build_component()}: {SHIPPED.stat().st_size} bytes")
