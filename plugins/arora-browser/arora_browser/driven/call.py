"""One call into a page: the calling thread waits for it, and meanwhile serves the guest's requests."""

from __future__ import annotations

import json
import threading
from base64 import b64decode, b64encode
from math import inf
from queue import Empty
from time import monotonic
from typing import Final

from arora_core.budget import current
from arora_core.errors import AroraError, LimitExceeded, Trap
from arora_core.executor import Host, Limits
from arora_core.header import Header
from arora_core.wasm.python_stack import require_frames

from .. import guest_failures
from .page import CallEnded, HostRequest, MessageBox, Page

_STACK_FRAMES: Final = 40
"""More than a call needs. During a call, the page could not be told of a RecursionError any more."""


class PageCall:
    """One call, stopped at the nearest deadline of the running calls. Calls nest to any depth, in any pages."""

    def __init__(self, page: Page, header: Header, host: Host, limits: Limits) -> None:
        self._page = page
        self._header = header
        self._host = host
        self._limits = limits
        self._exceptions: dict[int, BaseException] = {}

    def run(self, method: str, *arguments: str) -> bytes:
        """Return what the page's ``method`` returns, or raise its exception.

        Any exception that interrupts the wait, such as KeyboardInterrupt, stops the guest too.
        """
        require_frames(_STACK_FRAMES)
        waiting = True
        number, mailbox = self._page.begin(method, *arguments)
        try:
            outcome = self._wait(number, mailbox)
            waiting = False
        except AroraError:
            waiting = False
            raise
        finally:
            if waiting:
                self._page.interrupt(number)
            self._page.end(number)
        return self._result(outcome)

    def _wait(self, number: int, mailbox: MessageBox) -> str:
        while True:
            try:
                message = mailbox.get(timeout=self._time_left())
            except Empty:
                raise self._stop_at_deadline(number) from None
            if isinstance(message, CallEnded):
                return message.outcome
            if not isinstance(message, HostRequest):
                raise page_lost_error(self._page)
            if self._time_left() == 0:
                raise self._stop_at_deadline(number)
            self._serve(message)

    def _serve(self, request: HostRequest) -> None:
        try:
            response = self._call_host(request.what, request.parts)
        except BaseException as error:
            # Once the guest is unwound, its outcome has the request's number, and `run` raises this same object.
            self._exceptions[request.request] = error
            self._page.reject(request.request)
        else:
            self._page.resolve(request.request, to_base64(response))

    def _call_host(self, what: str, parts: list[str]) -> bytes:
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
        if failure.get("request") in self._exceptions:
            raise self._exceptions.pop(failure["request"])
        if "code" not in failure:
            raise RuntimeError(f"the page's own code failed: {failure.get('message')}")
        raise guest_failures.exception_from(
            failure["code"],
            guest_failures.replace_symbols(failure["message"], self._header),
            kind=failure.get("kind"),
            exit_code=failure.get("exitCode"),
            symbol=failure.get("symbol"),
        )

    def _time_left(self) -> float | None:
        return None if current.until == inf else min(max(current.until - monotonic(), 0), threading.TIMEOUT_MAX)

    def _stop_at_deadline(self, number: int) -> LimitExceeded:
        self._page.interrupt(number)
        return current.deadline_exceeded(self._limits.deadline)


def page_lost_error(page: Page) -> Trap:
    """Return the error for a guest whose page has crashed or was closed."""
    return Trap(f"{page.lost_reason}; what it held is lost")


def to_base64(data: bytes) -> str:
    """Return ``data`` as it is sent to a page."""
    return b64encode(data).decode()
