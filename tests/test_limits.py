"""Limits: the values they accept, and the code and documents that follow their table."""

from __future__ import annotations

import math
import re
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from arora_core import Capability, Limits, discover, executor
from arora_core import limits as home
from arora_core.cli.limit_options import limit_options
from arora_core.conformance.checking import checks
from arora_core.limits import INTERRUPTIBLE, LIMITS, Limit

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

every_limit = pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)


def table_below(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the table with this heading on a page of docs/, without markup."""
    _, _, below = (DOCS / page).read_text(encoding="utf-8").partition(f"{heading}\n")
    assert below
    lines = below.partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines]


# --- the limits themselves -------------------------------------------------------------------------


def test_limits_are_memory_deadline_fuel_result_and_interruptible_in_that_order() -> None:
    assert Limits(1, 0.5, 3, 4, True) == Limits(memory=1, deadline=0.5, fuel=3, result=4, interruptible=True)


def test_no_limit_is_set_by_default() -> None:
    assert Limits() == Limits(None, None, None, None, False)
    assert Limits().requested() == {}


def test_the_limits_that_are_set_are_requested_of_what_enforces_them() -> None:
    assert Limits(deadline=1, fuel=2).requested() == {"deadline": Capability.DEADLINE, "fuel": Capability.FUEL}


@every_limit
@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_must_be_positive(limit: Limit, value: int) -> None:
    wrong: dict[str, Any] = {limit.name: value}
    with pytest.raises(ValueError, match=f"limit {limit.name} must be positive, got {value}"):
        Limits(**wrong)


def test_to_be_interruptible_is_asked_for_with_a_bool() -> None:
    assert Limits(interruptible=True).requested() == {"interruptible": Capability.INTERRUPT}
    with pytest.raises(TypeError, match="interruptible must be a bool, got 1"):
        Limits(interruptible=1)  # type: ignore[arg-type]


def test_a_deadline_must_fit_into_a_float() -> None:
    with pytest.raises(ValueError, match="limit deadline must be less than 1e309 seconds"):
        Limits(deadline=10**400)


@every_limit
@pytest.mark.parametrize("value", ["1", True, 1j])
def test_a_limit_must_be_a_number(limit: Limit, value: Any) -> None:
    with pytest.raises(TypeError, match=f"limit {limit.name} must be an? (integer|number of seconds), got "):
        Limits(**{limit.name: value})


def test_a_deadline_may_be_a_fraction_and_what_is_counted_may_not() -> None:
    assert Limits(deadline=0.5).deadline == 0.5
    with pytest.raises(TypeError, match="limit memory must be an integer"):
        Limits(memory=0.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="limit deadline must be positive, got nan"):
        Limits(deadline=math.nan)


def test_limits_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        Limits().memory = 1  # type: ignore[misc]


def test_the_executor_contract_exports_the_same_names() -> None:
    assert executor.Limits is home.Limits is Limits
    assert executor.Capability is home.Capability is Capability


# --- the table, and what follows it ----------------------------------------------------------------


def test_the_table_has_every_field_in_the_order_of_the_constructor() -> None:
    assert [*(limit.name for limit in LIMITS), INTERRUPTIBLE] == [field.name for field in fields(Limits)]


def test_every_limit_but_that_of_results_has_a_capability_of_its_own() -> None:
    capabilities = {limit.name: limit.capability for limit in LIMITS}
    assert len(set(capabilities.values())) == len(LIMITS)
    assert [name for name, capability in capabilities.items() if capability is None] == ["result"]


@every_limit
def test_every_limit_with_a_capability_has_checks_that_hold_an_executor_to_it(limit: Limit) -> None:
    held = [each for each in checks(["limits"]) if each.needs == {limit.capability}]
    assert bool(held) == (limit.capability is not None)


@every_limit
def test_the_example_of_a_limit_is_what_its_option_takes(limit: Limit) -> None:
    @click.command()
    @limit_options
    def command(limits: Limits) -> None:
        click.echo(str([each.name for each in LIMITS if getattr(limits, each.name) is not None]))

    shown = CliRunner().invoke(command, [f"--{limit.name}", limit.example])
    assert shown.output == f"[{limit.name!r}]\n"
    described = CliRunner().invoke(command, ["--help"]).output
    assert f"Limit {limit.bounds}, such as {limit.example}." in described


def test_the_page_lists_the_limits_of_the_table() -> None:
    shown = table_below("limits.md", "| limit | counts | bounds | in the shell |")
    assert shown == [
        [limit.name, limit.unit.value, limit.bounds, f"--{limit.name} {limit.example}"] for limit in LIMITS
    ]


def test_the_table_of_executors_says_which_limits_each_enforces() -> None:
    plugins = discover()
    said = {
        row[1]: row[3]
        for row in table_below("choosing-executors.md", "| distribution | executor | runs | limits it enforces |")
    }
    assert said.keys() >= plugins.executors.keys()
    for name, installed in plugins.executors.items():
        declared = [limit.name for limit in LIMITS if limit.capability in installed.executor.capabilities]
        assert said[name] == (", ".join(declared) or "none")


def test_the_declarations_for_javascript_have_every_limit() -> None:
    pages = ROOT / "plugins" / "arora-browser" / "arora_browser" / "static" / "arora.d.mts"
    declared = re.search(r"limits\?: \{(.*?)\}", pages.read_text(encoding="utf-8"))
    assert declared is not None
    assert re.findall(r"(\w+)\?: number", declared[1]) == [limit.name for limit in LIMITS]
