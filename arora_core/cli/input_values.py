"""What is given on the command line as ``name=value``, ``@file`` and YAML."""

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
    """The values as written, by name. Raises UsageError for what is no ``name=value`` and a name given twice."""
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
    """``text``, or what stands in the file it names after an ``@``. Raises UsageError where that cannot be read.

    The end of a file's last line is left out.
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
    """The data that YAML (or JSON) text says, by the rules of YAML 1.2. Raises UsageError for what is neither."""
    try:
        return parsing.parse(text, _refusal)
    except ArgumentError as error:
        raise click.UsageError(f"{what}: not YAML: {error.message}") from None


def tagged_value(given: str) -> v.Value:
    """The value that ``{f64: 0.8}``, ``unit`` or ``@FILE`` says (ABI §9). Raises UsageError and BadParameter."""
    try:
        return values_as_text.from_data(parsed(written(given, "the value"), "the value"))
    except ArgumentError as error:
        raise click.BadParameter(error.message) from None


def _refusal(path: str, message: str) -> ArgumentError:
    return ArgumentError(f"{path}: {message}" if path else message)
