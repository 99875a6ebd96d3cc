"""``arora records format``: one text for a record, whoever wrote it."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from arora_core import HeaderError, TypeRegistry, records
from arora_core.authoring.record_format import canonical

from ..cli.running import EXAMPLES, Outcome, arora
from ..signatures import POINT as POINT_RECORD
from ..signatures import REGISTRY

PARENT = "e3104e0a-d1b8-4b3e-92e1-3e28f6defbef"
FIRST, SECOND = "62f2eb3e-d77b-4720-b14e-e3fb4d9c872b", "2ecfc441-ce94-475c-8c95-096598ca18e3"
POINT = "f8ba2f66-fed8-4a32-9dc6-ecf55a9d1a43"

CANONICAL = f"""\
# Where the tool is.
parent: {PARENT}  # ur5
name: Pose
fields:
  # In metres.
  {FIRST}:
    name: "y"
    type: {{type: frozenScalar, value: {{reference: {{id: {POINT}, version: "1.0.0"}}}}}}
  {SECOND}:
    name: speed  # of the tool
    # In metres a second.
    type: {{type: primitive, value: {{kind: f64}}}}  # never negative
# The end.
"""

WRITTEN = f"""\
# Where the tool is.

name:   'Pose'
parent: {PARENT.upper()}   # ur5
fields:

      # In metres.
      {FIRST.upper()}: {{type: {{value: {{reference: {{version: 1.0.0, id: {POINT}}}}}, type: frozenScalar}}, name: y}}
      {SECOND}:
            name: speed # of the tool
            # In metres a second.
            type:
                  value: {{kind: "f64"}}   # never negative
                  type: primitive
# The end.
"""


def test_order_layout_and_case_become_canonical_and_comments_stay() -> None:
    assert canonical("structure", WRITTEN.encode(), "Pose.yaml").decode() == CANONICAL
    assert yaml.safe_load(CANONICAL)["fields"][FIRST]["name"] == "y"


def test_canonical_text_stays_as_it_is() -> None:
    assert canonical("structure", CANONICAL.encode(), "Pose.yaml").decode() == CANONICAL


@pytest.mark.parametrize("seed", range(100))
def test_comments_anywhere_are_kept_once_each_and_formatting_twice_changes_nothing(seed: int) -> None:
    chance = random.Random(seed)
    comments = [f"# {index}" for index in range(6)]
    lines = chance.choice([CANONICAL, WRITTEN]).splitlines()
    for each in comments:
        at = chance.randrange(len(lines))
        if chance.random() < 0.5:
            lines.insert(at, " " * chance.randrange(8) + each)
        elif "#" not in lines[at]:
            lines[at] += f" {each}"
        else:
            lines.append(each)
    text = "\n".join(lines)
    once = canonical("structure", text.encode(), "Pose.yaml")
    assert all(once.decode().count(f"{each}\n") == 1 for each in comments)
    assert yaml.safe_load(once) == yaml.safe_load(CANONICAL)
    assert canonical("structure", once, "Pose.yaml") == once


def test_keys_that_repeat_the_files_name_are_left_out_and_their_comments_kept() -> None:
    text = f"id: {POINT}  # the id\nversion: 1.0.0\nparent: {PARENT}\nname: Empty\nfields: {{}}\n"
    expected = f"parent: {PARENT}\nname: Empty\nfields: {{}}\n# the id\n"
    assert canonical("structure", text.encode(), "Empty.yaml").decode() == expected


def test_json_stays_json() -> None:
    text = json.dumps({"name": "Pose", "fields": {}, "parent": PARENT.upper()})
    expected = {"parent": PARENT, "name": "Pose", "fields": {}}
    assert canonical("structure", text.encode(), "Pose.json").decode() == json.dumps(expected, indent=2) + "\n"


def test_the_command_writes_what_differs_and_reads_the_same_afterwards(tmp_path: Path) -> None:
    directory = shutil.copytree(EXAMPLES / "watchdog" / "records", tmp_path / "records")
    before = list(records.load(directory))
    for path in (directory / "structure").iterdir():
        path.write_text(path.read_text().replace("name: Pose", "name:  Pose  # where"))
    checked = arora("records", "format", "--check", directory)
    assert checked.code == 1
    outcome = arora("records", "format", directory)
    assert outcome == Outcome(0, checked.out, "")
    assert "name: Pose  # where\n" in "".join(each.read_text() for each in directory.rglob("*.yaml"))
    assert list(records.load(directory)) == before
    assert arora("records", "format", "--check", directory) == Outcome(0, "", "")


@pytest.mark.parametrize("name", ["ur5", "watchdog"])
def test_a_registry_is_written_as_the_files_that_it_is_read_from(tmp_path: Path, name: str) -> None:
    directory = shutil.copytree(EXAMPLES / name / "records", tmp_path / "records")
    arora("records", "format", directory)
    written = records.texts(records.load(directory))
    assert written == {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*.yaml")}
    again = tmp_path / "again"
    for path, text in written.items():
        (again / path).parent.mkdir(parents=True, exist_ok=True)
        (again / path).write_text(text)
    assert sorted(records.load(again), key=lambda each: each.id) == sorted(
        records.load(directory), key=lambda each: each.id
    )


def test_a_registry_with_what_records_have_no_form_for_is_not_written() -> None:
    deep = TypeRegistry(REGISTRY)
    with pytest.raises(HeaderError, match="records have no form for option<00000000-0000-0000-0000-0000000000e0>"):
        records.texts(deep)
    with pytest.raises(HeaderError, match="the folder shapes is not known"):
        records.texts(TypeRegistry([replace(POINT_RECORD, path="shapes.Point")]))


def test_mistaken_records_are_not_formatted(tmp_path: Path) -> None:
    (tmp_path / "structure").mkdir()
    (tmp_path / "structure" / f"{POINT}@1.0.0.yaml").write_text("name: Point\n")
    assert arora("records", "format", tmp_path).code == 1
    with pytest.raises(HeaderError, match="an alias"):
        canonical("structure", f"parent: &a {PARENT}\nname: *a\nfields: {{}}".encode(), "Point.yaml")
