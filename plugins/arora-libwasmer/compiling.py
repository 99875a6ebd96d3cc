"""Compiles the library with cargo. ``python compiling.py`` does so and prints where it is, or why there is none.

What has been compiled is kept, by a hash of everything it depends on, in a directory of the user's. So installing into
one environment after another compiles once.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

# Those beside this file, which are on the path before what is installed.
import arora_libwasmer
import crates

LIBRARY: Final = "ARORA_LIBWASMER"
"""The environment variable with the path of a library that is taken instead of compiling one."""
FEATURES: Final = "ARORA_LIBWASMER_FEATURES"
"""The environment variable with features of the crate, separated by commas: ``singlepass``."""
GLIBC: Final = "ARORA_LIBWASMER_GLIBC"
"""The environment variable with the oldest release of the C library of Linux to link for, by ziglang: ``2.17``."""
CACHE: Final = "ARORA_LIBWASMER_CACHE"
"""The environment variable with the directory to keep what has been compiled in."""
BUILD: Final = "ARORA_LIBWASMER_BUILD"
"""The environment variable by which the crate is told what it is built from."""

OLDEST_RUST: Final = (1, 95)
NAME: Final = arora_libwasmer.NAME
ZIG: Final = "ziglang==0.17.1"

_SOURCES: Final = ("Cargo.toml", "Cargo.lock", "src/**/*.rs", "stubs/*/Cargo.toml", "stubs/**/*.rs")
_CHANGES_CODE: Final = ("RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_ENCODED_RUSTFLAGS")

Report = Callable[[str], object]


class CannotCompile(Exception):
    """There is no compiler that could do it: says which is missing."""


def library(root: Path, report: Report) -> Path:
    """Return the path of the library for the distribution in ``root``, compiled if it has to be.

    Beside one that was compiled are the files that :mod:`crates` writes.

    Raises CannotCompile where there is no cargo, FileNotFoundError where :data:`LIBRARY` names no file, and
    CalledProcessError where cargo fails.
    """
    if given := os.environ.get(LIBRARY):
        found = Path(given)
        if not found.is_file():
            raise FileNotFoundError(f"{LIBRARY} is {given!r}, which is no file")
        return found
    crate, rust = root / "native", _rust()
    digest = _digest(crate, rust)
    kept = cache_directory() / digest / NAME
    if not all(kept.with_name(name).exists() for name in (NAME, crates.BILL, crates.LICENCES)):
        report("compiling Wasmer with cargo, which takes some minutes the first time")
        made = _compile(crate, digest)
        kept.parent.mkdir(parents=True, exist_ok=True)
        (host,) = re.findall(r"^host: (.+)$", rust, re.MULTILINE)
        crates.write(crate, host, os.environ.get(FEATURES, ""), kept.parent)
        _place(made, kept)
    report(f"using {kept}")
    return kept


def cache_directory() -> Path:
    """Return the directory in which libraries are kept."""
    if given := os.environ.get(CACHE):
        return Path(given)
    return arora_libwasmer.cache_directory("libwasmer")


def install(library: Path, directory: Path) -> Path:
    """Copy the library into a directory, in one step, and return its new path."""
    into = directory / NAME
    if not (into.exists() and into.samefile(library)):
        _place(library, into)
    return into


def oldest_glibc() -> str | None:
    """Return the oldest release of the C library to link for, by ziglang; None for the one that is here."""
    return os.environ.get(GLIBC) or None if sys.platform == "linux" else None


def wheel_platform() -> str:
    """Return the platform tag of a wheel with the library."""
    import sysconfig

    if glibc := oldest_glibc():
        return f"manylinux_{glibc.replace('.', '_')}_{platform.machine()}"
    return re.sub(r"[-.]", "_", sysconfig.get_platform())


def _place(source: Path, into: Path) -> None:
    # Another process may be doing the same, or have the old file loaded.
    beside = into.with_name(f"{into.name}.{os.getpid()}")
    shutil.copyfile(source, beside)
    os.replace(beside, into)


def _rust() -> str:
    """Return the description of the Rust compiler."""
    if shutil.which("cargo") is None:
        raise CannotCompile("there is no cargo")
    try:
        said = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotCompile(f"there is a cargo, but no rustc that runs: {error}") from None
    version = re.search(r"release: (\d+)\.(\d+)", said)
    if version is None or tuple(map(int, version.groups())) < OLDEST_RUST:
        raise CannotCompile(f"Rust is too old: {said.splitlines()[0]}, and Wasmer needs 1.95")
    return said


def _digest(crate: Path, rust: str) -> str:
    digest = hashlib.sha256()
    for pattern in _SOURCES:
        for source in sorted(crate.glob(pattern)):
            digest.update(f"{source.relative_to(crate).as_posix()}\0".encode() + source.read_bytes() + b"\0")
    settings = [rust, *(f"{name}={os.environ.get(name, '')}" for name in (FEATURES, GLIBC, *_CHANGES_CODE))]
    digest.update("\0".join(settings).encode())
    return digest.hexdigest()[:32]


def _compile(crate: Path, digest: str) -> Path:
    target = Path(os.environ.get("CARGO_TARGET_DIR") or cache_directory() / "target")
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target), BUILD: digest}
    command = ["cargo", "rustc", "--release", "--locked", "--lib", "--manifest-path", str(crate / "Cargo.toml")]
    if features := os.environ.get(FEATURES):
        command += ["--features", features]
    # Its progress goes to stderr, so that stdout has nothing but the path.
    subprocess.run([*command, *_linker(target)], check=True, env=environment, stdout=sys.stderr)
    return target / "release" / NAME


def _linker(target: Path) -> list[str]:
    """Return the arguments with which cargo links by ziglang, if an old C library is to be linked for.

    They are for the library alone: what runs while it is compiled is linked as ever.
    """
    glibc = oldest_glibc()
    if glibc is None:
        return []
    if find_spec("ziglang") is None:
        raise CannotCompile(f"{GLIBC} is set, and the package {ZIG} is not installed")
    target.mkdir(parents=True, exist_ok=True)
    script = target / "zig-cc"
    zig = f"{sys.executable} -m ziglang cc -target {platform.machine()}-linux-gnu.{glibc}"
    script.write_text(f'#!/bin/sh\nexec {zig} "$@"\n')
    script.chmod(0o755)
    return ["--", "-C", f"linker={script}"]


def main() -> int:
    """Print the path of the library, or say on stderr why there is none."""
    try:
        print(library(Path(__file__).parent, lambda words: print(words, file=sys.stderr)))
    except CannotCompile as reason:
        print(f"arora-libwasmer is made without its library: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
