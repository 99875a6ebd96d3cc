"""Control nodes in a module have the status that those of the Rust behaviour trees have, and tick as many children."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import takewhile

import pytest
from py_trees.common import Status

from arora_core import Engine, LoadedModule
from arora_core import values as v
from examples import build
from examples.behavior_tree.nodes import from_member, to_value

from .recorded import stored_by_key

ROWS = stored_by_key("nodes")
FUNCTIONS = {"sequence": "in_turn", "fallback": "first_of", "parallel": "all_at_once"}
STATUSES = {"S": Status.SUCCESS, "F": Status.FAILURE, "R": Status.RUNNING}
GOES_ON_AFTER = {"sequence": "S", "fallback": "F", "parallel": "SFR"}


@pytest.fixture(scope="module")
def patrol() -> Iterator[tuple[Engine, LoadedModule]]:
    with Engine() as engine:
        yield engine, engine.load(build.EXAMPLES / "behavior_tree" / "module.yaml")


def ticked(patrol: tuple[Engine, LoadedModule], node: str, children: str) -> tuple[Status, list[int]]:
    """Return the status of a node after a tick, and the children that it ticked, in order."""
    engine, module = patrol
    visited: list[int] = []

    def child(number: int, status: str) -> Callable[[], v.Value]:
        def tick() -> v.Value:
            visited.append(number)
            return to_value(STATUSES[status])

        return tick

    ids = [engine.register_callable(child(number, status)) for number, status in enumerate(children)]
    status = from_member(module[FUNCTIONS[node]]([{"callable_id": each} for each in ids]))
    for each in ids:
        engine.unregister_callable(each)
    return status, visited


@pytest.mark.parametrize("node", FUNCTIONS)
def test_there_is_a_row_for_any_statuses_of_up_to_three_children(node: str) -> None:
    assert len(ROWS[node]) == 1 + 3 + 9 + 27


@pytest.mark.parametrize("node", FUNCTIONS)
def test_a_node_has_the_status_that_it_has_in_the_rust_trees(node: str, patrol: tuple[Engine, LoadedModule]) -> None:
    ours = {children: ticked(patrol, node, children)[0] for children in ROWS[node]}
    assert ours == {children: STATUSES[str(status)] for children, status in ROWS[node].items()}


@pytest.mark.parametrize("node", FUNCTIONS)
def test_a_node_ticks_its_children_in_order_until_one_decides(node: str, patrol: tuple[Engine, LoadedModule]) -> None:
    for children in ROWS[node]:
        passed = len(list(takewhile(GOES_ON_AFTER[node].__contains__, children)))
        assert ticked(patrol, node, children)[1] == list(range(min(passed + 1, len(children)))), children
