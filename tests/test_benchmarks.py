"""The benchmarks: they run, they measure in turns, and they say what they could not measure. No time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from benchmarks import guests, profile_lines, report, run
from benchmarks.measure import Contender, Group, calibrated, measure, statement
from benchmarks.targets import TARGETS
from benchmarks.workbench import Workbench, usable_executors

ROOT = Path(__file__).parents[1]
GROUPS = [
    *("typed", "accelerated", "client", "generic", "nested", "callback", "host-module", "bulk"),
    *("batch", "batch-one", "batch-rows", "batch-forward"),
    *("batch-columns", "batch-items"),
    *("isolated", "isolated-crash"),
    *("component", "component-bulk"),
    *("pool", "pool-batch", "pool-call", "dask"),
    *(f"{way}-{name}" for name in ("scalars", "pose", "structures") for way in ("encode", "decode")),
    *("start-process", "start-load", "start-compile"),
]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """What a quick run of everything prints, and its JSON. In a process of its own: it brings other runtimes along."""
    output = tmp_path_factory.mktemp("benchmarks") / "results.json"
    command = [sys.executable, str(ROOT / "benchmarks" / "run.py"), "--quick", "--json", str(output)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout, json.loads(output.read_text(encoding="utf-8"))


def test_a_quick_run_measures_every_group(quick: tuple[str, dict[str, Any]]) -> None:
    printed, data = quick
    assert [each["name"] for each in data["groups"]] == GROUPS
    assert [each["title"] for each in data["groups"] if f"{each['name']}: {each['title']}" not in printed] == []


def test_every_time_is_above_zero_and_in_order(quick: tuple[str, dict[str, Any]]) -> None:
    for group in quick[1]["groups"]:
        for row in group["contenders"]:
            seconds = row["seconds"]
            assert 0 < seconds["best"] <= seconds["low"] <= seconds["median"] <= seconds["high"], row["name"]
            assert len(row["samples"]) == row["rounds"]


def test_every_peer_is_compared_with_or_said_to_be_missing(quick: tuple[str, dict[str, Any]]) -> None:
    for group in quick[1]["groups"]:
        rows = {row["name"]: row for row in group["contenders"]}
        expected = set(run_peers(group["name"])) - set(group["missing"])
        for row in rows.values():
            assert set(row["faster_than"]) == expected, (group["name"], row["name"])
            for peer, times in row["faster_than"].items():
                ratios = [theirs / ours for ours, theirs in zip(row["samples"], rows[peer]["samples"], strict=True)]
                assert times["median"] == pytest.approx(median(ratios))


def run_peers(group: str) -> list[str]:
    """What a group's rows are compared with."""
    return {
        "typed": ["wasmtime-py", "plain protocol", "Extism", "ctypes"],
        "accelerated": ["typed, wasmtime"],
        "client": [f"handle, {each}" for each in usable_executors([])],
        "generic": [f"typed, {each}" for each in usable_executors([])],
        "nested": ["wasmtime-py", "plain protocol"],
        "callback": ["wasmtime-py", "plain protocol", "Extism"],
        "host-module": ["wasmtime-py", "plain protocol"],
        "bulk": ["memcpy", "memcpy there and back", "plain protocol", "Extism"],
        "batch": [
            *(f"typed calls, {each}" for each in usable_executors([])),
            *("Extism", "wasmtime-py", "numpy.vectorize", "numpy.add"),
        ],
        "batch-one": [f"typed, {each}" for each in usable_executors([])],
        "batch-rows": [],
        "batch-columns": [],
        "batch-items": [],
        "batch-forward": ["the guest alone", "typed calls, wasmtime"],
        "isolated": ["a byte there and back"],
        "isolated-crash": [],
        "component": ["typed, wasmtime"],
        "component-bulk": ["u8[] bytes, wasmtime"],
        "pool": [f"one worker, {each}" for each in usable_executors([])],
        "pool-batch": [f"one worker, {each}" for each in usable_executors([])],
        "dask": ["one process, wasmtime"],
        "pool-call": [f"engine, {each}" for each in usable_executors([])],
        "start-process": ["python"],
        "start-load": ["wasmtime-py"],
        "start-compile": ["wasmtime-py"],
    }.get(group, ["msgpack", "JSON"])


def test_every_executor_that_can_run_here_is_measured(quick: tuple[str, dict[str, Any]]) -> None:
    data = quick[1]
    typed = [row["name"] for row in data["groups"][0]["contenders"]]
    assert {"wasmtime", "native"} <= set(data["executors"])
    assert [f"typed, {each}" for each in data["executors"]] == typed[: len(data["executors"])]


def test_every_target_has_a_verdict(quick: tuple[str, dict[str, Any]]) -> None:
    for verdict, target in zip(quick[1]["targets"], TARGETS, strict=True):
        assert (verdict["what"], verdict["group"]) == (target.what, target.group)
        (group,) = (each for each in quick[1]["groups"] if each["name"] == target.group)
        if target.ours not in {each["name"] for each in group["contenders"]}:
            assert "wasmer" in target.ours or target.ours in group["missing"]
            assert verdict["measured"] is None
            continue
        assert verdict["measured"] > 0
        assert verdict["reached"] == (verdict["measured"] >= target.at_least)


def test_the_results_say_where_they_were_taken(quick: tuple[str, dict[str, Any]]) -> None:
    data = quick[1]
    assert data["machine"]["cpu"]
    assert data["machine"]["cores"] >= 1
    assert data["versions"]["python"].endswith(".".join(map(str, sys.version_info[:3])))
    assert data["versions"]["arora-core"]


