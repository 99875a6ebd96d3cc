"""Engines in a forked process."""

from __future__ import annotations

import os

import pytest

from tests.engine.guest_runners import GuestRunner
from tests.engine.subprocesses import run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")

FORK_IN_A_CALL = """
from arora_core.errors import ModuleBusy
inside, done = threading.Event(), threading.Event()
busy = engine.register_callable(lambda: (inside.set(), done.wait(60), v.Unit())[2])
other = runner.load(engine, 1)
thread = threading.Thread(target=other.indirect, args=(busy,))
thread.start()
inside.wait()
child = os.fork()
if not child:
    try:
        {in_child}
    except BaseException as error:
        print(repr(error), flush=True)
    os._exit(0)
os.waitpid(child, 0)
done.set()
thread.join()
print("parent", other.add(1, 2))
"""


def test_a_child_calls_the_modules_that_no_other_thread_was_running(runner: GuestRunner) -> None:
    in_child = 'print("child", guest.add(1, 2), flush=True); engine.close()'
    assert run(FORK_IN_A_CALL.format(in_child=in_child), runner.executor) == ["child 3", "parent 3"]


def test_a_module_that_another_thread_was_running_is_busy_in_the_child_until_it_is_loaded_again(
    runner: GuestRunner,
) -> None:
    in_child = """
        try:
            other.add(1, 2)
        except ModuleBusy as error:
            print(error.module, "fork" in error.message, flush=True)
        print(runner.load(engine, 1, replace=True).add(1, 2), flush=True)
        engine.close()
    """
    lines = run(FORK_IN_A_CALL.format(in_child=in_child.strip()), runner.executor)
    assert lines == ["conformance_1 True", "3", "parent 3"]


def test_a_call_that_forks_goes_on_in_the_child(runner: GuestRunner) -> None:
    if runner.executor == "native-isolated":
        pytest.skip("the process of its library remains that of the parent, as tests of that executor show")
    program = """
    children = []
    def fork():
        children.append(os.fork())
        return v.U32(guest.add(1, 2))
    answer = buffers.decode(guest.indirect(engine.register_callable(fork)))
    os.write(1, b"%d %d\\n" % (answer.value, guest.add(3, 4)))
    if children[0]:
        assert os.waitpid(children[0], 0)[1] == 0
    else:
        os._exit(0)
    """
    assert run(program, runner.executor) == ["3 7"] * 2
