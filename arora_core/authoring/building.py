"""Building a module: its generated files are written, its sources compiled, and the result checked and put in place.

For WebAssembly that is ``NAME.wasm`` beside the header, a component if the header says ``wasm-component``; for this
platform the directory ``native``, a module of its own: the library, the header with the executor ``native``, and the
records.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ..errors import LoadError
from ..generator import Generator
from ..header import ExecutorRequirement, Header
from ..wasm import module_types
from ..wasm.components import component_reader
from ..wasm.components.world import check_world
from ..wasm.guest_symbols import ALLOC, FREE, check_exports, check_imports, function_symbol
from . import cargo, componentize, generated_files
from .compilers import COMPONENT, COMPONENT_LANGUAGES, NATIVE, WASM, BuildError, Compiler, compiler_for, run
from .generated_files import Written
from .project import Project, compiled

INCLUDE: Final = Path(__file__).resolve().parents[1] / "include"
"""The directory of ``arora.h``."""
_UNDEFINED: Final = re.compile(r"undefined (?:symbol: |reference to [`'])(?P<symbol>[^'\n]+)")
"""How linkers name what nothing defines: LLD and Zig's, and GNU's."""
OWN_TOOLS: Final = {
    "rust": "Cargo, which takes its options from Cargo.toml and RUSTFLAGS",
    "python": "componentize-py, which takes none",
}
"""The languages that are not built by a compiler of C, and what builds them."""
_WORD: Final = re.compile(r"\w+")
_LOOK_UP: Final = "import ctypes, sys; [getattr(ctypes.CDLL(sys.argv[1]), name) for name in sys.argv[2:]]"
"""A program: loads the library that is its first argument, and looks up the others in it."""


@dataclass(frozen=True)
class Built:
    """One executable that was built: its target, its path and what compiled it. ``said`` is the compiler's warnings."""

    target: str
    path: Path
    compiler: str
    said: str = ""


def generate(project: Project, generator: Generator, header: Header, *, locked: bool = False) -> Written:
    """Bring the project's generated files up to date and return them, and which of them changed.

    With ``locked`` raises BuildError, which names those that are not up to date, instead of changing any.
    """
    if not locked:
        return generated_files.write(generator, header, project.generated)
    found = generated_files.compare(generator, header, project.generated)
    if found.changed:
        names = ", ".join(str(each) for each in found.changed)
        raise BuildError(f"not up to date with {project.header_path}: {names}; run arora build without --locked")
    return found


@dataclass(frozen=True)
class CompilerOptions:
    """How C and C++ are compiled."""

    compiler: str | None = None
    """A command in place of the first compiler found."""
    libc: bool = True
    flags: Sequence[str] = ()


def require_buildable(project: Project, header: Header, target: str, options: CompilerOptions) -> None:
    """Raise BuildError if the language is not built as the component that the header says, or not by these options."""
    if project.language in OWN_TOOLS and options != CompilerOptions():
        raise BuildError(
            f"--cc, --freestanding and --flag are for C and C++; a module in {project.language.capitalize()} is built "
            f"by {OWN_TOOLS[project.language]}"
        )
    if _is_component(header, target) and project.language not in COMPONENT_LANGUAGES:
        raise BuildError(
            f"{project.header_path} says executor {COMPONENT}, and a module in C or C++ is built as a core module: "
            f"executor: {{name: {WASM}}}"
        )


def _is_component(header: Header, target: str) -> bool:
    return target == WASM and header.executor.name == COMPONENT


def build(project: Project, header: Header, generated: Sequence[Path], target: str, options: CompilerOptions) -> Built:
    """Build the project for ``wasm`` or ``native`` and return what came out. Its generated files are up to date.

    :func:`require_buildable` has passed. Raises BuildError: there is no compiler, it failed (the message is its own),
    or what it made lacks an export that the header declares.
    """
    with tempfile.TemporaryDirectory(prefix="arora-build-") as scratch:
        if project.language == "rust":
            called, said = cargo.version(), ""
            made = cargo.build(project.directory, target, component=_is_component(header, target))
        elif project.language == "python":
            called, made, said = componentize.version(), componentize.build(project, header, Path(scratch)), ""
        else:
            chosen = compiler_for(target, project.language, options.compiler)
            made, called = Path(scratch) / "built", chosen.name
            said = _compile(project, generated, chosen, target, made, libc=options.libc, flags=options.flags)
        _check(header, made, target)
        path = project.directory / f"{header.name}.wasm" if target == WASM else _native_module(project, header)
        _put(made, path)
    return Built(target, path, called, said)