def test_rounds_go_through_the_contenders_and_back() -> None:
    order: list[str] = []
    group = Group("turns", "", ("A",))
    for name in "ABC":
        group.add(Contender(name, takes(1e-3, partial(order.append, name)), name))
    measure(group, rounds=3, least=1e-3, progress=lambda text: None)
    assert "".join(order) == "ABC" + "ABC" + "CBA" + "ABC"


def test_a_ratio_is_the_median_of_the_rounds_and_no_quotient_of_medians() -> None:
    group = Group("drift", "", ("slow",))
    group.add(Contender("fast", sequence([1, 10, 100]), ""))
    group.add(Contender("slow", sequence([2, 20, 900]), ""))
    group.calibrated = False
    result = measure(group, rounds=3, least=0, progress=lambda text: None)
    assert result.rows["fast"].times_faster_than(result.rows["slow"]).median == 2
    assert result.rows["slow"].seconds.best == 2


def test_a_sample_is_calibrated_to_last_long_enough() -> None:
    loops = calibrated(takes(0.5e-6), 0.02)
    assert 40_000 <= loops <= 60_000


def test_several_operations_in_one_run_share_its_time() -> None:
    group = Group("many", "", ())
    group.add(Contender("a thousand", takes(1.0), "", operations=1000))
    result = measure(group, rounds=1, least=0.1, progress=lambda text: None)
    assert result.rows["a thousand"].seconds.median == pytest.approx(1e-3)


def test_a_wrong_answer_is_not_timed() -> None:
    with pytest.raises(AssertionError, match=r"sum: a \+ b returned 5, expected 6"):
        statement("sum", "a + b", {"a": 2, "b": 3}, expected=6)


def test_what_is_not_installed_is_said_in_the_table() -> None:
    group = Group("typed", "", ("nobody",))
    group.add(Contender("ours", takes(1e-3), ""))
    with group.unless_missing("nobody"):
        import nobody_has_this  # type: ignore[import-not-found]  # noqa: F401
    result = measure(group, rounds=1, least=0, progress=lambda text: None)
    assert "not measured: nobody (ModuleNotFoundError: No module named 'nobody_has_this')" in report.table(result)


@pytest.mark.parametrize(("wasmtime", "status"), [(1e-6, 0), (20e-6, 1)])
def test_a_check_fails_when_a_target_is_missed(
    wasmtime: float, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def typed(bench: Workbench) -> Group:
        group = Group("typed", "", ("wasmtime-py",))
        times = {"typed, wasmtime": wasmtime, "typed, wasmer": wasmtime, "typed, native": 1e-6, "wasmtime-py": 30e-6}
        for name, seconds in {**times, "plain protocol": 60e-6, "Extism": 15e-6}.items():
            group.add(Contender(name, takes(seconds), ""))
        return group

    monkeypatch.setitem(run.GROUPS, "typed", typed)
    assert run.main(["typed", "--check", "--quick"]) == status
    assert ("NO" in capsys.readouterr().out) == bool(status)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["speed"], "unknown group speed; groups: typed, accelerated, client,"),
        (["--executor", "abacus"], "no executor 'abacus' is installed"),
        (["--rounds", "0"], "--rounds: must be at least 1"),
    ],
)
def test_a_mistake_on_the_command_line_is_explained(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit:
        run.main(given)
    assert exit.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1.5, "1.50 s"), (0.0121, "12.1 ms"), (999e-6, "999 us"), (3.4567e-6, "3.46 us"), (5e-9, "5.00 ns")],
)
def test_a_time_is_told_in_three_digits(seconds: float, said: str) -> None:
    assert report.duration(seconds) == said


@pytest.mark.parametrize(("times", "said"), [(1234.5, "1234x"), (12.34, "12.3x"), (1, "1.00x"), (0.00345, "0.00345x")])
def test_a_ratio_is_told_in_three_digits(times: float, said: str) -> None:
    assert report.ratio(times) == said


def test_a_profile_counts_the_innermost_line_of_samples_inside_the_loop() -> None:
    loop = "<module> (run.py:9);inner (<timeit-src>:6)"
    samples = [f"{loop};add (/src/a.py:3) 5", f"{loop};add (/src/a.py:2);c (/src/b c.py:7) 2", f"{loop} 1"]
    samples.append("<module> (run.py:9);_load (/src/a.py:3) 100")
    assert profile_lines.counted("\n".join(samples)) == {
        ("/src/a.py", 3): 5,
        ("/src/b c.py", 7): 2,
        ("<timeit-src>", 6): 1,
    }


def test_a_profile_finds_a_contender_by_its_name_in_the_table() -> None:
    found, seconds = profile_lines.time_of("codecs", "decode-pose/values")
    assert (found.name, found.what) == ("values", "decode(buffer)")
    assert seconds > 0
    with pytest.raises(LookupError, match="no contender 'nobody' in codecs; contenders: encode-scalars/typed;"):
        profile_lines.time_of("codecs", "nobody")


def takes(seconds: float, before: Callable[[], object] = lambda: None) -> Callable[[int], float]:
    """A sample that says each run took so long."""

    def sample(loops: int) -> float:
        before()
        return loops * seconds

    return sample


def sequence(seconds: list[float]) -> Callable[[int], float]:
    """A sample that says what it is told, in order."""
    left = iter(seconds)
    return lambda loops: next(left)


def test_a_guest_is_put_on_disk_where_nothing_is_built_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guests, "BUILT", tmp_path / "build")
    assert all(path.is_file() for path in guests.on_disk("wasm"))
