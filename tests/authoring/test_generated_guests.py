"""Modules in C and C++ on what is generated: what functions get, what becomes of their results, and their memory."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
import wasmtime

from arora_core import Limits, ModuleDefinition, buffers
from arora_core import values as v
from arora_core.authoring import generated_files
from arora_core.authoring.building import INCLUDE
from arora_core.authoring.c_language import GENERATOR
from arora_core.authoring.compilers import BuildError, compiler_for, run
from arora_core.authoring.languages import generator
from arora_core.header import ExecutorRequirement
from arora_core.plugins import discover
from arora_core.types import ScalarRef

from ..signatures import COLOUR, COVERED, DEEP, LIST, POINT, SHAPE, function, sample
from ..wire import buffer, structure
from . import generated_guest
from .generated_guest import HEADER, SAY, Answering, Guest, encoded, returned

NIL = UUID(int=0)
POINT_VALUE = sample(ScalarRef(POINT.id), 0)
DEEP_VALUE = sample(ScalarRef(DEEP.id), 1)


SOURCE = generated_guest.SOURCES["c"]
CALLS = int(os.environ.get("ARORA_SOAK_ROUNDS", "12000"))
"""How many calls have to leave nothing in memory."""


class Built(dict[str, Path]):
    """The modules, each built when a test first asks for it: ``c wasm``, ``cpp native``."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory

    def __missing__(self, kind: str) -> Path:
        language, target = kind.split()
        directory = self._factory.mktemp(f"{language}_{target}")
        self[kind] = generated_guest.build(directory, target, source=generated_guest.SOURCES[language])
        return self[kind]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(tmp_path_factory)


@pytest.fixture(params=["c wasm", "c native", "cpp wasm", "cpp native"])
def guest(request: pytest.FixtureRequest, built: Built) -> Iterator[Guest]:
    with opened(built[request.param], request.param.partition(" ")[2], Limits()) as guest:
        yield guest


@pytest.fixture(params=["c wasm", "c native"])
def guest_in_c(request: pytest.FixtureRequest, built: Built) -> Iterator[Guest]:
    with opened(built[request.param], request.param.partition(" ")[2], Limits()) as guest:
        yield guest


@contextmanager
def opened(path: Path, target: str, limits: Limits) -> Iterator[Guest]:
    header = replace(HEADER, executor=ExecutorRequirement(target))
    host = Answering()
    with closing(discover().executor({"wasm": "wasmtime", "native": "native"}[target])()) as executor:
        definition = ModuleDefinition(header, path.read_bytes(), path)
        with closing(executor.load(definition, host, limits)) as instance:
            yield Guest(instance, host)


def test_an_option_that_is_left_out_is_none_and_a_default_takes_the_place_of_another(guest: Guest) -> None:
    name = v.String("Ada")
    assert guest.call("describe", name, None, None) == name
    assert guest.call("describe", name, v.Option(v.U8(36)), None) == v.String("Ada, 36, 3 times")
    assert guest.call("describe", name, v.Option(v.U8(36)), v.U32(5)) == v.String("Ada, 36, 5 times")


def test_an_argument_without_a_default_that_is_left_out_is_an_error(guest: Guest) -> None:
    assert guest.call("describe", None, None, None) == "name: absent"


def test_arguments_come_in_any_order_and_others_are_skipped(guest: Guest) -> None:
    function = HEADER.exports[0]
    name, age, times = (each.id for each in function.parameters)
    fields = [(UUID(int=1), DEEP_VALUE), (times, v.U32(1)), (age, v.Option(v.U8(2))), (name, v.String("x"))]
    answer = guest.answer("describe", buffers.encode(v.Structure(function.id, fields)))
    assert returned(answer) == v.String("x, 2, 1 times")


def test_of_two_arguments_with_the_same_id_the_first_counts(guest: Guest) -> None:
    function = HEADER.exports[0]
    field = function.parameters[0].id.bytes
    first, second = (buffers.encode(v.String(each))[4:] for each in "ab")
    argument = buffer(structure(function.id.bytes, [(field, first), (field, second)]))
    assert returned(guest.answer("describe", argument)) == v.String("a")


def test_a_failure_has_the_message_that_the_author_formats(guest_in_c: Guest) -> None:
    message = "why: <> -7 -9223372036854775808 ff -0.063 200000000000000000.000000e3%"
    assert guest_in_c.call("refuse", v.String("why")) == message


def test_a_failure_may_have_any_text(guest: Guest) -> None:
    message = guest.call("refuse", v.String("é" * 1000))
    assert isinstance(message, str)
    assert message.startswith("é" * 1000)


