"""Hypothesis strategies for values, types, signatures and headers: for our checks, and for module authors' tests.

    from hypothesis import given
    from arora_core.conformance import strategies

    @given(strategies.arguments(module.header.exports[0], module.header.types))
    def test_it_never_crashes(arguments): ...

Sizes are upper bounds: nothing larger is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from hypothesis import strategies as st

from .. import values as v
from ..header import ExecutorRequirement, ExportedFunction, Header, Parameter
from ..types import ArrayRef, FixedArrayRef, MapRef, OptionRef, ScalarRef, TypeRef, TypeRegistry
from ..types.references import (
    ARRAY_CLASSES,
    KEY_VALUE,
    OPTION,
    SCALAR_CLASSES,
    STR,
    TYPE_NAMES,
    UNIT,
    VALUE,
)
from ..types.registry import EnumerationType, StructureType
from ..version import Version

MAX_SIZE = 8
"""Default maximum of items of an array, characters of a text and fields of a structure."""
MAX_DEPTH = 3
"""Default maximum nesting of structures, options, enumerations and arrays."""


def texts(*, max_size: int = MAX_SIZE) -> st.SearchStrategy[str]:
    """Return a strategy for text that UTF-8 can encode: any code points but surrogates."""
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=max_size)


def ids() -> st.SearchStrategy[UUID]:
    """Return a strategy for UUIDs, including the null UUID."""
    return st.one_of(st.uuids(), st.sampled_from([UUID(int=0), UUID(int=(1 << 128) - 1)]))


def scalars(*, max_size: int = MAX_SIZE) -> st.SearchStrategy[v.Value]:
    """Return a strategy for values without parts: unit, booleans, numbers (and NaNs of any payload), text and UUIDs."""
    return st.one_of([_SCALARS[cls](max_size) for cls in _SCALARS])


def number_arrays(*, max_size: int = MAX_SIZE) -> st.SearchStrategy[v.Value]:
    """Return a strategy for arrays of numbers of any bit patterns."""
    return st.sampled_from(v.NUMBER_ARRAYS).flatmap(lambda cls: _numbers(cls, 0, max_size))


def values(*, max_size: int = MAX_SIZE, max_depth: int = MAX_DEPTH) -> st.SearchStrategy[v.Value]:
    """Return a strategy for all values."""
    flat = st.one_of(
        scalars(max_size=max_size),
        number_arrays(max_size=max_size),
        st.lists(st.booleans(), max_size=max_size).map(v.ArrayBoolean),
        st.lists(texts(max_size=max_size), max_size=max_size).map(v.ArrayString),
    )
    return flat if max_depth <= 0 else st.one_of(flat, st.deferred(lambda: _nested(max_size, max_depth - 1)))


def types(registry: TypeRegistry | None = None) -> st.SearchStrategy[TypeRef]:
    """Return a strategy for references to well-known types and to those of ``registry``."""
    known = registry if registry is not None else TypeRegistry()
    records = [each.id for each in known]
    # The bare id of option has no form in headers that names the type of its value.
    scalar = [id for id in TYPE_NAMES if id != OPTION] + records
    element = [id for id in ARRAY_CLASSES if id != VALUE] + [VALUE, *records]
    return st.one_of(
        st.sampled_from(scalar).map(ScalarRef),
        st.sampled_from(element).map(ArrayRef),
        st.builds(FixedArrayRef, st.sampled_from(element), st.integers(0, MAX_SIZE)),
        st.sampled_from(scalar).map(OptionRef),
        st.sampled_from(scalar).map(partial(MapRef, STR)),
    )


def values_of(
    ref: TypeRef, registry: TypeRegistry | None = None, *, max_size: int = MAX_SIZE, max_depth: int = MAX_DEPTH
) -> st.SearchStrategy[v.Value]:
    """Return a strategy for the values of one type. Raises TypeError for a type that the registry does not know."""
    known = registry if registry is not None else TypeRegistry()
    return _Typed(known, max_size, max_depth).of(ref)


def arguments(
    function: ExportedFunction,
    registry: TypeRegistry | None = None,
    *,
    max_size: int = MAX_SIZE,
    max_depth: int = MAX_DEPTH,
    absent: bool = True,
) -> st.SearchStrategy[Mapping[UUID, v.Value]]:
    """Return a strategy for arguments of ``Function.call``: values by parameter id, some left out if ``absent``."""
    given = {
        each.id: values_of(each.type, registry, max_size=max_size, max_depth=max_depth) for each in function.parameters
    }
    if not absent:
        return st.fixed_dictionaries(given)
    return st.fixed_dictionaries({}, optional=given)


def signatures(registry: TypeRegistry | None = None, *, max_parameters: int = 4) -> st.SearchStrategy[ExportedFunction]:
    """Return a strategy for exported functions with any parameters and any return type."""
    names = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True)
    parameter = st.builds(Parameter, st.uuids(), names, types(registry), st.booleans())
    parameters = st.lists(
        parameter, max_size=max_parameters, unique_by=(lambda each: each.id, lambda each: each.name)
    ).map(tuple)
    return st.builds(ExportedFunction, st.uuids(), names, parameters, types(registry))


def headers(
    registry: TypeRegistry | None = None,
    *,
    executor: str = "wasm",
    max_functions: int = 4,
    max_parameters: int = 4,
) -> st.SearchStrategy[Header]:
    """Return a strategy for headers that export any functions and import none.

    ``Header.from_data`` of the ``to_data`` of each is equal to it.
    """
    exports = st.lists(
        signatures(registry, max_parameters=max_parameters),
        max_size=max_functions,
        unique_by=(lambda each: each.id, lambda each: each.name),
    ).map(tuple)
    number = st.integers(0, 1 << 16)
    identifiers = st.sampled_from(["", "alpha.1", "rc-2"])
    return st.builds(
        Header,
        id=st.uuids(),
        name=st.from_regex(r"[a-z][a-z0-9_-]{0,15}", fullmatch=True),
        author=texts(),
        license=st.just("Apache-2.0"),
        description=st.none() | texts(),
        version=st.builds(Version, number, number, number, identifiers, identifiers),
        executor=st.just(ExecutorRequirement(executor)),
        exports=exports,
        types=st.just(registry if registry is not None else TypeRegistry()),
    )


# --- parts ---------------------------------------------------------------------------------------


def _numbers(cls: type[v.NumberArray], least: int, most: int) -> st.SearchStrategy[v.Value]:
    size = cls.kind.size
    return st.integers(least, most).flatmap(
        lambda count: st.binary(min_size=count * size, max_size=count * size).map(lambda raw: v.from_raw(cls, raw))
    )


def _integers(cls: type[v.Integer]) -> Callable[[int], st.SearchStrategy[v.Value]]:
    return lambda _: st.integers(cls.kind.low, cls.kind.high).map(cls)


def _floats(cls: type[v.Float]) -> Callable[[int], st.SearchStrategy[v.Value]]:
    size, width = cls.kind.size, 8 * cls.kind.size
    mantissa = {32: 23, 64: 52}[width]
    exponent = ((1 << (width - 1 - mantissa)) - 1) << mantissa
    sign = 1 << (width - 1)
    # All NaNs, including signalling ones: copying a NaN must not change its bits.
    payloads = st.tuples(st.sampled_from([0, sign]), st.integers(1, (1 << mantissa) - 1))
    nans = payloads.map(lambda drawn: v.float_from_raw(cls, (drawn[0] | exponent | drawn[1]).to_bytes(size, "little")))
    return lambda _: st.one_of(st.floats(width=32 if size == 4 else 64).map(cls), nans)


_SCALARS: dict[type[v.Value], Callable[[int], st.SearchStrategy[v.Value]]] = {
    v.Unit: lambda _: st.just(v.Unit()),
    v.Boolean: lambda _: st.booleans().map(v.Boolean),
    **{cls: _integers(cls) for cls in v.INTEGERS},
    **{cls: _floats(cls) for cls in v.FLOATS},
    v.String: lambda size: texts(max_size=size).map(v.String),
    v.Uuid: lambda _: ids().map(v.Uuid),
}


def _nested(size: int, depth: int) -> st.SearchStrategy[v.Value]:
    value = values(max_size=size, max_depth=depth)
    few = max(1, size // 2)
    fields = st.lists(st.tuples(ids(), value), max_size=few)
    variant = st.tuples(ids(), value)
    entry = st.tuples(ids(), st.none() | value.filter(lambda each: not isinstance(each, v.Unit)))
    return st.one_of(
        st.builds(v.Option, st.none() | value),
        st.builds(v.Structure, ids(), fields),
        st.builds(v.Enumeration, ids(), ids(), value),
        st.builds(v.KeyValue, ids(), st.dictionaries(texts(max_size=size), entry, max_size=few)),
        st.lists(value, max_size=few).map(v.ArrayValue),
        st.builds(v.ArrayStructure, ids(), st.lists(fields, max_size=few)),
        st.builds(v.ArrayEnumeration, ids(), st.lists(variant, max_size=few)),
    )


class _Typed:
    """Builds strategies for the values of types."""

    def __init__(self, registry: TypeRegistry, size: int, depth: int) -> None:
        self._registry = registry
        self._size = size
        self._depth = depth

    def of(self, ref: TypeRef) -> st.SearchStrategy[v.Value]:
        if isinstance(ref, ScalarRef):
            return self._one(ref.id)
        if isinstance(ref, OptionRef):
            return st.builds(v.Option, st.none() | self._one(ref.id))
        if isinstance(ref, MapRef):
            entry = st.tuples(st.just(KEY_VALUE), self._entry(ref.value_id))
            keys = texts(max_size=self._size)
            return st.builds(v.KeyValue, st.just(KEY_VALUE), st.dictionaries(keys, entry, max_size=self._size))
        if isinstance(ref, FixedArrayRef):
            return self._many(ref.id, ref.length, ref.length)
        return self._many(ref.id, 0, self._size)

    def _entry(self, id: UUID) -> st.SearchStrategy[v.Value | None]:
        # A unit in a map reads back as a key without a value.
        return st.none() if id == UNIT else self._one(id).filter(lambda each: not isinstance(each, v.Unit))

    def _one(self, id: UUID) -> st.SearchStrategy[v.Value]:
        if id in (VALUE, KEY_VALUE):
            return values(max_size=self._size, max_depth=self._depth - 1)
        cls = SCALAR_CLASSES.get(id)
        if cls in _SCALARS:
            return _SCALARS[cls](self._size)
        if cls is not None:
            element = next((each for each, array in ARRAY_CLASSES.items() if array is cls), None)
            if element is None:
                return st.builds(v.Option, st.none() | values(max_size=self._size, max_depth=self._depth - 1))
            return self._many(element, 0, self._size)
        record = self._registry.get(id)
        if isinstance(record, StructureType):
            return self._fields(record).map(lambda fields: v.Structure(id, fields))
        if isinstance(record, EnumerationType):
            return self._variant(record).map(lambda pair: v.Enumeration(id, *pair))
        raise TypeError(f"the type {id} is unknown")

    def _many(self, id: UUID, least: int, most: int) -> st.SearchStrategy[v.Value]:
        cls = ARRAY_CLASSES.get(id)
        if cls is not None and issubclass(cls, v.NumberArray):
            return _numbers(cls, least, most)
        record = self._registry.get(id)
        if isinstance(record, StructureType):
            items = st.lists(self._fields(record), min_size=least, max_size=most)
            return items.map(lambda each: v.ArrayStructure(id, each))
        if isinstance(record, EnumerationType):
            variants = st.lists(self._variant(record), min_size=least, max_size=most)
            return variants.map(lambda each: v.ArrayEnumeration(id, each))
        if id == STR:
            return st.lists(texts(max_size=self._size), min_size=least, max_size=most).map(v.ArrayString)
        if cls is v.ArrayBoolean:
            return st.lists(st.booleans(), min_size=least, max_size=most).map(v.ArrayBoolean)
        return st.lists(self._one(id), min_size=least, max_size=most).map(v.ArrayValue)

    def _fields(self, record: StructureType) -> st.SearchStrategy[list[tuple[UUID, v.Value]]]:
        inner = _Typed(self._registry, self._size, self._depth - 1)
        each = [st.deferred(lambda field=field: inner.of(field.type)) for field in record.fields]  # type: ignore[misc]
        ids_in_order = [field.id for field in record.fields]
        return st.tuples(*each).map(lambda drawn: list(zip(ids_in_order, drawn, strict=True)))

    def _variant(self, record: EnumerationType) -> st.SearchStrategy[tuple[UUID, v.Value]]:
        inner = _Typed(self._registry, self._size, self._depth - 1)
        return st.one_of(
            [
                st.tuples(st.just(each.id), st.deferred(lambda each=each: inner.of(each.type)))  # type: ignore[misc]
                for each in record.variants
            ]
        )
