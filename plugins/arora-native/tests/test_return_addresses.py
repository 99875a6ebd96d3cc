"""Calls in the code of both machines, as `zig cc -c` assembles them."""

from __future__ import annotations

import pytest
from arora_native.return_addresses import LOOK_BEHIND, MACHINES

CALLS = [
    ("x86_64", "call near", "e800000000"),
    ("x86_64", "call *%rax", "ffd0"),
    ("x86_64", "call *%r11", "41ffd3"),
    ("x86_64", "call *(%rax)", "ff10"),
    ("x86_64", "call *8(%rbx)", "ff5308"),
    ("x86_64", "call *(%rsp)", "ff1424"),
    ("x86_64", "call *8(%rsp)", "ff542408"),
    ("x86_64", "call *0x100(%rax)", "ff9000010000"),
    ("x86_64", "call *near(%rip)", "ff1500000000"),
    ("x86_64", "call *0x100(%r12)", "41ff942400010000"),
    ("x86_64", "call *table(,%rax,8)", "ff14c500000000"),
    ("aarch64", "bl near", "00000094"),
    ("aarch64", "bl before", "ffffff97"),
    ("aarch64", "blr x8", "00013fd6"),
    ("aarch64", "blraa x8, x9", "09093fd7"),
]
OTHERS = [
    ("x86_64", "jmp near", "e900000000"),
    ("x86_64", "jmp *%rax", "ffe0"),
    ("x86_64", "jmp *near(%rip)", "ff2500000000"),
    ("x86_64", "push %rbp; mov %rsp, %rbp", "554889e5"),
    ("x86_64", "inc %eax", "ffc0"),
    ("x86_64", "half of call *(%rsp)", "ff14"),
    ("x86_64", "ff10 in another place", "ff1090"),
    ("aarch64", "b near", "00000014"),
    ("aarch64", "br x8", "00011fd6"),
    ("aarch64", "ret", "c0035fd6"),
    ("aarch64", "mov x8, x0", "e80300aa"),
]


def padded(code: str) -> bytes:
    return (bytes(LOOK_BEHIND) + bytes.fromhex(code))[-LOOK_BEHIND:]


@pytest.mark.parametrize(("machine", "code"), [pytest.param(each[0], each[2], id=each[1]) for each in CALLS])
def test_a_word_behind_a_call_may_be_a_return_address(machine: str, code: str) -> None:
    assert MACHINES[machine].is_call(padded(code))


@pytest.mark.parametrize(("machine", "code"), [pytest.param(each[0], each[2], id=each[1]) for each in OTHERS])
def test_a_word_behind_anything_else_is_no_return_address(machine: str, code: str) -> None:
    assert not MACHINES[machine].is_call(padded(code))


@pytest.mark.parametrize("machine", MACHINES)
def test_a_word_behind_code_that_cannot_be_read_may_be_a_return_address(machine: str) -> None:
    assert MACHINES[machine].is_call(b"")
