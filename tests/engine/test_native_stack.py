"""Calls that need more native stack than their thread has left."""

from __future__ import annotations

import pytest

from tests.engine.guest_runners import SANDBOXES
from tests.engine.subprocesses import run

pytestmark = pytest.mark.parametrize("executor", SANDBOXES)

# Each module takes most of the stack that a guest may use, and then calls the next one.
CHAIN = """
from uuid import UUID
from arora_core.header import ModuleDefinition
from dataclasses import replace
from tests.wasm.guests import ARGUMENT, ANSWER, DISPATCH, FORWARD, HEADER, RUN, guest as wasm_guest

DEEP = '''(func $deep (param $left i32) (param $argument i32) (result i32)
  (if (result i32) (local.get $left)
    (then (i32.or (call $deep (i32.sub (local.get $left) (i32.const 1)) (local.get $argument)) (i32.const 0)))
    (else (call $dispatch (i32.const 0) (i32.const 16) (local.get $argument)))))'''

def link(number):
    text = lambda bytes_: ''.join(f'\\\\{each:02x}' for each in bytes_)
    rest = f'{DEEP} (data (i32.const 0) "{text(UUID(int=number + 1).bytes + RUN)}")'
    levels = 12000
    executable = wasm_guest(f'(call $deep (i32.const {levels}) (local.get 0))', imports=DISPATCH, rest=rest)
    header = replace(HEADER, id=UUID(int=number), name=f'link{number}')
    return engine.load_module(ModuleDefinition(header, executable), executor=sys.argv[1])

links = [link(number) for number in range(1, 21)]

def call():
    answer = engine.dispatch(links[0].id, RUN, ARGUMENT)
    print(buffers.error_message(answer), flush=True)
    print(guest.add(1, 2))
"""
IN_A_THREAD = """
def in_thread(kilobytes):
    threading.stack_size(kilobytes << 10)
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
"""


def end_of(executor: str) -> str:
    """Return what a chain of calls ends with: Wasmer makes a stack for each, and they take little of the thread's."""
    return "no module 00000000-0000-0000-0000-000000000015" if executor == "wasmer" else "of the thread's stack"


def test_a_chain_of_modules_ends_before_the_stack_of_the_main_thread(executor: str) -> None:
    message, after = run(CHAIN + "\ncall()", executor)
    assert end_of(executor) in message
    assert after == "3"


def test_a_chain_of_modules_ends_before_the_stack_of_another_thread(executor: str) -> None:
    message, after = run(CHAIN + IN_A_THREAD + "\nin_thread(4096)", executor)
    assert end_of(executor) in message
    assert after == "3"


def test_a_load_in_a_thread_with_too_small_a_stack_is_refused(executor: str) -> None:
    program = """
from arora_core.header import ModuleDefinition
from tests.wasm.guests import HEADER, guest as wasm_guest

endless = '(func $deep (result i32) (i32.add (call $deep) (i32.const 1)))'
start = '(func (export "_initialize") (drop (call $deep)))'
executable = wasm_guest(rest=endless + start)

def call():
    try:
        engine.load_module(ModuleDefinition(HEADER, executable), executor=sys.argv[1])
    except (Trap, LimitExceeded) as error:
        print(getattr(error, "limit", None) or error.kind.name)
"""
    lines = run(program + IN_A_THREAD + "\nfor size in (128, 256, 3072): in_thread(size)", executor)
    assert lines == ["depth", "depth", "STACK_OVERFLOW"]


def test_a_call_in_a_thread_with_too_small_a_stack_is_refused(executor: str) -> None:
    program = """
def call():
    try:
        guest.crash(6)
    except CallError as error:
        print(getattr(error, "limit", None) or error.kind.name)
"""
    lines = run(program + IN_A_THREAD + "\nfor size in (128, 256, 3072): in_thread(size)", executor)
    assert lines == ["depth", "depth", "STACK_OVERFLOW"]
