"""Python clients made of headers: their types, their classes, and the calls that they make."""

from __future__ import annotations

import copy
import importlib.util
import itertools
import pickle
import random
import subprocess
import sys
from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from uuid import UUID

import pytest

from arora_core import Engine, Header, HostModule, LoadError, Result
from arora_core import values as v
from arora_core.authoring.generated_files import texts
from arora_core.authoring.interface import interface_of
from arora_core.authoring.python_language import GENERATOR, StubGenerator
from arora_core.binding.conversion import Conversions
from arora_core.binding.generated_classes import enumeration_class, structure_class
from arora_core.header import ExecutorRequirement, ExportedFunction, ImportedFunction, Parameter
from arora_core.runtime.host_module import HOST
from arora_core.runtime.loaded_module import Function
from arora_core.types import ArrayRef, OptionRef, ScalarRef, StructureType, TypeRef, TypeRegistry, Version

from ..signatures import (
    COLOUR,
    COVERED,
    DEEP,
    INNER,
    LIST,
    REGISTRY,
    SHAPE,
    UNCOVERED,
    UNDECLARED,
    function,
    sample,
    scalar,
    structure,
)
from ..signatures import (
    array as array_of,
)
from .random_modules import random_header

ROOT: Final = Path(__file__).parents[2]
UR5: Final = ROOT / "examples" / "ur5" / "module.yaml"
WATCHDOG: Final = ROOT / "examples" / "watchdog" / "module.yaml"
AWKWARD: Final = ("self", "class", "float", "list", "load", "id", "array", "move-to", "m/s²", "Point", "str", "DEFAULT")
TYPES: Final = [
    *COVERED,
    *(ScalarRef(LIST.id), OptionRef(LIST.id), ArrayRef(LIST.id)),
    *(ref for ref in UNCOVERED.values() if ref != ScalarRef(UNDECLARED)),
]

_number = itertools.count()


def header(*exports: ExportedFunction, types: TypeRegistry = REGISTRY, name: str = "probe", **changes: Any) -> Header:
    made = Header(UUID(int=1), name, "Ada", "MIT", None, Version(1, 0, 0), ExecutorRequirement(HOST))
    return replace(made, exports=exports, types=types, **changes)


def of_all_types() -> Header:
    """Return a header of functions that take and return every type, and of functions with awkward names."""
    exports = [
        ExportedFunction(
            UUID(int=0x10000 + index),
            f"f{index}",
            (Parameter(UUID(int=0xA), "given", ref, index % 3 == 0), Parameter(UUID(int=0xB), "n", scalar("u8"))),
            ref,
        )
        for index, ref in enumerate(TYPES)
    ]
    parameters = tuple(
        Parameter(UUID(int=0x30000 + index), name, array_of("f64"), index % 2 == 0, _default(index))
        for index, name in enumerate(AWKWARD)
    )
    exports += [
        ExportedFunction(UUID(int=0x20000 + index), name, parameters, array_of("str"))
        for index, name in enumerate(AWKWARD)
    ]
    imports = [ImportedFunction(each.id, each.name, each.parameters, each.ret, UUID(int=2)) for each in exports]
    return header(*exports, name="every type", imports=tuple(imports), description='Says """everything"""\\ \n"')


def _default(index: int) -> v.Value | None:
    return v.ArrayF64([1.5]) if index % 3 == 0 else None


def generated(made: Header) -> str:
    (text,) = texts(GENERATOR, made).values()
    return text


def imported(text: str, directory: Path) -> ModuleType:
    """Return the module of a generated text, written to a file of a new name."""
    path = directory / f"generated_{next(_number)}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def echo(made: Header) -> HostModule:
    """Return a host module whose functions return their first argument, and what else is mutable unchanged."""
    host = HostModule(made)
    for export in made.exports:
        host.function(export.name)(_echoing(export))
    return host


def _echoing(export: ExportedFunction) -> Callable[..., Any]:
    mutable = [each.name for each in export.parameters if each.mutable]

    def answer(**arguments: Any) -> Any:
        values = list(arguments.values())
        by_name = dict(zip([each.name for each in export.parameters], values, strict=False))
        first = values[0] if values else None
        return Result(first, {name: by_name[name] for name in mutable}) if mutable else first

    return answer


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


# --- classes ---------------------------------------------------------------------------------------


