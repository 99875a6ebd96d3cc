"""Ctrl-C leaves no lock of Arora's locked."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from arora_core.lock import Lock
from tests.test_layers import CORE

PLUGINS = Path(__file__).parent.parent / "plugins"
OTHER_LOCKS = {"lock.py", "alarm.py", "cache.py", "mailbox.py"}
"""Those with locks that are never locked by ``with``, and ours."""


class Struck(Exception):
    """What the handler raises."""


class Strikes:
    """A timer whose handler raises once after each time that it is armed."""

    armed = False

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.armed:
            self.armed = False
            raise Struck


@pytest.fixture
def strikes() -> Iterator[Strikes]:
    strikes = Strikes()
    handler = signal.signal(signal.SIGALRM, strikes.on_signal)
    signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
    yield strikes
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, handler)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no interval timers")
def test_what_a_handler_raises_leaves_no_lock_locked(strikes: Strikes) -> None:
    lock = Lock()

    def until_struck() -> None:
        strikes.armed = True
        while True:
            with lock:
                pass

    for _ in range(200):
        with pytest.raises(Struck):
            until_struck()
        with pytest.raises(RuntimeError, match="un-acquired"):
            lock.release()


def test_its_thread_can_lock_it_again() -> None:
    lock = Lock()
    with lock, lock:
        pass
    with pytest.raises(RuntimeError, match="un-acquired"):
        lock.release()


def test_no_file_makes_another_lock() -> None:
    sources = {path: path.read_text("utf-8") for path in [*CORE.rglob("*.py"), *PLUGINS.glob("*/arora_*/**/*.py")]}
    made = re.compile(r"from _?thread(ing)? import .*(Lock|Condition)|thread(ing)?\.(R?Lock|Condition|allocate_lock)\b")
    assert {path.name for path, source in sources.items() if made.search(source)} == OTHER_LOCKS
