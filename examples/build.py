"""Build the example modules: `python examples/build.py`.

The committed ``.wasm`` files are rebuilt bit for bit, and the native variants go to ``examples/<name>/native/``.
The compiler is Zig's C and C++ compiler, from the PyPI package ``ziglang``. Another version may emit other bytes,
so ``ZIGLANG`` names the version that built the committed files.

Examples in Rust have a ``Cargo.toml``. They are built where cargo is, and compared where it is of the release that
``RUST`` names.

:func:`compile_wasm` and :func:`compile_native` compile any C or C++ module.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from arora_core import AroraError, Header
from arora_core.authoring import cargo, compilers, generated_files
from arora_core.authoring.building import INCLUDE, library_name
from arora_core.authoring.compilers import BuildError
from arora_core.authoring.rust_language import GENERATOR

ZIGLANG = "ziglang==0.17.1"
RUST = "1.95.0"
RUST_WASM = "wasm32-unknown-unknown"
EXAMPLES = Path(__file__).resolve().parent

#: For both kinds of build. Contracting a*b+c into one rounding would make native results differ from those of wasm.
COMMON_FLAGS = ("-O2", "-g0", "-s", "-ffp-contract=off", "-fno-math-errno", "-fno-sanitize=undefined")

#: The host finds the stack pointer by this name, and puts it back after a trap.
STACK_POINTER = "-Wl,--export=__stack_pointer"

#: Exceptions and run-time type information would need a C++ runtime; constructors of globals do not.
CXX_FLAGS = ("-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics")

CXX_SUFFIXES = frozenset({".cc", ".cpp", ".cxx"})


def compile_wasm(
    source: Path | Sequence[Path],
    output: Path,
    *,
    include: Sequence[Path] = (),
    extra: Sequence[str] = (),
    wasi: bool = False,
) -> Path:
    """Compile C or C++ sources to one wasm module and return ``output``.

    Without ``wasi`` there is no libc; with it, the module is a WASI reactor. ``extra`` is passed to the compiler
    unchanged. The same sources and options give the same bytes on every machine. Raise :class:`BuildError` when the
    compiler is missing or fails.
    """
    if wasi:
        target = ["-target", "wasm32-wasi", "-mexec-model=reactor"]
    else:
        target = ["-target", "wasm32-freestanding", "-nostdlib", "-Wl,--no-entry", "-Wl,-z,stack-size=131072"]
    return _compile(source, output, [*target, f"-mcpu={compilers.WASM_CPU}", "-fvisibility=hidden"], include, extra)


def compile_native(
    source: Path | Sequence[Path],
    output: Path,
    *,
    include: Sequence[Path] = (),
    extra: Sequence[str] = (),
) -> Path:
    """Compile C or C++ sources to a shared library for this platform and return ``output``.

    The library uses only the baseline instructions of the architecture, so it runs on other machines of the same
    platform. Raise :class:`BuildError` when the compiler is missing or fails.
    """
    return _compile(source, output, ["-shared", "-fPIC", "-mcpu=baseline", "-fvisibility=hidden"], include, extra)


def _compile(
    source: Path | Sequence[Path], output: Path, target: Sequence[str], include: Sequence[Path], extra: Sequence[str]
) -> Path:
    sources = [source] if isinstance(source, Path) else list(source)
    language = CXX_FLAGS if any(s.suffix in CXX_SUFFIXES for s in sources) else ()
    driver = "c++" if any(uses_cxx_library(s.parent) for s in sources) else "cc"
    output.parent.mkdir(parents=True, exist_ok=True)
    # The compiler runs in a temporary directory: on some systems it leaves import libraries in its working directory.
    with tempfile.TemporaryDirectory(prefix="arora-build-") as scratch:
        built = Path(scratch) / output.name
        includes = [f"-I{directory.resolve()}" for directory in (*include, INCLUDE)]
        inputs = [str(s.resolve()) for s in sources]
        _zig([driver, *target, *COMMON_FLAGS, *language, *includes, *extra, *inputs, "-o", str(built)], Path(scratch))
        shutil.copyfile(built, output)
    return output


def _zig(arguments: Sequence[str], directory: Path) -> None:
    if importlib.util.find_spec("ziglang") is None:
        raise BuildError(f"the C compiler is missing: pip install {ZIGLANG}")
    command = [sys.executable, "-m", "ziglang", *arguments]
    try:
        said = compilers.run(command, directory).err
    except BuildError as error:
        raise BuildError(f"the compiler failed:\n{' '.join(command)}\n{error}") from error
    if said:
        print(said, file=sys.stderr)


def example_names() -> list[str]:
    """Return the sorted names of the examples: directories with a ``module.yaml`` and C or C++ sources."""
    return sorted(d.name for d in EXAMPLES.iterdir() if (d / "module.yaml").is_file() and sources(d))


def rust_names() -> list[str]:
    """Return the sorted names of the examples in Rust: directories with a ``module.yaml`` and a ``Cargo.toml``."""
    return sorted(d.name for d in EXAMPLES.iterdir() if (d / "module.yaml").is_file() and (d / "Cargo.toml").is_file())


def rust_unavailable(*, wasm: bool, exactly: str | None = None) -> str | None:
    """Return why no example in Rust can be built here, None if it can: by the release ``exactly``, if one is given."""
    if shutil.which("cargo") is None or shutil.which("rustc") is None:
        return "there is no cargo: https://rustup.rs"
    version = _output("rustc", "--version")
    if exactly is not None and not version.startswith(f"rustc {exactly} "):
        return f"it was built by Rust {exactly}, and this is {version}"
    libraries = _output("rustc", "--print", "target-libdir", "--target", RUST_WASM)
    if wasm and not Path(libraries).is_dir():
        return f"cargo cannot compile to wasm: rustup target add {RUST_WASM}"
    return None


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def build_rust(name: str, output: Path, *, wasm: bool) -> Path:
    """Generate the code of an example in Rust, compile it to ``output``, and return that path.

    Raise :class:`BuildError` when cargo is missing or fails.
    """
    missing = rust_unavailable(wasm=wasm)
    if missing is not None:
        raise BuildError(missing)
    directory = EXAMPLES / name
    generated_files.write(GENERATOR, Header.load(directory / "module.yaml"), directory / "src" / "generated")
    try:
        built = cargo.build(directory, "wasm" if wasm else "native")
    except AroraError as error:
        raise BuildError(f"cargo failed:\n{error}") from error
    output.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(built, output)
    return output


def module_name(name: str) -> str:
    """Return the name of an example's module, which its executables have."""
    named: str = yaml.safe_load((EXAMPLES / name / "module.yaml").read_text(encoding="utf-8"))["name"]
    return named


