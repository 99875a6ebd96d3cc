"""The compilers of C and C++ that can build a module, and how each is told to.

Zig's, from the PyPI package ``ziglang`` or on the PATH, builds for WebAssembly with a C library (WASI) and for this
platform. Clang builds for WebAssembly where it has that target and the linker ``wasm-ld``: C without a C library, C++
where it finds WASI's library of C++, as that of the WASI SDK does. Any compiler of this platform builds native
libraries.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from ..errors import AroraError
from ..user_cache import cache_directory

WASM: Final = "wasm"
NATIVE: Final = "native"
TARGETS: Final = (WASM, NATIVE)
COMPONENT: Final = "wasm-component"
"""The executor name of components in headers: what the module for WebAssembly is then."""
COMPONENT_LANGUAGES: Final = ("rust", "python")
"""The languages whose modules are built as components: all in Python, and those in Rust whose header says so."""

WASM_CPU: Final = "mvp+bulk_memory+mutable_globals+nontrapping_fptoint+sign_ext"
"""Features that every runtime of recent years supports; Zig's default set is larger and changes with its version."""
_CLANG_WASI: Final = "--target=wasm32-wasi"
_CLANG_FEATURES: Final = ("-mbulk-memory", "-mmutable-globals", "-mnontrapping-fptoint", "-msign-ext")
_COMMON: Final = ("-O2", "-g0", "-fvisibility=hidden", "-ffp-contract=off", "-fno-math-errno")
"""Contracting a*b+c into one rounding would make native results differ from those of WebAssembly."""
_STANDARDS: Final = {"c": "-std=c11", "cpp": "-std=c++17"}
_CPP: Final = ("-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics")
_WARNINGS: Final = ("-Wall", "-Wextra")
_STACK: Final = ("-Wl,-z,stack-size=131072", "-Wl,--export=__stack_pointer")
"""The host finds the stack pointer by its name, and puts it back after a trap."""


_CPP_DRIVERS: Final = {"clang": "clang++", "gcc": "g++", "cc": "c++"}
_C_DRIVER: Final = re.compile(r"(?P<driver>clang|gcc|cc)(?P<version>(-[0-9.]+)?(\.exe)?)$")


class BuildError(AroraError):
    """A module that cannot be built. The message says what to do, or is the compiler's own."""


@dataclass(frozen=True)
class Compiler:
    """A compiler: its name for people, its family (``zig``, ``clang`` or ``other``), and how C and C++ are compiled."""

    name: str
    family: str
    c: tuple[str, ...]
    cpp: tuple[str, ...]

    def command(self, language: str, target: str, *, libc: bool = True) -> list[str]:
        """Return the command that compiles and links; sources and ``-o`` follow. Raises BuildError for no such target.

        ``libc`` says whether a module for WebAssembly has a C library, where the compiler has one.
        """
        if language == "cpp" and target == WASM and not libc:
            raise BuildError("a module in C++ needs the library of C++: build it without --freestanding")
        compile = self.cpp if language == "cpp" else self.c
        flags = [*_COMMON, _STANDARDS[language], *_WARNINGS]
        if language == "cpp":
            flags += _CPP
        return [*compile, *(self._wasm(language, libc) if target == WASM else self._native()), *flags]

    def object_command(self, language: str, target: str, *, libc: bool = True) -> list[str]:
        """Return the command that compiles one source without linking; the source and ``-o`` follow."""
        # Options of linkers are not used then.
        unused = () if self.family == "other" else ("-Wno-unused-command-line-argument",)
        return [*self.command(language, target, libc=libc), *unused, "-c"]

    def _wasm(self, language: str, libc: bool) -> Sequence[str]:
        if self.family == "clang" and language == "cpp":
            return (
                _CLANG_WASI,
                "-mexec-model=reactor",
                *_STACK,
                *_CLANG_FEATURES,
                "-Wl,--stack-first",
                "-Wl,--strip-all",
            )
        if self.family == "zig" and libc:
            return ("-target", "wasm32-wasi", "-mexec-model=reactor", f"-mcpu={WASM_CPU}", *_STACK, "-s")
        bare = ("-nostdlib", "-Wl,--no-entry", *_STACK)
        if self.family == "zig":
            return ("-target", "wasm32-freestanding", *bare, f"-mcpu={WASM_CPU}", "-s")
        return ("--target=wasm32", *bare, *_CLANG_FEATURES, "-Wl,--stack-first", "-Wl,--strip-all")

    def _native(self) -> Sequence[str]:
        # The baseline instructions of the architecture: the library runs on other machines of the same platform.
        cpu = ("-mcpu=baseline", "-fno-sanitize=undefined") if self.family == "zig" else ()
        elf = () if sys.platform in ("darwin", "win32") else ("-Wl,-z,defs", "-s")
        return ("-shared", "-fPIC", *cpu, *elf)