def test_a_message_that_is_not_utf8_is_replaced(guest: Guest) -> None:
    assert guest.call("refuse badly") == "failed, with a message that is not UTF-8"


def test_a_mutable_parameter_comes_back_changed(guest: Guest) -> None:
    result = buffers.decode(guest.answer("move", encoded("move", POINT_VALUE, POINT_VALUE)))
    assert isinstance(result, v.Structure)
    unit, moved = (each.value for each in result.fields)
    assert unit == v.Unit()
    assert isinstance(moved, v.Structure)
    assert [each.value for each in moved.fields] == [v.F64(6), v.U8(3), v.Boolean(True), moved.fields[3].value]


@pytest.mark.parametrize("turn", range(4))
def test_records_in_records_come_back_as_they_were(guest: Guest, turn: int) -> None:
    shape = sample(ScalarRef(SHAPE.id), turn)
    by_name = v.KeyValue(UUID(int=0x1B), {"a": (NIL, shape), "b": (NIL, None)})
    value = changed(sample(ScalarRef(DEEP.id), turn), 3, by_name)
    assert guest.call("echo deep", value) == value


def without(value: v.Value, index: int) -> v.Structure:
    assert isinstance(value, v.Structure)
    return v.Structure(value.id, [each for at, each in enumerate(value.fields) if at != index])


def changed(value: v.Value, index: int, new: v.Value) -> v.Structure:
    assert isinstance(value, v.Structure)
    return v.Structure(
        value.id, [(each.id, new if at == index else each.value) for at, each in enumerate(value.fields)]
    )


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("describe", (v.U8(1), None, None), "name: expected str"),
        ("describe", (v.String(""), v.U8(1), None), "age: expected an option"),
        ("describe", (v.String(""), v.Option(v.I8(1)), None), "age: expected u8"),
        ("move", (without(POINT_VALUE, 2), POINT_VALUE), "from.on: absent"),
        ("move", (POINT_VALUE, changed(POINT_VALUE, 0, v.F32(1))), "to.x: expected f64"),
        ("move", (POINT_VALUE, v.Structure(SHAPE.id, [])), "to: expected Point"),
        ("move", (changed(POINT_VALUE, 3, v.Enumeration(COLOUR.id, UUID(int=1))), POINT_VALUE),
         "from.of: expected a variant of Colour"),
        ("move", (changed(POINT_VALUE, 3, v.Enumeration(COLOUR.id, COLOUR.variants[0].id, v.U8(1))), POINT_VALUE),
         "from.of.red: expected unit"),
        ("echo deep", (changed(DEEP_VALUE, 1, v.ArrayStructure(SHAPE.id, [])),),
         "deep.shapes: expected an array of Shape"),
        ("echo deep", (changed(DEEP_VALUE, 1, v.ArrayEnumeration(SHAPE.id, [(SHAPE.variants[2].id, v.U8(1))])),),
         "deep.shapes[0].along: expected an array"),
        ("echo deep", (changed(DEEP_VALUE, 4, v.ArrayStructure(POINT.id, [])),),
         "deep.corners: expected 2 items, got 0"),
        ("echo deep",
         (changed(DEEP_VALUE, 3, v.KeyValue(UUID(int=0x1B), {"é": (NIL, v.Enumeration(SHAPE.id, UUID(int=1)))})),),
         "deep.by_name['é']: expected a variant of Shape"),
    ],
)  # fmt: skip
def test_a_wrong_argument_is_an_error_that_says_where_it_is(
    guest: Guest, name: str, arguments: tuple[v.Value | None, ...], message: str
) -> None:
    assert guest.call(name, *arguments) == message


def test_no_buffer_makes_a_guest_crash(guest: Guest) -> None:
    chance = random.Random(11)
    for name, arguments in (("echo deep", [DEEP_VALUE]), ("echo", [DEEP_VALUE]), ("move", [POINT_VALUE, POINT_VALUE])):
        whole = encoded(name, *arguments)
        hostile = [buffer(whole[4:end]) for end in range(5, len(whole), 3)]
        for _ in range(400):
            bytes_ = bytearray(whole)
            for _ in range(chance.choice([1, 1, 2, 5])):
                bytes_[chance.randrange(4, len(whole))] = chance.choice([0, 1, 2, 13, 15, 16, 17, 19, 0x7F, 0xFF])
            hostile.append(bytes(bytes_))
        for argument in hostile:
            answer = guest.answer(name, argument)
            if buffers.error_message(answer) is None:
                buffers.decode(answer)


