"""``arora.d.mts``, the types of ``arora.mjs``."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import fields

from arora_browser.web_site import STATIC

from arora_core.errors import TrapKind
from arora_core.executor import Limits

from .node_page import HERE, NODE_MODULES, require_npm_packages

DECLARATIONS = (STATIC / "arora.d.mts").read_text()


def test_a_typescript_program_compiles_with_the_declarations() -> None:
    require_npm_packages()
    tsc = subprocess.run(
        [NODE_MODULES / ".bin" / "tsc", "--project", HERE / "js"], capture_output=True, text=True, env=dict(os.environ)
    )
    assert tsc.returncode == 0, tsc.stdout


def test_every_method_that_the_readme_calls_is_declared() -> None:
    (program,) = re.findall(r"```js\n(.*?)```", (HERE.parent / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    called = set(re.findall(r"engine\.(\w+)\(", program))
    assert {"loadModule", "call", "close"} <= called
    assert {name for name in called if not re.search(rf"^  {name}\(", DECLARATIONS, re.MULTILINE)} == set()


def test_every_kind_of_trap_is_declared() -> None:
    declared = re.search(r"type TrapKind =([^;]*);", DECLARATIONS)
    assert declared is not None
    assert set(re.findall(r'"(\w+)"', declared[1])) == {kind.name for kind in TrapKind}


def test_every_limit_is_declared() -> None:
    declared = re.search(r"limits\?: \{([^}]*)\}", DECLARATIONS)
    assert declared is not None
    assert re.findall(r"(\w+)\?:", declared[1]) == [limit.name for limit in fields(Limits)]
