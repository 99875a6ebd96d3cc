from collections.abc import Callable
from typing import Any

class Call:
    """A call of one function of a guest: as ``any_call`` makes it, and faster."""

    def __new__(
        cls,
        parameters: int,
        ask: Callable[..., Any],
        any_call: Callable[..., Any],
        encode: Callable[..., bytes],
        decode: Callable[[bytes], Any],
        resume: Callable[[bytes], Any],
        unencoded: Callable[[Exception, tuple[Any, ...]], Any],
        undecoded: Callable[[Exception, bytes], Any],
        fail: Callable[[BaseException], object],
        acquire: Callable[[], object],
        release: Callable[[], object],
        running: list[Any],
        hosting: list[Any],
        module: object,
        thread: object,
    ) -> Call: ...
    def __call__(self, *args: object, **kwargs: object) -> Any: ...
    def bind(
        self,
        enter: int,
        context: int,
        function: int,
        values: int,
        value_count: int,
        trap: int,
        argument: int,
        argument_size: int,
        answer: int,
        answer_size: int,
        open: list[Any],
        carried: list[Any],
        unsettled: list[Any],
        before: Callable[[], object] | None,
        settle: Callable[[int], bytes],
    ) -> None:
        """Enter the guest here from now on, until it is closed. Takes the fields of a ``RawEntry``."""
    def unbind(self) -> None:
        """Ask for an entry again."""
    def postpone(self, calls: int, /) -> None:
        """Make so many calls with ``any_call`` before the next one with ``ask``."""
