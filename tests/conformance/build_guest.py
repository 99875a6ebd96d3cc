"""Builds the WebAssembly of the conformance guest that ships: ``python -m tests.conformance.build_guest``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from arora_core.conformance.guests import SOURCE
from examples import build

SHIPPED: Final = SOURCE / "guest.wasm"


def build_guest(output: Path = SHIPPED) -> Path:
    """Compiles the guest and returns ``output``: the same bytes from the same sources and compiler."""
    return build.compile_wasm(SOURCE / "guest.c", output, extra=["-Oz"])


if __name__ == "__main__":
    build_guest()
