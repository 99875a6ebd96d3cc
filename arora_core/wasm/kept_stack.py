"""A guest's stack pointer, and an executor's flag, across calls that end before the guest returns."""

from __future__ import annotations

from .guest_interface import GlobalVariable


class KeptStack:
    """Puts the stack pointer of one guest back where it was when a failed call entered the guest.

    Between calls its value never changes (:mod:`.stack_pointer`), so an outermost call that succeeds costs nothing.
    Only a call into a guest that is already running has to remember the value.

    An executor may add a flag in a variable of the guest's store, which is 0 between calls, and is put back as well.

    Until it is told of the stack, it takes the guest to have one whose pointer is unknown.
    """

    __slots__ = ("_flag", "_pointer", "_resting", "_unknown", "is_lost")

    def __init__(self) -> None:
        self._pointer: GlobalVariable | None = None
        self._flag: GlobalVariable | None = None
        self._resting = 0
        self._unknown = True
        self.is_lost = False
        """Whether a failure has lost frames of a stack whose pointer is unknown."""

    def attach(self, pointer: GlobalVariable | None, *, unknown: bool) -> None:
        """Use the stack pointer of a guest that has been initialized.

        ``unknown`` says that the guest may have a stack whose pointer is unknown, if need be besides this one.
        """
        self._pointer, self._unknown = pointer, unknown
        if pointer is not None:
            self._resting = pointer.get()

    def attach_flag(self, flag: GlobalVariable) -> None:
        """Put ``flag`` back with the stack from now on."""
        self._flag = flag

    def detach(self) -> None:
        """Release the references to the guest."""
        self._pointer, self._flag, self._unknown = None, None, False

    def position(self) -> tuple[int, int]:
        """Return where the stack and the flag are while the guest runs, to pass to :meth:`put_back`."""
        stack = self._resting if self._pointer is None else self._pointer.get()
        return stack, 0 if self._flag is None else self._flag.get()

    def put_back(self, position: tuple[int, int] | None) -> None:
        """Put the stack and the flag back after a failed call: to ``position``, None for an outermost call."""
        stack, flag = position or (self._resting, 0)
        if self._flag is not None:
            self._flag.set(flag)
        if self._pointer is not None:
            self._pointer.set(stack)
        if self._unknown:
            self.is_lost = True
