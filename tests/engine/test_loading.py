"""Loading and replacing modules."""

from __future__ import annotations

from typing import Any

import pytest

from arora_core import (
    Engine,
    Header,
    LoadedModule,
    LoadError,
    MalformedExecutable,
    MissingExport,
    ModuleDefinition,
    ModuleNotFound,
)
from arora_core.conformance.guests import id_of
from tests.engine.guest_runners import GuestRunner


def test_loading_an_id_twice_is_an_error(engine: Engine, guest: LoadedModule, runner: GuestRunner) -> None:
    with pytest.raises(LoadError, match=r"already loaded as conformance .* replace=True"):
        runner.load(engine)
    assert guest.add(1, 2) == 3


def test_replacing_puts_a_fresh_module_in_the_place(engine: Engine, guest: LoadedModule, runner: GuestRunner) -> None:
    guest.count()
    fresh = runner.load(engine, replace=True)
    assert fresh.count() == 1
    with pytest.raises(ModuleNotFound, match=r"conformance\.count: the module has been unloaded"):
        guest.count()
    with pytest.raises(ModuleNotFound):
        engine.unload(guest)
    assert engine.modules == {guest.id: fresh}


def test_a_replacement_that_fails_to_load_changes_nothing(
    engine: Engine, guest: LoadedModule, runner: GuestRunner
) -> None:
    broken = ModuleDefinition(runner.definition().header, b"nonsense")
    with pytest.raises(MalformedExecutable) as caught:
        engine.load_module(broken, executor=runner.executor, replace=True)
    assert (caught.value.module, caught.value.executor) == ("conformance", runner.executor)
    assert guest.add(1, 2) == 3


def test_a_function_the_executable_lacks_is_missing_by_name(engine: Engine, runner: GuestRunner) -> None:
    data: dict[str, Any] = runner.definition().header.to_data()
    data["exports"] = [{**data["exports"][0], "id": str(id_of(0xEE)), "name": "absent"}]
    with pytest.raises(MissingExport, match="absent") as caught:
        engine.load_module_from_parts(Header.from_data(data), runner.guest.executable, executor=runner.executor)
    assert caught.value.symbol == f"arora_function_{str(id_of(0xEE)).replace('-', '_')}"
