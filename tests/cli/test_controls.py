"""Control characters of headers and guests: a terminal gets them escaped, wherever they are shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from arora_core import Header
from arora_core.cli.printing import yaml_text
from tests.cli.running import arora

C0, C1, LINE, BIDI = "\x1b[2J", "\x9b2J", "\u2028", "\u202e"
HOSTILE = f"a{C0}{C1}{LINE}{BIDI}\u2066\u200f\x7f\nerror: forged\r"
RAW = "\x1b\x9b\u2028\u202e\u2066\u200f\x7f\r"

FUNCTION = {
    "type": "function",
    "id": "00000000-0000-4000-8000-000000000002",
    "name": HOSTILE,
    "parameters": [
        {"id": "00000000-0000-4000-8000-000000000003", "name": HOSTILE, "type": {"kind": "scalar", "id": "u8"}}
    ],
}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A header whose every text has control characters."""
    header = {
        "id": "00000000-0000-4000-8000-000000000001",
        **dict.fromkeys(("name", "author", "license", "description"), HOSTILE),
        "version": "1.0.0",
        "executor": {"name": "wasm"},
        "exports": [FUNCTION],
    }
    path = tmp_path / "module.json"
    path.write_text(json.dumps(header))
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", "MODULE"),
        ("inspect", "MODULE", "--json"),
        ("call", "MODULE"),
        ("call", "MODULE", "other"),
        ("call", "MODULE", HOSTILE, "other=1"),
        ("call", "MODULE", HOSTILE, f"{HOSTILE}=x"),
        ("call", "MODULE", HOSTILE),
        ("call", "MODULE", "--executor", HOSTILE, HOSTILE),
        (HOSTILE,),
    ],
    ids=str,
)
def test_nothing_that_a_header_says_controls_the_terminal(hostile: Path, arguments: tuple[str, ...]) -> None:
    done = arora(*(str(hostile) if each == "MODULE" else each for each in arguments))
    written = done.out + done.err
    assert "forged" in written or arguments[0] == "call"
    assert not set(RAW) & set(written)
    assert not any(line.startswith("error: forged") for line in written.splitlines())


def test_json_keeps_what_it_escapes(hostile: Path) -> None:
    shown = json.loads(arora("inspect", hostile, "--json").out)
    assert shown["name"] == Header.load(hostile).name == HOSTILE


@pytest.mark.parametrize("text", [HOSTILE, C1, LINE, BIDI, "a\x85b", "\n\x1b", "plain", "two\nlines", "tab\t"])
def test_yaml_keeps_what_it_escapes(text: str) -> None:
    written = yaml_text({"key": [text, {text: text}]})
    assert not set(RAW) & set(written)
    assert yaml.safe_load(written) == {"key": [text, {text: text}]}


def test_the_log_names_a_module_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    import logging

    from arora_core.cli import diagnostics

    with diagnostics.to_stderr():
        logging.getLogger(f"arora.module.{HOSTILE}").warning("%s", f"said {C1}\nerror: forged")
    err = capsys.readouterr().err
    assert not set(RAW) & set(err)
    assert not any(line.startswith("error: forged") for line in err.splitlines())
    assert err.startswith(
        "a\\x1b[2J\\x9b2J\\u2028\\u202e\\u2066\\u200f\\x7f\\x0aerror: forged\\x0d: said \\x9b2J\n  error"
    )
