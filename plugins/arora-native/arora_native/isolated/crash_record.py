"""What a worker writes down when it crashes or exits, for its host to read.

A handler of signals that is made in Python runs in the crashed process, which may be damaged: whatever it does, the
signal ends the process. The least comes first, the handler has a stack of its own, and an alarm ends the process where
the handler gets stuck.
"""

from __future__ import annotations

import ctypes
import mmap
import platform
import signal
from collections.abc import Iterator, Mapping
from ctypes import CFUNCTYPE, Structure, byref, c_char, c_char_p, c_int, c_size_t, c_uint64, c_void_p
from struct import Struct
from typing import Any, Final, NamedTuple

from ..address_space import memory
from .channel import RECORD_AT

SIGNALS: Final = (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP)
"""Those of crashes. Not SIGABRT: after it, the allocator of memory may be unusable."""
_FORM: Final = Struct("<iiQQQ")
_EXIT: Final = Struct("<iI")
_EXIT_AT: Final = RECORD_AT + 64
_FRAMES_AT: Final = RECORD_AT + 128
_MOST: Final = 1024
"""Bytes of text about the frames of the guest."""
_STACK: Final = 1 << 18
_SA_SIGINFO: Final = 4
_SA_ONSTACK: Final = 0x0800_0000
_SIG_DFL: Final = 0
_ADDRESS_AT: Final = 16
"""In ``siginfo_t``."""


class _Machine(NamedTuple):
    """Where in ``ucontext_t`` registers are (``sys/ucontext.h``)."""

    stack: int
    instruction: int


_MACHINES: Final = {"x86_64": _Machine(40 + 8 * 15, 40 + 8 * 16), "aarch64": _Machine(176 + 8 * 32, 176 + 8 * 33)}
"""That of AArch64 is untested."""
_HERE: Final = _MACHINES.get(platform.machine())


class Crash(NamedTuple):
    """A crash as the worker has written it down."""

    signal: int
    code: int
    """What caused the signal (``si_code``). 0 or less: another process, or the guest itself, sent it."""
    address: int
    instruction: int
    stack: int
    frames: str


def read_crash(control: mmap.mmap, names: Mapping[str, str]) -> Crash | None:
    """Return the crash that has been written down, None if there is none. ``names`` are those of symbols."""
    number, code, address, instruction, stack = _FORM.unpack_from(control, RECORD_AT)
    if not number:
        return None
    text = control[_FRAMES_AT : _FRAMES_AT + _MOST].split(b"\0", 1)[0]
    frames = " < ".join(names.get(each, each) for each in text.decode("ascii", "replace").split(" < "))
    return Crash(number, code, address, instruction, stack, frames)


def read_exit(control: mmap.mmap) -> int | None:
    """Return the code with which the guest has exited, all its 32 bits; None if it has not."""
    exited, code = _EXIT.unpack_from(control, _EXIT_AT)
    return int(code) if exited else None


class _SignalAction(Structure):
    """``struct sigaction`` of glibc and musl."""

    _fields_ = [("handler", c_void_p), ("mask", c_char * 128), ("flags", c_int), ("restorer", c_void_p)]


class _Stack(Structure):
    """``stack_t``."""

    _fields_ = [("start", c_void_p), ("flags", c_int), ("size", c_size_t)]


class _Symbol(Structure):
    """``Dl_info``."""

    _fields_ = [("file", c_char_p), ("base", c_void_p), ("name", c_char_p), ("address", c_void_p)]


_kept: Final[list[object]] = []
_ours = ctypes.PyDLL(None)


def prepare() -> None:
    """Load what a backtrace needs."""
    _backtrace()


def write_down(control: memoryview) -> None:
    """Have crashes and exits of this process written down from now on. Call it in the thread that calls the guest."""

    def on_signal(number: int, information: int, context: int) -> None:
        _ours.alarm(1)
        code = ctypes.c_int.from_address(information + 8).value
        address = c_uint64.from_address(information + _ADDRESS_AT).value
        instruction = stack = 0
        if _HERE is not None:
            instruction = c_uint64.from_address(context + _HERE.instruction).value
            stack = c_uint64.from_address(context + _HERE.stack).value
        if number == signal.SIGFPE and code > 0 and (divisor := _divisor(instruction, context)) is not None:
            # The processor does not say which of the two it was.
            code = FPE_INTDIV if divisor == 0 else FPE_INTOVF
        _FORM.pack_into(control, RECORD_AT, number, code, address, instruction, stack)
        _ours.signal(number, c_void_p(_SIG_DFL))
        if code <= 0:
            # Unlike an instruction, it does not happen again.
            _ours["raise"](number)
        text = " < ".join(_frames(instruction)).encode("ascii", "replace")[:_MOST]
        control[_FRAMES_AT : _FRAMES_AT + len(text)] = text

    def on_exit(code: int, _: int | None) -> None:
        _EXIT.pack_into(control, _EXIT_AT, 1, code & 0xFFFF_FFFF)

    room = mmap.mmap(-1, _STACK)
    anchor = c_char.from_buffer(room)
    handler = CFUNCTYPE(None, c_int, c_void_p, c_void_p)(on_signal)
    _kept.extend([room, anchor, handler])
    stack = _Stack(ctypes.addressof(anchor), 0, _STACK)
    _ours.sigaltstack(byref(stack), None)
    action = _SignalAction(ctypes.cast(handler, c_void_p), b"", _SA_SIGINFO | _SA_ONSTACK, None)
    for each in SIGNALS:
        _ours.sigaction(int(each), byref(action), None)
    if hasattr(_ours, "on_exit"):
        leaving = CFUNCTYPE(None, c_int, c_void_p)(on_exit)
        _kept.append(leaving)
        _ours.on_exit(leaving, None)


FPE_INTDIV: Final = 1
FPE_INTOVF: Final = 2


def _divisor(instruction: int, context: int) -> int | None:
    """Return what was divided by, where it is in a register of an x86-64; None elsewhere."""
    if platform.machine() != "x86_64":
        return None
    code = memory[instruction : instruction + 4]
    prefix, code = (code[0], code[1:]) if 0x40 <= code[0] <= 0x4F else (0, code)
    if code[0] not in (0xF6, 0xF7) or code[1] >> 6 != 3:
        return None
    register = (code[1] & 7) | (prefix & 1) << 3
    size = 1 if code[0] == 0xF6 else 8 if prefix & 8 else 4
    at = context + 40 + 8 * _PLACE_OF[register]
    return int.from_bytes(memory[at : at + size], "little")


_PLACE_OF: Final = (13, 14, 12, 11, 15, 10, 9, 8, 0, 1, 2, 3, 4, 5, 6, 7)
"""By the processor's number of a register, its place in ``gregs`` (``sys/ucontext.h``)."""


def _backtrace() -> list[int]:
    addresses = (c_void_p * 64)()
    try:
        count = _ours.backtrace(addresses, len(addresses))
    except AttributeError:
        return []  # The C library has none.
    return [int(each or 0) for each in addresses[:count]]


def _frames(instruction: int) -> Iterator[str]:
    """Yield the functions of the guest that were running, the innermost first."""
    found = _backtrace()
    # The frames of this handler are above.
    found = found[found.index(instruction) :] if instruction in found else [instruction]
    symbol = _Symbol()
    for each in found:
        if not _ours.dladdr(c_void_p(each), byref(symbol)) or not (symbol.file or b"").startswith(b"/proc/self/fd/"):
            continue
        name: Any = symbol.name
        yield name.decode("ascii", "replace") if name else f"+{each - (symbol.base or 0):#x}"
