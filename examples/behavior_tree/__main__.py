"""A behaviour tree whose leaves and one control node are functions of a module: ``python -m examples.behavior_tree``.

py_trees ticks the tree. The leaves ``battery_ok``, ``recharge``, ``drive`` and ``look`` call the module; the node
``patrol`` is in the module too, and ticks its children from there, by indirect dispatch. Needs py_trees.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from py_trees import display
from py_trees.behaviour import Behaviour
from py_trees.composites import Selector, Sequence

from arora_core import Engine, LoadedModule
from examples.behavior_tree.drawing import svg
from examples.behavior_tree.nodes import ModuleControl, ModuleLeaf

HERE = Path(__file__).resolve().parent


def tree(module: LoadedModule, engine: Engine) -> Behaviour:
    """Return the tree: charge when the battery is low, else drive to the next waypoint and look around."""
    leaf = {name: ModuleLeaf(name, module[name]) for name in ("battery_ok", "recharge", "drive", "look")}
    power = Selector("power", memory=False, children=[leaf["battery_ok"], leaf["recharge"]])
    work = Sequence("work", memory=True, children=[leaf["drive"], leaf["look"]])
    return ModuleControl("patrol", module["in_turn"], engine, [power, work])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ticks", type=int, default=8, help="how often to tick (default 8)")
    parser.add_argument("--executor", help="what to run the module on (default: the first that can)")
    parser.add_argument("--svg", type=Path, metavar="DIRECTORY", help="also draw each tick as DIRECTORY/tick-N.svg")
    chosen = parser.parse_args()
    with Engine() as engine:
        root = tree(engine.load(HERE / "module.yaml", executor=chosen.executor), engine)
        for number in range(1, chosen.ticks + 1):
            for _ in root.tick():
                pass
            caption = f"tick {number}: {root.status.value.lower()}"
            print(caption)
            print(display.unicode_tree(root, show_status=True))
            if chosen.svg is not None:
                chosen.svg.mkdir(parents=True, exist_ok=True)
                (chosen.svg / f"tick-{number}.svg").write_text(svg(root, caption), encoding="utf-8")


if __name__ == "__main__":
    main()
