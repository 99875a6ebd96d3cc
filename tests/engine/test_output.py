"""The output of guests goes to the log."""

from __future__ import annotations

import logging

import pytest

from arora_core import Engine, LoadedModule


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
