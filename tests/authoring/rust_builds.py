"""Compiling Rust to a wasm guest or a native library with rustc alone: there are no dependencies."""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Final

from arora_core.authoring import building

WASM: Final = "wasm32-unknown-unknown"
COMPONENT: Final = "wasm32-wasip2"
WASI: Final = ("wasm32-wasip1", "wasm32-wasi")
"""The target's name, and its older one."""
_TRIPLES: Final = {"wasm": (WASM,), "wasi": WASI, "component": (COMPONENT,)}


class RustError(Exception):
    """What rustc said."""


def unavailable(target: str) -> str | None:
    """Return why nothing can be compiled for ``wasm``, ``wasi``, ``component`` or ``native`` here, None when it can."""
    if shutil.which("rustc") is None:
        return "there is no rustc here: https://rustup.rs"
    if target != "native" and _triple(target) is None:
        return f"rustc has no {target} target here: rustup target add {_TRIPLES[target][0]}"
    return None


def compile_rust(source: Path, output: Path, target: str, optimization: int = 0) -> Path:
    """Compile a crate's ``lib.rs`` for ``wasm``, ``wasi``, ``component`` or ``native`` and return ``output``.

    Raises RustError. A warning is an error. Compiling without optimization takes a quarter of the time.
    """
    triple = _triple(target)
    options = [] if triple is None else ["--target", triple]
    options += ["--edition", "2021", "--crate-type", "cdylib", "-C", f"opt-level={optimization}", "-C", "strip=symbols"]
    done = subprocess.run(["rustc", *options, str(source), "-o", str(output)], capture_output=True, text=True)
    if done.returncode != 0 or done.stderr:
        raise RustError(done.stderr)
    return output


def library_name(name: str, target: str) -> str:
    """Return the file name of what is compiled."""
    return building.library_name(name) if target == "native" else f"{name}.wasm"


@lru_cache
def _triple(target: str) -> str | None:
    installed = [each for each in _TRIPLES.get(target, ()) if _has(each)]
    return installed[0] if installed else None


def _has(triple: str) -> bool:
    command = ["rustc", "--print", "target-libdir", "--target", triple]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode == 0 and Path(done.stdout.strip()).is_dir()