def test_a_dynamic_value_comes_back_as_it_was(guest: Guest) -> None:
    entries = {"b": (UUID(int=1), v.U8(1)), "a": (UUID(int=2), None)}
    for value in (DEEP_VALUE, v.Unit(), v.Option(None), v.KeyValue(UUID(int=7), entries), v.ArrayString(["", "é"])):
        assert guest.call("echo", value) == value


def nested(depth: int) -> v.Value:
    value: v.Value = v.Option(None)
    for _ in range(depth):
        value = v.Option(value)
    return value


def test_values_may_be_nested_as_deep_as_a_buffer_allows(guest: Guest) -> None:
    # The structure of the arguments takes one of the 64 levels.
    assert guest.call("echo", nested(63)) == nested(63)
    too_deep = buffers.encode(v.Structure(HEADER.exports[6].id, [(HEADER.exports[6].parameters[0].id, nested(64))]),
                              max_depth=100)  # fmt: skip
    assert returned(guest.answer("echo", too_deep)) == "value: values are nested too deeply"


def test_a_record_that_contains_itself_is_read_and_written(guest: Guest) -> None:
    head, tail = (each.id for each in LIST.fields)
    list_ = v.Structure(LIST.id, [(head, v.U8(0)), (tail, v.Option(None))])
    for length in range(2, 31):
        list_ = v.Structure(LIST.id, [(head, v.U8(0)), (tail, v.Option(list_))])
        assert guest.call("count", list_) == v.U32(length)
    assert guest.call("nest", v.U32(30)) == list_
    message = guest.call("nest", v.U32(1000))
    assert isinstance(message, str)
    assert message.startswith("result.tail.tail.tail")
    assert message.endswith(": values are nested too deeply")


def test_a_map_is_put_in_order_and_the_last_entry_of_a_key_counts(guest: Guest) -> None:
    entries = {"": (NIL, None), "a": (NIL, v.U8(3)), "ab": (NIL, v.U8(2)), "b": (NIL, v.U8(4))}
    result = guest.call("unordered")
    assert result == v.KeyValue(UUID(int=0x1B), entries)
    assert isinstance(result, v.KeyValue)
    assert list(result.fields) == list(entries)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (0, "result.corners: it has 1 items, not 2"),
        (3, "result.shapes[1].maybe.inner.text: the text is not UTF-8"),
    ],
)
def test_a_result_that_is_not_of_its_type_is_an_error_that_says_where_it_is(
    guest: Guest, how: int, message: str
) -> None:
    assert guest.call("lie", v.U8(how)) == message


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (1, "result.shapes: there are no items, but a count of them"),
        (2, "result.shapes[0]: Shape has no variant 77"),
    ],
)
def test_a_result_that_is_no_value_in_c_is_an_error_that_says_where_it_is(
    guest_in_c: Guest, how: int, message: str
) -> None:
    assert guest_in_c.call("lie", v.U8(how)) == message


def test_a_function_of_another_module_is_called_with_its_mutable_parameters(guest: Guest) -> None:
    patience = SAY.parameters[1].id
    guest.host.answer = buffers.encode(v.Structure(SAY.id, [(SAY.id, v.String("yes")), (patience, v.U32(2))]))
    result = buffers.decode(guest.answer("ask", encoded("ask", v.String("ready?"), v.U32(3))))
    assert isinstance(result, v.Structure)
    assert [each.value for each in result.fields] == [v.String("yes"), v.U32(2)]
    assert guest.host.asked == [v.Structure(SAY.id, [(SAY.parameters[0].id, v.String("ready?")), (patience, v.U32(3))])]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (buffers.encode_error("no voice"), "no voice"),
        (buffers.encode(v.U8(1)), "robot.say: expected the result of robot.say"),
        (buffers.encode(v.Structure(SAY.id, [(SAY.id, v.U8(1))])), "robot.say: result: expected str"),
        (buffers.encode(v.Structure(SAY.id, [(SAY.id, v.String(""))])), "robot.say: patience: absent"),
    ],
)
def test_what_another_module_answers_wrongly_is_a_failure_of_the_call(
    guest: Guest, answer: bytes, message: str
) -> None:
    guest.host.answer = answer
    assert guest.call("ask", v.String("ready?"), v.U32(3)) == message


def test_a_callable_of_the_host_is_called(guest: Guest) -> None:
    guest.host.answer = buffers.encode(DEEP_VALUE)
    assert guest.call("repeat", v.U64(1 << 40)) == DEEP_VALUE
    guest.host.answer = buffers.encode_error("gone")
    assert guest.call("repeat", v.U64(1)) == "gone"


