"""What an imported function makes of its mutable parameters takes the place of what the guest gave it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from arora_core import Limits, ModuleDefinition, buffers
from arora_core import values as v
from arora_core.header import ExportedFunction, ImportedFunction, Parameter
from arora_core.plugins import discover
from arora_core.types import TYPE_IDS, ArrayRef, MapRef, OptionRef, ScalarRef, TypeRef, TypeRegistry

from . import law
from .generated_guest import HEADER

_NO_KEY: Final = UUID(int=0)
_TYPES: Final[dict[str, TypeRef]] = {
    "texts": ArrayRef(TYPE_IDS["str"]),
    "numbers": ArrayRef(TYPE_IDS["f64"]),
    "values": ArrayRef(TYPE_IDS["value"]),
    "map": MapRef(TYPE_IDS["str"], TYPE_IDS["u8"]),
    "option": OptionRef(TYPE_IDS["str"]),
    "any": ScalarRef(TYPE_IDS["value"]),
    "text": ScalarRef(TYPE_IDS["str"]),
}
"""The types of the parameters, by their names."""
_GIVEN: Final[dict[str, v.Value]] = {
    "texts": v.ArrayString(["a", "b"]),
    "numbers": v.ArrayF64([1, 2]),
    "values": v.ArrayValue([v.U8(1)]),
    "map": v.KeyValue(TYPE_IDS["keyvalue"], {"a": (_NO_KEY, v.U8(1))}),
    "option": v.Option(v.String("a")),
    "any": v.Option(v.U8(1)),
    "text": v.String("long"),
}
_CHANGED: Final[dict[str, v.Value]] = {
    "texts": v.ArrayString(["c"]),
    "numbers": v.ArrayF64([3]),
    "values": v.ArrayValue([v.U8(2)]),
    "map": v.KeyValue(TYPE_IDS["keyvalue"], {"b": (_NO_KEY, v.U8(2))}),
    "option": v.Option(None),
    "any": v.Option(None),
    "text": v.String(""),
}
"""What the imported function makes of them."""


@dataclass
class _Changing:
    """A host whose function changes every parameter."""

    function: ImportedFunction

    def dispatch(self, module_id: bytes, function_id: bytes, argument: bytes) -> bytes:
        return buffers.encode(_answer(self.function))

    def dispatch_indirect(self, callable_id: int) -> bytes:
        raise AssertionError

    def write_output(self, fd: int, data: bytes) -> None:
        raise AssertionError


def _answer(function: ImportedFunction | ExportedFunction) -> v.Structure:
    changed = [(each.id, _CHANGED[each.name]) for each in function.parameters]
    return v.Structure(function.id, [(function.id, v.Unit()), *changed])


@pytest.mark.parametrize("language", law.LANGUAGES)
def test_what_an_import_answers_replaces_what_a_mutable_parameter_was(language: str, tmp_path: Path) -> None:
    if (missing := law.ECHOES[language].unavailable("native")) is not None:
        pytest.skip(missing)
    parameters = tuple(
        Parameter(UUID(int=0x100 + at), name, type, mutable=True) for at, (name, type) in enumerate(_TYPES.items())
    )
    (say,) = HEADER.imports
    imported = replace(say, parameters=parameters, ret=ScalarRef(TYPE_IDS["unit"]))
    exported = ExportedFunction(UUID(int=0x99), "relay", parameters, imported.ret)
    made = replace(HEADER, exports=(exported,), imports=(imported,), types=TypeRegistry([]))
    header = law.for_target(made, "native")
    library = law.ECHOES[language].build([header], tmp_path, "native")
    with closing(discover().executor("native")()) as executor:
        definition = ModuleDefinition(header, library.read_bytes(), library)
        with closing(executor.load(definition, _Changing(imported), Limits())) as instance:
            sent = v.Structure(exported.id, [(each.id, _GIVEN[each.name]) for each in parameters])
            assert buffers.decode(instance.dispatch(exported.id.bytes, buffers.encode(sent))) == _answer(exported)
