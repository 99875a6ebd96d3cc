"""Type references: their names, the values they allow, their defaults, and the registry of records."""

from __future__ import annotations

import pickle
from uuid import UUID

import pytest

from arora_core import values as v
from arora_core.errors import HeaderError
from arora_core.types import (
    TYPE_IDS,
    TYPE_NAMES,
    ArrayRef,
    EnumerationType,
    FieldType,
    FixedArrayRef,
    MapRef,
    ModuleRecord,
    OptionRef,
    ScalarRef,
    StructureType,
    TypeMismatch,
    TypeRef,
    TypeRegistry,
    VariantType,
    Version,
    default_value,
    type_name,
    validate,
)

POINT, POSE, STATUS, TREE, UNKNOWN = (UUID(int=0xA000 + n) for n in range(5))
X, Y, POSITION, LABEL, CHILD, RUNNING, FAILED = (UUID(int=0xF000 + n) for n in range(7))
ONE = Version(1, 0, 0)


def scalar(name: str) -> ScalarRef:
    return ScalarRef(TYPE_IDS[name])


def array(name: str) -> ArrayRef:
    return ArrayRef(TYPE_IDS[name])


POINT_TYPE = StructureType(
    POINT, "Point", "geo.Point", ONE, (FieldType(X, "x", scalar("f64")), FieldType(Y, "y", scalar("f64")))
)
POSE_TYPE = StructureType(
    POSE,
    "Pose",
    "geo.Pose",
    ONE,
    (FieldType(POSITION, "position", ScalarRef(POINT)), FieldType(LABEL, "label", OptionRef(TYPE_IDS["str"]))),
)
STATUS_TYPE = EnumerationType(
    STATUS,
    "Status",
    "bt.Status",
    ONE,
    (VariantType(FAILED, "Failed", scalar("str")), VariantType(RUNNING, "Running", scalar("unit"))),
)


@pytest.fixture
def registry() -> TypeRegistry:
    return TypeRegistry([POINT_TYPE, POSE_TYPE, STATUS_TYPE])


def point(x: v.Value = v.F64(0), y: v.Value = v.F64(0)) -> v.Structure:  # noqa: B008 - immutable
    return v.Structure(POINT, [(X, x), (Y, y)])


# --- well-known ids and names --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "name"),
    [(0x00, "unit"), (0x01, "bool"), (0x02, "i8"), (0x06, "u8"), (0x0A, "f32"), (0x0B, "f64"), (0x0C, "str"),
     (0x0D, "option"), (0x0E, "bool[]"), (0x0F, "u8[]"), (0x13, "i8[]"), (0x16, "i64[]"), (0x17, "f32[]"),
     (0x18, "f64[]"), (0x19, "str[]"), (0x1A, "value"), (0x1B, "keyvalue"), (0x1C, "uuid")],
)  # fmt: skip
def test_a_well_known_id_has_its_name(id: int, name: str) -> None:
    assert TYPE_NAMES[UUID(int=id)] == name
    assert TYPE_IDS[name] == UUID(int=id)


def test_every_id_up_to_1c_is_well_known() -> None:
    assert set(TYPE_NAMES) == {UUID(int=n) for n in range(0x1D)}


def test_boolean_and_string_are_other_names_of_bool_and_str() -> None:
    assert (TYPE_IDS["boolean"], TYPE_IDS["string"]) == (TYPE_IDS["bool"], TYPE_IDS["str"])


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        (scalar("f64"), "f64"),
        (scalar("f64[]"), "f64[]"),
        (array("f64"), "f64[]"),
        (FixedArrayRef(TYPE_IDS["f64"], 6), "f64[6]"),
        (OptionRef(TYPE_IDS["f64"]), "option<f64>"),
        (MapRef(TYPE_IDS["str"], TYPE_IDS["f64"]), "map<str, f64>"),
        (scalar("value"), "value"),
        (array("value"), "value[]"),
        (ScalarRef(POSE), "geo.Pose"),
        (ArrayRef(POSE), "geo.Pose[]"),
        (ScalarRef(UNKNOWN), str(UNKNOWN)),
    ],
)
def test_a_type_has_a_readable_name(ref: TypeRef, name: str, registry: TypeRegistry) -> None:
    assert type_name(ref, registry) == name


