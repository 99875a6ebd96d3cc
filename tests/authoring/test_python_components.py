"""Modules in Python as components: their calls through the whole border, on every executor that runs them."""

from __future__ import annotations

import logging
import shutil
import signal
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from arora_core import CallError, Engine, GuestError, Header, HostModule, LimitExceeded, Limits, Result, discover
from arora_core import values as v
from arora_core.authoring.new_module import module_tree
from tests.cli.running import COMMAND, arora, environment

PROBE = Path(__file__).parent / "python_probe"
KIND = "wasm-component"
EXECUTORS = [name for name, each in discover().executors.items() if KIND in each.serves and each.unavailable() is None]


@pytest.fixture(scope="session")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the module of the tests, and return its header's path."""
    return built(shutil.copytree(PROBE, tmp_path_factory.mktemp("probe") / "probe"))


def built(place: Path) -> Path:
    made = arora("build", place)
    assert made.code == 0, made.err
    return place / "module.yaml"


@pytest.fixture(params=EXECUTORS)
def load(request: pytest.FixtureRequest, engine: Engine) -> Callable[..., Any]:
    return lambda path, **options: engine.load(path, executor=request.param, **options)


@pytest.fixture
def module(load: Callable[..., Any], probe: Path) -> Any:
    return load(probe)


def test_some_executor_runs_components() -> None:
    assert EXECUTORS


def test_a_started_module_passes_its_own_test_on_every_executor(tmp_path: Path) -> None:
    place = tmp_path / "stats"
    place.mkdir()
    for path, text in module_tree("stats", "python").items():
        (place / path).write_text(text, encoding="utf-8")
    built(place)
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", str(place)]
    done = subprocess.run(command, cwd=place, env=environment(), capture_output=True, text=True)
    assert f"{2 * len(EXECUTORS)} passed" in done.stdout


def test_watch_builds_and_loads_again_at_every_change(tmp_path: Path) -> None:
    place = shutil.copytree(PROBE, tmp_path / "probe")
    command = [*COMMAND, "build", str(place), "--watch"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as watching:
        try:
            assert watching.stderr is not None
            read_until(watching.stderr, "wasm: loaded on ")
            read_until(watching.stderr, "watching ")
            source = place / "probe.py"
            source.write_text(source.read_text(encoding="utf-8").replace("a + b", "a - b"), encoding="utf-8")
            assert read_until(watching.stderr, "changed: ") == "changed: probe.py\n"
            read_until(watching.stderr, "wasm: loaded on ")
        finally:
            watching.send_signal(signal.SIGINT)
        assert watching.wait() == 130


def read_until(lines: IO[str], beginning: str) -> str:
    """Read up to the line that begins so, and return it. Fails if the process ends before it comes."""
    found = next((line for line in lines if line.startswith(beginning)), "")
    assert found, beginning
    return found


# --- values ----------------------------------------------------------------------------------------


def test_numbers_and_bytes_cross_the_border(module: Any) -> None:
    assert module.add(2**62, -1) == 2**62 - 1
    for size in (0, 1, 100_000):
        data = bytes(range(256)) * (size // 256 + 1)
        assert module.reverse(data[:size]) == data[:size][::-1]


MANY_CALLS = """
import resource, sys
from arora_core import Engine

with Engine() as engine:
    module = engine.load(sys.argv[1], executor=sys.argv[2])
    most = []
    for calls in (1000, 20_000):
        for _ in range(calls):
            module.reverse(bytes(1000))
        most.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(most[1] - most[0])
"""


@pytest.mark.parametrize("executor", EXECUTORS)
def test_calls_keep_no_memory(probe: Path, executor: str) -> None:
    # In a process of its own, whose memory nothing else changes.
    run = [sys.executable, "-c", MANY_CALLS, str(probe), executor]
    kilobytes = int(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    assert kilobytes < 4096


def test_mutable_parameters_go_back(module: Any) -> None:
    assert module.double([1.0, 2.5]) == Result(2, {"values": array("d", [2.0, 5.0])})


@pytest.mark.parametrize(
    ("by", "x", "y"),
    [(None, 1.0, 2.0), ("home", 0.0, 0.0), ({"right": 2.0}, 3.0, 2.0), ({"to": {"x": 7, "y": 8}}, 7, 8)],
)
def test_structures_options_and_enumerations_with_payloads_cross_the_border(
    by: object, x: float, y: float, module: Any
) -> None:
    point = module.moved({"x": 1.0, "y": 2.0}, by)
    assert (point.x, point.y) == (x, y)


def test_an_option_may_be_left_out(module: Any) -> None:
    assert module.moved({"x": 1.0, "y": 2.0}).x == 1.0


def test_packages_that_are_installed_are_part_of_the_component(module: Any) -> None:
    assert module.keys("{b: 1, a: 2}") == ["a", "b"]


# --- state -----------------------------------------------------------------------------------------


def test_what_the_object_keeps_lasts_as_long_as_the_module_is_loaded(load: Callable[..., Any], probe: Path) -> None:
    module = load(probe)
    assert [module.count(), module.count()] == [1, 2]
    assert load(probe, replace=True).count() == 1


def test_random_numbers_differ_between_instances(load: Callable[..., Any], probe: Path) -> None:
    one, two = load(probe).chance(), load(probe, replace=True).chance()
    assert set(one).isdisjoint(two)


# --- failures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("guest error", "as it should"),
        ("anything else", "ValueError: anything else"),
        ("recursion", "RecursionError: maximum recursion depth exceeded"),
        ("exit", "SystemExit: 3"),
        ("import", "ModuleNotFoundError: No module named 'colorsys'"),
        ("memory", "OverflowError: cannot fit 'int' into an index-sized integer"),
        ("file", "FileNotFoundError: [Errno 44] No such file or directory: '/etc/passwd'"),
        ("type", "fail(how: str) -> f64: its return value does not fit: expected a number (f64), got str 'a float'"),
    ],
)
def test_a_failure_is_an_error_with_its_message_and_the_module_is_used_on(how: str, message: str, module: Any) -> None:
    module.count()
    for _ in range(2):
        with pytest.raises(GuestError) as failed:
            module.fail(how)
        assert failed.value.message == message
    assert module.count() == 2


def test_a_call_that_takes_too_long_is_ended_and_the_module_is_used_on(load: Callable[..., Any], probe: Path) -> None:
    module = load(probe, limits=Limits(deadline=2))
    for _ in range(2):
        with pytest.raises(LimitExceeded):
            module.fail("never")
        assert module.add(1, 2) == 3


# --- output ----------------------------------------------------------------------------------------


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], list[str]]]:
    with caplog.at_level(logging.DEBUG, "arora.module.probe"):
        yield lambda: [each.getMessage() for each in caplog.records if each.name == "arora.module.probe"]


