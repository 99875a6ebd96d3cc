"""Repeating a call and telling how long it took."""

from __future__ import annotations

from array import array
from itertools import count

from arora_core.cli.repetition import repeated, statistics


def test_the_last_answer_comes_with_the_time_of_every_call() -> None:
    answers = count(1)
    answer, took = repeated(lambda: next(answers), 5)
    assert answer == 5
    assert len(took) == 5
    assert min(took) >= 0


def test_without_a_number_it_calls_for_about_a_second() -> None:
    _, took = repeated(lambda: None, None)
    assert len(took) > 1000
    assert sum(took) < 2e9


def test_progress_is_reported_up_to_the_end() -> None:
    reports: list[int] = []
    repeated(lambda: None, 10, reports.append)
    assert reports[-1] == 10


def test_statistics_are_in_the_unit_that_reads_best() -> None:
    assert statistics(array("q", [900])) == "1 call: mean 900 ns, median 900 ns, min 900 ns, p99 900 ns"
    took = array("q", [*[1_000] * 98, 2_500_000, 3_000_000_000])
    assert statistics(took) == "100 calls: mean 30.0 ms, median 1.00 us, min 1.00 us, p99 2.50 ms"


def test_the_median_of_an_even_number_of_calls_lies_between_the_two_in_the_middle() -> None:
    assert "median 15 ns" in statistics(array("q", [30, 10, 20, 0]))