def compiler_for(target: str, language: str, given: str | None = None) -> Compiler:
    """Return the compiler named by ``given``, a command with or without arguments, or else the first that is found.

    Raises BuildError, which says what to install, if there is none.
    """
    if given is not None:
        return _given(given, target, language)
    for compiler in _found():
        if target == NATIVE or compiler.family == "zig":
            return compiler
        if _builds_wasm(compiler.c) and (language == "c" or _has_cpp_for_wasi(compiler.cpp)):
            return compiler
    wanted = "for WebAssembly" if target == WASM else "for this platform"
    raise BuildError(f"no compiler {wanted} is installed: pip install ziglang")


class Output(NamedTuple):
    """What a compiler wrote: its result, and what it said, its warnings."""

    out: str
    err: str


def run(command: Sequence[str], directory: Path, environment: Mapping[str, str] | None = None) -> Output:
    """Run a compiler in a directory and return what it wrote. Raises BuildError with its message if it fails.

    ``environment`` takes the place of that for Zig.
    """
    env = _environment() if environment is None else environment
    done = subprocess.run(command, cwd=directory, env=env, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip()
        raise BuildError(said or f"{command[0]} failed with exit code {done.returncode}")
    return Output(done.stdout.strip(), done.stderr.strip())


def _found() -> Iterator[Compiler]:
    """Yield the installed compilers, those that build for every target first."""
    if importlib.util.find_spec("ziglang") is not None:
        zig = (sys.executable, "-m", "ziglang")
        yield Compiler(f"ziglang {_version('ziglang')}", "zig", (*zig, "cc"), (*zig, "c++"))
    if (zig_path := shutil.which("zig")) is not None:
        yield Compiler("zig", "zig", (zig_path, "cc"), (zig_path, "c++"))
    for c, cpp, family in (("clang", "clang++", "clang"), ("gcc", "g++", "other"), ("cc", "c++", "other")):
        if shutil.which(c) is not None:
            yield Compiler(c, family, (c,), (cpp,))


def _given(text: str, target: str, language: str) -> Compiler:
    command = tuple(shlex.split(text, posix=os.name == "posix"))
    if not command or shutil.which(command[0]) is None:
        raise BuildError(f"there is no compiler {text!r}")
    name = Path(command[0]).stem
    family = "zig" if "zig" in name or "ziglang" in command else "clang" if "clang" in name else "other"
    if target == WASM and family == "other":
        raise BuildError(f"{text} does not build for WebAssembly, clang and zig do: pip install ziglang")
    if target == WASM and family == "clang" and not _builds_wasm(command):
        raise BuildError(f"{text} does not build for WebAssembly: it needs the target wasm32, and wasm-ld beside it")
    if target == WASM and family == "clang" and language == "cpp" and not _has_cpp_for_wasi(command):
        raise BuildError(f"{text} has no library of C++ for wasm32-wasi, zig and the WASI SDK do: pip install ziglang")
    if name == "zig" and len(command) == 1:
        return Compiler(text, family, (*command, "cc"), (*command, "c++"))
    return Compiler(text, family, command, _cpp_driver(command))


def _cpp_driver(command: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command that links C++ as well, for one that compiles it but does not know its library."""
    if command[-1] == "cc" and len(command) > 1:  # that of Zig
        return (*command[:-1], "c++")
    directory, name = os.path.split(command[0])
    found = _C_DRIVER.search(name)
    if found is None:
        return command
    other = f"{name[: found.start()]}{_CPP_DRIVERS[found['driver']]}{found['version']}"
    driver = os.path.join(directory, other)
    return (driver, *command[1:]) if shutil.which(driver) is not None else command


@cache
def _builds_wasm(command: tuple[str, ...]) -> bool:
    if shutil.which("wasm-ld") is None and not _beside(command[0], "wasm-ld"):
        return False
    done = subprocess.run([*command, "--print-targets"], capture_output=True, text=True, errors="replace")
    return done.returncode == 0 and "wasm32" in done.stdout


@cache
def _has_cpp_for_wasi(command: tuple[str, ...]) -> bool:
    program = [*command, _CLANG_WASI, "-x", "c++", "-fsyntax-only", "-"]
    return subprocess.run(program, input=b"#include <vector>", capture_output=True).returncode == 0


def _beside(command: str, other: str) -> bool:
    found = shutil.which(command)
    return found is not None and (Path(found).resolve().parent / other).exists()


def _version(distribution: str) -> str:
    from importlib.metadata import version

    return version(distribution)


def _environment() -> Mapping[str, str]:
    # By default Zig keeps its caches in the working directory.
    kept = str(_kept_by_zig())
    return {**os.environ, "ZIG_LOCAL_CACHE_DIR": kept, "ZIG_GLOBAL_CACHE_DIR": kept}


def _kept_by_zig() -> Path:
    try:
        directory = cache_directory("zig")
        directory.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # a read-only home, or none: builds work without, only slower
        directory = Path(tempfile.gettempdir()) / "arora-zig-cache"
        directory.mkdir(parents=True, exist_ok=True)
    return directory
