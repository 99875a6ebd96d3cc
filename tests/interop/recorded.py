"""The vectors: what the Rust crates make of our values, numbers and documents.

``python -m tests.interop.recorded`` writes them anew, with the crates that ``ARORA_RUST_ENGINE`` names.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from arora_core import buffers

from .probe_process import Probe, Refused
from .rust_crates import HERE, VARIABLE, RustLine
from .sample_values import VALUES

VECTORS: Final = HERE / "vectors"
SOURCES: Final = VECTORS / "sources"
FORMS: Final = ("yaml", "singleton", "json")
"""The forms of serde: YAML with tags such as ``!f64``, YAML and JSON with mappings of one key."""

Forms = dict[str, str | None]

NUMERALS: Final = (
    *("0", "1", "-1", "+1", "-0", "00", "017", "1_000", "1.0", "1.", ".5", "-.5", "+.5", "1e16", "1E16", "1e+16"),
    *("1.5e-7", "1e400", "-1e400", "1e-400", "255", "256", "18446744073709551615", "18446744073709551616"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "0x1f", "0X1F", "+0x1f", "-0x1f"),
    *("0o17", "-0o7", "0b11", "-0b1", "1:30", ".nan", ".NaN", "-.nan", ".inf", "+.inf", "-.inf", ".Inf", "inf"),
    *("nan", "NaN", "Infinity", "-Infinity", "true", "True", "TRUE", "yes", "on", "n", "null", "~", "2001-01-01"),
)
TAGS: Final = ("f64", "f32", "u64", "i64", "u8", "bool", "str")


def values(probe: Probe) -> list[Forms]:
    """Return each value as its buffer, and as the texts that the crates write of it and read back."""
    return [_with_texts(probe, buffers.encode(value)) for value in VALUES]


def _with_texts(probe: Probe, buffer: bytes) -> Forms:
    texts = probe.decode(buffer)
    return {"hex": buffer.hex(), **{form: _read_back(probe, form, texts[form], buffer) for form in FORMS}}


def _read_back(probe: Probe, form: str, text: str | None, buffer: bytes) -> str | None:
    return text if text is not None and rust_buffer(probe, form, text) == buffer.hex() else None


def rust_buffer(probe: Probe, form: str, text: str) -> str | None:
    """Return the hexadecimal digits of the value that the crates read in a text, None where they refuse it."""
    try:
        return probe.read("value", form, text)["hex"]
    except Refused:
        return None


def numerals(probe: Probe) -> dict[str, Forms]:
    """Return, by plain scalar and by tag, the buffers of the values that the crates read in YAML."""
    return {text: {tag: rust_buffer(probe, "singleton", f"{tag}: {text}") for tag in TAGS} for text in NUMERALS}


def sources() -> Iterator[tuple[str, Path]]:
    """Yield our documents, each with its kind."""
    for path in sorted(SOURCES.glob("*.yaml")):
        yield path.stem.partition("_")[0], path
    for path in sorted(SOURCES.glob("records/*/*.yaml")):
        yield path.parent.name, path


def documents(probe: Probe) -> dict[str, Forms]:
    """Return, by the path of our document, the texts that the crates write of it."""
    return {
        path.relative_to(SOURCES).as_posix(): dict(probe.read(kind, _form(kind), path.read_text(encoding="utf-8")))
        for kind, path in sources()
    }


def _form(kind: str) -> str:
    # In a header values stand inside of mappings with a tag of their own, which serde reads from any form.
    return "singleton" if kind in ("call", "result") else "yaml"


def nodes(probe: Probe) -> dict[str, Forms]:
    """Return, by node of behaviour trees and by the statuses of its children, the node's after a tick.

    S is success, F failure and R running.
    """
    children = ["".join(each) for number in range(4) for each in itertools.product("SFR", repeat=number)]
    return {node: {each: probe.tick(node, each) for each in children} for node in ("sequence", "fallback", "parallel")}


def stored_values() -> list[Forms]:
    """Return the file of values."""
    content: list[Forms] = json.loads((VECTORS / "values.json").read_text(encoding="utf-8"))
    return content


def stored_by_key(name: str) -> dict[str, Forms]:
    """Return a file of rows by key: ``numerals``, ``documents`` or ``nodes``."""
    content: dict[str, Forms] = json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return content


def _write(name: str, rows: list[str], brackets: str) -> None:
    text = f"{brackets[0]}\n" + ",\n".join(rows) + f"\n{brackets[1]}\n"
    (VECTORS / f"{name}.json").write_text(text, encoding="utf-8")


def main() -> None:
    """Write all files of vectors."""
    probe = Probe(RustLine(os.environ[VARIABLE]).probe())
    _write("values", [json.dumps(row) for row in values(probe)], "[]")
    by_key = {"numerals": numerals(probe), "documents": documents(probe), "nodes": nodes(probe)}
    for name, rows in by_key.items():
        _write(name, [f"{json.dumps(key)}: {json.dumps(row)}" for key, row in rows.items()], "{}")
    probe.close()


if __name__ == "__main__":
    main()