# --- validation ----------------------------------------------------------------------------------

GOOD: list[tuple[TypeRef, v.Value]] = [
    (scalar("unit"), v.Unit()),
    (scalar("bool"), v.Boolean(True)),
    (scalar("u8"), v.U8(5)),
    (scalar("f32"), v.F32(0.5)),
    (scalar("str"), v.String("x")),
    (scalar("uuid"), v.Uuid(POINT)),
    (scalar("option"), v.Option(v.U8(1))),
    (scalar("f64[]"), v.ArrayF64([1.0])),
    (scalar("str[]"), v.ArrayString(["x"])),
    (scalar("value"), point()),
    (scalar("keyvalue"), v.U8(5)),
    (array("f64"), v.ArrayF64([1.0])),
    (array("bool"), v.ArrayBoolean([True])),
    (array("value"), v.ArrayValue([v.U8(1), v.String("x")])),
    (array("uuid"), v.ArrayValue([v.Uuid(POINT)])),
    (array("option"), v.ArrayValue([v.Option(), v.Option(v.U8(1))])),
    (array("unit"), v.ArrayValue([v.Unit()])),
    (array("f64[]"), v.ArrayValue([v.ArrayF64([1.0]), v.ArrayF64([])])),
    (array("keyvalue"), v.ArrayValue([v.KeyValue(UNKNOWN)])),
    (FixedArrayRef(TYPE_IDS["f64"], 2), v.ArrayF64([1.0, 2.0])),
    (FixedArrayRef(POINT, 1), v.ArrayStructure(POINT, [point().fields])),
    (MapRef(TYPE_IDS["str"], TYPE_IDS["f64"]), v.KeyValue(UNKNOWN, {"hip": (X, v.F64(1))})),
    (MapRef(TYPE_IDS["str"], TYPE_IDS["unit"]), v.KeyValue(UNKNOWN, {"hip": (X, None)})),
    (OptionRef(TYPE_IDS["f64"]), v.Option()),
    (OptionRef(TYPE_IDS["f64"]), v.Option(v.F64(1))),
    (OptionRef(POINT), v.Option(point())),
    (ScalarRef(POINT), point()),
    (ScalarRef(POINT), v.Structure(POINT, [(Y, v.F64(0)), (X, v.F64(0))])),
    (ScalarRef(STATUS), v.Enumeration(STATUS, RUNNING)),
    (ScalarRef(STATUS), v.Enumeration(STATUS, FAILED, v.String("why"))),
    (ArrayRef(POINT), v.ArrayStructure(POINT, [point().fields, point().fields])),
    (ArrayRef(STATUS), v.ArrayEnumeration(STATUS, [(RUNNING, v.Unit())])),
    (ScalarRef(UNKNOWN), v.Structure(UNKNOWN, [(X, v.U8(1))])),
    (ScalarRef(UNKNOWN), v.Enumeration(UNKNOWN, X)),
    (ScalarRef(UNKNOWN), v.KeyValue(UNKNOWN)),
    (ArrayRef(UNKNOWN), v.ArrayStructure(UNKNOWN)),
    (ArrayRef(UNKNOWN), v.ArrayEnumeration(UNKNOWN)),
    (ArrayRef(UNKNOWN), v.ArrayValue([v.KeyValue(UNKNOWN)])),
]


@pytest.mark.parametrize(("ref", "value"), GOOD)
def test_a_value_of_the_type_passes(ref: TypeRef, value: v.Value, registry: TypeRegistry) -> None:
    validate(value, ref, registry)


