"""Preparing, loading and starting modules: required exports, errors, and the names in their messages."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from ... import values as v
from ...errors import LoadError, MalformedExecutable, MissingExport, Trap, UnsupportedImport
from ...executor import Capability, Executor, Limits
from ...header import ExportedFunction, ModuleDefinition
from ...types import TYPE_IDS, ScalarRef
from ...wasm.guest_symbols import (
    CONSTRUCTORS,
    INITIALIZE,
    INITIALIZE_TYPE,
    MEMORY,
    START,
    WASI_NAMESPACE,
    WasmFunctionType,
    function_symbol,
)
from ...wasm.wasi import PREVIEW_1
from ..checking import check
from ..expecting import CheckFailed, CheckSkipped, expect, expect_equal, expect_raises
from ..guests import id_of
from ..scripted_host import ScriptedHost
from ..subject import Subject
from ..tiny_modules import ABI_EXPORTS, tiny_module


@check("loading", uses=[])
def what_is_no_executable_is_malformed(subject: Subject) -> None:
    whole = subject.guest.executable
    for executable in (b"", b"\0", b"not an executable at all", whole[: min(64, len(whole) // 2)]):
        definition = ModuleDefinition(subject.guest.header(), executable)
        expect_raises(
            MalformedExecutable,
            partial(subject.engine.load_module, definition, executor=subject.executor.name),
            f"loading {len(executable)} bytes that are not an executable",
        )


@check("loading", uses=[])
def an_export_that_is_missing_is_named(subject: Subject) -> None:
    if not subject.guest.lists_functions:
        raise CheckSkipped("a component has one export for all functions, and says which ones it has when it is called")
    unit = ScalarRef(TYPE_IDS["unit"])
    promised = ExportedFunction(id_of(0xFE00), "promised", (), unit)
    definition = ModuleDefinition(subject.guest.header(also=[promised]), subject.guest.executable)
    what = "loading with a header that lists a function the executable does not export"
    load = partial(subject.engine.load_module, definition, executor=subject.executor.name)
    missing = expect_raises(MissingExport, load, what)
    # In a language of one's own, functions may be found by the names in the header.
    names = [function_symbol(promised.id.bytes)]
    if subject.guest.kind not in ("wasm", "native"):
        names.append(promised.name)
    expect(missing.symbol in names, f"{what}: .symbol is {missing.symbol!r}, expected {' or '.join(map(repr, names))}")


@check("loading", uses=["add"])
def a_module_that_fails_to_load_leaves_nothing_behind(subject: Subject) -> None:
    definition = ModuleDefinition(subject.guest.header(), b"nothing")
    expect_raises(
        MalformedExecutable,
        lambda: subject.engine.load_module(definition, executor=subject.executor.name),
        "loading bytes that are not an executable",
    )
    expect_equal(len(subject.engine.modules), 0, "the number of modules after a failed load")
    expect_equal(subject.module.add(1, 2), 3, "add(1, 2) of the module loaded in its place")


def _load(subject: Subject, executable: bytes, *exports: ExportedFunction) -> object:
    header = replace(subject.guest.header(), exports=exports)
    return subject.engine.load_module(ModuleDefinition(header, executable), executor=subject.executor.name)


@check("loading", kind="wasm", uses=[])
def a_module_that_asks_for_nothing_loads(subject: Subject) -> None:
    _load(subject, tiny_module())


@check("loading", kind="wasm", uses=[])
def every_function_of_wasi_preview_1_can_be_imported(subject: Subject) -> None:
    imports = [(WASI_NAMESPACE, name, type) for name, type in PREVIEW_1.items()]
    try:
        _load(subject, tiny_module(imports))
    except LoadError as error:
        raise CheckFailed(f"a module that imports all of {WASI_NAMESPACE} does not load: {error}") from error


@check("loading", kind="wasm", uses=[])
def an_import_that_no_host_offers_is_named(subject: Subject) -> None:
    type = WasmFunctionType(("i32",), ("i32",))
    for space, name in (("env", "launch"), ("wasi_unstable", "fd_write"), (WASI_NAMESPACE, "fd_teleport")):
        expect_raises(
            UnsupportedImport,
            partial(_load, subject, tiny_module([(space, name, type)])),
            f"loading a module that imports {space}.{name}",
            symbol=f"{space}.{name}",
        )


@check("loading", kind="wasm", uses=[])
def an_import_of_another_type_is_refused(subject: Subject) -> None:
    for space, name in (("env", "arora_dispatch"), (WASI_NAMESPACE, "fd_write")):
        wrong = tiny_module([(space, name, WasmFunctionType(("i64",), ()))])
        expect_raises(
            UnsupportedImport,
            partial(_load, subject, wrong),
            f"{space}.{name} as (i64) -> ()",
            symbol=f"{space}.{name}",
        )


@check("loading", kind="wasm", uses=[])
def an_export_the_abi_asks_for_is_missed(subject: Subject) -> None:
    for name in ABI_EXPORTS:
        others = {each: type for each, type in ABI_EXPORTS.items() if each != name}
        _expect_missing(subject, name, tiny_module((), others), f"a module without {name}")
    _expect_missing(subject, MEMORY, tiny_module(memory=None), "a module that does not export its memory")


@check("loading", kind="wasm", uses=["add"])
def an_export_of_another_type_is_refused(subject: Subject) -> None:
    other = WasmFunctionType(("i64",), ("i64",))
    for name in (*ABI_EXPORTS, INITIALIZE):
        _expect_missing(subject, name, tiny_module((), {**ABI_EXPORTS, name: other}), f"{name} as {other}")
    function = subject.guest.header().exports[0]
    symbol = function_symbol(function.id.bytes)
    _expect_missing(subject, symbol, tiny_module((), {**ABI_EXPORTS, symbol: other}), f"{symbol} as {other}", function)
    _expect_missing(
        subject, MEMORY, tiny_module((), {**ABI_EXPORTS, MEMORY: other}, memory=None), "memory as a function"
    )


def _expect_missing(subject: Subject, symbol: str, executable: bytes, what: str, *exports: ExportedFunction) -> None:
    expect_raises(MissingExport, lambda: _load(subject, executable, *exports), f"loading {what}", symbol=symbol)


@check("loading", uses=["initialised"])
def initialize_is_called_once_and_first(subject: Subject) -> None:
    expect_equal([subject.module.initialised() for _ in range(2)], [1, 1], "the number of calls of _initialize")


@check("loading", needs=[Capability.TRAPS], kind="wasm", uses=["add"])
def a_guest_that_crashes_while_it_starts_is_a_trap(subject: Subject) -> None:
    exports = {**ABI_EXPORTS, INITIALIZE: INITIALIZE_TYPE}
    definition = ModuleDefinition(replace(subject.guest.header(), exports=()), tiny_module((), exports))
    run = partial(subject.engine.load_module, definition, executor=subject.executor.name)
    expect_raises(Trap, run, "loading a module whose _initialize is unreachable")
    expect_equal(subject.module.add(1, 2), 3, "add(1, 2) of the module loaded in its place")


@check("loading", needs=[Capability.TRAPS], kind="wasm", uses=[])
def constructors_are_called_where_there_is_no_initialize(subject: Subject) -> None:
    run = partial(_load, subject, tiny_module((), {**ABI_EXPORTS, CONSTRUCTORS: INITIALIZE_TYPE}))
    what = f"loading a module without {INITIALIZE} whose {CONSTRUCTORS} is unreachable"
    expect_raises(Trap, run, what)


@check("loading", kind="wasm", uses=[])
def a_program_is_no_module(subject: Subject) -> None:
    exports = {**ABI_EXPORTS, START: INITIALIZE_TYPE}
    for also in ({}, {CONSTRUCTORS: INITIALIZE_TYPE}):
        what = f"a module that exports {', '.join((START, *also))} and no {INITIALIZE}"
        _expect_missing(subject, INITIALIZE, tiny_module((), {**exports, **also}), what)


def _prepare(executor: Executor, definition: ModuleDefinition) -> None:
    # In a new thread, because this one may have a running event loop.
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, executor.prepare(definition)).result()


@check("loading", uses=["count"])
def a_prepared_module_loads_as_any_other(subject: Subject) -> None:
    executor = subject.new_executor()
    definition = subject.guest.definition()
    _prepare(executor, definition)
    _prepare(executor, definition)
    for which in ("the first", "the second"):
        instance = executor.load(subject.guest.definition(), ScriptedHost(), Limits())
        result = instance.dispatch(subject.function_id("count").bytes, subject.argument("count"))
        instance.close()
        expect_equal(result, subject.result("count", v.U32(1)), f"count() of {which} instance of a prepared module")


@check("loading", uses=[])
def what_was_prepared_is_not_taken_for_another_module(subject: Subject) -> None:
    executor = subject.new_executor()
    _prepare(executor, subject.guest.definition())
    another = ModuleDefinition(subject.guest.header(), b"another executable")
    what = "loading bytes that are not an executable, after another module with the same id was prepared"
    expect_raises(MalformedExecutable, lambda: executor.load(another, ScriptedHost(), Limits()), what)


@check("loading", uses=[])
def preparing_what_is_no_executable_is_refused_as_by_load_or_left_to_it(subject: Subject) -> None:
    executor = subject.new_executor()
    malformed = ModuleDefinition(subject.guest.header(), b"not an executable at all")
    try:
        _prepare(executor, malformed)
    except MalformedExecutable:
        pass
    except Exception as other:
        raise CheckFailed(f"prepare: expected MalformedExecutable or no exception, it raised {other!r}") from other
    expect_raises(MalformedExecutable, lambda: executor.load(malformed, ScriptedHost(), Limits()), "loading it")
    executor.load(subject.guest.definition(), ScriptedHost(), Limits()).close()
