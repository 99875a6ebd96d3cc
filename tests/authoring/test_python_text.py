"""The text of Python clients: it is what type checkers and formatters want, and it has the names that engines give."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from arora_core import Engine
from arora_core import values as v
from arora_core.authoring.generated_files import texts
from arora_core.authoring.interface import interface_of
from arora_core.authoring.python_language import GENERATOR
from arora_core.binding.conversion import Conversions
from arora_core.binding.generated_classes import enumeration_class, structure_class
from arora_core.binding.python_names import python_names
from arora_core.header import ExportedFunction, Parameter
from arora_core.runtime.host_module import HOST
from arora_core.types import OptionRef, ScalarRef, StructureType, TypeRef, TypeRegistry

from ..signatures import (
    UNDECLARED,
    function,
    scalar,
    structure,
)
from .python_clients import echo, echoing, generated, header, imported, of_all_types
from .random_modules import random_arguments, random_header

# --- the text --------------------------------------------------------------------------------------


def test_the_same_header_gives_the_same_text() -> None:
    assert generated(of_all_types()) == generated(of_all_types())


@pytest.mark.parametrize("seed", range(40))
def test_text_of_random_headers_is_a_client_of_the_module(seed: int, tmp_path: Path, engine: Engine) -> None:
    made = random_header(random.Random(seed), executor=HOST)
    module = imported(generated(made), tmp_path)
    plain = engine.register(echo(made))
    client = typed(module)(plain)
    assert list(client) == [each.name for each in made.exports]
    assert all(client[each.name] is plain[each.name] for each in made.exports)
    conversions = Conversions(made.types)
    for export in made.exports:
        values = dict(random_arguments(random.Random(seed), export, made.types))
        given = [conversions.of(each.type).to_python(values[each.id]) for each in export.parameters]
        named = dict(zip(python_names(each.name for each in export.parameters), given, strict=True))
        assert repr(client[export.name](**named)) == repr(echoing(export)(**named))
    for record in interface_of(made).records:
        cls = structure_class(record) if isinstance(record, StructureType) else enumeration_class(record)
        assert cls.__module__ == module.__name__


def typed(module: ModuleType) -> Any:
    """Return the client class of a generated module."""
    from arora_core.client import TypedModule

    classes = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, TypedModule)]
    return next(each for each in classes if each is not TypedModule)


# --- names -----------------------------------------------------------------------------------------


def test_functions_and_parameters_have_the_names_that_the_engine_gives_them(tmp_path: Path, engine: Engine) -> None:
    made = replace(of_all_types(), imports=())
    module = imported(generated(made), tmp_path)
    client = module.EveryType(engine.register(echo(made)))
    columns = {name: [1.0] for name in ("self", "class_", "float", "list", "load", "id", "array", "move_to", "m_s2")}
    columns |= {"Point": [2.0], "str": [3.0], "TYPE_CHECKING": [4.0]}
    for name in ("class_", "float", "load_", "id_", "move_to", "str", "TYPE_CHECKING"):
        assert name in vars(client)
        with pytest.raises(TypeError, match="return"):
            getattr(client, name)(**columns)


def test_records_of_the_same_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    first, second = (replace(structure(0x7000 + 16 * each, "Pose", []), path=f"{'ab'[each]}.Pose") for each in (0, 1))
    made = header(function([ScalarRef(first.id), ScalarRef(second.id)]), types=TypeRegistry([first, second]))
    module = imported(generated(made), tmp_path)
    assert module.a_Pose() != module.b_Pose()


def test_names_in_any_script_are_those_of_the_record(tmp_path: Path) -> None:
    names = ("gelenk-ä", "🤖", "日本", 'a"b', "c'd", "e\"'f", "g\\h", "i\nj", "\u202e")
    record = structure(0x8000, "Ünï 🤖", [(name, scalar("f64")) for name in names])
    made = header(function([ScalarRef(record.id)]), types=TypeRegistry([record]))
    module = imported(generated(made), tmp_path)
    assert structure_class(record).__module__ == module.__name__


def test_a_file_hides_no_module_of_pythons_library() -> None:
    assert list(texts(GENERATOR, header(name="array"))) == ["array_.py"]


def test_parameters_that_need_a_value_after_one_with_a_default_are_given_by_name() -> None:
    export = ExportedFunction(
        UUID(int=1),
        "f",
        (
            Parameter(UUID(int=2), "a", scalar("f64"), default_value=v.F64(0.5)),
            Parameter(UUID(int=3), "b", scalar("u8")),
            Parameter(UUID(int=4), "c", OptionRef(scalar("str").id)),
        ),
        scalar("unit"),
    )
    assert "def f(self, a: float = 0.5, *, b: int, c: str | None = None) -> None:" in generated(header(export))


def test_a_type_without_a_record_is_an_error_that_names_the_parameter() -> None:
    from arora_core import HeaderError

    ref: TypeRef = ScalarRef(UNDECLARED)
    with pytest.raises(HeaderError, match=r"exports\[0\].parameters\[0\].type: no record declares"):
        generated(header(function([ref])))
