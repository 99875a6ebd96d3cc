"""Reading a directory of record files as a registry (ABI §8)."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import pytest

from arora_core import records
from arora_core.errors import HeaderError
from arora_core.types import (
    TYPE_IDS,
    ArrayRef,
    EnumerationType,
    FieldType,
    ScalarRef,
    StructureType,
    TypeRef,
    VariantType,
    Version,
)

ROOT = "00000000-0000-0000-0000-000001000000"
GEO, DEEP = "00000000-0000-0000-0000-0000000000f1", "00000000-0000-0000-0000-0000000000f2"
POINT, POSE, STATUS, ARM = (f"00000000-0000-0000-0000-0000000000e{n}" for n in range(4))
X, Y = "00000000-0000-0000-0000-0000000000d1", "00000000-0000-0000-0000-0000000000d2"
F64 = {"type": "primitive", "value": {"kind": "f64"}}
ONE = Version(1, 0, 0)

Files = dict[str, object]


def reference(id: str, version: str = "1.0.0", type: str = "frozenScalar") -> dict[str, object]:
    return {"type": type, "value": {"reference": {"id": id, "version": version}}}


def structure(name: str, *, parent: str = GEO, **fields: object) -> dict[str, object]:
    ids = (X, Y)
    members = {id: {"name": field, "type": type} for id, (field, type) in zip(ids, fields.items(), strict=False)}
    return {"name": name, "parent": parent, "fields": members}


def good() -> Files:
    return {
        f"folder/{GEO}.json": {"name": "geo", "parent": ROOT},
        f"folder/{DEEP}.json": {"name": "deep", "parent": GEO},
        f"structure/{POINT}@1.0.0.json": structure("Point", x=F64, y=F64),
        f"structure/{POSE}@1.0.0.json": structure(
            "Pose", parent=DEEP, at=reference(POINT), way=reference(POINT, type="frozenArray")
        ),
        f"enumeration/{STATUS}@1.0.0.json": {
            "name": "Status",
            "parent": ROOT,
            "variants": {
                Y: {"name": "Running", "type": {"type": "primitive", "value": {"kind": "unit"}}},
                X: {"name": "Failed", "type": {"type": "primitive", "value": {"kind": "string"}}},
            },
        },
        f"module/{ARM}@1.0.0.json": {"name": "arm", "parent": GEO, "exports": []},
    }


def written(directory: Path, files: Files) -> Path:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return directory


# --- reading -------------------------------------------------------------------------------------


def test_a_structure_has_its_fields_in_order_and_its_dotted_path(tmp_path: Path) -> None:
    fields = (FieldType(UUID(X), "x", ScalarRef(TYPE_IDS["f64"])), FieldType(UUID(Y), "y", ScalarRef(TYPE_IDS["f64"])))
    registry = records.load(written(tmp_path, good()))
    assert registry.find("geo.Point") == StructureType(UUID(POINT), "Point", "geo.Point", ONE, fields)


def test_an_enumeration_has_its_variants_in_order(tmp_path: Path) -> None:
    variants = (
        VariantType(UUID(Y), "Running", ScalarRef(TYPE_IDS["unit"])),
        VariantType(UUID(X), "Failed", ScalarRef(TYPE_IDS["str"])),
    )
    registry = records.load(written(tmp_path, good()))
    assert registry.find("Status") == EnumerationType(UUID(STATUS), "Status", "Status", ONE, variants)


def test_records_refer_to_one_another(tmp_path: Path) -> None:
    pose = records.load(written(tmp_path, good())).find("geo.deep.Pose")
    assert isinstance(pose, StructureType)
    assert [field.type for field in pose.fields] == [ScalarRef(UUID(POINT)), ArrayRef(UUID(POINT))]


def test_a_record_may_refer_to_itself(tmp_path: Path) -> None:
    tree = structure("Point", children=reference(POINT, type="frozenArray"))
    registry = records.load(written(tmp_path, {**good(), f"structure/{POINT}@1.0.0.json": tree}))
    assert UUID(POINT) in registry


def test_a_modules_name_gives_its_id(tmp_path: Path) -> None:
    registry = records.load(written(tmp_path, good()))
    assert registry.find_module("arm") == registry.find_module("geo.arm") == UUID(ARM)


@pytest.mark.parametrize(("id", "name"), [("f64", "f64"), ("u8[]", "u8[]"), ("value", "value")])
def test_a_record_with_the_id_of_a_well_known_type_is_a_mistake(tmp_path: Path, id: str, name: str) -> None:
    file = f"structure/{TYPE_IDS[id]}@1.0.0.json"
    with pytest.raises(HeaderError) as caught:
        records.load(written(tmp_path, {**good(), file: structure("Float")}))
    assert caught.value.message == f"{TYPE_IDS[id]} is the id of {name}"
    assert caught.value.source == str(tmp_path / file)


def test_every_version_is_kept(tmp_path: Path) -> None:
    files = {
        **good(),
        f"structure/{POINT}@1.10.0.json": structure("Point"),
        f"structure/{POINT}@1.9.0.json": structure("Point"),
    }
    registry = records.load(written(tmp_path, files))
    assert registry.versions(UUID(POINT)) == [ONE, Version(1, 9, 0), Version(1, 10, 0)]


@pytest.mark.parametrize(
    ("kind", "ref"),
    [
        ("unit", ScalarRef(TYPE_IDS["unit"])),
        ("boolean", ScalarRef(TYPE_IDS["bool"])),
        ("u8", ScalarRef(TYPE_IDS["u8"])),
        ("i64", ScalarRef(TYPE_IDS["i64"])),
        ("string", ScalarRef(TYPE_IDS["str"])),
        ("arrayBoolean", ArrayRef(TYPE_IDS["bool"])),
        ("arrayU8", ArrayRef(TYPE_IDS["u8"])),
        ("arrayF64", ArrayRef(TYPE_IDS["f64"])),
        ("arrayString", ArrayRef(TYPE_IDS["str"])),
    ],
)
def test_a_primitive_is_a_well_known_type(tmp_path: Path, kind: str, ref: TypeRef) -> None:
    point = structure("Point", x={"type": "primitive", "value": {"kind": kind}})
    found = records.load(written(tmp_path, {**good(), f"structure/{POINT}@1.0.0.json": point})).find("geo.Point")
    assert isinstance(found, StructureType)
    assert found.fields[0].type == ref


def test_a_record_may_be_yaml(tmp_path: Path) -> None:
    files = good()
    del files[f"structure/{POINT}@1.0.0.json"]
    yaml = (
        f"name: Point\nparent: {GEO}\nfields:\n  {X}: {{name: on, type: {{type: primitive, value: {{kind: f64}}}}}}\n"
    )
    found = records.load(written(tmp_path, {**files, f"structure/{POINT}@1.0.0.yaml": yaml})).find("geo.Point")
    assert isinstance(found, StructureType)
    assert found.fields[0].name == "on"


def test_a_type_a_module_and_a_folder_may_share_a_name(tmp_path: Path) -> None:
    files = {**good(), f"module/{ARM}@1.0.0.json": {"name": "geo", "parent": ROOT}}
    assert records.load(written(tmp_path, files)).find_module("geo") == UUID(ARM)


def test_files_that_are_not_records_are_ignored(tmp_path: Path) -> None:
    files = {**good(), "README.md": "#", "structure/README.md": "#", ".git/x.yaml": ":", "structure/.x.yaml": ":"}
    assert len(records.load(written(tmp_path, files))) == 3


def test_records_may_refer_to_those_of_a_base(tmp_path: Path) -> None:
    base = records.load(written(tmp_path / "base", good()))
    own = structure("Box", parent=DEEP, at=reference(POINT))
    registry = records.load(written(tmp_path / "own", {f"structure/{ARM}@1.0.0.json": own}), base)
    assert registry.paths() == ["geo.deep.Box"]


def test_an_empty_directory_is_an_empty_registry(tmp_path: Path) -> None:
    assert len(records.load(tmp_path)) == 0


# --- mistakes ------------------------------------------------------------------------------------

POINT_FILE = f"structure/{POINT}@1.0.0.json"
OTHER = "00000000-0000-0000-0000-0000000000ee"

MISTAKES: list[tuple[str, object, str, str]] = [
    (POINT_FILE, [], "", "expected a mapping, got a list"),
    (POINT_FILE, {"name": "P", "parent": GEO}, "fields", "the key 'fields' is missing"),
    (POINT_FILE, {**structure("P"), "feilds": 1}, "feilds", "unknown key 'feilds', did you mean 'fields'?"),
    (POINT_FILE, structure(""), "name", "expected a name"),
    (POINT_FILE, structure("a.b"), "name", "expected a name without dots"),
    (POINT_FILE, {**structure("P"), "parent": "geo"}, "parent", "expected a UUID, got 'geo'"),
    (POINT_FILE, structure("P", parent=OTHER), "parent", f"unknown folder {OTHER}"),
    (POINT_FILE, {**structure("P"), "id": POSE}, "id", f"expected {POINT}, as in the file's name"),
    (POINT_FILE, {**structure("P"), "version": "2.0.0"}, "version", "expected 1.0.0, as in the file's name"),
    (POINT_FILE, {**structure("P"), "fields": []}, "fields", "expected a mapping, got a list"),
    (POINT_FILE, {**structure("P"), "fields": {"x": {}}}, "fields.x", "expected a UUID, got 'x'"),
    (POINT_FILE, {**structure("P"), "fields": {X: {"name": "x"}}}, f"fields['{X}'].type", "the key 'type' is missing"),
    (
        POINT_FILE,
        {**structure("P"), "fields": {X: {"name": "x", "type": F64}, Y: {"name": "x", "type": F64}}},
        f"fields['{Y}'].name",
        "duplicate name 'x'",
    ),
    (
        POINT_FILE,
        {**structure("P"), "fields": {X: {"name": "x", "type": F64}, X.upper(): {"name": "y", "type": F64}}},
        f"fields['{X.upper()}']",
        f"duplicate id {X}",
    ),
    (
        POINT_FILE,
        structure("P", x={"type": "primitive", "value": {"kind": "float64"}}),
        f"fields['{X}'].type.value.kind",
        "unknown primitive 'float64'",
    ),
    (
        POINT_FILE,
        structure("P", x={"type": "frozenscalar", "value": {}}),
        f"fields['{X}'].type.type",
        "unknown kind of type 'frozenscalar', did you mean 'frozenScalar'?",
    ),
    (
        POINT_FILE,
        structure("P", x=reference(OTHER)),
        f"fields['{X}'].type.value.reference.id",
        f"unknown structure or enumeration {OTHER}",
    ),
    (
        POINT_FILE,
        structure("P", x=reference(ARM)),
        f"fields['{X}'].type.value.reference.id",
        f"unknown structure or enumeration {ARM}",
    ),
    (
        POINT_FILE,
        structure("P", x=reference(STATUS, "2.0.0")),
        f"fields['{X}'].type.value.reference.version",
        f"unknown version 2.0.0 of {STATUS} (known: 1.0.0)",
    ),
    (
        POINT_FILE,
        structure("P", x=reference(STATUS, "2")),
        f"fields['{X}'].type.value.reference.version",
        "expected a version such as 1.2.3, got '2'",
    ),
    (POINT_FILE, '{"name": "P", "name": "Q"}', "name", "duplicate key 'name'"),
    (POINT_FILE, "{", "", "invalid JSON"),
    (f"structure/{OTHER}@1.0.0.json", structure("Point"), "name", "the folder has another type named 'Point'"),
    (
        f"enumeration/{OTHER}@1.0.0.json",
        {"name": "Point", "parent": GEO, "variants": {}},
        "name",
        "has another type named 'Point'",
    ),
    (f"module/{OTHER}@1.0.0.json", {"name": "arm", "parent": GEO}, "name", "has another module named 'arm'"),
    (f"folder/{OTHER}.json", {"name": "geo", "parent": ROOT}, "name", "has another folder named 'geo'"),
    (f"folder/{OTHER}.json", {"name": "a", "parent": OTHER}, "parent", "the folder contains itself"),
    (f"folder/{GEO}.json", {"name": "geo", "parent": DEEP}, "parent", "the folder contains itself"),
    (f"folder/{GEO}.json", {"name": "geo", "parent": OTHER}, "parent", f"unknown folder {OTHER}"),
    (f"structure/{POINT}@1.0.0.yaml", "a: [", "", "line 1, column"),
    (f"structure/{STATUS}@1.0.0.json", structure("S"), "", "is already the id of the enumeration in"),
    ("structure/Point@1.0.0.json", structure("P"), "", "expected a file name such as <uuid>@<version>.json"),
    (f"structure/{POINT}.json", structure("P"), "", "expected a file name such as <uuid>@<version>.json"),
    (f"folder/{OTHER}@1.0.0.json", {"name": "a", "parent": ROOT}, "", "expected a file name such as <uuid>.json"),
    (f"structure/{POINT}@1.json", structure("P"), "", "expected a version such as 1.2.3, got '1'"),
]


@pytest.mark.parametrize(("name", "content", "path", "message"), MISTAKES)
def test_a_mistake_is_reported_with_its_file_and_key(
    tmp_path: Path, name: str, content: object, path: str, message: str
) -> None:
    with pytest.raises(HeaderError) as caught:
        records.load(written(tmp_path, {**good(), name: content}))
    assert message in caught.value.message
    assert caught.value.path == path
    assert caught.value.source is not None
    assert caught.value.source.startswith(str(tmp_path))


def test_a_record_in_two_files_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(HeaderError, match="the same record is in"):
        records.load(written(tmp_path, {**good(), f"structure/{POINT}@1.0.0.yml": structure("Point")}))


def test_a_directory_of_an_unknown_kind_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(HeaderError, match="unknown kind of record 'structures', did you mean 'structure'"):
        records.load(written(tmp_path, {"structures/x.yaml": ""}))


def test_a_missing_directory_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(HeaderError, match="no such directory"):
        records.load(tmp_path / "records")