def test_what_is_printed_is_logged_line_by_line(module: Any, logged: Callable[[], list[str]]) -> None:
    module.say("one\ntwo")
    assert sorted(logged()) == ["one", "one", "two", "two"]


def test_an_exceptions_traceback_is_logged_with_the_authors_lines(module: Any, logged: Callable[[], list[str]]) -> None:
    with pytest.raises(GuestError):
        module.fail("x")
    lines = logged()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "ValueError: x"
    assert "    raise ValueError(how)" in lines
    assert not [each for each in lines if "arora_core" in each]


# --- calls to others -------------------------------------------------------------------------------


def robot(engine: Engine, answer: Callable[[str], str]) -> None:
    """Register the module that the probe imports from."""
    [imported] = Header.load(PROBE / "module.yaml").imports
    host = HostModule(
        Header.from_data(
            {
                "id": str(imported.module),
                "name": "robot",
                "author": "",
                "license": "",
                "version": "1.0.0",
                "executor": {"name": "host"},
                "exports": [
                    {
                        "type": "function",
                        "id": str(imported.id),
                        "name": imported.name,
                        "parameters": [
                            {"id": str(each.id), "name": each.name, "type": {"kind": "scalar", "id": "str"}}
                            for each in imported.parameters
                        ],
                        "ret": {"kind": "scalar", "id": "str"},
                    }
                ],
            }
        )
    )
    host.function("answer")(lambda text: answer(text))
    engine.register(host)


def test_other_modules_are_called_with_types(module: Any, engine: Engine) -> None:
    robot(engine, lambda text: text.upper())
    assert module.ask("how far?") == "HOW FAR?"


def test_the_failure_of_another_module_can_be_handled(module: Any, engine: Engine) -> None:
    assert module.ask("x").startswith("no answer: no module ")

    def refuse(text: str) -> str:
        raise GuestError(f"{text}, no")

    robot(engine, refuse)
    assert module.ask("x") == "no answer: robot.answer: x, no"


def test_a_module_may_be_called_again_while_it_waits(module: Any, engine: Engine) -> None:
    robot(engine, lambda text: f"{text}{module.add(1, 2)}")
    assert module.ask("three is ") == "three is 3"


def test_an_exception_of_the_program_comes_out_of_the_call_and_the_module_is_used_on(
    module: Any, engine: Engine
) -> None:
    mistake = KeyError("mine")

    def raises(text: str) -> str:
        raise mistake

    robot(engine, raises)
    with pytest.raises(KeyError) as raised:
        module.ask("x")
    assert raised.value is mistake
    assert module.add(1, 2) == 3


def test_callables_are_called(module: Any, engine: Engine) -> None:
    assert module.ask_callable(engine.register_callable(lambda: v.F64(0.5))) == 0.5
    with pytest.raises(CallError, match=r"^probe\.ask_callable: "):
        module.ask_callable(10**6)
