"""Which words on a stack may be return addresses: those behind a call, by the bytes of the code before them.

Stacks also hold words that have long been out of use, such as pointers to an array that was where a library is now.
The encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, CALL and table 2-2; Arm
Architecture Reference Manual for A-profile, BL and BLR.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Final, NamedTuple

LOOK_BEHIND: Final = 7
"""Bytes of the longest call."""


class Machine(NamedTuple):
    """What is known of the code of a kind of processor."""

    is_call: Callable[[bytes], bool]
    """Whether ``LOOK_BEHIND`` bytes of code end with a call; true of code that could not be read."""
    sigreturn: bytes
    """The code that a signal's handler returns to."""


def _x86_64(code: bytes) -> bool:
    if len(code) < LOOK_BEHIND or code[-5] == 0xE8:
        return True
    # An indirect call: 0xff, a byte of modes whose middle bits are 2, and what this byte says follows it.
    return any(
        code[-size] == 0xFF and code[1 - size] >> 3 & 7 == 2 and _x86_64_size(code[1 - size :]) == size
        for size in (2, 3, 4, 6, 7)
    )


def _x86_64_size(modes: bytes) -> int:
    """Return the bytes of an indirect call whose byte of modes this begins with."""
    mode, base = modes[0] >> 6, modes[0] & 7
    if mode == 3:
        return 2
    scaled = base == 4
    if scaled:
        base = modes[1] & 7 if len(modes) > 1 else 0
    displacement = 4 if mode == 2 or (mode == 0 and base == 5) else mode
    return 2 + scaled + displacement


def _aarch64(code: bytes) -> bool:
    if len(code) < LOOK_BEHIND:
        return True
    instruction = int.from_bytes(code[-4:], "little")
    # BL; BLR and its forms that authenticate the address.
    return instruction & 0xFC00_0000 == 0x9400_0000 or instruction & 0xFEFF_F000 == 0xD63F_0000


MACHINES: Final = {
    "x86_64": Machine(_x86_64, bytes.fromhex("48c7c00f0000000f05")),
    "aarch64": Machine(_aarch64, bytes.fromhex("681180d2010000d4")),
}
THIS: Final = MACHINES.get(platform.machine())
"""The machine of this process, None if nothing is known of it."""
