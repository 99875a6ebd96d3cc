"""Python clients made of headers: their types, their classes, and the calls that they make."""

from __future__ import annotations

import copy
import itertools
import pickle
import subprocess
import sys
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from arora_core import Engine, Header, LoadError, Result
from arora_core import values as v
from arora_core.binding.conversion import Conversions
from arora_core.binding.generated_classes import structure_class
from arora_core.header import ExportedFunction, Parameter
from arora_core.runtime.loaded_module import Function
from arora_core.types import ScalarRef, StructureType, TypeRegistry

from ..signatures import (
    COLOUR,
    COVERED,
    DEEP,
    INNER,
    LIST,
    REGISTRY,
    SHAPE,
    function,
    sample,
    scalar,
    structure,
)
from ..signatures import (
    array as array_of,
)
from .python_clients import UR5, WATCHDOG, echo, generated, header, imported

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


_number = itertools.count(0x500)


def a_record(name: str) -> tuple[StructureType, Header]:
    record = structure(next(_number) * 16, name, [("x", scalar("f64"))])
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


def test_threads_that_need_a_class_at_the_same_time_get_the_same() -> None:
    for _ in range(20):
        record, _ = a_record("Shared")
        threads = 4
        start = Barrier(threads)

        def make(record: StructureType = record, start: Barrier = start) -> type[Any]:
            start.wait()
            return structure_class(record)

        with ThreadPoolExecutor(threads) as pool:
            made = [each.result() for each in [pool.submit(make) for _ in range(threads)]]
        assert len(set(made)) == 1


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


def test_an_object_of_python_is_the_module_of_a_host_header(tmp_path: Path, engine: Engine) -> None:
    parameters = (
        Parameter(UUID(int=0xA), "joint-angles", array_of("f64"), True),
        Parameter(UUID(int=0xB), "speed", scalar("f64"), default_value=v.F64(0.5)),
    )
    made = header(ExportedFunction(UUID(int=0xC), "move-to", parameters, ScalarRef(COLOUR.id)), name="robot")
    module = imported(generated(made), tmp_path)

    class Robot:
        def move_to(self, joint_angles: Any, speed: float) -> Any:
            return Result(module.Colour.green, {"joint-angles": [each * speed for each in joint_angles]})

    robot = module.Robot(module.register_robot(engine, Robot()))
    assert robot.move_to([2.0]) == Result(module.Colour.green, {"joint-angles": array("d", [1.0])})


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
