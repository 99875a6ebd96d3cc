"""Calls of many rows by loops beside the guest (:mod:`.row_loop_module`), for any WebAssembly runtime."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from ..errors import Trap
from ..rows import Forms, Rows, RowsCall
from .guest_interface import U32, GlobalVariable
from .guest_memory import SLACK
from .linear_memory import LinearGuest
from .row_loop_module import room_size

_WORTH: Final = 512
"""Rows of a batch that is worth making a loop for."""
_MOST_LOOPS: Final = 64
"""Loops of one function. Runtimes keep an instance until the guest is closed."""


class RowLoop(Protocol):
    """An instance of a loop module beside the guest."""

    def run(self, numbers: Sequence[int]) -> int:
        """Call its export ``run``; return the i64. Raises as an export of the guest does."""
        ...

    @property
    def row(self) -> GlobalVariable:
        """Its global ``row``."""
        ...


class _Block(NamedTuple):
    """The host's memory in the guest for the calls of some rows."""

    at: int
    end: int
    columns: list[int]
    results: list[int]
    """Where each column begins."""


class RowLoops:
    """Makes the calls of rows of one function, by a loop where that is worth making one."""

    def __init__(self, guest: LinearGuest, plain: RowsCall, make: Callable[[Forms], RowLoop]) -> None:
        """``make`` instantiates the loop module for some forms; ``plain`` makes the calls where no loop does."""
        self._guest = guest
        self._plain = plain
        self._make = make
        self._loops: dict[Forms, RowLoop] = {}

    def __call__(self, rows: Rows) -> None:
        """Make the calls, as :data:`arora_core.rows.RowsCall`."""
        guest = self._guest
        # A loop keeps its row in a global, which a loop inside one of its rows would change.
        loop = None if guest.calls_out else self._loop(rows)
        block = None
        if loop is not None:
            guest.begin()
            block = self._reserved(rows)
        if loop is None or block is None:
            self._plain(rows)
            return
        try:
            self._run(rows, loop, block)
        except BaseException:
            guest.kept_stack.put_back(None)
            # Freed before the next call, as arguments of failed calls are.
            guest.unsettled.append(block.at)
            raise
        try:
            guest.release(block.at)
        except Trap:
            # As before a call: an allocator that crashes keeps the memory.
            guest.kept_stack.put_back(None)

    def _loop(self, rows: Rows) -> RowLoop | None:
        loop = self._loops.get(rows.forms)
        if loop is None and rows.left >= _WORTH and len(self._loops) < _MOST_LOOPS:
            loop = self._loops[rows.forms] = self._make(rows.forms)
        return loop

    def _run(self, rows: Rows, loop: RowLoop, block: _Block) -> None:
        guest, forms, first = self._guest, rows.forms, rows.done
        for at, field, column in zip(block.columns, forms.argument.fields, rows.columns, strict=True):
            guest.write(at, column[first * field.size :])
        try:
            # A call that fails before the loop begins leaves it as it is.
            loop.row.set(0)
            numbers = [0, rows.count - first, block.at, block.end, *block.columns, *block.results]
            result_at = loop.run(numbers)
        finally:
            done = loop.row.get() & U32
            rows.done = first + done
            for at, field, result in zip(block.results, forms.result.fields, rows.results, strict=True):
                guest.read_into(at, result[first * field.item : (first + done) * field.item])
        if result_at >= 0:
            rows.unusual = guest.take(result_at, block.at, block.end)

    def _reserved(self, rows: Rows) -> _Block | None:
        """Return a block for the rows that are left; None if the guest has no memory for it."""
        count, size = rows.count - rows.done, room_size(rows.forms.argument, SLACK)
        places: list[int] = []
        for item in [
            *(field.size for field in rows.forms.argument.fields),
            *(field.item for field in rows.forms.result.fields),
        ]:
            places.append(size)
            size += -(-item * count // 16) * 16
        if size + SLACK > U32:
            return None
        try:
            at = self._guest.reserve(size)
        except Trap:
            self._guest.kept_stack.put_back(None)
            return None
        columns = len(rows.forms.argument.fields)
        places = [at + each for each in places]
        return _Block(at, at + size, places[:columns], places[columns:])
