"""The generator for C++."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...generator import Generator
from ...header import Header
from ..interface import interface_of
from .glue_file import glue_file
from .header_file import header_file
from .names import Names


class CppGenerator(Generator):
    """Writes a header with the types and prototypes of a module, and the glue between these and buffers."""

    language = "cpp"
    comment = "//"

    def generate(self, header: Header) -> Mapping[str, str]:
        interface = interface_of(header)
        names = Names(interface)
        return {
            f"{names.file}.hpp": header_file(interface, names),
            f"{names.file}_glue.cpp": glue_file(interface, names),
        }


GENERATOR: Final = CppGenerator()
