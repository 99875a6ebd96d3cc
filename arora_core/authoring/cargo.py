"""Building a module in Rust with Cargo."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .compilers import NATIVE, BuildError, run

_CORE_MODULE: Final = "wasm32-unknown-unknown"
_COMPONENT: Final = "wasm32-wasip2"
"""The target whose linker makes components."""


def version() -> str:
    """Return the version of Cargo, for people. Raises BuildError if it is not installed."""
    if shutil.which("cargo") is None:
        raise BuildError(
            "cargo, which builds modules in Rust, is not installed: rustup.rs and most systems' packages have it"
        )
    return " ".join(run(["cargo", "--version"], Path.cwd()).out.split()[:2])


def build(directory: Path, target: str, *, component: bool = False) -> Path:
    """Build the package in a directory and return the executable's path in Cargo's target directory.

    For WebAssembly, ``component`` says whether that is a component. Raises BuildError with Cargo's message if it fails.
    """
    name, output = _library(directory)
    command = ["cargo", "build", "--release", "--quiet"]
    if target == NATIVE:
        run(command, directory)
        return _built(output / "release", [f"lib{name}.so", f"lib{name}.dylib", f"{name}.dll"])
    triple = _COMPONENT if component else _CORE_MODULE
    try:
        run([*command, "--target", triple], directory)
    except BuildError as error:
        if any(f"can't find crate for `{crate}`" in error.message for crate in ("core", "std")):
            raise BuildError(f"Rust's library for WebAssembly is missing: rustup target add {triple}") from error
        raise
    return _built(output / triple / "release", [f"{name}.wasm"])


def _built(directory: Path, names: Sequence[str]) -> Path:
    for name in names:
        if (directory / name).is_file():
            return directory / name
    raise BuildError(f"cargo built no {' or '.join(names)} in {directory}")


def _library(directory: Path) -> tuple[str, Path]:
    """Return the name of the package's library, and Cargo's target directory."""
    described = json.loads(run(["cargo", "metadata", "--no-deps", "--format-version", "1"], directory).out)
    manifest = (directory / "Cargo.toml").resolve()
    packages = [each for each in described["packages"] if Path(each["manifest_path"]).resolve() == manifest]
    for each in (target for package in packages for target in package["targets"]):
        if "cdylib" in each["crate_types"]:
            return each["name"].replace("-", "_"), Path(described["target_directory"])
    raise BuildError(f'{manifest} has no library with crate-type = ["cdylib"]')