BAD: list[tuple[TypeRef, v.Value, str]] = [
    (scalar("f64"), v.U8(5), "expected f64, got U8(5)"),
    (scalar("f64"), v.F32(5), "expected f64, got F32(5.0)"),
    (scalar("u8"), v.Boolean(True), "expected u8, got Boolean(True)"),
    (scalar("f64[]"), v.F64(5), "expected f64[], got F64(5.0)"),
    (array("f64"), v.ArrayF32([5]), "expected f64[], got ArrayF32([5.0])"),
    (array("u8"), v.ArrayValue([v.U8(1)]), "expected u8[], got ArrayValue"),
    (array("value"), v.ArrayU8([1]), "expected value[], got ArrayU8([1])"),
    (array("uuid"), v.ArrayValue([v.Uuid(X), v.U8(1)]), "[1]: expected uuid, got U8(1)"),
    (FixedArrayRef(TYPE_IDS["f64"], 2), v.ArrayF64([1]), "expected f64[2], got 1 items"),
    (OptionRef(TYPE_IDS["f64"]), v.F64(1), "expected option<f64>, got F64(1.0)"),
    (OptionRef(TYPE_IDS["f64"]), v.Option(v.U8(1)), "expected f64, got U8(1)"),
    (MapRef(TYPE_IDS["str"], TYPE_IDS["f64"]), v.Unit(), "expected map<str, f64>, got Unit()"),
    (
        MapRef(TYPE_IDS["str"], TYPE_IDS["f64"]),
        v.KeyValue(UNKNOWN, {"hip": (X, v.U8(1))}),
        "['hip']: expected f64, got U8(1)",
    ),
    (MapRef(TYPE_IDS["str"], TYPE_IDS["f64"]), v.KeyValue(UNKNOWN, {"hip": (X, None)}), "['hip']: expected f64"),
    (ScalarRef(POINT), v.Structure(POSE), "expected geo.Point, got Structure of geo.Pose"),
    (ScalarRef(POINT), v.Enumeration(POINT, X), "expected geo.Point, got Enumeration of geo.Point"),
    (ScalarRef(POINT), point(x=v.U8(5)), "x: expected f64, got U8(5)"),
    (
        ScalarRef(POSE),
        v.Structure(POSE, [(POSITION, point(x=v.U8(5))), (LABEL, v.Option())]),
        "position.x: expected f64, got U8(5)",
    ),
    (ScalarRef(POINT), v.Structure(POINT, [(X, v.F64(0))]), "field y of geo.Point is missing"),
    (ScalarRef(POINT), v.Structure(POINT, [(X, v.F64(0)), (X, v.F64(0))]), "field x is given twice"),
    (ScalarRef(POINT), v.Structure(POINT, [*point().fields, (LABEL, v.Unit())]), f"geo.Point has no field {LABEL}"),
    (ScalarRef(STATUS), v.Structure(STATUS), "expected bt.Status, got Structure of bt.Status"),
    (ScalarRef(STATUS), v.Enumeration(STATUS, X), f"bt.Status has no variant {X}"),
    (ScalarRef(STATUS), v.Enumeration(STATUS, FAILED), "Failed: expected str, got Unit()"),
    (ArrayRef(POINT), v.ArrayStructure(POSE), "expected geo.Point[], got ArrayStructure of geo.Pose"),
    (ArrayRef(POINT), v.ArrayEnumeration(POINT), "expected geo.Point[], got ArrayEnumeration"),
    (ArrayRef(POINT), v.ArrayValue([point()]), "expected geo.Point[], got ArrayValue"),
    (ArrayRef(POINT), v.ArrayStructure(POINT, [point().fields, point(y=v.Unit()).fields]), "[1].y: expected f64"),
    (ArrayRef(STATUS), v.ArrayStructure(STATUS), "expected bt.Status[], got ArrayStructure"),
    (ArrayRef(STATUS), v.ArrayEnumeration(STATUS, [(FAILED, v.Unit())]), "[0].Failed: expected str"),
    (ScalarRef(UNKNOWN), v.U8(1), f"expected {UNKNOWN}, got U8(1)"),
    (ScalarRef(UNKNOWN), v.Structure(POINT), f"expected {UNKNOWN}, got Structure of geo.Point"),
    (ArrayRef(UNKNOWN), v.ArrayStructure(POINT), f"expected {UNKNOWN}[], got ArrayStructure of geo.Point"),
    (ArrayRef(UNKNOWN), v.ArrayValue([v.U8(1)]), f"[0]: expected {UNKNOWN}, got U8(1)"),
]


