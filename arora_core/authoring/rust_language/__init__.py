"""Rust: a module's types, a trait to implement, and its imports as functions."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from ...generator import Generator
from ...header import Header
from ..interface import interface_of
from .module_file import module_file

RUNTIME: Final = "arora"
"""The name of the module that all generated modules have in common."""


class RustGenerator(Generator):
    """Writes ``mod.rs``, and beside it ``arora``, which is the same for every module (Rust 2021, from version 1.63)."""

    language = "rust"
    comment = "//"

    def generate(self, header: Header) -> Mapping[str, str]:
        return {"mod.rs": module_file(interface_of(header)), **_runtime()}


def _runtime() -> dict[str, str]:
    directory = files(__package__) / "runtime"
    sources = sorted((each for each in directory.iterdir() if each.name.endswith(".rs")), key=lambda each: each.name)
    return {f"{RUNTIME}/{each.name}": each.read_text(encoding="utf-8") for each in sources}


GENERATOR: Final = RustGenerator()
