"""Build the WebAssembly of the conformance guest that ships: ``python -m tests.conformance.build_guest``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from arora_core.conformance.guests import SOURCE
from examples import build

SHIPPED: Final = SOURCE / "guest.wasm"


def build_guest(output: Path = SHIPPED) -> Path:
    """Compile the guest to ``output`` and return that. The same sources and compiler produce the same bytes."""
    return build.compile_wasm(SOURCE / "guest.c", output, extra=["-Oz"])


if __name__ == "__main__":
    build_guest()
