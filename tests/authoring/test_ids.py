"""``arora id``: ids for headers and records that their authors wrote by name."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from uuid import UUID

import pytest

from arora_core import Header, HeaderError, TypeRegistry, records
from arora_core.authoring.header_ids import HeaderIds
from arora_core.authoring.record_ids import RecordIds
from arora_core.cli.printing import json_text, yaml_text

from ..cli.running import EXAMPLES, Outcome, arora
from .random_modules import random_header

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")

HEADER = """\
# The arm.
name: arm   # its name
author: me
license: MIT
version: 1.0.0
executor: {name: wasm}

exports:
  # Moves.
  - type: function   # always
    name: move
    parameters:
      - {name: joints, type: {kind: array, id: f64}}   # radians
      - name: speed
        type: {kind: scalar, id: f64}
  - name: stop
    type: function
    id:
    parameters: [{id: 6ba7b810-9dad-11d1-80b4-00c04fd430c8, name: hard, type: {kind: scalar, id: bool}}]
  - {type: function,
     name: wait}
imports: []
"""

FILLED = """\
# The arm.
id: @
name: arm   # its name
author: me
license: MIT
version: 1.0.0
executor: {name: wasm}

exports:
  # Moves.
  - type: function   # always
    id: @
    name: move
    parameters:
      - {id: @, name: joints, type: {kind: array, id: f64}}   # radians
      - id: @
        name: speed
        type: {kind: scalar, id: f64}
  - name: stop
    type: function
    id: @
    parameters: [{id: 6ba7b810-9dad-11d1-80b4-00c04fd430c8, name: hard, type: {kind: scalar, id: bool}}]
  - {id: @, type: function,
     name: wait}
imports: []
"""


@pytest.fixture
def header(tmp_path: Path) -> Path:
    path = tmp_path / "module.yaml"
    path.write_text(HEADER)
    return path


def with_new_ids_as_signs(text: str) -> str:
    return _UUID.sub("@", text)


# --- headers ---------------------------------------------------------------------------------------


def test_missing_ids_are_filled_in_and_nothing_else_changes(header: Path) -> None:
    outcome = arora("id", header)
    assert outcome.code == 0
    parameters = ("exports[0].parameters[0].id", "exports[0].parameters[1].id")
    missing = ("id", "exports[0].id", *parameters, "exports[1].id", "exports[2].id")
    assert outcome.out.splitlines() == [f"{header}: {path}" for path in missing]
    assert with_new_ids_as_signs(header.read_text()) == FILLED
    assert len(set(_UUID.findall(header.read_text()))) == 6
    assert Header.load(header).exports[1].name == "stop"


def test_a_second_run_changes_nothing(header: Path) -> None:
    arora("id", header)
    text = header.read_text()
    assert arora("id", header) == Outcome(0, "", "")
    assert header.read_text() == text


def test_check_names_what_is_missing_and_writes_nothing(header: Path) -> None:
    outcome = arora("id", "--check", header)
    assert (outcome.code, outcome.err) == (1, "Error: 6 missing: run arora id\n")
    assert header.read_text() == HEADER
    assert arora("id", "--check", EXAMPLES / "ur5" / "module.yaml").code == 0


def test_line_breaks_and_a_byte_order_mark_stay(header: Path) -> None:
    header.write_bytes(b"\xef\xbb\xbf" + HEADER.replace("\n", "\r\n").encode())
    arora("id", header)
    assert with_new_ids_as_signs(header.read_bytes().decode()) == "\ufeff" + FILLED.replace("\n", "\r\n")


def test_json_stays_json(tmp_path: Path) -> None:
    path = tmp_path / "module.json"
    path.write_text('{\n  "name": "arm",\n  "exports": [\n    {"type": "function", "name": "f"}\n  ]\n}\n')
    arora("id", path)
    assert with_new_ids_as_signs(path.read_text()) == (
        '{\n  "id": "@",\n  "name": "arm",\n  "exports": [\n    {"id": "@", "type": "function", "name": "f"}\n  ]\n}\n'
    )


@pytest.mark.parametrize("nothing", ["id:", "id: ~", "id: null   # later", 'id: ""'])
def test_a_key_without_a_value_gets_one(tmp_path: Path, nothing: str) -> None:
    path = tmp_path / "module.yaml"
    path.write_text(f"{nothing}\nname: arm\n")
    arora("id", path)
    comment = "   # later" if "#" in nothing else ""
    assert with_new_ids_as_signs(path.read_text()) == f"id: @{comment}\nname: arm\n"


def test_json_may_be_indented_by_tabs(tmp_path: Path) -> None:
    path = tmp_path / "module.json"
    path.write_text('{\n\t"name": "arm",\n\t"exports": []\n}\n')
    arora("id", path)
    assert with_new_ids_as_signs(path.read_text()) == '{\n\t"id": "@",\n\t"name": "arm",\n\t"exports": []\n}\n'


def test_nothing_is_written_if_one_of_several_files_is_refused(header: Path, written: Path) -> None:
    before = sorted(each.name for each in written.rglob("*"))
    other = header.with_name("other.yaml")
    other.write_text("exports: [~]")
    assert arora("id", written, header, other).code == 1
    assert header.read_text() == HEADER
    assert sorted(each.name for each in written.rglob("*")) == before


@pytest.mark.parametrize("seed", range(30))
def test_ids_taken_out_of_random_headers_are_filled_in_again(seed: int) -> None:
    made = random_header(random.Random(seed))
    data = json.loads(json_text(made.to_data() | {"imports": []}))
    del data["id"]
    for function in data["exports"]:
        del function["id"]
        for parameter in function["parameters"]:
            del parameter["id"]
    for text in (yaml_text(data), json_text(data), json.dumps(data)):
        filled = Header.parse(HeaderIds(text.encode(), "module.yaml").filled())
        assert [each.name for each in filled.exports] == [each.name for each in made.exports]
        assert [[each.name for each in one.parameters] for one in filled.exports] == [
            [each.name for each in one.parameters] for one in made.exports
        ]


IMPORT = """
imports:
  - {type: function, module: ur5, name: forward, parameters: [{name: joints, type: {kind: array, id: f64}}]}
