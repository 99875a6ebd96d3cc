"""Compilation of the conformance guest for this machine."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

_INCLUDE: Final = Path(__file__).resolve().parents[1] / "include"
_FLAGS: Final = ("-shared", "-fPIC", "-O2", "-fvisibility=hidden", "-ffp-contract=off")


class CompilerNotFound(RuntimeError):
    """No C compiler was found, or it failed; the message says what to do."""


def compile_native(source: Path, *options: str) -> bytes:
    """Compile one C file that includes ``arora.h`` to a shared library, and return its bytes.

    The compiler is ``$CC``, else that of the package ``ziglang``, else ``cc``, ``clang`` or ``gcc``. Raises
    CompilerNotFound.
    """
    with tempfile.TemporaryDirectory(prefix="arora-conformance-") as directory:
        library = Path(directory) / f"guest{_suffix()}"
        command = [*_compiler(), *_FLAGS, *options, f"-I{_INCLUDE}", str(source), "-o", str(library)]
        # In the directory of the output, because some compilers write import libraries to the working directory.
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True)
        if done.returncode != 0:
            raise CompilerNotFound(f"the C compiler failed: {shlex.join(command)}\n{done.stderr.strip()}")
        return library.read_bytes()


def _compiler() -> list[str]:
    named = os.environ.get("CC")
    if named:
        return shlex.split(named)
    if importlib.util.find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "cc"]
    for name in ("cc", "clang", "gcc"):
        if shutil.which(name):
            return [name]
    raise CompilerNotFound("native executors are checked with a guest compiled here: pip install ziglang, or set CC")


def _suffix() -> str:
    return {"win32": ".dll", "darwin": ".dylib"}.get(sys.platform, ".so")
