"""A guest's stack pointer across calls that end before the guest returns."""

from __future__ import annotations

from .guest_interface import GlobalVariable


class KeptStack:
    """Puts the stack pointer of one guest back where it was when a failed call entered the guest.

    Between calls its value never changes (:mod:`.stack_pointer`), so an outermost call that succeeds costs nothing.
    Only a call into a guest that is already running has to remember the value.

    Until it is told of the stack, it takes the guest to have one whose pointer is unknown.
    """

    __slots__ = ("_pointer", "_resting", "_unknown", "is_lost")

    def __init__(self) -> None:
        self._pointer: GlobalVariable | None = None
        self._resting = 0
        self._unknown = True
        self.is_lost = False
        """Whether a failure has lost frames of a stack whose pointer is unknown."""

    def attach(self, pointer: GlobalVariable | None, *, unknown: bool) -> None:
        """Use the stack pointer of a guest that has been initialized; ``unknown`` if it may have one, but which?"""
        self._pointer, self._unknown = pointer, unknown
        if pointer is not None:
            self._resting = pointer.get()

    def detach(self) -> None:
        """Release the reference to the guest."""
        self._pointer, self._unknown = None, False

    def position(self) -> int:
        """Return where the stack is while the guest runs, to pass to :meth:`put_back`."""
        return self._resting if self._pointer is None else self._pointer.get()

    def put_back(self, position: int | None) -> None:
        """Put the stack back after a failed call: to ``position``, None for an outermost call."""
        if self._pointer is not None:
            self._pointer.set(self._resting if position is None else position)
        elif self._unknown:
            self.is_lost = True
