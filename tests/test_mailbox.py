"""Mailboxes give what is put into them, in order, and their timeouts hold."""

from __future__ import annotations

import signal
import threading
from queue import Empty

import pytest

from arora_core.mailbox import Mailbox


def test_items_come_in_the_order_in_which_they_were_put() -> None:
    mailbox = Mailbox[int]()
    for number in range(5):
        mailbox.put(number)
    assert [mailbox.get() for _ in range(5)] == list(range(5))


@pytest.mark.parametrize("timeout", [0, 1e-9, 1e-7, 1e-6, 1e-5])
def test_however_short_a_timeout_is_it_passes(timeout: float) -> None:
    for _ in range(500):
        with pytest.raises(Empty):
            Mailbox[int]().get(timeout=timeout)


def test_an_item_that_is_there_needs_no_time() -> None:
    mailbox = Mailbox[int]()
    mailbox.put(1)
    assert mailbox.get(timeout=0) == 1
    with pytest.raises(Empty):
        mailbox.get(timeout=0)


@pytest.mark.parametrize("timeout", [None, 60])
def test_a_wait_ends_when_something_is_put(timeout: float | None) -> None:
    mailbox = Mailbox[int]()
    for number in range(200):
        thread = threading.Thread(target=mailbox.put, args=(number,))
        thread.start()
        assert mailbox.get(timeout=timeout) == number
        thread.join()


def test_what_many_threads_put_arrives() -> None:
    mailbox = Mailbox[int]()

    def put() -> None:
        for _ in range(500):
            mailbox.put(1)

    threads = [threading.Thread(target=put) for _ in range(8)]
    for each in threads:
        each.start()
    assert sum(mailbox.get(timeout=60) for _ in range(4000)) == 4000
    for each in threads:
        each.join()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no interval timers")
def test_signals_do_not_prolong_a_wait() -> None:
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        for _ in range(50):
            with pytest.raises(Empty):
                Mailbox[int]().get(timeout=0.002)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no interval timers")
def test_a_signals_handler_may_put() -> None:
    mailbox = Mailbox[int]()
    before = signal.signal(signal.SIGALRM, lambda *_: mailbox.put(1))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        assert mailbox.get(timeout=60) == 1
    finally:
        signal.signal(signal.SIGALRM, before)
