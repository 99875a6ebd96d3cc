"""The host of a guest with a deadline, which is stopped as soon as a call of its host returns too late."""

from __future__ import annotations

from ..budget import current
from ..executor import Host


class TimedHost:
    """A :class:`~arora_core.executor.Host` that raises LimitExceeded once the nearest deadline has passed.

    What the guest called may have no limit, so it returns at any time; the guest that called it may then end before it
    comes to a place where the runtime stops it.
    """

    __slots__ = ("_host", "write_output")

    def __init__(self, host: Host) -> None:
        self._host = host
        self.write_output = host.write_output

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        answer = self._host.dispatch(module_id, function_id, argument)
        current.check()
        return answer

    def dispatch_indirect(self, callable_id: int) -> bytes:
        answer = self._host.dispatch_indirect(callable_id)
        current.check()
        return answer