def wasm_path(name: str) -> Path:
    """Return the path of an example's committed wasm file."""
    return EXAMPLES / name / f"{module_name(name)}.wasm"


def sources(example: Path) -> list[Path]:
    """Return the C and C++ sources of the example in a directory: the author's, and those that are generated."""
    found = [path for folder in (example, example / "generated") for path in sorted(folder.glob("*"))]
    return [path for path in found if path.suffix == ".c" or path.suffix in CXX_SUFFIXES]


def build_wasm(name: str, output: Path | None = None) -> Path:
    """Compile one example to wasm and return the file's path: ``output``, by default the committed file."""
    if name in rust_names():
        return build_rust(name, output or wasm_path(name), wasm=True)
    return compile_example(EXAMPLES / name, output or wasm_path(name))


def compile_example(example: Path, output: Path) -> Path:
    """Compile the example in a directory to wasm and return ``output``. C++ needs WASI for its library."""
    wasi = uses_cxx_library(example)
    return compile_wasm(sources(example), output, include=[example / "generated"], extra=[STACK_POINTER], wasi=wasi)


def uses_cxx_library(example: Path) -> bool:
    """Return whether the example in a directory is written in C++, on what is generated."""
    return any(path.suffix in CXX_SUFFIXES for path in (example / "generated").glob("*"))