@pytest.mark.parametrize(("ref", "value", "message"), BAD)
def test_a_value_of_another_type_is_refused_with_its_path(
    ref: TypeRef, value: v.Value, message: str, registry: TypeRegistry
) -> None:
    with pytest.raises(TypeError) as caught:
        validate(value, ref, registry)
    assert str(caught.value).startswith(message)


def test_a_mismatch_has_its_path_and_reason(registry: TypeRegistry) -> None:
    with pytest.raises(TypeMismatch) as caught:
        validate(point(x=v.U8(5)), ScalarRef(POINT), registry)
    assert (caught.value.path, caught.value.reason) == ("x", "expected f64, got U8(5)")


# --- defaults ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ref", "default"),
    [
        (scalar("unit"), v.Unit()),
        (scalar("bool"), v.Boolean(False)),
        (scalar("i8"), v.I8(0)),
        (scalar("f64"), v.F64(0)),
        (scalar("str"), v.String("")),
        (scalar("uuid"), v.Uuid(UUID(int=0))),
        (scalar("option"), v.Option()),
        (scalar("value"), v.Unit()),
        (scalar("str[]"), v.ArrayString()),
        (array("f64"), v.ArrayF64()),
        (array("value"), v.ArrayValue()),
        (array("uuid"), v.ArrayValue()),
        (FixedArrayRef(TYPE_IDS["f64"], 3), v.ArrayF64([0, 0, 0])),
        (FixedArrayRef(TYPE_IDS["bool"], 2), v.ArrayBoolean([False, False])),
        (FixedArrayRef(TYPE_IDS["str"], 1), v.ArrayString([""])),
        (FixedArrayRef(TYPE_IDS["value"], 1), v.ArrayValue([v.Unit()])),
        (FixedArrayRef(TYPE_IDS["uuid"], 1), v.ArrayValue([v.Uuid(UUID(int=0))])),
        (OptionRef(UNKNOWN), v.Option()),
        (MapRef(TYPE_IDS["str"], TYPE_IDS["f64"]), v.KeyValue(TYPE_IDS["keyvalue"])),
        (ScalarRef(POINT), point()),
        (ScalarRef(POSE), v.Structure(POSE, [(POSITION, point()), (LABEL, v.Option())])),
        (ScalarRef(STATUS), v.Enumeration(STATUS, FAILED, v.String(""))),
        (ArrayRef(POINT), v.ArrayStructure(POINT)),
        (FixedArrayRef(POINT, 2), v.ArrayStructure(POINT, [point().fields] * 2)),
        (FixedArrayRef(STATUS, 1), v.ArrayEnumeration(STATUS, [(FAILED, v.String(""))])),
    ],
)
def test_a_type_has_a_default_of_that_type(ref: TypeRef, default: v.Value, registry: TypeRegistry) -> None:
    assert default_value(ref, registry) == default
    validate(default, ref, registry)


def test_an_unknown_type_has_no_default(registry: TypeRegistry) -> None:
    with pytest.raises(TypeError, match="unknown"):
        default_value(ScalarRef(UNKNOWN), registry)


def test_a_structure_that_contains_itself_has_no_default() -> None:
    tree = StructureType(TREE, "Tree", "Tree", ONE, (FieldType(CHILD, "child", ScalarRef(TREE)),))
    with pytest.raises(TypeError, match="Tree has no default value: it contains itself"):
        default_value(ScalarRef(TREE), TypeRegistry([tree]))


def test_a_structure_that_may_contain_itself_has_a_default() -> None:
    tree = StructureType(TREE, "Tree", "Tree", ONE, (FieldType(CHILD, "child", ArrayRef(TREE)),))
    assert default_value(ScalarRef(TREE), TypeRegistry([tree])) == v.Structure(TREE, [(CHILD, v.ArrayStructure(TREE))])


def test_an_enumeration_defaults_to_its_first_variant_that_has_a_default() -> None:
    variants = (VariantType(CHILD, "More", ScalarRef(TREE)), VariantType(X, "End", scalar("unit")))
    registry = TypeRegistry([EnumerationType(TREE, "List", "List", ONE, variants)])
    assert default_value(ScalarRef(TREE), registry) == v.Enumeration(TREE, X)


