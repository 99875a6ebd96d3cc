"""Errors and results can be pickled and copied, so that they come out of worker processes as they were."""

from __future__ import annotations

import copy
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest

import arora_core
from arora_core import AroraError, Engine, Header, LimitExceeded, TrapKind, discover
from arora_core.binding.generated_classes import enumeration_class, structure_class
from arora_core.types import EnumerationType, FieldType, ScalarRef, StructureType, VariantType
from arora_core.types.references import UNIT
from arora_core.version import Version

VERSION = Version(1, 0, 0)
NOTHING = ScalarRef(UNIT)


def _id(number: int) -> UUID:
    return UUID(int=number)


def header() -> Header:
    return Header.from_data(
        {
            "id": str(_id(10)),
            "name": "host",
            "author": "",
            "license": "",
            "version": {"major": 1, "minor": 0, "patch": 0},
            "executor": {"name": "host"},
            "exports": [{"type": "function", "id": str(_id(11)), "name": "answer"}],
            "imports": [],
        }
    )


def pickle_and_back(obj: object) -> object:
    return pickle.loads(pickle.dumps(obj))


FACTS = {"kind": TrapKind.EXIT, "offset": 7, "exit_code": 3}


def pickled(protocol: int) -> Callable[[AroraError], AroraError]:
    return lambda error: pickle.loads(pickle.dumps(error, protocol))


WAYS: dict[str, Callable[[AroraError], AroraError]] = {
    **{f"pickle protocol {protocol}": pickled(protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)},
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


def error_classes() -> list[type[AroraError]]:
    """Return the classes of errors of the core and of all installed plugins."""
    packages = {arora_core.__name__} | {
        each.executor.__module__.partition(".")[0] for each in discover().executors.values()
    }
    for package in packages:
        for module in pkgutil.walk_packages(import_module(package).__path__, f"{package}."):
            # Those that cannot be imported here belong to other platforms and optional packages.
            try:
                import_module(module.name)
            except Exception:
                continue

    def below(cls: type[AroraError]) -> Iterator[type[AroraError]]:
        yield cls
        for each in cls.__subclasses__():
            yield from below(each)

    return sorted({each for each in below(AroraError) if each.__module__.startswith("arora_")}, key=str)


def made(cls: type[AroraError]) -> AroraError:
    """Return an exception with every fact that its class has."""
    parameters = list(inspect.signature(cls).parameters.values())[1:]
    make: Any = cls
    error: AroraError = make(
        "what happened", **{each.name: FACTS.get(each.name, f"some {each.name}") for each in parameters}
    )
    return error


@pytest.mark.parametrize("way", WAYS)
def test_every_error_keeps_its_data_and_its_message(way: str) -> None:
    classes = error_classes()
    assert len(classes) >= 20
    for cls in classes:
        error = made(cls)
        error.__dict__["__notes__"] = ["a note"]
        again = WAYS[way](error)
        assert type(again) is cls
        assert again is not error
        assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))


def test_an_error_keeps_a_cause_that_can_be_pickled() -> None:
    error = LimitExceeded("too slow", limit="deadline")
    error.__cause__ = LimitExceeded("inner", limit="fuel")
    error.__cause__.__cause__ = OSError(2, "no such file")
    cause = pickle.loads(pickle.dumps(error)).__cause__
    assert (type(cause), cause.limit, cause.__cause__.errno) == (LimitExceeded, "fuel", 2)


def test_an_error_whose_cause_cannot_be_pickled_is_pickled_without_it() -> None:
    class Local(Exception):
        pass

    error = LimitExceeded("too slow", limit="deadline")
    error.__cause__ = Local()
    again = pickle.loads(pickle.dumps(error))
    assert (again.limit, again.__cause__) == ("deadline", None)


def result_objects() -> list[object]:
    """Return an object of every kind of generated class."""
    status = EnumerationType(_id(1), "Status", "t.Status", VERSION, (VariantType(_id(2), "ok", NOTHING),))
    verdict = EnumerationType(
        _id(3),
        "Verdict",
        "t.Verdict",
        VERSION,
        (VariantType(_id(4), "safe", NOTHING), VariantType(_id(5), "too far", ScalarRef(_id(9)))),
    )
    pose = StructureType(_id(6), "Pose", "t.Pose", VERSION, (FieldType(_id(7), "x", ScalarRef(_id(9))),))
    safe, too_far = (getattr(enumeration_class(verdict), name) for name in ("safe", "too_far"))
    return [
        structure_class(pose)(1.5),
        getattr(enumeration_class(status), "ok"),  # noqa: B009
        safe,
        too_far(0.25),
    ]


@pytest.mark.parametrize("way", [pickle_and_back, copy.copy, copy.deepcopy])
def test_results_of_calls_keep_their_class_and_their_values(way: Callable[[object], object]) -> None:
    for each in result_objects():
        again = way(each)
        assert type(again) is type(each)
        assert again == each


@pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy])
def test_an_engine_and_an_executor_say_that_they_cannot_be_copied_and_what_can_be_done(
    engine: Engine, way: Callable[[object], object]
) -> None:
    executor = next(iter(discover().executors.values())).executor()
    for handle in (engine, executor):
        with pytest.raises(TypeError, match=r"cannot be copied or pickled; \w+"):
            way(handle)
    executor.close()
