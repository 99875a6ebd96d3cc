"""Values on the command line: ``name=value``, ``@file`` and YAML."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

import click

from .. import text as values_as_text
from .. import values as v
from ..documents import parsing
from ..errors import ArgumentError

STDIN: Final = "@-"


def assignments(arguments: Sequence[str]) -> dict[str, str]:
    """Return the text of each value by name. Raises UsageError for an invalid ``name=value`` and a repeated name."""
    given: dict[str, str] = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        if not equals or not name:
            raise click.UsageError(f"expected NAME=VALUE, got {argument!r}")
        if name in given:
            raise click.UsageError(f"{name} is given twice")
        given[name] = text
    if sum(text == STDIN for text in given.values()) > 1:
        raise click.UsageError(f"{STDIN} reads all of stdin and can be given once")
    return given


def written(text: str, what: str) -> str:
    """Return ``text``, or the content of the file that it names after an ``@``, without its final line break.

    Raises UsageError for a file that cannot be read.
    """
    if not text.startswith("@"):
        return text
    try:
        if text == STDIN:
            raw = sys.stdin.buffer.read()
        else:
            with open(text[1:], "rb") as file:
                raw = file.read()
        return raw.decode().removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise click.UsageError(f"{what}: {text[1:]}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{what}: {text[1:]}: not UTF-8 text: {error.reason} at byte {error.start}") from None


def parsed(text: str, what: str) -> object:
    """Return the data in YAML 1.2 or JSON text. Raises UsageError for text that is neither."""
    try:
        return parsing.parse(text, _refusal)
    except ArgumentError as error:
        raise click.UsageError(f"{what}: not YAML: {error.message}") from None


def tagged_value(given: str) -> v.Value:
    """Return the value that ``{f64: 0.8}``, ``unit`` or ``@FILE`` denotes (ABI §9). Raises UsageError, BadParameter."""
    try:
        return values_as_text.from_data(parsed(written(given, "the value"), "the value"))
    except ArgumentError as error:
        raise click.BadParameter(error.message) from None


def _refusal(path: str, message: str) -> ArgumentError:
    return ArgumentError(f"{path}: {message}" if path else message)
