"""``arora freeze``: the low form of headers."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from arora_core import Header
from arora_core.authoring.freezing import frozen
from arora_core.cli.printing import json_text, yaml_text

from ..cli.running import EXAMPLES, arora
from .random_modules import random_header

WATCHDOG = EXAMPLES / "watchdog" / "module.yaml"


@pytest.mark.parametrize("seed", range(60))
def test_a_frozen_header_is_read_as_an_equal_one_without_any_record(seed: int) -> None:
    header = random_header(random.Random(seed))
    for text in (yaml_text(frozen(header)), json_text(frozen(header))):
        assert Header.parse(text) == header


def test_only_dependencies_are_left_out() -> None:
    header = replace(Header.load(WATCHDOG), dependencies=("ur5",))
    assert Header.parse(yaml_text(frozen(header))) == replace(header, dependencies=())


def test_every_type_and_module_is_a_uuid_and_both_lists_of_functions_are_there() -> None:
    header = Header.load(WATCHDOG)
    data = yaml.safe_load(arora("freeze", WATCHDOG).out)
    assert data["exports"][0]["ret"] == {"kind": "scalar", "id": "27567bed-eab7-40ad-ab77-89f6c1222f1c"}
    assert frozen(replace(header, imports=()))["imports"] == []
    assert frozen(replace(header, exports=()))["exports"] == []


def test_the_command_writes_yaml_or_json_to_stdout_or_a_file(tmp_path: Path) -> None:
    printed = arora("freeze", WATCHDOG, "--json")
    assert printed.code == 0
    assert json.loads(printed.out) == yaml.safe_load(arora("freeze", WATCHDOG).out)
    written = tmp_path / "frozen.yaml"
    assert arora("freeze", WATCHDOG, "--output", written).out == ""
    assert written.read_text() == arora("freeze", WATCHDOG).out
    assert arora("freeze", written).out == written.read_text()


def test_records_of_other_directories_resolve_names(tmp_path: Path) -> None:
    (tmp_path / "module.yaml").write_bytes(WATCHDOG.read_bytes())
    alone = arora("freeze", tmp_path / "module.yaml")
    assert (alone.code, "unknown type 'safety.Verdict'" in alone.err) == (1, True)
    assert arora("freeze", tmp_path / "module.yaml", "--include", WATCHDOG.parent / "records").code == 0
