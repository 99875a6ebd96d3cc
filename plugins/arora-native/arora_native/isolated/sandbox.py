"""What a worker may do once its library is loaded: compute.

By means that Linux has for processes without privileges. Landlock
(https://docs.kernel.org/userspace-api/landlock.html) confines files to the libraries of the system; where the kernel
has no Landlock, the rest holds. A filter of system calls (https://docs.kernel.org/userspace-api/seccomp_filter.html)
refuses sockets, processes, and what reaches into other processes or the kernel. The environment is empty.
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from ctypes import Structure, byref, c_uint16, c_void_p
from glob import glob
from struct import Struct
from typing import Final, NamedTuple

SANDBOX: Final = "ARORA_NATIVE_SANDBOX"
"""The environment variable that turns the sandbox off: by the word ``off``."""

_libc = ctypes.PyDLL(None)
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_FILTER_MODE: Final = 2

# Landlock. These numbers are those of every machine.
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_EXECUTE: Final = 1 << 0
_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_RULESET: Final = Struct("<QQQ")
_RULE: Final = Struct("<Qi")
_FILES_OF_VERSION: Final = (0, (1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1, (1 << 15) - 1, (1 << 16) - 1)
"""The rights to files that Landlock knows, by its version; the last one is that of all later ones."""
_NETWORK_SINCE: Final = 4
_SCOPES_SINCE: Final = 6
_ALL_OF_TWO: Final = 3
"""To bind and to connect; to send signals and to reach sockets with abstract names."""

LIBRARIES: Final = (
    *("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/usr/libexec"),
    *("/etc/ld.so.cache", "/etc/ld-musl-x86_64.path", "/nix/store"),
)
"""Where the loader of libraries looks."""
FACTS: Final = (
    *("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system", "/sys/kernel/mm"),
    *("/etc/localtime", "/usr/share/zoneinfo", "/usr/share/locale", "/dev/urandom", "/dev/random"),
)
"""What libraries read of the machine."""
DEVICES: Final = ("/dev/null", "/dev/zero")


def system_directories() -> list[str]:
    """Return where the loader of libraries looks, besides the usual places: what ``ld.so.conf`` lists."""
    found = []
    for each in ("/etc/ld.so.conf", *sorted(glob("/etc/ld.so.conf.d/*.conf"))):
        with suppress(OSError), open(each, "rb") as file:
            found += [os.fsdecode(line.strip()) for line in file if line.startswith(b"/")]
    return found


def confine(directories: Iterable[str]) -> None:
    """Confine this process for good. It may also read what is in ``directories``."""
    _libc.clearenv()
    with suppress(AttributeError):
        # Of those that a host of root has. The header names version 3 and this process.
        _libc.capset((ctypes.c_uint32 * 2)(0x2008_0522, 0), (ctypes.c_uint32 * 6)())
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return
    _confine_files(directories)
    _filter_calls()


def _confine_files(directories: Iterable[str]) -> None:
    version: int = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    if version < 1:
        return
    files = _FILES_OF_VERSION[min(version, len(_FILES_OF_VERSION) - 1)]
    form = _RULESET.pack(
        files, _ALL_OF_TWO if version >= _NETWORK_SINCE else 0, _ALL_OF_TWO if version >= _SCOPES_SINCE else 0
    )
    size = 24 if version >= _SCOPES_SINCE else 16 if version >= _NETWORK_SINCE else 8
    rules: int = _libc.syscall(_CREATE_RULESET, form, ctypes.c_size_t(size), 0)
    if rules < 0:
        return
    granted = [
        (_EXECUTE | _READ_FILE | _READ_DIR, [*LIBRARIES, *_CONFIGURED, *directories]),
        (_READ_FILE | _READ_DIR, FACTS),
        (_READ_FILE | _WRITE_FILE, DEVICES),
    ]
    for rights, paths in granted:
        for each in paths:
            _grant(rules, each, rights)
    _libc.syscall(_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _grant(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):
        rights &= ~_READ_DIR
    _libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, _RULE.pack(rights, place), 0)
    os.close(place)


_CONFIGURED: Final = system_directories()


class _Calls(NamedTuple):
    """The numbers of system calls on a kind of machine (``asm/unistd.h``)."""

    architecture: int
    refused: Sequence[int]
    clone: int
    kill: int
    tgkill: int
    prctl: int


_MACHINES: Final = {
    "x86_64": _Calls(
        0xC000_003E,
        (
            *(57, 58, 59, 322),  # fork, vfork, execve, execveat
            *(101, 310, 311, 438, 424, 129, 297),  # ptrace, other processes' memory, files and signals
            *(41, 425, 321, 298, 323),  # socket, io_uring_setup, bpf, perf_event_open, userfaultfd
            *(248, 249, 250, 304),  # keys, open_by_handle_at
            *(272, 308, 165, 166, 155, 161),  # namespaces and mounts
            *(246, 175, 313, 176, 169, 167),  # the kernel itself
        ),
        clone=56,
        kill=62,
        tgkill=234,
        prctl=157,
    ),
    # Untested.
    "aarch64": _Calls(
        0xC000_00B7,
        (
            *(221, 281),
            *(117, 270, 271, 438, 424, 138, 240),
            *(198, 425, 280, 241, 282),
            *(217, 218, 219, 265),
            *(97, 268, 40, 39, 41, 51),
            *(104, 105, 273, 106, 142, 224),
        ),
        clone=220,
        kill=129,
        tgkill=131,
        prctl=167,
    ),
}
_CLONE3: Final = 435
_CLONE_THREAD: Final = 0x1_0000
_FOREIGN_CALLS: Final = 0x4000_0000
"""Where the numbers of another interface begin (x32)."""
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_AT = 0, 4, 16
_ALLOW: Final = 0x7FFF_0000
_REFUSE: Final = 0x0005_0001
"""By the error EPERM."""
_UNKNOWN: Final = 0x0005_0026
"""By the error ENOSYS: the C library then uses an older call."""
_END: Final = 0x8000_0000
_STEP: Final = Struct("<HBBI")

Step = tuple[int, int, int, int]


class _Program(Structure):
    """``struct sock_fprog``."""

    _fields_ = [("length", c_uint16), ("steps", c_void_p)]


def _filter_calls() -> None:
    calls = _MACHINES.get(platform.machine())
    if calls is None:
        return
    steps = b"".join(_STEP.pack(*each) for each in _filter(calls, os.getpid()))
    kept = ctypes.create_string_buffer(steps, len(steps))
    program = _Program(len(steps) // _STEP.size, ctypes.addressof(kept))
    _libc.prctl(_PR_SET_SECCOMP, _FILTER_MODE, byref(program), 0, 0)


def _filter(calls: _Calls, process: int) -> Iterator[Step]:
    """Yield the steps: what to do, how many steps to skip if a comparison holds or not, and an operand."""
    yield _LOAD, 0, 0, _ARCHITECTURE_AT
    yield _IF_EQUAL, 1, 0, calls.architecture
    yield _RETURN, 0, 0, _END
    yield _LOAD, 0, 0, _NUMBER_AT
    yield _IF_AT_LEAST, 0, 1, _FOREIGN_CALLS
    yield _RETURN, 0, 0, _REFUSE
    for number in calls.refused:
        yield _IF_EQUAL, 0, 1, number
        yield _RETURN, 0, 0, _REFUSE
    yield _IF_EQUAL, 0, 1, _CLONE3
    yield _RETURN, 0, 0, _UNKNOWN
    for number, compare, operand, held, otherwise in (
        (calls.clone, _IF_SET, _CLONE_THREAD, _ALLOW, _REFUSE),
        (calls.kill, _IF_EQUAL, process, _ALLOW, _REFUSE),
        (calls.tgkill, _IF_EQUAL, process, _ALLOW, _REFUSE),
        (calls.prctl, _IF_EQUAL, _PR_SET_PDEATHSIG, _REFUSE, _ALLOW),
    ):
        yield _IF_EQUAL, 0, 4, number
        yield _LOAD, 0, 0, _FIRST_AT
        yield compare, 0, 1, operand
        yield _RETURN, 0, 0, held
        yield _RETURN, 0, 0, otherwise
    yield _RETURN, 0, 0, _ALLOW
