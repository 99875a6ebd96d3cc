"""A guest that takes its actions from arbitrary bytes, to fuzz the guest protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn

from arora_core.errors import EngineClosed, FunctionNotFound, ModuleBusy, Trap, TrapKind
from arora_core.linear_memory import LinearGuest
from arora_core.wasi import PREVIEW_1, Preview1

RUN: Final = bytes(range(16))
_PAGE: Final = 4096
_MOST_PAGES: Final = 8
_DEEPEST: Final = 8
_WASI: Final = sorted(PREVIEW_1.keys() - {"poll_oneoff", "sched_yield"})
"""WASI functions that the guest calls. The two that are left out sleep, or do nothing."""


class Script:
    """Bytes, read as actions and numbers. Past their end all bytes are zero."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    def take(self, size: int) -> bytes:
        taken = self._data[self._offset : self._offset + size]
        self._offset += size
        return taken.ljust(size, b"\0")

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    @property
    def ended(self) -> bool:
        return self._offset >= len(self._data)


class BoundedMemory:
    """Linear memory that fails the test if it is accessed out of bounds."""

    def __init__(self) -> None:
        self.bytes = bytearray(_PAGE)

    def size(self) -> int:
        return len(self.bytes)

    def read(self, offset: int, size: int) -> bytes:
        assert 0 <= offset <= offset + size <= len(self.bytes), (offset, size)
        return bytes(self.bytes[offset : offset + size])

    def write(self, offset: int, data: bytes) -> None:
        assert 0 <= offset <= offset + len(data) <= len(self.bytes), (offset, data)
        self.bytes[offset : offset + len(data)] = data


class HostFailure(Exception):
    """An exception of the host, which must reach the caller as the same object."""


class Unwinding(Exception):
    """The trap with which a runtime unwinds its guest while an exception is pending."""


class HostileGuest:
    """A guest and its host."""

    def __init__(self, data: bytes) -> None:
        self.script = Script(data)
        self.memory = BoundedMemory()
        self.depth = 0
        self.next = 64
        self.raised: list[BaseException] = []
        self.protocol = LinearGuest(self)
        self.wasi = Preview1(self.protocol)
        self.wasi.attach(self.memory)
        self.protocol.attach(
            self.memory, self._export(self._allocated), self._export(lambda _: 0), {RUN: self._export(lambda _: 0)}
        )
        self._actions: list[Callable[[], int | None]] = [
            lambda: self.script.number(4),
            lambda: self.script.number(2),
            lambda: -self.script.number(4),
            lambda: self._placed(self.script.take(self.script.number(1))),
            self._write,
            self._grow,
            lambda: self._import(self.protocol.answer_dispatch, *(self.script.number(2) for _ in range(3))),
            lambda: self._import(self.protocol.answer_dispatch, *(-self.script.number(4) for _ in range(3))),
            self._dispatch,
            lambda: self._import(self.protocol.answer_dispatch_indirect, -self.script.number(8)),
            lambda: self._import(self.protocol.answer_fd_write, *(self.script.number(2) for _ in range(4))),
            self._wasi,
            self._call_again,
            self._crash,
            lambda: self._placed(b"\5\0\0\0\0"),
        ]

    # The guest.

    def _export(self, otherwise: Callable[[int], int]) -> Callable[[int], int]:
        def run(argument: int) -> int:
            if self.depth >= _DEEPEST:
                return otherwise(argument)
            self.depth += 1
            try:
                while not self.script.ended:
                    answer = self._actions[self.script.number(1) % len(self._actions)]()
                    if answer is not None:
                        return answer
                return otherwise(argument)
            except Unwinding:
                self.protocol.raise_carried()
            finally:
                self.depth -= 1

        return run

    def _import(self, function: Callable[..., int | None], *arguments: int) -> int | None:
        try:
            return function(*arguments)
        except BaseException as error:
            if isinstance(error, AssertionError):
                raise
            self.protocol.carried.append(error)
            raise Unwinding from None

    def _allocated(self, size: int) -> int:
        at, self.next = self.next, self.next + size
        return at if self.next <= len(self.memory.bytes) else 0

    def _placed(self, data: bytes) -> int:
        at = self._allocated(len(data) + 4)
        if at:
            self.memory.write(at, (len(data) + 4).to_bytes(4, "little") + data)
        return at

    def _write(self) -> None:
        data = self.script.take(self.script.number(1))
        at = self.script.number(2) % len(self.memory.bytes)
        self.memory.bytes[at : at + len(data)] = data[: len(self.memory.bytes) - at]

    def _grow(self) -> None:
        if len(self.memory.bytes) < _MOST_PAGES * _PAGE:
            self.memory.bytes += bytes(_PAGE)

    def _dispatch(self) -> int | None:
        at = self._allocated(32)
        argument = self._placed(self.script.take(self.script.number(1)))
        return self._import(self.protocol.answer_dispatch, at, at + 16, argument)

    def _wasi(self) -> None:
        name = _WASI[self.script.number(1) % len(_WASI)]
        size = 4 if self.script.number(1) % 2 else 2
        errno = self._import(self.wasi.answer(name), *(self.script.number(size) for _ in PREVIEW_1[name].params))
        assert errno is None or 0 <= errno < 77, (name, errno)

    def _call_again(self) -> None:
        def enter() -> None:
            self.entered()

        self._import(enter)

    def entered(self) -> bytes:
        result = self.protocol.dispatch(RUN, self.script.take(self.script.number(1)))
        assert len(result) >= 5, result
        assert int.from_bytes(result[:4], "little") == len(result), result
        return result

    def _crash(self) -> NoReturn:
        self._fail(Trap("unreachable", kind=TrapKind.UNREACHABLE))

    # Its host.

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        assert len(module_id) == len(function_id) == 16
        assert int.from_bytes(argument[:4], "little") == len(argument) >= 5, argument
        return self._host_answer()

    def dispatch_indirect(self, callable_id: int) -> bytes:
        assert 0 <= callable_id < 1 << 64, callable_id
        return self._host_answer()

    def write_output(self, fd: int, data: bytes) -> None:
        assert fd in (1, 2), fd
        self._host_answer()

    def _host_answer(self) -> bytes:
        how = self.script.number(1)
        if how % 4 == 0:
            self._fail(HostFailure())
        if how % 4 == 1 and self.depth < _DEEPEST:
            return self.entered()
        if how % 4 == 3:
            self.protocol.close()
        return self.script.take(self.script.number(1))

    def _fail(self, error: Exception) -> NoReturn:
        self.raised.append(error)
        raise error


def call(data: bytes) -> None:
    """Check that a call of the guest returns a buffer or raises a documented error, and stays inside its memory."""
    guest = HostileGuest(data)
    raised = _outcome(guest)
    if isinstance(raised, Trap) and not any(raised is each for each in guest.raised):
        assert raised.kind in (TrapKind.ABI, TrapKind.EXIT), raised
    if isinstance(raised, HostFailure):
        assert any(raised is each for each in guest.raised), raised
    assert not guest.protocol.carried, guest.protocol.carried
    guest.protocol.close()


def _outcome(guest: HostileGuest) -> Exception | None:
    try:
        guest.entered()
    except (Trap, HostFailure, ModuleBusy, EngineClosed, FunctionNotFound) as error:
        return error
    return None
