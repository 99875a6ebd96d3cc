"""Compiling in a process of its own, which can be stopped: no runtime can be stopped while it compiles.

A small module may take minutes, and more memory than there is. Starting a process takes a quarter of a second, so only
modules that may be much work are compiled there (:mod:`arora_core.wasm.compiling_work`).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.spawn import get_executable
from typing import Final

from ..errors import LoadError
from .compiling_work import is_much, most_work

SECONDS: Final = "ARORA_COMPILE_SECONDS"
"""The environment variable that replaces :data:`LONGEST`."""
LONGEST: Final = 60
"""Seconds of processor time that a module may take to compile; on Windows, of time."""
MEMORY: Final = "ARORA_COMPILE_MEMORY"
"""The environment variable that replaces :data:`LARGEST`."""
LARGEST: Final = 4 << 30
"""Bytes of memory that compiling a module may take. Only Linux enforces it."""

_REJECTED: Final = 3


def can_be_apart() -> bool:
    """Return whether a module can be compiled in a process of its own."""
    # The executable of a frozen program is no Python.
    return not getattr(sys, "frozen", False)


def is_apart(executable: bytes) -> bool:
    """Return whether a module with a valid header is to be compiled in a process of its own."""
    return can_be_apart() and is_much(executable)


def compile_apart(program: str, options: object, executable: bytes, rejected: Callable[[str], Exception]) -> bytes:
    """Return what ``compiled(options, executable)`` of the Python module ``program`` returns in a new process.

    ``options`` are written and read back as a Python literal. Raises ``rejected`` of what that function raised, and
    LoadError where it takes too long or too much memory.
    """
    seconds, memory = _setting(SECONDS, LONGEST), _setting(MEMORY, LARGEST)
    code = (
        f"import sys; sys.path[:] = {sys.path!r}; from {program} import compiled; "
        f"from {__name__} import serve; serve(compiled, {options!r}, {seconds}, {memory})"
    )
    try:
        # What a runtime writes to stderr before it ends the process is not for the user.
        done = subprocess.run(
            [os.fsdecode(get_executable() or ""), "-I", "-c", code],
            input=executable,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds if os.name == "nt" else None,
        )
    except subprocess.TimeoutExpired:
        raise _takes_longer(seconds, executable) from None
    except OSError as error:
        raise LoadError(f"cannot be compiled, because no process could be started: {error.strerror}") from None
    if done.returncode == _REJECTED:
        raise rejected(done.stdout.decode("utf-8", "replace"))
    if hasattr(signal, "SIGXCPU") and done.returncode == -signal.SIGXCPU:
        raise _takes_longer(seconds, executable)
    if done.returncode:
        raise LoadError(
            f"takes more than {memory} bytes of memory to compile ({MEMORY} sets another number), or crashes the "
            f"compiler (exit code {done.returncode}){_most_work(executable)}"
        )
    return done.stdout


def serve(compiled: Callable[[object, bytes], bytes], options: object, seconds: int, memory: int) -> None:
    """Run the new process: compile what comes from stdin, and write the code, or what was raised, to stdout."""
    if os.name != "nt":
        import resource

        # One second more, so that the signal tells why the process ended.
        _lower(resource.RLIMIT_CPU, seconds, seconds + 1)
        _lower(resource.RLIMIT_DATA, memory, memory)
        _lower(resource.RLIMIT_CORE, 0, 0)
    executable = sys.stdin.buffer.read()
    try:
        answer, code = compiled(options, executable), 0
    except MemoryError:
        raise
    # A panic of Rust's derives from BaseException alone.
    except BaseException as error:
        answer, code = str(error).encode("utf-8", "replace"), _REJECTED
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    # Neither runtime has anything left to do that is worth waiting for.
    os._exit(code)


def _lower(limit: int, soft: int, hard: int) -> None:
    import resource

    most = resource.getrlimit(limit)[1]
    if most != resource.RLIM_INFINITY:
        soft, hard = min(soft, most), min(hard, most)
    resource.setrlimit(limit, (soft, hard))


def _takes_longer(seconds: int, executable: bytes) -> LoadError:
    return LoadError(
        f"takes longer than {seconds} s of processor time to compile ({SECONDS} sets another time)"
        f"{_most_work(executable)}"
    )


def _setting(variable: str, default: int) -> int:
    setting = os.environ.get(variable) or str(default)
    if not setting.isdecimal() or not int(setting):
        raise LoadError(f"{variable} is {setting!r}, expected a number above zero")
    return int(setting)


def _most_work(executable: bytes) -> str:
    described = most_work(executable)
    return f"; the most work may be {described}" if described else ""
