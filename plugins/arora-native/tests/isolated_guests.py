"""Loads small guests in processes of their own."""

from __future__ import annotations

import os
import re
import select
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from arora_native.isolated.executor import IsolatedExecutor
from arora_native.isolated.instance import IsolatedInstance

from arora_core.executor import Limits
from arora_core.header import Header, ModuleDefinition
from tests.native_libraries import HEADER, StubHost, guest
from tests.striking import moments, struck_at

NO_LIMITS: Final = Limits()


class Isolated:
    """Loads guests that do something when they are given ``true``, and count their calls otherwise."""

    def __init__(self) -> None:
        self.executor = IsolatedExecutor()
        self.written: list[tuple[int, bytes]] = []
        """What guests have written."""
        self._instances: list[IsolatedInstance] = []

    def __call__(
        self,
        body: str = "",
        before: str = "",
        host: StubHost | None = None,
        limits: Limits = NO_LIMITS,
        header: Header = HEADER,
        write: Callable[[int, bytes], object] | None = None,
    ) -> IsolatedInstance:
        host = host or StubHost()
        host.write_output = write or (lambda fd, data: self.written.append((fd, data)))  # type: ignore
        library = guest(f"if (argument[5]) {{ {body} }} return number(++calls);", before)
        instance = self.executor.load(ModuleDefinition(header, library), host, limits)
        assert isinstance(instance, IsolatedInstance)
        self._instances.append(instance)
        return instance

    def close(self) -> None:
        """Close all instances."""
        for each in self._instances:
            each.close()


@pytest.fixture
def isolated() -> Iterator[Isolated]:
    with closing(Isolated()) as made:
        yield made


def said_by_a_fork(program: Callable[[], bytes]) -> bytes:
    """Return what ``program`` returns in a process that this one forks; nothing if it fails there."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(theirs, program())
        finally:
            os._exit(0)
    os.close(theirs)
    with open(ours, "rb") as file:
        said = file.read()
    os.waitpid(child, 0)
    return said


def strike_loads(isolated: Isolated, check: Callable[[], object]) -> None:
    """Load and close a guest, struck at one moment after another, with a check after each."""

    def load_and_close() -> None:
        instance = isolated()
        isolated._instances.clear()
        instance.close()

    strikes = 0
    for moment in moments(8):
        strikes += 1
        if not struck_at(moment, load_and_close):
            break
        isolated._instances.clear()
        check()
    assert strikes > 30


def worker_of(instance: IsolatedInstance) -> int:
    """Return the process of an instance."""
    assert instance._worker is not None
    return instance._worker.number


def parent_of(process: int) -> int:
    """Return the parent of a process."""
    return int(re.findall(r"PPid:\s*(\d+)", Path(f"/proc/{process}/status").read_text())[0])


def children_of(process: int) -> list[int]:
    """Return the children of a process that has one thread, those that have ended and are not reaped included."""
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def wait_for_the_end_of(process: int) -> None:
    """Wait until a process has ended, whether it is reaped or not."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    ended = poller.poll(30_000)
    os.close(descriptor)
    assert ended, f"process {process} goes on"
