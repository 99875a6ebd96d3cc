"""The Rust behaviour trees tick nodes of ours as their own. Skipped unless ARORA_RUST_ENGINE names the crates."""

from __future__ import annotations

from uuid import UUID

import pytest

from arora_core import Header
from examples import build

from . import recorded
from .probe_process import Probe
from .rust_crates import RustLine
from .test_nodes import FUNCTIONS, ROWS

HEADER = Header.load(build.EXAMPLES / "behavior_tree" / "module.yaml")
TICK_ID = UUID("6f49e650-84ca-4899-a9bd-1f3bf17fab51")


@pytest.fixture(scope="module")
def trees(rust: RustLine, probe: Probe) -> Probe:
    if not rust.ticks_trees:
        pytest.skip(f"the probe does not know the behaviour trees that go with arora-types {rust.types.version}")
    return probe


def test_the_recorded_nodes_are_those_of_the_crates(trees: Probe) -> None:
    assert recorded.nodes(trees) == ROWS


@pytest.mark.parametrize("node", FUNCTIONS)
def test_a_node_in_a_module_of_ours_is_ticked_like_their_own(node: str, trees: Probe) -> None:
    trees.load(HEADER, build.wasm_path("behavior_tree"))
    ours = {children: trees.tick_in_module(HEADER, FUNCTIONS[node], TICK_ID, children) for children in ROWS[node]}
    assert ours == ROWS[node]