def test_calls_give_objects_of_the_generated_classes_for_every_type(tmp_path: Path, engine: Engine) -> None:
    registry = TypeRegistry(replace(each, path=f"own.{each.path}") for each in REGISTRY)
    conversions = Conversions(registry)
    made = header(
        *(replace(function([ref], ref), id=UUID(int=index), name=f"f{index}") for index, ref in enumerate(COVERED)),
        types=registry,
    )
    module = imported(generated(made), tmp_path)
    client = module.Probe(engine.register(echo(made)))
    for index, ref in enumerate(COVERED):
        for turn in range(4):
            given = conversions.of(ref).to_python(sample(ref, turn))
            assert repr(client[f"f{index}"](given)) == repr(given)
    assert type(client.f0) is Function
    inner = module.Inner("a", 0.5)
    assert type(client[f"f{COVERED.index(ScalarRef(INNER.id))}"](inner)) is module.Inner
    assert client[f"f{COVERED.index(ScalarRef(COLOUR.id))}"](module.Colour.red) is module.Colour.red
    along = client[f"f{COVERED.index(ScalarRef(SHAPE.id))}"](module.Shape.along([1.0]))
    assert along == module.Shape.along(array("d", [1.0]))
    assert isinstance(along, module.Shape)
    corner = module.Point(1.0, 2, True, module.Colour.green)
    deep = client[f"f{COVERED.index(ScalarRef(DEEP.id))}"](
        module.Deep(None, [module.Shape.none], [], {"a": None}, [corner] * 2)
    )
    assert deep.corners == [corner, corner]
    assert type(deep.corners[0]) is module.Point


def test_a_type_that_contains_itself_has_a_class_too(tmp_path: Path, engine: Engine) -> None:
    made = header(function([ScalarRef(LIST.id)], ScalarRef(LIST.id)), name="lists")
    module = imported(generated(made), tmp_path)
    client = module.Lists(engine.register(echo(made)))
    given = module.List(1, module.List(2, None))
    assert client.probe(given) == given
    assert type(client.probe(given).tail) is module.List


def a_record(name: str) -> tuple[StructureType, Header]:
    record = structure(next(_number) * 16 + 0x5000, name, [("x", scalar("f64"))])
    return record, header(function([ScalarRef(record.id)], ScalarRef(record.id)), types=TypeRegistry([record]))


def test_files_that_declare_the_same_record_have_the_same_class(tmp_path: Path) -> None:
    _, made = a_record("Twice")
    first, second = (imported(generated(made), tmp_path) for _ in range(2))
    assert first.Twice is second.Twice
    assert first.Twice(1.0) == second.Twice(1.0)


def test_a_class_that_an_engine_made_before_stands_in_for_the_declared_one(tmp_path: Path, engine: Engine) -> None:
    record, made = a_record("Before")
    before = engine.register(echo(made)).probe({"x": 1.0})
    module = imported(generated(made), tmp_path)
    assert module.Before(1.0) == before
    assert isinstance(before, module.Before)
    assert type(before) is structure_class(record)


@pytest.mark.parametrize("way", [lambda made: pickle.loads(pickle.dumps(made)), copy.copy, copy.deepcopy])
def test_objects_of_generated_classes_are_copied_and_pickled(way: Callable[[Any], Any], tmp_path: Path) -> None:
    registry = TypeRegistry(replace(each, path=f"pickled.{each.path}") for each in REGISTRY)
    made = header(function([ScalarRef(DEEP.id)]), types=registry)
    module = imported(generated(made), tmp_path)
    for each in (module.Inner("a", 0.5), module.Colour.red, module.Shape.none, module.Shape.along([1.0])):
        again = way(each)
        assert again == each
        assert type(again) is type(each)


def test_what_is_pickled_needs_no_generated_file_to_be_read(tmp_path: Path) -> None:
    _, made = a_record("Sent")
    module = imported(generated(made), tmp_path)
    (tmp_path / "sent").write_bytes(pickle.dumps(module.Sent(1.5)))
    program = "import pickle, sys; print(pickle.load(open(sys.argv[1], 'rb')))"
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "sent"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "Sent(x=1.5)\n"


def test_a_declared_class_with_other_attributes_is_refused() -> None:
    from dataclasses import dataclass

    from arora_core.client import structure as declare

    with pytest.raises(TypeError, match="Wrong must have the attributes x, it has y"):

        @declare("Wrong", str(UUID(int=0x9999)), "1.0.0", (str(UUID(int=0x999A)), "x", "f64"))
        @dataclass
        class Wrong:
            y: float


# --- calls -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ur5(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return imported(generated(Header.load(UR5)), tmp_path_factory.mktemp("ur5"))


