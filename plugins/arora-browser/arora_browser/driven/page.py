"""One page of the browser, and the messages that it sends to the threads that make calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Union

from arora_core.mailbox import Mailbox

from ..module_expression import module_expression
from .event_loop import EventLoopThread

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession
    from playwright.async_api import Page as BrowserPage

_TIMEOUT: Final = 5.0
"""Seconds that a page may take to close, or to stop a call."""
_BINDING: Final = "aroraRequest"
_TERMINATED: Final = "Execution was terminated"


@dataclass(frozen=True)
class CallEnded:
    """A call has ended, with the ``outcome`` that ``driven.mjs`` returns."""

    outcome: str


@dataclass(frozen=True)
class HostRequest:
    """The guest calls its host, and is suspended until the request is resolved or rejected."""

    request: int
    what: str
    parts: list[Any]


@dataclass(frozen=True)
class PageLost:
    """The page has crashed or was closed."""


Message = Union[CallEnded, HostRequest, PageLost]
MessageBox = Mailbox[Message]


class Page:
    """One page with one guest. ``lost_reason`` is set once the page cannot be used any more."""

    def __init__(self, thread: EventLoopThread, page: BrowserPage, session: CDPSession) -> None:
        self.lost_reason: str | None = None
        self._thread = thread
        self._page = page
        self._session = session
        self._javascript = ""
        self._call_numbers = count(1)
        self._mailboxes: dict[int, MessageBox] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, thread: EventLoopThread, context: BrowserContext) -> Page:
        """Return a new page with ``driven.mjs`` in it. Runs in ``thread``."""
        browser_page = await context.new_page()
        session = await context.new_cdp_session(browser_page)
        page = cls(thread, browser_page, session)
        browser_page.on("crash", lambda _: page.mark_lost("its page crashed"))
        browser_page.on("close", lambda _: page.mark_lost("its page was closed"))
        session.on("Runtime.bindingCalled", page._receive_request)
        await session.send("Runtime.enable")
        await session.send("Runtime.addBinding", {"name": _BINDING})
        evaluated = await session.send("Runtime.evaluate", {"expression": module_expression("driven.mjs")})
        page._javascript = evaluated["result"]["objectId"]
        return page

    async def can_suspend(self) -> bool:
        """Whether the page can suspend guests. Runs in the page's thread."""
        return bool(await self._call_javascript("canSuspend"))

    # From the thread that makes a call.

    def begin(self, method: str, *arguments: str) -> tuple[int, MessageBox]:
        """Begin a call; return its number, and the mailbox for its messages. ``end`` has to follow."""
        number, mailbox = next(self._call_numbers), MessageBox()
        self._mailboxes[number] = mailbox
        if self.lost_reason is not None:
            # The page may have been lost just before the mailbox was added.
            mailbox.put(PageLost())
        self._send(method, (number, *arguments), lambda outcome: mailbox.put(CallEnded(str(outcome))))
        return number, mailbox

    def end(self, number: int) -> None:
        """Discard further messages of a call."""
        self._mailboxes.pop(number, None)

    def resolve(self, request: int, response: str) -> None:
        """Resume the guest with the response to its request."""
        self._send("resolve", (request, response))

    def reject(self, request: int) -> None:
        """Unwind the guest: its request raised an exception."""
        self._send("reject", (request,))

    def interrupt(self, number: int) -> None:
        """Stop a call, whatever its guest is doing. Closes the page if that fails."""
        if self.lost_reason is not None:
            return
        stopped = False
        try:
            self._thread.submit(self._interrupt(number)).result(_TIMEOUT)
            stopped = True
        except Exception:
            return
        finally:
            if not stopped:
                self.close_soon("its page was closed because a call that was to stop did not")

    def close_soon(self, reason: str) -> None:
        """Close the page without waiting for it."""
        self.mark_lost(reason)
        self._thread.call_soon(lambda: self._create_task(self._page.close()))

    def close(self) -> None:
        """Close the page, and wait until its resources are released."""
        if self.lost_reason is not None:
            return
        self.mark_lost("it is closed")
        try:
            self._thread.submit(self._page.close()).result(_TIMEOUT)
        except Exception:
            # The page has been closed with its browser, or will be.
            return

    # From any thread.

    def mark_lost(self, reason: str) -> None:
        """End the wait of every call."""
        if self.lost_reason is None:
            self.lost_reason = reason
        for mailbox in list(self._mailboxes.values()):
            mailbox.put(PageLost())

    # In the page's thread.

    def _send(
        self, method: str, arguments: tuple[object, ...], on_return: Callable[[object], None] = lambda _: None
    ) -> None:
        self._thread.call_soon(lambda: self._create_task(self._send_async(method, arguments, on_return)))

    def _create_task(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(_ignore_errors(coroutine))
        # The loop keeps only a weak reference to a task.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_async(
        self, method: str, arguments: tuple[object, ...], on_return: Callable[[object], None]
    ) -> None:
        try:
            returned = await self._call_javascript(method, *arguments)
        except Exception as error:
            # An interrupted call returns nothing. Every other failure is reported to its caller: a page, browser or
            # driver may end without an event.
            if _TERMINATED not in str(error):
                self.mark_lost("its page does not answer any more")
        else:
            on_return(returned)

    async def _call_javascript(self, method: str, *arguments: object) -> object:
        response = await self._session.send(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": f"function (...values) {{ return this.{method}(...values); }}",
                "objectId": self._javascript,
                "arguments": [{"value": each} for each in arguments],
                "awaitPromise": True,
                "returnByValue": True,
            },
        )
        if "exceptionDetails" in response:
            self.mark_lost(f"its page failed: {response['exceptionDetails'].get('text')}")
        return response["result"].get("value")

    async def _interrupt(self, number: int) -> None:
        # The browser responds once running JavaScript has stopped, or at once if there is none.
        await self._session.send("Runtime.terminateExecution")
        await self._call_javascript("interrupt", number)

    def _receive_request(self, event: dict[str, Any]) -> None:
        call, request, what, *parts = json.loads(event["payload"])
        mailbox = self._mailboxes.get(call)
        if mailbox is not None:
            mailbox.put(HostRequest(request, what, parts))


async def _ignore_errors(coroutine: Any) -> None:
    try:
        await coroutine
    except Exception:
        # The page, which was to be closed or sent to, has ended already.
        return
