"""When the driven browser starts and ends, which executors share it, and what happens when it dies."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from arora_browser.executor import BrowserExecutor

from arora_core.errors import Trap
from tests.wasm.guests import ARGUMENT, ENDLESS, RUN, guest

from .driven_executor import Alone, executor, load
from .processes import descendants, ended, kill, run_program

__all__ = ["executor"]


@pytest.mark.parametrize("victim", ["--remote-debugging", "run-driver"])
def test_a_browser_or_driver_that_dies_is_a_trap_and_the_next_load_starts_another(victim: str) -> None:
    executor = Alone()
    before = descendants(os.getpid())
    orphan = load(executor, guest(ENDLESS))
    started = descendants(os.getpid()) - before
    doomed = [pid for pid in started if victim.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert doomed
    timer = threading.Timer(0.1, kill, [doomed])
    timer.start()
    with pytest.raises(Trap, match=r"what it held is lost$"):
        orphan.dispatch(RUN, ARGUMENT)
    timer.join()
    orphan.close()
    assert load(executor, guest()).dispatch(RUN, ARGUMENT) == ARGUMENT
    executor.close()
    assert all(ended(pid) for pid in started)


@pytest.mark.usefixtures("no_garbage_of_earlier_tests")
def test_closing_leaves_no_process_and_no_thread() -> None:
    processes, threads = descendants(os.getpid()), set(threading.enumerate())
    executor = Alone()
    load(executor, guest()).dispatch(RUN, ARGUMENT)
    started = descendants(os.getpid()) - processes
    assert started
    executor.close()
    executor.close()
    assert all(ended(pid) for pid in started)
    assert [each for each in threading.enumerate() if each not in threads and "arora" in each.name] == []


def test_garbage_collected_executors_and_instances_leave_no_process() -> None:
    processes = descendants(os.getpid())
    function = load(Alone(), guest()).function(RUN)
    assert function(ARGUMENT) == ARGUMENT
    started = descendants(os.getpid()) - processes
    del function
    assert all(ended(pid) for pid in started)


@pytest.mark.usefixtures("no_garbage_of_earlier_tests")
def test_executors_of_a_process_share_a_browser_until_the_last_is_closed() -> None:
    processes, threads = descendants(os.getpid()), {*threading.enumerate()}
    one, other = Alone(), Alone()
    kept, closed = load(one, guest()), load(other, guest())
    started = descendants(os.getpid()) - processes
    assert len([each for each in threading.enumerate() if each not in threads and each.name == "arora-browser"]) == 1
    other.close()
    with pytest.raises(Trap, match="its browser was closed"):
        closed.dispatch(RUN, ARGUMENT)
    assert kept.dispatch(RUN, ARGUMENT) == ARGUMENT
    assert load(other, guest()).dispatch(RUN, ARGUMENT) == ARGUMENT
    other.close()
    one.close()
    assert all(ended(pid) for pid in started)


def test_executors_with_different_flags_do_not_share_a_browser(executor: BrowserExecutor) -> None:
    with_flags = Alone()
    one, other = load(executor, guest()), load(with_flags, guest())
    assert one._page._thread is not other._page._thread
    with_flags.close()


def test_a_guest_that_never_ends_does_not_block_other_executors(executor: BrowserExecutor) -> None:
    busy, ending = BrowserExecutor(), []
    endless = load(busy, guest(ENDLESS))

    def call() -> None:
        try:
            endless.dispatch(RUN, ARGUMENT)
        except Trap as trap:
            ending.append(trap.message)

    thread = threading.Thread(target=call)
    thread.start()
    assert load(executor, guest()).dispatch(RUN, ARGUMENT) == ARGUMENT
    busy.close()
    thread.join()
    assert ending == ["its browser was closed; what it held is lost"]


PROGRAM = """
    import os, signal
    from arora_browser.executor import BrowserExecutor
    from tests.wasm.guests import *
    kept = []
    executor = BrowserExecutor()
    def load(body):
        kept.append(Load(BrowserExecutor)(guest(body), executor=executor))
        return kept[-1]
    print(load(ECHO).dispatch(RUN, ARGUMENT) == ARGUMENT, flush=True)
"""


def test_a_program_that_ends_without_closing_ends_and_leaves_no_process() -> None:
    done = run_program(
        PROGRAM
        + f"""
    import sys
    sys.path.insert(0, {str(Path(__file__).parent)!r})
    from pathlib import Path
    parents = {{}}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = {{os.getpid()}}
    for _ in range(9):
        found |= {{pid for pid, parent in parents.items() if parent in found}}
    print(*(found - {{os.getpid()}}))
    """
    )
    said, pids = done.stdout.splitlines()
    assert (said, done.stderr, done.returncode) == ("True", "", 0)
    assert pids
    assert all(ended(int(pid)) for pid in pids.split())


def test_ctrl_c_in_the_terminal_ends_the_call_and_not_the_browser() -> None:
    done = run_program(
        PROGRAM
        + """
    endless = load(ENDLESS)
    import threading
    threading.Timer(0.3, lambda: os.killpg(0, signal.SIGINT)).start()
    try:
        endless.dispatch(RUN, ARGUMENT)
    except KeyboardInterrupt:
        print("interrupted")
    print(kept[0].dispatch(RUN, ARGUMENT) == ARGUMENT, load(ECHO).dispatch(RUN, ARGUMENT) == ARGUMENT)
    """
    )
    assert (done.stdout.split(), done.stderr) == (["True", "interrupted", "True", "True"], "")


def test_a_forked_process_starts_a_browser_of_its_own() -> None:
    done = run_program(
        PROGRAM
        + """
    child = os.fork()
    if not child:
        executor = BrowserExecutor()
        print(load(ECHO).dispatch(RUN, ARGUMENT) == ARGUMENT, flush=True)
        executor.close()
        os._exit(0)
    print(os.waitpid(child, 0)[1], kept[0].dispatch(RUN, ARGUMENT) == ARGUMENT)
    """
    )
    assert done.stdout.split() == ["True", "True", "0", "True"], done.stderr
