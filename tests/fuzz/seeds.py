"""Write the corpora that fuzzing starts from: ``python -m tests.fuzz.seeds``.

They are small: a test vector of each shape of buffer, a few headers, and programs for the hostile guest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from arora_core import Header

ROOT: Final = Path(__file__).parents[2]
CORPUS: Final = Path(__file__).parent / "corpus"
_ARRAY: Final = 15
_LARGEST: Final = 256
_HEADERS: Final = ("tests/cli/guest/parrot.yaml", "examples/watchdog/module.yaml")


SMALL_HEADER: Final = """\
id: 00000000-0000-4000-8000-000000000001
name: small
author: &nobody ""
license: *nobody
version: 1.2.3
executor: {name: wasm, min_version: {major: 1, minor: 0, patch: 0}}
exports:
  - type: function
    id: 00000000-0000-4000-8000-000000000002
    name: f
    parameters:
      - id: 00000000-0000-4000-8000-000000000003
        name: p
        type: {kind: fixedarray, id: f64, len: 2}
        default_value: {f64s: [0.5, .nan]}
        mutable: true
    ret: {kind: map, key_id: str, value_id: value}
imports:
  - {type: function, id: 00000000-0000-4000-8000-000000000004, name: g, module: 00000000-0000-4000-8000-000000000005}
"""

PROGRAMS: Final = {
    "answers": "00 40000000  03 02 0001  0f",
    "answers-null": "03 00  00 00000000",
    "answers-beyond": "03 00  00 fcff0000",
    "answers-its-argument": "03 08 0000000000000000  01 4000",
    "grows-and-answers": "05 05 04 05 1000 0500000000  01 0010",
    "dispatches": "0f 08 02 0001 0f 02 05 0500000000 0f 0f",
    "dispatches-from-beyond": "0f 06 ffff 0000 0000",
    "host-fails": "0f 08 02 0001 0f 00",
    "called-again": "0f 0c 01 05 0f 0f 0f",
    "writes": "0f 04 08 8000 4000000003000000  0a 0100 8000 0100 c000 02 00 0f",
    "is-closed-while-it-runs": "0f 08 02 0001 0f 03",
    "crashes": "0f 0d",
    "asks-for-the-time": "0f 0b 0c 00 0000 000000000000 8000 0f",
}
"""Programs for ``hostile_guest``: one for each typical way a call proceeds, in hexadecimal."""


def _vectors() -> list[bytes]:
    rows: list[dict[str, Any]] = json.loads((ROOT / "tests" / "vectors" / "buffers.json").read_text())
    return [bytes.fromhex(row["hex"]) for row in rows]


def _by_shape() -> dict[str, bytes]:
    """Return a vector per tag, and per element tag of arrays: the longest up to 256 bytes, or else the shortest."""
    chosen: dict[str, bytes] = {}
    for buffer in sorted(_vectors(), key=len):
        shape = f"{buffer[4]:02d}-{buffer[5]:02d}" if buffer[4] == _ARRAY else f"{buffer[4]:02d}"
        if len(buffer) <= _LARGEST or shape not in chosen:
            chosen[shape] = buffer
    return chosen


def _headers() -> Iterator[tuple[str, bytes]]:
    # In the low form, which can be read without records.
    for path in _HEADERS:
        data = Header.load(ROOT / path).to_data()
        yield f"{data['name']}.json", json.dumps(data).encode()
    yield "small.yaml", SMALL_HEADER.encode()


def corpora() -> dict[str, dict[str, bytes]]:
    """Return the initial inputs, by target and name."""
    values = _by_shape()
    return {
        "decode": values,
        "error": {"20": values.pop("20")},
        "header": dict(_headers()),
        "guest": {name: bytes.fromhex(program) for name, program in PROGRAMS.items()},
    }


def main() -> None:
    """Write the corpora. Other files in their directories are kept."""
    for target, inputs in corpora().items():
        directory = CORPUS / target
        directory.mkdir(parents=True, exist_ok=True)
        for name, data in inputs.items():
            (directory / name).write_bytes(data)


if __name__ == "__main__":
    main()
