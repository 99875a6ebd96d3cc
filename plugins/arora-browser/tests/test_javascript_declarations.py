"""``arora.d.mts``, the types of ``arora.mjs``."""

from __future__ import annotations

import os
import subprocess

from .node_page import HERE, NODE_MODULES, require_npm_packages


def test_the_declarations_fit_what_programs_do() -> None:
    require_npm_packages()
    tsc = subprocess.run(
        [NODE_MODULES / ".bin" / "tsc", "--project", HERE / "js"], capture_output=True, text=True, env=dict(os.environ)
    )
    assert tsc.returncode == 0, tsc.stdout