"""


def test_an_import_gets_the_ids_of_the_function_in_its_module(header: Path) -> None:
    header.write_text(HEADER.replace("imports: []", IMPORT))
    alone = arora("id", header)
    assert alone.code == 1
    assert "imports[0]: the id of an import is that of the function in ur5" in alone.err
    assert "name: joints" in header.read_text()
    assert "id: " not in header.read_text().partition("imports")[2].replace("id: f64", "")
    assert arora("id", header, "--module", EXAMPLES / "ur5" / "module.yaml").code == 0
    assert "{id: a9f6b4a2-8597-40ee-850e-6793240c418b, type: function, module: ur5" in header.read_text()
    assert "{id: c344f5f0-cb2b-4369-aa17-fcf8ac06a0e3, name: joints" in header.read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x {name: f}\nexports: [*x]", "an alias stands for more than one place"),
        ("exports:\n  - ? name\n    : f", "the key 'id' cannot be added: write 'name' on a line of its own"),
        ("exports: [~]", r"exports\[0\]: expected a mapping"),
        ("exports: [{}]", r"exports\[0\]: it is empty"),
        ("- a", "expected a mapping"),
        ("a: [", "line 1"),
    ],
)
def test_text_that_cannot_be_kept_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(HeaderError, match=message):
        HeaderIds(text.encode(), "module.yaml").filled()


# --- records ---------------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Return a directory of records that have no ids yet."""
    directory = tmp_path / "records"
    for name, text in {
        "structure/Pose.yaml": "# A pose.\nparent: robot.arm\nfields:\n"
        "  # Where it is.\n  position: Vector3   # metres\n  states: robot.State[]\n  names: str[]\n",
        "structure/Vector3.yaml": "parent: robot.arm\nfields: {x: f64, y: f64}\n",
        "enumeration/State.yaml": "version: 1.2.0\nparent: robot\nvariants:\n  ok:\n  too-far: f64\n",
    }.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory


