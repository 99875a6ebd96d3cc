"""Calls and their results: as values by id, and as plain Python by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Union
from uuid import UUID

from .errors import ArgumentError
from .values import IdLike, Value, uuid
from .values.sequences import described

ValuesById = Union[Mapping[UUID, Value], Mapping[str, Value], Iterable[tuple[IdLike, Value]]]
"""Values by id: a mapping or pairs. Ids may be text."""


@dataclass(frozen=True, init=False, eq=True)
class Call:
    """A call of one function by ids. ``module_id`` is None where the context determines the module.

    ``args`` is read-only; a parameter left out is missing from the argument buffer. The constructor raises
    ArgumentError for a parameter given twice, TypeError and ValueError for an invalid id or value.
    """

    module_id: UUID | None
    id: UUID
    args: Mapping[UUID, Value]

    def __init__(self, id: IdLike, args: ValuesById = (), module_id: IdLike | None = None) -> None:
        object.__setattr__(self, "module_id", None if module_id is None else uuid(module_id))
        object.__setattr__(self, "id", uuid(id))
        object.__setattr__(self, "args", _by_id(args))

    def __hash__(self) -> int:
        return hash((self.module_id, self.id, frozenset(self.args.items())))

    def __reduce__(self) -> tuple[object, ...]:
        return Call, (self.id, dict(self.args), self.module_id)


@dataclass(frozen=True, init=False, eq=True)
class CallResult:
    """The result of a call: the return value, and the mutable parameters by id (read-only).

    The constructor raises as :class:`Call` does.
    """

    ret: Value
    mutated: Mapping[UUID, Value]

    def __init__(self, ret: Value, mutated: ValuesById = ()) -> None:
        object.__setattr__(self, "ret", _value(ret))
        object.__setattr__(self, "mutated", _by_id(mutated))

    def __hash__(self) -> int:
        return hash((self.ret, frozenset(self.mutated.items())))

    def __reduce__(self) -> tuple[object, ...]:
        return CallResult, (self.ret, dict(self.mutated))


def result_of(ret: Value, mutated: dict[UUID, Value]) -> CallResult:
    """Return the result of these parts. For decoders: the parts are not checked."""
    result = object.__new__(CallResult)
    object.__setattr__(result, "ret", ret)
    object.__setattr__(result, "mutated", MappingProxyType(mutated) if mutated else _NONE)
    return result


if TYPE_CHECKING:
    # Interpreters before 3.11 have no generic named tuples.
    from typing_extensions import TypeVar

    _R = TypeVar("_R", default=Any)
    _M = TypeVar("_M", bound=Mapping[str, Any], default=dict[str, Any])

    class Result(NamedTuple, Generic[_R, _M]):
        """The result of a function with mutable parameters, in plain Python: ``mutated`` is by parameter name."""

        ret: _R
        mutated: _M

else:

    class Result(NamedTuple):
        """The result of a function with mutable parameters, in plain Python: ``mutated`` is by parameter name."""

        ret: Any
        mutated: dict[str, Any]


_NONE: Final[Mapping[UUID, Value]] = MappingProxyType({})


def _by_id(values: ValuesById) -> Mapping[UUID, Value]:
    if not values:
        return _NONE
    pairs: Iterable[tuple[IdLike, Value]] = values.items() if isinstance(values, Mapping) else values
    by_id: dict[UUID, Value] = {}
    for id, value in pairs:
        id = uuid(id)
        if id in by_id:
            raise ArgumentError(f"the parameter {id} is given twice")
        by_id[id] = _value(value)
    return MappingProxyType(by_id)


def _value(value: object) -> Value:
    if not isinstance(value, Value):
        raise TypeError(f"expected a value of arora_core.values, got {described(value)}")
    return value
