"""The root of all values, and the checks their constructors share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, TypeVar, Union
from uuid import UUID

from .kinds import Kind, Tag
from .sequences import described, sequence_of

_Self = TypeVar("_Self", bound="Value")

IdLike = Union[UUID, str]
"""What constructors accept as an id: a UUID or its text. Values hold the UUID."""


set_once = object.__setattr__
"""Set an attribute of an immutable value, in its constructor."""


class Value:
    """The root of all values. Attributes are set once, by the constructor."""

    __slots__ = ()

    kind: ClassVar[Kind]
    """The kind of the value, for an array the kind of its items."""
    tag: ClassVar[Tag]

    def __init_subclass__(cls, kind: Kind | None = None) -> None:
        super().__init_subclass__()
        if kind is not None:
            cls.kind, cls.tag = kind, kind.tag

    def _key(self) -> object:
        """Return what equality and hash compare: equal exactly for values that encode to the same bytes."""
        raise NotImplementedError

    def _arguments(self) -> tuple[object, ...]:
        """Return the constructor arguments that make an equal value."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        assert isinstance(other, Value)
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self), self._key()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._arguments()))})"

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self._arguments()

    def __copy__(self: _Self) -> _Self:
        return self

    def __deepcopy__(self: _Self, memo: object) -> _Self:
        return self

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")


def uuid(value: object) -> UUID:
    """Return ``value``, a UUID or its text, as a UUID. Raises TypeError or ValueError for anything else."""
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str):
        raise TypeError(f"expected a UUID, got {described(value)}")
    try:
        return UUID(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a UUID") from None


def text(value: object) -> str:
    """Return ``value``. Raises TypeError if it is not a str, ValueError if it holds a lone surrogate."""
    if not isinstance(value, str):
        raise TypeError(f"expected a str, got {described(value)}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"lone surrogate at character {error.start}, which UTF-8 cannot encode") from None
    return value


def checked(value: object) -> Value:
    """Return ``value``. Raises TypeError if it is not a value."""
    if not isinstance(value, Value):
        raise TypeError(f"expected a value of arora_core.values, got {described(value)}")
    return value


def each(check: Any, items: Sequence[Any]) -> Iterator[Any]:
    """Yield ``check(item)`` for every item of a sequence; the error about one starts with its index: ``[3]: ...``."""
    for index, item in enumerate(sequence_of(items)):
        try:
            yield check(item)
        except (TypeError, ValueError) as error:
            raise type(error)(f"[{index}]: {error}") from None