@pytest.fixture(scope="module")
def watchdog(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    return imported(generated(Header.load(WATCHDOG)), tmp_path_factory.mktemp("watchdog"))


def test_a_client_calls_the_functions_of_a_guest(ur5: ModuleType, engine: Engine) -> None:
    arm = ur5.Ur5.load(engine, UR5)
    pose = arm.forward([0, -1.57, 1.57, 0, 1.57, 0])
    assert type(pose) is ur5.Pose
    assert pose == arm.forward(joints=array("d", [0, -1.57, 1.57, 0, 1.57, 0]))
    assert arm.clamp([100.0] * 6).mutated["joints"][0] == pytest.approx(6.283185)


def test_a_call_of_a_client_is_the_call_of_the_plain_handle(ur5: ModuleType, engine: Engine) -> None:
    arm = ur5.Ur5.load(engine, UR5)
    plain = engine.modules[arm.id]
    assert plain is not arm
    assert arm.forward is plain.forward
    assert (arm.id, arm.name, arm.executor, arm.header) == (plain.id, plain.name, plain.executor, plain.header)


def test_a_client_finds_the_header_beside_its_file(tmp_path: Path, engine: Engine) -> None:
    for name in ("module.yaml", "ur5.wasm"):
        (tmp_path / name).write_bytes((UR5.parent / name).read_bytes())
    (tmp_path / "records").symlink_to(UR5.parent / "records")
    made = imported(generated(Header.load(UR5)), tmp_path)
    assert made.Ur5.load(engine).forward([0.0] * 6).position.z


def test_an_engine_unloads_a_module_by_its_client(ur5: ModuleType, engine: Engine) -> None:
    arm = ur5.Ur5.load(engine, UR5)
    engine.unload(arm)
    assert not engine.modules


def test_an_object_of_python_answers_what_a_guest_imports(watchdog: ModuleType, engine: Engine) -> None:
    class Arm:
        def forward(self, joints: Any) -> Any:
            return watchdog.Pose(watchdog.Vector3(0.0, 0.0, joints[0]), watchdog.Quaternion(0.0, 0.0, 0.0, 1.0))

    watchdog.register_module_673404_c1(engine, Arm())
    dog = watchdog.Watchdog.load(engine, WATCHDOG)
    assert dog.check([0.5] + [0.0] * 5) is watchdog.Verdict.safe
    assert isinstance(dog.check([5.0] + [0.0] * 5), watchdog.Verdict.too_far)


def test_an_object_without_a_method_that_a_guest_imports_is_refused(watchdog: ModuleType, engine: Engine) -> None:
    with pytest.raises(AttributeError, match="forward"):
        watchdog.register_module_673404_c1(engine, object())


def test_a_client_refuses_a_module_whose_functions_differ_and_unloads_it(tmp_path: Path, engine: Engine) -> None:
    made = Header.load(UR5)
    forward, clamp = made.exports
    for exports, message in [
        ((clamp,), "it has no function 'forward', which Ur5 was generated for"),
        (
            (replace(forward, ret=scalar("f64")), clamp),
            r"forward\(joints: f64\[\]\) -> f64 is not as it was .* generate",
        ),
    ]:
        path = tmp_path / "module.yaml"
        path.write_text(str(replace(made, exports=exports).to_data()), encoding="utf-8")
        (tmp_path / "ur5.wasm").write_bytes(UR5.with_name("ur5.wasm").read_bytes())
        with pytest.raises(LoadError, match=message):
            imported(generated(made), tmp_path).Ur5.load(engine, path, executable=UR5.with_name("ur5.wasm"))
        assert not engine.modules


def test_a_client_takes_a_module_with_more_functions_and_other_descriptions(tmp_path: Path, engine: Engine) -> None:
    made = header(function([scalar("u8")], scalar("u8")), name="grows")
    module = imported(generated(made), tmp_path)
    more = replace(
        made, description="grown", exports=(*made.exports, replace(made.exports[0], id=UUID(int=77), name="b"))
    )
    assert module.Grows(engine.register(echo(more))).probe(3) == 3


# --- names -----------------------------------------------------------------------------------------


def test_functions_and_parameters_have_the_names_that_the_engine_gives_them(tmp_path: Path, engine: Engine) -> None:
    made = replace(of_all_types(), imports=())
    module = imported(generated(made), tmp_path)
    client = module.EveryType(engine.register(echo(made)))
    columns = {name: [1.0] for name in ("self", "class_", "float", "list", "load", "id", "array", "move_to", "m_s2")}
    columns |= {"Point": [2.0], "str": [3.0], "DEFAULT": [4.0]}
    for name in ("class_", "float", "load_", "id_", "move_to", "str", "DEFAULT"):
        assert name in vars(type(client))
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
