"""The text of Python clients: it is what type checkers and formatters want, and it has the names that engines give."""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from uuid import UUID

import pytest

from arora_core import Engine, Header
from arora_core import values as v
from arora_core.authoring.generated_files import texts
from arora_core.authoring.interface import interface_of
from arora_core.authoring.python_language import GENERATOR, StubGenerator
from arora_core.binding.generated_classes import enumeration_class, structure_class
from arora_core.header import ExportedFunction, Parameter
from arora_core.runtime.host_module import HOST
from arora_core.types import OptionRef, ScalarRef, StructureType, TypeRef, TypeRegistry

from ..signatures import (
    UNDECLARED,
    function,
    scalar,
    structure,
)
from .python_clients import UR5, WATCHDOG, echo, generated, header, imported, of_all_types
from .random_modules import random_header

# --- the text --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory of generated files and stubs of every type, and a program that uses them."""
    directory = tmp_path_factory.mktemp("checked")
    for made in (of_all_types(), Header.load(UR5), Header.load(WATCHDOG)):
        ((name, text),) = texts(GENERATOR, made).items()
        (stub,) = texts(StubGenerator(), made).values()
        (directory / name).write_text(text, encoding="utf-8")
        (directory / f"stub_{name}i").write_text(stub, encoding="utf-8")
    (directory / "program.py").write_text(PROGRAM, encoding="utf-8")
    return directory


PROGRAM: Final = """
from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, cast

import numpy
from typing_extensions import assert_type

from arora_core import Engine, LoadedModule, Result
from ur5 import ClampMutated, Pose, Ur5
from watchdog import Pose as WatchdogPose
from watchdog import Quaternion, Vector3, Verdict, Watchdog, register_module_673404_c1

if TYPE_CHECKING:
    import stub_ur5


class Arm:
    def forward(self, joints: array[float]) -> WatchdogPose:
        return WatchdogPose(Vector3(0, 0, joints[0]), Quaternion(0, 0, 0, 1))


def program(engine: Engine, plain: LoadedModule) -> float:
    ur5 = Ur5.load(engine, "module.yaml", executor="wasmtime")
    for joints in ([0.0], (1, 2), array("d"), numpy.zeros(6)):
        assert_type(ur5.forward(joints), Pose)
    assert_type(ur5.forward(joints=[1]).position.x, float)
    ret, mutated = ur5.clamp([7.0])
    assert_type(ret, int)
    assert_type(mutated["joints"], array[float])
    assert_type(ur5.clamp([7.0]), Result[int, ClampMutated])
    ur5.forward("no")  # type: ignore[arg-type]
    ur5.forward()  # type: ignore[call-arg]
    ur5.backward()  # type: ignore[attr-defined]
    register_module_673404_c1(engine, Arm())
    register_module_673404_c1(engine, ur5)  # type: ignore[arg-type]
    verdict = Watchdog.load(engine).check([0.0] * 6, reach=1)
    assert_type(verdict, Verdict)
    if isinstance(verdict, Verdict.too_far):
        assert_type(verdict.value, float)
    match verdict:
        case Verdict.safe:
            return 0.0
        case Verdict.too_far(distance):
            return distance
    view = cast("stub_ur5.Ur5", plain)
    return view.forward([0.0]).position.x
"""


def test_generated_text_passes_strict_type_checks_as_does_a_program_that_uses_it(checked: Path) -> None:
    options = ["--strict", "--python-version", "3.10", "--warn-unused-ignores", "--no-error-summary"]
    files = sorted(each.name for each in checked.glob("*.py*"))
    done = subprocess.run([sys.executable, "-m", "mypy", *options, *files], cwd=checked, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0)


def test_generated_text_is_as_ruff_formats_it(checked: Path) -> None:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", "--exclude", "program.py", "."]
    done = subprocess.run(command, cwd=checked, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0)


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
