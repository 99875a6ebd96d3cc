"""What checks say when something is not as it should be, in words for the author of an executor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

_E = TypeVar("_E", bound=BaseException)

_LONGEST: Final = 200


class CheckFailed(AssertionError):
    """An executor or a codec does not behave as it should. The message says what was expected and what came."""


class CheckSkipped(Exception):
    """A check cannot be made here. The message says why."""


def expect(holds: bool, otherwise: str) -> None:
    """Raises CheckFailed with ``otherwise`` unless ``holds``."""
    if not holds:
        raise CheckFailed(otherwise)


def expect_equal(actual: object, expected: object, what: str) -> None:
    """Raises CheckFailed unless the two are equal. ``what`` names the thing compared."""
    if actual != expected:
        raise CheckFailed(f"{what}: expected {shown(expected)}, got {shown(actual)}")


def expect_raises(error: type[_E], call: Callable[[], object], what: str, **attributes: object) -> _E:
    """Returns the error that ``call`` raises.

    Raises CheckFailed when it returns, raises an error that is no ``error``, or one whose attributes differ from
    ``attributes``.
    """
    try:
        answer = call()
    except error as raised:
        for name, expected in attributes.items():
            expect_equal(getattr(raised, name), expected, f"{what}: .{name} of the {type(raised).__name__} ({raised})")
        return raised
    except Exception as other:
        raise CheckFailed(f"{what}: expected {error.__name__}, it raised {type(other).__name__}: {other}") from other
    raise CheckFailed(f"{what}: expected {error.__name__}, it answered {shown(answer)}")


def shown(thing: object) -> str:
    """``repr``, cut short in the middle."""
    text = repr(thing)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} … {text[-_LONGEST // 2 :]}"
