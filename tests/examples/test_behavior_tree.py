"""The behaviour tree: py_trees ticks functions of a module, and the module ticks nodes of py_trees."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest
from py_trees.behaviour import Behaviour
from py_trees.behaviours import Dummy
from py_trees.common import Status

from arora_core import Engine, LoadedModule, discover
from examples.behavior_tree.__main__ import tree
from examples.behavior_tree.drawing import svg
from examples.behavior_tree.nodes import ModuleControl
from tests.examples.modules import EXAMPLES

WASM = EXAMPLES / "behavior_tree" / "module.yaml"
EXECUTORS = {
    name: each.serves
    for name, each in discover().executors.items()
    if each.serves & {"wasm", "native"} and each.unavailable() is None
}


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as made:
        yield made


@pytest.fixture(params=EXECUTORS)
def module(request: pytest.FixtureRequest, engine: Engine, native_examples: dict[str, Path]) -> LoadedModule:
    header = WASM if "wasm" in EXECUTORS[request.param] else native_examples["behavior_tree"] / "module.yaml"
    return engine.load(header, executor=request.param)


def ticked(root: Behaviour) -> dict[str, Status]:
    for _ in root.tick():
        pass
    return {each.name: each.status for each in root.iterate()}


def test_the_robot_patrols_and_recharges_in_between(module: LoadedModule, engine: Engine) -> None:
    root = tree(module, engine)
    statuses = [ticked(root) for _ in range(5)]
    assert [each["patrol"].value for each in statuses] == ["RUNNING", "SUCCESS", "RUNNING", "RUNNING", "SUCCESS"]
    assert [each["recharge"].value for each in statuses] == ["INVALID", "INVALID", "INVALID", "RUNNING", "INVALID"]
    assert statuses[3]["battery_ok"] == Status.FAILURE
    assert statuses[3]["drive"] == Status.INVALID


def test_the_modules_control_node_stops_at_the_first_child_that_does_not_succeed(
    module: LoadedModule, engine: Engine
) -> None:
    children = [fixed("first", Status.SUCCESS), fixed("second", Status.FAILURE), fixed("third", Status.SUCCESS)]
    statuses = ticked(ModuleControl("in turn", module["in_turn"], engine, children))
    assert statuses == {
        "first": Status.SUCCESS,
        "second": Status.FAILURE,
        "third": Status.INVALID,
        "in turn": Status.FAILURE,
    }


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("first_of", {"first": Status.FAILURE, "second": Status.RUNNING, "third": Status.INVALID}),
        ("all_at_once", {"first": Status.FAILURE, "second": Status.RUNNING, "third": Status.SUCCESS}),
    ],
)
def test_other_control_nodes_of_the_module_tick_until_one_works_or_all(
    module: LoadedModule, engine: Engine, function: str, expected: dict[str, Status]
) -> None:
    children = [fixed("first", Status.FAILURE), fixed("second", Status.RUNNING), fixed("third", Status.SUCCESS)]
    statuses = ticked(ModuleControl("node", module[function], engine, children))
    assert statuses == {**expected, "node": Status.RUNNING if function == "first_of" else Status.FAILURE}


@pytest.mark.parametrize("function", ["in_turn", "first_of", "all_at_once"])
def test_a_control_node_without_children_succeeds(module: LoadedModule, engine: Engine, function: str) -> None:
    assert ticked(ModuleControl("none", module[function], engine, [])) == {"none": Status.SUCCESS}


def test_what_a_child_raises_comes_out_of_the_tick(engine: Engine) -> None:
    class Broken(Behaviour):
        def update(self) -> Status:
            raise ZeroDivisionError("in a leaf")

    root = ModuleControl("in turn", engine.load(WASM)["in_turn"], engine, [Broken("broken")])
    with pytest.raises(ZeroDivisionError, match="in a leaf"):
        ticked(root)


def test_the_program_draws_each_tick(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "examples.behavior_tree", "--ticks", "2", "--svg", str(tmp_path)]
    done = subprocess.run(command, cwd=EXAMPLES.parent, capture_output=True, text=True, encoding="utf-8", check=True)
    assert [line for line in done.stdout.splitlines() if line.startswith("tick ")] == [
        "tick 1: running",
        "tick 2: success",
    ]
    assert {each.name for each in tmp_path.iterdir()} == {"tick-1.svg", "tick-2.svg"}


def test_the_picture_has_a_box_for_each_node_and_none_overlap() -> None:
    root = fixed("<root>", Status.RUNNING)
    root.children = [fixed("a", Status.SUCCESS), fixed("b & c", Status.FAILURE)]
    space = "{http://www.w3.org/2000/svg}"
    picture = ElementTree.fromstring(svg(root, "tick 1"))
    boxes = [(float(each.attrib["x"]), float(each.attrib["y"])) for each in picture.iter(f"{space}rect")]
    assert [each.text for each in picture.iter(f"{space}text")][:3] == ["<root>", "a", "b & c"]
    assert len({each for _, each in boxes}) == 2
    assert abs(boxes[1][0] - boxes[2][0]) > 120


def fixed(name: str, status: Status) -> Behaviour:
    """Return a leaf that always has this status."""
    made = Dummy(name)
    made.update = lambda: status  # type: ignore[method-assign]
    return made