# --- the registry --------------------------------------------------------------------------------


def version_of_point(version: Version, path: str = "geo.Point") -> StructureType:
    return StructureType(POINT, path.split(".")[-1], path, version, ())


def test_a_type_is_found_by_id_and_by_path(registry: TypeRegistry) -> None:
    assert registry.get(POINT) is POINT_TYPE
    assert registry.find("geo.Point") is POINT_TYPE
    assert POINT in registry
    assert set(registry) == {POINT_TYPE, POSE_TYPE, STATUS_TYPE}


def test_an_unknown_type_is_none(registry: TypeRegistry) -> None:
    assert registry.get(UNKNOWN) is None
    assert registry.get(POINT, Version(9, 0, 0)) is None
    assert registry.find("geo") is None


def test_the_highest_version_wins_and_all_are_kept(registry: TypeRegistry) -> None:
    new, old = version_of_point(Version(1, 10, 0)), version_of_point(Version(1, 9, 0))
    registry.add(new)
    registry.add(old)
    assert registry.get(POINT) is new
    assert registry.get(POINT, Version(1, 9, 0)) is old
    assert registry.versions(POINT) == [ONE, Version(1, 9, 0), Version(1, 10, 0)]


def test_a_path_finds_only_the_type_whose_highest_version_has_it() -> None:
    registry = TypeRegistry([version_of_point(ONE, "old.Point"), version_of_point(Version(2, 0, 0), "new.Point")])
    assert registry.find("old.Point") is None
    assert registry.paths() == ["new.Point"]


def test_an_equal_record_may_be_added_again(registry: TypeRegistry) -> None:
    registry.add(StructureType(POINT, "Point", "geo.Point", ONE, POINT_TYPE.fields))
    assert len(registry) == 3


def test_one_version_with_two_contents_is_an_error_that_names_both(registry: TypeRegistry) -> None:
    with pytest.raises(HeaderError, match=r"geo.Spot 1.0.0 .* differs from geo.Point 1.0.0"):
        registry.add(version_of_point(ONE, "geo.Spot"))


def test_an_update_that_fails_adds_nothing(registry: TypeRegistry) -> None:
    tree = StructureType(TREE, "Tree", "Tree", ONE, ())
    with pytest.raises(HeaderError):
        registry.update(TypeRegistry([tree, version_of_point(ONE, "geo.Spot")]))
    assert TREE not in registry
    assert registry.find("geo.Spot") is None


def test_merging_changes_neither_registry(registry: TypeRegistry) -> None:
    other = TypeRegistry([version_of_point(Version(2, 0, 0))])
    merged = registry.merged(other)
    assert (len(merged), len(registry), len(other)) == (4, 3, 1)


def test_a_module_is_found_by_its_path_and_by_its_name_where_only_one_has_it() -> None:
    one = ModuleRecord(UUID(int=1), "arm", "left.arm", ONE)
    two = ModuleRecord(UUID(int=2), "arm", "right.arm", ONE)
    leg = ModuleRecord(UUID(int=3), "leg", "left.leg", ONE)
    registry = TypeRegistry([one, two, leg])
    assert registry.find_module("left.arm") == one.id
    assert registry.find_module("leg") == leg.id
    assert registry.find_module("arm") is None


@pytest.mark.parametrize("ref", [scalar("f64"), array("f64"), FixedArrayRef(POINT, 2), OptionRef(POINT)])
def test_references_are_hashable_and_pickle(ref: TypeRef) -> None:
    assert {ref: 1}[pickle.loads(pickle.dumps(ref))] == 1


def test_versions_are_ordered_number_by_number() -> None:
    assert Version(1, 9, 0) < Version(1, 10, 0) < Version(2)
    assert str(Version(1, 2, 3)) == "1.2.3"
    assert Version.parse("1.2.3") == Version(1, 2, 3)


@pytest.mark.parametrize("text", ["", "1.2", "1.2.3.4", "-1.0.0", "1.2.x", "1.2.3 "])
def test_other_text_is_not_a_version(text: str) -> None:
    with pytest.raises(ValueError, match="expected a version such as"):
        Version.parse(text)