def test_records_written_by_name_get_ids_and_references_to_each_other(written: Path) -> None:
    assert arora("id", written).code == 0
    registry = records.load(written)
    assert registry.paths() == ["robot.State", "robot.arm.Pose", "robot.arm.Vector3"]
    pose = registry.find("robot.arm.Pose")
    assert pose is not None
    assert [each.name for each in pose.members] == ["position", "states", "names"]
    assert sorted(each.parent.name for each in written.rglob("*.yaml")) == [
        "enumeration",
        "folder",
        "folder",
        "structure",
        "structure",
    ]
    text = next((written / "structure").glob(f"{pose.id}@1.0.0.yaml")).read_text()
    assert text.startswith("# A pose.\nname: Pose\nparent: ")
    assert "\n  # Where it is.\n  " in text
    assert re.search(r"  [-0-9a-f]{36}: \{name: position, type: .*\}   # metres\n", text)
    assert 'version: "1.2.0"' in text
    assert arora("records", "check", written).code == 0
    assert arora("id", written) == Outcome(0, "", "")


def test_a_record_stands_for_its_directory(written: Path) -> None:
    assert arora("id", written / "structure" / "Pose.yaml", written / "structure" / "Vector3.yaml").code == 0
    assert len(records.load(written)) == 3


def test_check_writes_no_record(written: Path) -> None:
    before = sorted(each.name for each in written.rglob("*"))
    outcome = arora("id", "--check", written)
    assert outcome.code == 1
    assert f"{written}/structure/Pose.yaml: the record's id" in outcome.out
    assert f"{written}/enumeration/State.yaml: variants.too-far" in outcome.out
    assert sorted(each.name for each in written.rglob("*")) == before


def test_a_field_added_by_name_to_a_finished_record_gets_an_id(written: Path) -> None:
    arora("id", written)
    (path,) = (each for each in (written / "structure").iterdir() if "name: Vector3" in each.read_text())
    path.write_text(path.read_text().replace("fields: {", "fields: {z: State, "))
    assert arora("id", written).code == 1
    path.write_text(path.read_text().replace("z: State", "z: robot.State"))
    assert arora("id", written).out == f"{path}: fields.z\n"
    found = records.load(written).find("robot.arm.Vector3")
    assert found is not None
    assert [each.name for each in found.members] == ["z", "x", "y"]


def test_other_directories_hold_types_and_folders_that_records_refer_to(written: Path, tmp_path: Path) -> None:
    arora("id", written)
    other = tmp_path / "other" / "structure" / "Line.json"
    other.parent.mkdir(parents=True)
    other.write_text('{"parent": "robot.arm", "fields": {"from": "Vector3", "to": "robot.arm.Vector3"}}')
    assert "unknown type 'Vector3'" in arora("id", other.parents[1]).err
    assert arora("id", other.parents[1], "--include", written).code == 0
    (line,) = records.load(other.parents[1], records.load(written))
    assert line.path == "robot.arm.Line"
    assert json.loads(next(other.parent.iterdir()).read_text())["name"] == "Line"


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("x: f63", "fields.x: unknown type 'f63', did you mean 'f64'"),
        ("x: option<f64>", "fields.x: records have no form for option<f64>"),
        ("x: {kind: f64}", "fields.x: expected a type such as f64"),
        ("x:", "fields.x: expected a type such as f64"),
    ],
)
def test_a_type_that_records_do_not_have_is_refused_and_nothing_is_written(
    tmp_path: Path, field: str, message: str
) -> None:
    path = tmp_path / "structure" / "Pose.yaml"
    path.parent.mkdir()
    path.write_text(f"parent: robot\nfields:\n  {field}\n")
    with pytest.raises(HeaderError, match=re.escape(message)) as caught:
        RecordIds(tmp_path, TypeRegistry()).filled()
    assert caught.value.source == str(path)
    assert list(tmp_path.rglob("*.yaml")) == [path]


def test_a_record_that_would_not_be_valid_is_refused_by_the_name_of_its_own_file(written: Path) -> None:
    again = written / "structure" / "Again.yaml"
    again.write_text("parent: robot.arm\nname: Vector3\nfields: {}\n")
    with pytest.raises(HeaderError, match="the folder has another type named 'Vector3'") as caught:
        RecordIds(written, TypeRegistry()).filled()
    assert str(caught.value.source).startswith(str(written / "structure"))


def test_ids_are_made_in_a_stable_order_of_files_and_fields(written: Path) -> None:
    def numbered() -> list[str]:
        ids = iter(range(1000, 1100))
        return list(RecordIds(written, TypeRegistry(), lambda: UUID(int=next(ids))).filled().missing)

    assert numbered() == numbered()
