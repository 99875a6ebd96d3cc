"""JavaScript programs for tests: in Node, each with an engine of its own."""

from __future__ import annotations

from typing import Any

import pytest

from .node_page import NodePage

PARTS = """
const { readFileSync, readdirSync } = await import("node:fs");
const parts = (name) => {
  const directory = `${files}/${name}`;
  const records = {};
  for (const file of readdirSync(directory, { recursive: true })) {
    if (!/^records.*yaml$/.test(file)) continue;
    records[file.slice("records/".length)] = readFileSync(`${directory}/${file}`, "utf8");
  }
  return [
    readFileSync(`${directory}/module.yaml`, "utf8"),
    readFileSync(`${directory}/${name}.wasm`),
    name === "probe" ? {} : { records },
  ];
};
const thrownBy = (action) => {
  try {
    action();
  } catch (error) {
    return error;
  }
};
"""


class Program:
    """Runs JavaScript with an ``engine`` of its own, and ``parts(name)`` to load modules from."""

    def __init__(self, page: NodePage) -> None:
        self._page = page

    def __call__(self, code: str) -> Any:
        return self._page.javascript(
            f"{PARTS}\nconst engine = new Engine();\ntry {{\n{code}\n}} finally {{ engine.close(); }}"
        )


@pytest.fixture
def run(node_page: NodePage) -> Program:
    return Program(node_page)
