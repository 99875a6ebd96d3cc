"""The output of guests goes to the log."""

from __future__ import annotations

import logging

import pytest

from arora_core import Engine, Header, HostModule, LoadedModule
from tests.engine.robot import ROBOT


def test_output_goes_to_the_log_by_lines_tagged_with_the_module(
    sandboxed_guest: LoadedModule, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        sandboxed_guest.print(1, "one\ntwo, ")
        sandboxed_guest.print(2, "wrong\n")
        sandboxed_guest.print(1, "three\n")
    records = [(record.name, record.levelname, record.message) for record in caplog.records]
    assert records == [
        ("arora.module.conformance", "INFO", "one"),
        ("arora.module.conformance", "WARNING", "wrong"),
        ("arora.module.conformance", "INFO", "two, three"),
    ]


def test_unfinished_output_is_logged_on_unload(
    engine: Engine, sandboxed_guest: LoadedModule, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        sandboxed_guest.print(1, "the rest")
        assert not caplog.records
        engine.unload(sandboxed_guest)
    assert [record.message for record in caplog.records] == ["the rest"]


def test_dots_in_the_name_of_a_module_make_no_loggers() -> None:
    # For each of them, logging would keep a placeholder with the whole name up to there.
    before = set(logging.root.manager.loggerDict)
    with Engine() as engine:
        engine.register(HostModule(Header.parse(ROBOT.replace("name: robot", "name: a.b.c").split("exports")[0])))
    assert set(logging.root.manager.loggerDict) - before <= {"arora.module.a_b_c"}
