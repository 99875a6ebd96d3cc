"""One call into a page: the thread that makes it waits, and answers what the guest asks meanwhile."""

from __future__ import annotations

import json
import threading
from base64 import b64decode, b64encode
from queue import Empty
from time import monotonic
from typing import Final

from arora_core.errors import AroraError, LimitExceeded, Trap
from arora_core.executor import Host, Limits
from arora_core.header import Header

from .. import guest_failures
from .page import Answered, Asked, Mailbox, Page

_FRAMES: Final = 40
"""More than this file needs below it."""


class PageCall:
    """One call, nested to any depth in others: of the same page, or of others."""

    def __init__(self, page: Page, header: Header, host: Host, limits: Limits, end: float | None) -> None:
        self._page = page
        self._header = header
        self._host = host
        self._limits = limits
        self._end: Final = end
        self._raised: dict[int, BaseException] = {}

    def run(self, method: str, *arguments: str) -> bytes:
        """What the page's ``method`` answers, or the exception that came of it.

        Whatever interrupts the wait stops the guest where it is: nobody would listen to it any more.
        """
        _require_stack(_FRAMES)
        listening = True
        number, mailbox = self._page.begin(method, *arguments)
        try:
            outcome = self._outcome(number, mailbox)
            listening = False
        except AroraError:
            listening = False
            raise
        finally:
            if listening:
                self._page.interrupt(number)
            self._page.end(number)
        return self._result(outcome)

    def _outcome(self, number: int, mailbox: Mailbox) -> str:
        while True:
            try:
                message = mailbox.get(timeout=self._left())
            except Empty:
                raise self._expired(number) from None
            if isinstance(message, Answered):
                return message.outcome
            if not isinstance(message, Asked):
                raise lost(self._page)
            if self._left() == 0:
                raise self._expired(number)
            self._serve(message)

    def _serve(self, asked: Asked) -> None:
        try:
            answer = self._answer(asked.what, asked.parts)
        except BaseException as error:
            # It stays here, and unwinds the guest by its number: the same object comes out of `run`.
            self._raised[asked.request] = error
            self._page.refuse(asked.request)
        else:
            self._page.answer(asked.request, text(answer))

    def _answer(self, what: str, parts: list[str]) -> bytes:
        if what == "dispatch":
            module_id, function_id, argument = map(b64decode, parts)
            return self._host.dispatch(module_id, function_id, argument)
        if what == "indirect":
            return self._host.dispatch_indirect(int(parts[0]))
        self._host.write_output(int(parts[0]), b64decode(parts[1]))
        return b""

    def _result(self, outcome: str) -> bytes:
        if outcome.startswith("="):
            return b64decode(outcome[1:])
        failure = json.loads(outcome[1:])
        if failure.get("request") in self._raised:
            raise self._raised.pop(failure["request"])
        if "code" not in failure:
            raise RuntimeError(f"the page's own code failed: {failure.get('message')}")
        raise guest_failures.error(
            failure["code"],
            guest_failures.named(failure["message"], self._header),
            kind=failure.get("kind"),
            exit_code=failure.get("exitCode"),
            symbol=failure.get("symbol"),
        )

    def _left(self) -> float | None:
        return None if self._end is None else min(max(self._end - monotonic(), 0), threading.TIMEOUT_MAX)

    def _expired(self, number: int) -> LimitExceeded:
        self._page.interrupt(number)
        return LimitExceeded(f"ran longer than its deadline of {self._limits.deadline} s", limit="deadline")


def _require_stack(frames: int) -> None:
    """Runs out of stack now rather than halfway through a call, which nobody could then tell the page."""
    if frames:
        _require_stack(frames - 1)


def lost(page: Page) -> Trap:
    """The error for a guest whose page is no more."""
    return Trap(f"{page.gone}; what it held is lost, load the module again")


def text(data: bytes) -> str:
    """``data`` as it crosses to a page."""
    return b64encode(data).decode()