@pytest.mark.parametrize("language", ["c", "cpp"])
def test_calls_leave_nothing_in_memory(built: Built, language: str) -> None:
    with opened(built[f"{language} wasm"], "wasm", Limits(memory=2 << 20)) as guest:
        guest.host.answer = buffers.encode_error("no voice")
        arguments = {
            "echo deep": encoded("echo deep", DEEP_VALUE),
            "echo": encoded("echo", DEEP_VALUE),
            "ask": encoded("ask", v.String("ready?"), v.U32(3)),
            "refuse": encoded("refuse", v.String("why")),
            "lie": encoded("lie", v.U8(3)),
            "move": encoded("move", without(POINT_VALUE, 2), POINT_VALUE),
        }
        first = {name: guest.answer(name, argument) for name, argument in arguments.items()}
        for _ in range(-(-CALLS // len(arguments))):
            assert {name: guest.answer(name, argument) for name, argument in arguments.items()} == first


def test_a_call_without_memory_is_an_error_and_the_next_one_works(built: Built) -> None:
    with opened(built["c wasm"], "wasm", Limits(memory=4 << 20)) as guest:
        for _ in range(3):
            assert guest.call("sum", v.U32(1)) == v.U32(1)
            assert guest.call("sum", v.U32(64)) == "out of memory"
            assert guest.call("sum", v.U32(5000)) == "out of memory"


def test_a_module_tells_its_stack_pointer_and_imports_what_it_calls(built: Built) -> None:
    module = wasmtime.Module.from_file(wasmtime.Engine(), str(built["c wasm"]))
    assert "__stack_pointer" in {each.name for each in module.exports}
    assert {each.name for each in module.imports} == {"arora_dispatch", "arora_dispatch_indirect"}


def test_a_module_without_imports_imports_nothing(tmp_path: Path) -> None:
    header = replace(HEADER, exports=HEADER.exports[:1], imports=())
    source = tmp_path / "author.c"
    source.write_text(SOURCE.read_text(encoding="utf-8").partition("arora_failure shapes_refuse(")[0])
    path = generated_guest.build(tmp_path / "out", "wasm", header, source)
    assert list(wasmtime.Module.from_file(wasmtime.Engine(), str(path)).imports) == []


@pytest.mark.parametrize("target", ["wasm", "native"])
def test_an_export_that_no_source_defines_is_named_when_the_module_is_linked(target: str, tmp_path: Path) -> None:
    source = tmp_path / "author.c"
    source.write_text('#include "shapes.h"\n')
    with pytest.raises(BuildError, match=r"undefined.*shapes_describe"):
        generated_guest.build(tmp_path / "out", target, source=source)


def test_a_definition_with_other_parameters_does_not_compile(tmp_path: Path) -> None:
    source = tmp_path / "author.c"
    source.write_text('#include "shapes.h"\narora_failure shapes_refuse(arora_arena *arena) { return 0; }\n')
    with pytest.raises(BuildError, match=r"author\.c:2.*conflicting types for 'shapes_refuse'"):
        generated_guest.build(tmp_path / "out", "native", source=source)


@pytest.mark.parametrize("target", ["x86-linux-musl", "wasm32-wasi", "x86_64-windows-gnu"])
def test_what_is_generated_compiles_without_a_warning(target: str, tmp_path: Path) -> None:
    covered = [function((ref, ref), ref, mutable=bool(index % 2)) for index, ref in enumerate(COVERED)]
    exports = tuple(replace(each, id=UUID(int=index), name=f"f{index}") for index, each in enumerate(covered))
    generated_files.write(GENERATOR, replace(HEADER, exports=exports), tmp_path)
    compiler = compiler_for("native", "c")
    (tmp_path / "author.c").write_text('#include "shapes.h"\n')
    for source in ("author.c", "shapes_glue.c"):
        flags = ["-target", target, "-std=c11", *generated_guest.WARNINGS, f"-I{INCLUDE}"]
        run([*compiler.c, *flags, "-c", source, "-o", "out.o"], tmp_path)


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
@pytest.mark.parametrize(("suffix", "flags"), [("c", ["-std=c11"]), ("cpp", ["-std=c++17", "-fno-exceptions"])])
def test_gcc_has_no_warning_either(suffix: str, flags: list[str], tmp_path: Path) -> None:
    generated_files.write(generator(suffix, discover()), HEADER, tmp_path)
    includes = [f"-I{INCLUDE}", f"-I{tmp_path}"]
    for source in (generated_guest.SOURCES[suffix], tmp_path / f"shapes_glue.{suffix}"):
        run(["gcc", *flags, *generated_guest.WARNINGS, *includes, "-fsyntax-only", str(source)], tmp_path)
