from __future__ import annotations

from pathlib import Path

import click
from click.testing import CliRunner

from arora_core import discover

HEADER = """
id: 0a0a0a0a-0000-4000-8000-000000000001
name: arm
author: ""
license: ""
version: {major: 1, minor: 0, patch: 0}
executor: {name: wasm}
exports: [{type: function, id: 0a0a0a0a-0000-4000-8000-000000000002, name: lift, ret: {kind: scalar, id: bool}}]
imports: []
"""


def test_the_command_prints_the_names_of_a_modules_functions(tmp_path: Path) -> None:
    (tmp_path / "module.yaml").write_text(HEADER)
    arora = click.Group()
    discover().add_commands(arora)
    done = CliRunner().invoke(arora, ["mine", str(tmp_path / "module.yaml")])
    assert (done.exit_code, done.output) == (0, "lift\n")
