"""The root of all values, and what their constructors take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Union
from uuid import UUID

from .kinds import Kind, Tag
from .numeric import described

IdLike = Union[UUID, str]
"""What constructors take for an id; it is kept as a UUID."""


set_once = object.__setattr__
"""Set an attribute of a value, in its constructor."""


class Value:
    """The root of all values. Attributes are set once, by the constructor."""

    __slots__ = ()

    kind: ClassVar[Kind]
    """The kind of the values; of an array, that of its items."""
    tag: ClassVar[Tag]

    def __init_subclass__(cls, kind: Kind | None = None) -> None:
        super().__init_subclass__()
        if kind is not None:
            cls.kind, cls.tag = kind, kind.tag

    def _key(self) -> object:
        """Decides equality and hash: equal for values of equal encoding, and only for those."""
        raise NotImplementedError

    def _arguments(self) -> tuple[object, ...]:
        """What the constructor would have to be given to make this value again."""
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

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")


def uuid(value: object) -> UUID:
    """``value`` as a UUID; its text will do."""
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str):
        raise TypeError(f"expected a UUID, got {described(value)}")
    try:
        return UUID(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a UUID") from None


def text(value: object) -> str:
    """``value`` as text that UTF-8 can carry."""
    if not isinstance(value, str):
        raise TypeError(f"expected a str, got {described(value)}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"lone surrogate at character {error.start}, which UTF-8 cannot carry") from None
    return value


def checked(value: object) -> Value:
    if not isinstance(value, Value):
        raise TypeError(f"expected a value of arora_core.values, got {described(value)}")
    return value


def each(check: Any, items: Iterable[Any]) -> Iterator[Any]:
    if isinstance(items, (str, bytes, Mapping)):
        raise TypeError(f"expected a sequence, got {described(items)}")
    for index, item in enumerate(items):
        try:
            yield check(item)
        except (TypeError, ValueError) as error:
            raise type(error)(f"[{index}]: {error}") from None