def _compile(
    project: Project,
    generated: Sequence[Path],
    compiler: Compiler,
    target: str,
    output: Path,
    *,
    libc: bool,
    flags: Sequence[str],
) -> str:
    shared = [*(f"-I{each.resolve()}" for each in (project.generated, project.directory, INCLUDE)), *flags]
    command = [*compiler.command(project.language, target, libc=libc), *shared]
    inputs: list[Path] = []
    said: list[str] = []
    for source in (*project.sources, *compiled(generated)):
        if project.language == "cpp" and source.suffix == ".c":
            made = output.with_name(f"{len(inputs)}.o")
            compile_c = [*compiler.object_command("c", target, libc=libc), *shared]
            said.append(run([*compile_c, str(source.resolve()), "-o", str(made)], output.parent).err)
            inputs.append(made)
        else:
            inputs.append(source.resolve())
    try:
        # In a temporary directory: on some systems compilers leave import libraries in their working directory.
        said.append(run([*command, *map(str, inputs), "-o", str(output)], output.parent).err)
    except BuildError as error:
        missing = _undefined(error.message, generated)
        if missing:
            raise BuildError(f"{error.message}\n{missing}") from error
        raise
    return "\n".join(filter(None, said))


def _undefined(message: str, generated: Iterable[Path]) -> str:
    """Return which functions of the header no source defines, by what the linker says."""
    symbols = {word for match in _UNDEFINED.finditer(message) for word in _WORD.findall(match["symbol"])}
    lines = []
    for path in generated:
        if path.suffix in (".h", ".hpp"):
            names = sorted(symbols & set(_WORD.findall(path.read_text(encoding="utf-8"))))
            lines += [f"no source defines {', '.join(names)}, declared in {path}"] if names else []
    return "\n".join(lines)


def _check(header: Header, path: Path, target: str) -> None:
    """Check that what was built has the exports and imports that its header declares. Raises BuildError."""
    if target == NATIVE:
        symbols = [function_symbol(each.id.bytes) for each in header.exports]
        # In a process of its own: loading a library runs code of it.
        done = subprocess.run([sys.executable, "-c", _LOOK_UP, str(path), ALLOC, FREE, *symbols], capture_output=True)
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise BuildError(f"the library cannot be used: {said[-1] if said else f'it ended with {done.returncode}'}")
        return
    try:
        if header.executor.name == COMPONENT:
            check_world(component_reader.read(path.read_bytes()))
        else:
            types = module_types.read(path.read_bytes())
            check_exports(header, types.exports)
            check_imports(types.imports)
    except LoadError as error:
        raise BuildError(f"the module cannot be used: it {error.message}") from error


def _native_module(project: Project, header: Header) -> Path:
    """Write the header and the records of the module for this platform, and return the library's path."""
    directory = project.directory / NATIVE
    directory.mkdir(exist_ok=True)
    native = replace(header, executor=ExecutorRequirement(NATIVE), executable_mime="")
    # JSON is YAML, and every text in it is read as it is meant.
    text = json.dumps(native.to_data(), indent=2, ensure_ascii=False)
    (directory / project.header_path.name).write_text(f"{text}\n", encoding="utf-8", newline="\n")
    records = project.directory / "records"
    shutil.rmtree(directory / "records", ignore_errors=True)
    if records.is_dir():
        shutil.copytree(records, directory / "records")
    return directory / library_name(header.name)


def library_name(name: str) -> str:
    """Return the file name of a shared library called ``name`` on this platform."""
    if sys.platform == "win32":
        return f"{name}.dll"
    return f"lib{name}.dylib" if sys.platform == "darwin" else f"lib{name}.so"


def _put(made: Path, path: Path) -> None:
    """Put a built file in its place at once, so that whoever loads it meanwhile gets the old one or the new."""
    new = path.with_name(f".{path.name}.new")
    shutil.copyfile(made, new)
    os.replace(new, path)


def targets_of(chosen: str, project: Project) -> tuple[str, ...]:
    """Return the targets that ``wasm``, ``native`` or ``all`` stand for.

    Raises BuildError for one that the project's language cannot be built for.
    """
    if project.language != "python":
        return (WASM, NATIVE) if chosen == "all" else (chosen,)
    if chosen == NATIVE:
        raise BuildError("a module in Python is built for WebAssembly alone, as a component: leave out --target native")
    return (WASM,)