def build_native(name: str, directory: Path | None = None) -> Path:
    """Write the native bundle of one example (library, header and records) and return its directory."""
    bundle = directory or EXAMPLES / name / "native"
    library = bundle / library_name(module_name(name))
    if name in rust_names():
        build_rust(name, library, wasm=False)
    else:
        compile_native(sources(EXAMPLES / name), library, include=[EXAMPLES / name / "generated"])
    (bundle / "module.yaml").write_text(native_header(EXAMPLES / name / "module.yaml"), encoding="utf-8")
    shutil.rmtree(bundle / "records", ignore_errors=True)
    shutil.copytree(EXAMPLES / name / "records", bundle / "records")
    return bundle


def native_header(path: Path) -> str:
    """Return the text of a wasm module's header, adapted to the native build of the same module."""
    header = yaml.safe_load(path.read_text(encoding="utf-8"))
    header["executor"] = {"name": "native"}
    header.pop("executable_mime", None)
    return yaml.safe_dump(header, sort_keys=False, allow_unicode=True, width=120)


def stale_wasm(names: Sequence[str]) -> list[str]:
    """Rebuild the examples' wasm in a temporary directory; return a line for each committed file that differs."""
    complaints = []
    with tempfile.TemporaryDirectory(prefix="arora-check-") as scratch:
        for name in names:
            fresh = build_wasm(name, Path(scratch) / f"{name}.wasm").read_bytes()
            committed = wasm_path(name)
            if not committed.is_file():
                complaints.append(f"{name}: {committed.name} is missing; run: python examples/build.py {name}")
            elif committed.read_bytes() != fresh:
                complaints.append(
                    f"{name}: {committed.name} ({committed.stat().st_size} bytes) differs from the build of its "
                    f"sources ({len(fresh)} bytes); run: python examples/build.py {name}"
                )
    return complaints


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed command line."""
    names = [*example_names(), *rust_names()]
    parser = argparse.ArgumentParser(prog="examples/build.py", description="Build the example modules.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ones: {', '.join(names)} (default: all)")
    parser.add_argument("--check", action="store_true", help="build elsewhere; fail if a committed .wasm is stale")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--wasm", action="store_true", help="only the .wasm files")
    kind.add_argument("--native", action="store_true", help="only the native bundles")
    parsed = parser.parse_args(arguments)
    unknown = sorted(set(parsed.names) - set(names))
    if unknown:
        parser.error(f"unknown example: {', '.join(unknown)}; choose from {', '.join(names)}")
    if parsed.check and parsed.native:
        parser.error("--check compares the committed .wasm files; native builds are not committed")
    parsed.names = parsed.names or names
    return parsed


def build(names: Sequence[str], *, wasm: bool, native: bool) -> None:
    """Build the examples in place and print a line for each output."""
    for name in names:
        if wasm:
            output = build_wasm(name)
            print(f"{name}: {output.relative_to(EXAMPLES.parent)} ({output.stat().st_size} bytes)")
        if native:
            print(f"{name}: {build_native(name).relative_to(EXAMPLES.parent)}{os.sep}")


def _is_left_out(name: str, options: argparse.Namespace) -> bool:
    """Return whether an example in Rust cannot be built here; say why."""
    exactly = RUST if options.check else None
    missing = rust_unavailable(wasm=not options.native, exactly=exactly) if name in rust_names() else None
    if missing is not None:
        print(f"{name}: left out: {missing}", file=sys.stderr)
    return missing is not None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    options = parse_arguments(arguments)
    options.names = [each for each in options.names if not _is_left_out(each, options)]
    try:
        if options.check:
            complaints = stale_wasm(options.names)
            print("\n".join(complaints or [f"up to date: {', '.join(options.names)}"]))
            return 1 if complaints else 0
        build(options.names, wasm=not options.native, native=not options.wasm)
    except BuildError as error:
        print(f"examples/build.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
