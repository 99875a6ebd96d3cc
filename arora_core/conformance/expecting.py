"""Assertions of checks, with failure messages for the author of an executor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from ..errors import Trap

_T = TypeVar("_T")
_E = TypeVar("_E", bound=BaseException)

_MAX_REPR: Final = 200


class CheckFailed(AssertionError):
    """An executor or a codec violates its contract. The message gives the expected and the actual behaviour."""


class CheckSkipped(Exception):
    """A check cannot run on this machine. The message gives the reason."""


def expect(condition: bool, message: str) -> None:
    """Raise CheckFailed with ``message`` if ``condition`` is false."""
    if not condition:
        raise CheckFailed(message)


def expect_equal(actual: object, expected: object, what: str) -> None:
    """Raise CheckFailed if ``actual`` differs from ``expected``. ``what`` names the compared value in the message."""
    if actual != expected:
        raise CheckFailed(f"{what}: expected {shortened_repr(expected)}, got {shortened_repr(actual)}")


def expect_raises(error: type[_E], call: Callable[[], object], what: str, **attributes: object) -> _E:
    """Call ``call`` and return the exception it raises.

    Raises CheckFailed if it returns, if the exception is not an instance of ``error``, or if one of its attributes
    differs from ``attributes``.
    """
    try:
        result = call()
    except error as raised:
        for name, expected in attributes.items():
            expect_equal(getattr(raised, name), expected, f"{what}: .{name} of the {type(raised).__name__} ({raised})")
        return raised
    except Exception as other:
        raise CheckFailed(f"{what}: expected {error.__name__}, it raised {type(other).__name__}: {other}") from other
    raise CheckFailed(f"{what}: expected {error.__name__}, it returned {shortened_repr(result)}")


def unless_restarted(call: Callable[[], _T], what: str) -> _T | None:
    """Return what ``call`` returns, in whose middle the same guest has crashed; None if that took the call with it.

    Then the call has to raise a Trap that says so: the module was restarted. Raises CheckFailed otherwise.
    """
    try:
        return call()
    except Trap as trap:
        expect(trap.restarted, f"{what}, in which the same guest crashed, does not go on: {trap}")
        return None


def shortened_repr(thing: object) -> str:
    """Return ``repr(thing)``, with the middle left out if it is longer than ``_MAX_REPR`` characters."""
    text = repr(thing)
    return text if len(text) <= _MAX_REPR else f"{text[: _MAX_REPR // 2]} … {text[-_MAX_REPR // 2 :]}"
