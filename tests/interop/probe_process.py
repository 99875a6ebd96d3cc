"""The probe: a process that answers what the Rust crates make of texts, buffers and modules."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from arora_core import Call, CallResult, Header, text
from arora_core import values as v
from arora_core.cli.printing import yaml_text
from arora_core.documents import parsing
from arora_core.values.text_form import argument_refusal

_MARK: Final = "answer: "


class Refused(Exception):
    """The Rust crates answered with an error."""


class Panicked(Exception):
    """The Rust crates panicked."""


class Probe:
    """A running probe; each engine of the process lives as long as it."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            [str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def read(self, kind: str, form: str, written: str) -> dict[str, str | None]:
        """Return what a text is, written again in each form. Raises Refused."""
        answer: dict[str, str | None] = self._ask({"do": "read", "kind": kind, "form": form, "text": written})
        return answer

    def decode(self, buffer: bytes) -> dict[str, str | None]:
        """Return the value in a buffer, written in each form. Raises Panicked."""
        answer: dict[str, str | None] = self._ask({"do": "decode", "hex": buffer.hex()})
        return answer

    def load(self, header: Header, executable: Path) -> None:
        """Load a module into the engine. Raises Refused."""
        self._ask({"do": "load", "header": yaml_text(header.to_data()), "executable": str(executable)})

    def call(self, call: Call) -> CallResult:
        """Return the result of a call. Raises Refused."""
        answer = self._ask({"do": "call", "call": yaml_text(text.call_to_data(call, floats=True))})
        return text.result_from_data(parsing.parse(answer["singleton"], argument_refusal))

    def dispatch(self, module: str, function: str, argument: bytes) -> bytes:
        """Return the answer of a function, buffer to buffer. Raises Refused."""
        asked = {"do": "dispatch", "module": module, "function": function, "hex": argument.hex()}
        return bytes.fromhex(self._ask(asked))

    def register(self, value: v.Value) -> int:
        """Return the id of a new callable that answers with a value."""
        return int(self._ask({"do": "register", "value": yaml_text(text.to_data(value, floats=True))}))

    def tick(self, node: str, children: str) -> str:
        """Return the status of a node of behaviour trees after a tick: S, F or R, given those of its children."""
        return str(self._ask({"do": "tick", "node": node, "children": children}))

    def tick_in_module(self, header: Header, function: str, tick_id: UUID, children: str) -> str:
        """Return the status of a node that is a function of a loaded module, after a tick by the Rust trees."""
        export = next(each for each in header.exports if each.name == function)
        ids = {"module": header.id, "node": export.id, "parameter": export.parameters[0].id, "tick_id": tick_id}
        return str(self._ask({"do": "tick", "children": children, **{key: str(id) for key, id in ids.items()}}))

    def _ask(self, question: Mapping[str, str]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith(_MARK):
                answer = json.loads(line.removeprefix(_MARK))
                break
        else:
            raise RuntimeError(f"the probe ended, with {self._process.wait()}, when asked {question}")
        if "panic" in answer:
            raise Panicked(answer["panic"])
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["ok"]
