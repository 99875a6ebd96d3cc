"""``arora records check``: every mistake in a directory of records, in one run."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from ..cli.running import EXAMPLES, Outcome, arora

FOLDER = UUID(int=0xF0)
ROOT = "00000000-0000-0000-0000-000001000000"


def reference(number: int, version: str = "1.0.0", kind: str = "frozenScalar") -> str:
    return f'{{type: {kind}, value: {{reference: {{id: {UUID(int=number)}, version: "{version}"}}}}}}'


F64 = "{type: primitive, value: {kind: f64}}"


class Records:
    """A directory of records, in the folder ``shapes``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.write("folder", str(FOLDER), f"{{name: shapes, parent: {ROOT}}}")

    def write(self, kind: str, stem: str, text: str) -> None:
        path = self.directory / kind / f"{stem}.yaml"
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, encoding="utf-8")

    def structure(self, number: int, name: str, *fields: str, version: str = "1.0.0", parent: UUID = FOLDER) -> None:
        members = ", ".join(
            f"{UUID(int=number + index)}: {{name: {chr(96 + index)}, type: {type}}}"
            for index, type in enumerate(fields, 1)
        )
        text = f"{{parent: {parent}, name: {name}, fields: {{{members}}}}}"
        self.write("structure", f"{UUID(int=number)}@{version}", text)

    def check(self, *options: str | Path) -> Outcome:
        return arora("records", "check", self.directory, *options)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path / "records")


def messages(outcome: Outcome) -> list[str]:
    """Return what is wrong, without the files: their names, and the places in them, to the end of the line."""
    return [line.rpartition("yaml: ")[2] for line in outcome.out.splitlines()]


@pytest.mark.parametrize("name", ["ur5", "watchdog"])
def test_the_examples_have_no_problem(name: str) -> None:
    assert arora("records", "check", EXAMPLES / name / "records") == Outcome(0, "", "")


def test_all_problems_are_found_in_one_run_each_with_its_file_and_place(records: Records) -> None:
    records.structure(0x100, "Dangling", reference(0x999), reference(0x888), F64)
    records.structure(0x200, "Twice", F64)
    records.structure(0x300, "Twice", F64)
    records.structure(0x400, "Lost", F64, parent=UUID(int=0x777))
    records.write("structure", "no-uuid", "{}")
    records.write("structure", f"{UUID(int=0x500)}@1.0.0", "{parent: {")
    records.structure(0x600, "Known", reference(0x500))
    outcome = records.check()
    assert outcome.code == 1
    found = messages(outcome)
    assert [each.partition(": ")[2] or each for each in found if "unknown structure" in each] == [
        f"unknown structure or enumeration {UUID(int=0x999)}",
        f"unknown structure or enumeration {UUID(int=0x888)}",
    ]
    for expected in (
        "name: the folder has another type named 'Twice'",
        f"parent: unknown folder {UUID(int=0x777)}",
        "expected a file name such as <uuid>@<version>.yaml",
        "line 1",
    ):
        assert sum(expected in line for line in outcome.out.splitlines()) == 1
    assert len(found) == 6
    assert outcome.err == f"Error: 6 problems in {records.directory}\n"
    assert all(line.startswith(str(records.directory)) for line in outcome.out.splitlines())


def test_every_record_of_a_circle_without_a_way_out_is_named(records: Records) -> None:
    records.structure(0x100, "Hen", reference(0x200))
    records.structure(0x200, "Egg", reference(0x100))
    records.structure(0x300, "Self", reference(0x300))
    records.structure(0x400, "Tree", reference(0x400, kind="frozenArray"), reference(0x100))
    found = messages(records.check())
    assert len(found) == 3
    assert sum("shapes.Egg, shapes.Hen contain each other" in each for each in found) == 2


def test_a_module_at_the_path_of_a_folder_is_a_problem(records: Records) -> None:
    records.write("module", f"{UUID(int=0x110)}@1.0.0", f"{{parent: {ROOT}, name: shapes}}")
    assert messages(records.check()) == ["name: there is a folder shapes, too: give one of them another name"]


def test_a_reference_to_a_version_that_engines_do_not_use_is_a_problem(records: Records) -> None:
    records.structure(0x100, "Point", F64)
    records.structure(0x100, "Point", F64, F64, version="2.0.0")
    records.structure(0x200, "Line", reference(0x100, "1.0.0"), reference(0x100, "2.0.0"), reference(0x100, "3.0.0"))
    found = messages(records.check())
    assert [each.rpartition("version: ")[2] for each in found] == [
        f"engines use 2.0.0 of {UUID(int=0x100)}, the highest version, in place of 1.0.0",
        f"unknown version 3.0.0 of {UUID(int=0x100)} (known: 1.0.0, 2.0.0)",
    ]


def test_names_without_a_letter_or_digit_are_problems(records: Records) -> None:
    records.structure(0x100, '"+-"', F64)
    assert messages(records.check()) == ["name: '+-' has no letter and no digit to make an identifier of"]


def test_other_directories_hold_what_these_records_refer_to(records: Records, tmp_path: Path) -> None:
    other = Records(tmp_path / "other")
    other.structure(0x100, "Point", F64)
    (records.directory / "folder" / f"{FOLDER}.yaml").unlink()
    records.structure(0x200, "Line", reference(0x100), reference(0x100))
    assert len(messages(records.check())) == 3
    assert records.check("--include", other.directory).code == 0


def test_records_that_differ_from_included_ones_are_problems(records: Records, tmp_path: Path) -> None:
    other = Records(tmp_path / "other")
    other.structure(0x100, "Point", F64)
    other.structure(0x200, "Line", F64)
    records.structure(0x100, "Point", F64, F64)
    records.structure(0x300, "Line", F64)
    assert messages(records.check("--include", other.directory)) == [
        "shapes.Point 1.0.0 of the included records has the same id, and differs",
        f"name: the included records have another shapes.Line, with the id {UUID(int=0x200)}",
    ]
    assert other.check("--include", other.directory).code == 0


def test_a_problem_of_a_folder_is_not_repeated_for_the_records_in_it(records: Records) -> None:
    records.write("folder", str(FOLDER), f"{{name: shapes, parent: {UUID(int=0x666)}}}")
    records.structure(0x100, "Point", F64)
    records.structure(0x200, "Line", reference(0x100))
    assert messages(records.check()) == [f"parent: unknown folder {UUID(int=0x666)}"]
    records.write("folder", str(FOLDER), "{name: shapes}")
    assert messages(records.check()) == ["parent: the key 'parent' is missing"]
