"""Components that are not modules of Arora, or that need what hosts do not offer, are refused in words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime import wat2wasm

from arora_core import AroraError, Engine, LoadError, ModuleDefinition, buffers
from arora_core import values as v
from arora_core.errors import MalformedExecutable, MissingExport, UnsupportedImport
from arora_core.wasm.binary_writer import number

from .component_guest import CALLEE, DISPATCH, MODULE, definition, function_id, header, text

VALID = definition().executable


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        yield engine


def refusal(engine: Engine, executable: bytes, kind: type[LoadError]) -> str:
    with pytest.raises(kind) as raised:
        engine.load_module(ModuleDefinition(header(), executable))
    return str(raised.value)


def wat(source: str) -> bytes:
    return bytes(wat2wasm(source))


def test_a_component_without_dispatch_is_refused(engine: Engine) -> None:
    message = refusal(engine, wat(text(name="run")), MissingExport)
    assert "does not export the function dispatch" in message


def test_a_dispatch_of_another_type_is_refused_with_both_types(engine: Engine) -> None:
    other = '(func (param "method" $id) (param "arg" string) (result (result (list u8) (error string))))'
    message = refusal(engine, wat(text(exported=other)), MissingExport)
    id = "record {hi: u64, lo: u64}"
    assert f"dispatch has type func({id}, string) -> result<list<u8>, string>" in message
    assert f"expected func({id}, list<u8>) -> result<list<u8>, string>" in message


def test_an_import_that_no_host_offers_is_refused_by_its_name(engine: Engine) -> None:
    more = """
      (import "wasi:http/outgoing@0.2.0" (instance $http (export "get" (func (param "url" u32)))))
      (core func $get (canon lower (func $http "get")))
    """
    message = refusal(engine, wat(text(more=more)), UnsupportedImport)
    assert "imports wasi:http/outgoing@0.2.0.get, which no host offers (offered: arora:module/host@0.1.0," in message


def test_a_function_of_the_host_with_another_type_is_refused_with_both_types(engine: Engine) -> None:
    source = text().replace('(param "callable" u64)', '(param "callable" s64)')
    message = refusal(engine, wat(source), UnsupportedImport)
    assert "imports arora:module/host@0.1.0.dispatch-indirect with type func(s64)" in message
    assert "expected func(u64)" in message


@pytest.mark.parametrize("version", ["0.1.0", "0.1.3", "0.2.0"])
def test_a_component_of_each_version_of_the_world_calls_another(engine: Engine, version: str) -> None:
    source = text().replace("arora:module/types@0.1.0", f"arora:module/types@{version}")
    source = source.replace("arora:module/host@0.1.0", f"arora:module/host@{version}")
    engine.load_module(definition(source))
    engine.load_module(definition(source, CALLEE))
    argument = buffers.encode(v.Structure(function_id(DISPATCH), [(function_id(DISPATCH), v.String("here and back"))]))
    assert engine.dispatch(MODULE, function_id(DISPATCH), argument) == argument


def test_a_component_of_a_later_version_of_the_world_is_refused(engine: Engine) -> None:
    message = refusal(engine, wat(text().replace("host@0.1.0", "host@0.3.0")), UnsupportedImport)
    assert (
        "imports arora:module/host@0.3.0.dispatch, which no host offers (offered: arora:module/host@0.1.0," in message
    )
    assert "arora:module/host@0.2.0," in message


def test_strings_in_another_encoding_are_refused(engine: Engine) -> None:
    message = refusal(engine, wat(text(options="string-encoding=utf16")), MissingExport)
    assert "exports dispatch by way of strings in UTF-16, which is not supported" in message


def test_an_import_that_is_not_used_may_be_anything(engine: Engine) -> None:
    more = '(import "some:other/thing@1.0.0" (instance (export "f" (func (param "x" (list (tuple u8 f64)))))))'
    engine.load_module(ModuleDefinition(header(), wat(text(more=more))))


def test_a_component_may_contain_others_that_its_function_does_without(engine: Engine) -> None:
    more = '(component $other (core module (func (export "f")))) (instance (instantiate $other))'
    engine.load_module(ModuleDefinition(header(), wat(text(more=more))))


def test_a_function_of_a_component_inside_is_refused(engine: Engine) -> None:
    inner = """(component $inner
      (core module $m (func (export "f")))
      (core instance $i (instantiate $m))
      (func (export "dispatch") (canon lift (core func $i "f"))))"""
    source = f'(component {inner} (instance $made (instantiate $inner)) (export "dispatch" (func $made "dispatch")))'
    message = refusal(engine, wat(source), MissingExport)
    assert "exports dispatch by way of a component inside it, which is not supported" in message


def test_a_core_module_is_not_a_component(engine: Engine) -> None:
    message = refusal(engine, wat("(module)"), MalformedExecutable)
    assert "a WebAssembly module, expected a WebAssembly component" in message


def test_bytes_of_something_else_are_refused(engine: Engine) -> None:
    assert "expected a WebAssembly component" in refusal(engine, b"\x7fELF", MalformedExecutable)


def test_a_core_module_that_does_not_get_what_it_imports_is_refused(engine: Engine) -> None:
    source = text().replace('(import "libc" "memory" (memory 1))', '(import "libc" "memory" (table 1 funcref))')
    # The text format's translator does not validate components.
    refusal(engine, wat(source), MalformedExecutable)


def test_a_core_module_that_does_not_export_what_is_used_is_refused(engine: Engine) -> None:
    # Not by the text format, which would find it.
    message = refusal(engine, VALID.replace(b"\x07realloc\x00", b"\x07reclloc\x00", 1), MalformedExecutable)
    assert "is malformed: one of its core modules does not export realloc" in message


def test_types_that_would_fill_the_memory_are_refused(engine: Engine) -> None:
    lists = b"\x70\x7d" * 100_001
    count = b"\xa1\x8d\x06"
    executable = VALID[:8] + b"\x07" + number(len(count) + len(lists)) + count + lists
    assert "more than 100000 types" in refusal(engine, executable, MalformedExecutable)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mutated_component_is_refused_or_runs_and_nothing_else(data: st.DataObject) -> None:
    executable = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(8, len(executable) - 1))
        executable[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(executable), data.draw(st.integers(8, len(executable)))]))
    with Engine() as engine:
        try:
            module = engine.load_module(ModuleDefinition(header(), bytes(executable[:cut])))
            module["echo"](b"data")
        except AroraError:
            pass
