"""Orderly failures: error buffers, and answers that break the ABI without harming anyone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from hypothesis import strategies as st

from ... import buffers
from ... import values as v
from ...errors import (
    GuestError,
    LoadError,
    MalformedExecutable,
    MissingExport,
    Trap,
    TrapKind,
    UnsupportedImport,
)
from ...executor import Capability
from ...guest_symbols import INITIALIZE, MEMORY, WASI_NAMESPACE, WasmFunctionType, function_symbol
from ...header import ExportedFunction, ModuleDefinition
from ...types import TYPE_IDS, ScalarRef
from ...wasi import PREVIEW_1
from .. import strategies
from ..checking import check
from ..expecting import CheckFailed, expect_equal, expect_raises
from ..guests import id_of
from ..subject import Subject
from ..tiny_modules import ABI_EXPORTS, tiny_module

_LARGE = 1 << 20

_HARMLESS = {
    0: "a null pointer",
    1: "a buffer of 4 bytes",
    2: "an error whose message is no UTF-8",
    3: "the result of another function",
    4: "trailing bytes",
    5: "another type than declared",
    6: "a plain value",
    7: "a mutable parameter nobody declared",
    8: "its own argument buffer",
    9: "an unknown tag",
    10: "no return value",
}


@check("errors")
def an_error_buffer_is_a_guest_error_with_its_message(subject: Subject) -> None:
    def fail(message: str) -> None:
        expect_raises(GuestError, lambda: subject.module.fail(message), f"fail({message!r})", message=message)

    subject.for_all(st.one_of(strategies.texts(max_size=200), st.just(""), st.just("é🦀")), fail)


@check("errors")
def an_error_buffer_comes_through_a_raw_dispatch_as_it_is(subject: Subject) -> None:
    expect_equal(subject.dispatch("fail", v.String("no")), buffers.encode_error("no"), "the raw answer of fail('no')")


@check("errors")
def a_guest_that_failed_can_be_called_again(subject: Subject) -> None:
    expect_raises(GuestError, lambda: subject.module.fail("once"), "fail('once')")
    expect_equal(subject.module.add(1, 2), 3, "add(1, 2) after a failure")


@check("errors")
def an_error_names_module_function_and_executor(subject: Subject) -> None:
    error = expect_raises(GuestError, lambda: subject.module.fail("x"), "fail('x')")
    found = (error.module, error.function)
    expect_equal(found, ("conformance", "fail"), "the module and function of a GuestError")


@check("errors")
def an_answer_that_breaks_the_abi_is_a_trap_of_that_kind(subject: Subject) -> None:
    for how, what in _HARMLESS.items():
        call = f"malform({how}), which answers with {what}"
        expect_raises(Trap, partial(subject.module.malform, how), call, kind=TrapKind.ABI)
        expect_equal(subject.module.add(1, 2), 3, f"add(1, 2) after {call}")


@check("errors")
def an_answer_that_breaks_the_abi_is_a_trap_to_a_raw_call_as_well(subject: Subject) -> None:
    for how in (0, 1, 8):
        what = f"the raw answer of malform({how})"
        expect_raises(Trap, partial(subject.dispatch, "malform", v.U32(how)), what, kind=TrapKind.ABI)


@check("errors")
def what_is_no_executable_is_malformed(subject: Subject) -> None:
    for executable in (b"", b"\0", b"not an executable at all", subject.guest.executable[:64]):
        definition = ModuleDefinition(subject.guest.header(), executable)
        expect_raises(
            MalformedExecutable,
            partial(subject.engine.load_module, definition, executor=subject.executor.name),
            f"loading {len(executable)} bytes that are no executable",
        )


@check("errors")
def an_export_that_is_missing_is_named(subject: Subject) -> None:
    unit = ScalarRef(TYPE_IDS["unit"])
    promised = ExportedFunction(id_of(0xFE00), "promised", (), unit)
    definition = ModuleDefinition(subject.guest.header(also=[promised]), subject.guest.executable)
    expect_raises(
        MissingExport,
        lambda: subject.engine.load_module(definition, executor=subject.executor.name),
        "loading with a header that promises one function more",
        symbol="arora_function_00000000_0000_4000_8c0f_00000000fe00",
    )


@check("errors")
def a_module_that_fails_to_load_leaves_nothing_behind(subject: Subject) -> None:
    definition = ModuleDefinition(subject.guest.header(), b"nothing")
    expect_raises(
        MalformedExecutable,
        lambda: subject.engine.load_module(definition, executor=subject.executor.name),
        "loading what is no executable",
    )
    expect_equal(len(subject.engine.modules), 0, "modules after a load that failed")
    expect_equal(subject.module.add(1, 2), 3, "add(1, 2) of the module loaded in its place")


@check("errors", needs=[Capability.TRAPS])
def an_allocator_that_answers_null_or_nonsense_is_a_trap(subject: Subject) -> None:
    for mode, what in ((3, "null"), (4, "a pointer outside of memory")):
        subject.module.set_allocator(mode)
        call = f"a call for whose argument arora_buffer_alloc answers {what}"
        # Larger than any before, so that memory kept from earlier calls will not do.
        expect_raises(Trap, partial(subject.module.checksum, bytes(mode * _LARGE)), call, kind=TrapKind.ABI)
        expect_equal(subject.module.add(1, 2), 3, f"add(1, 2) after {call}")


# --- modules that promise or ask for other things --------------------------------------------------


def _load(subject: Subject, executable: bytes, *exports: ExportedFunction) -> object:
    header = replace(subject.guest.header(), exports=exports)
    return subject.engine.load_module(ModuleDefinition(header, executable), executor=subject.executor.name)


@check("errors", kind="wasm")
def a_module_that_asks_for_nothing_loads(subject: Subject) -> None:
    _load(subject, tiny_module())


@check("errors", kind="wasm")
def every_function_of_wasi_preview_1_can_be_imported(subject: Subject) -> None:
    imports = [(WASI_NAMESPACE, name, type) for name, type in PREVIEW_1.items()]
    try:
        _load(subject, tiny_module(imports))
    except LoadError as error:
        raise CheckFailed(f"a module that imports all of {WASI_NAMESPACE} does not load: {error}") from error


@check("errors", kind="wasm")
def an_import_that_no_host_offers_is_named(subject: Subject) -> None:
    type = WasmFunctionType(("i32",), ("i32",))
    for space, name in (("env", "launch"), ("wasi_unstable", "fd_write"), (WASI_NAMESPACE, "fd_teleport")):
        expect_raises(
            UnsupportedImport,
            partial(_load, subject, tiny_module([(space, name, type)])),
            f"loading a module that imports {space}.{name}",
            symbol=f"{space}.{name}",
        )


@check("errors", kind="wasm")
def an_import_of_another_type_is_refused(subject: Subject) -> None:
    for space, name in (("env", "arora_dispatch"), (WASI_NAMESPACE, "fd_write")):
        wrong = tiny_module([(space, name, WasmFunctionType(("i64",), ()))])
        expect_raises(
            UnsupportedImport,
            partial(_load, subject, wrong),
            f"{space}.{name} as (i64) -> ()",
            symbol=f"{space}.{name}",
        )


@check("errors", kind="wasm")
def an_export_the_abi_asks_for_is_missed(subject: Subject) -> None:
    for name in ABI_EXPORTS:
        others = {each: type for each, type in ABI_EXPORTS.items() if each != name}
        _is_missed(subject, name, tiny_module((), others), f"a module without {name}")
    _is_missed(subject, MEMORY, tiny_module(memory=None), "a module that does not export its memory")


@check("errors", kind="wasm")
def an_export_of_another_type_is_refused(subject: Subject) -> None:
    other = WasmFunctionType(("i64",), ("i64",))
    for name in (*ABI_EXPORTS, INITIALIZE):
        _is_missed(subject, name, tiny_module((), {**ABI_EXPORTS, name: other}), f"{name} as {other}")
    function = subject.guest.header().exports[0]
    symbol = function_symbol(function.id.bytes)
    _is_missed(subject, symbol, tiny_module((), {**ABI_EXPORTS, symbol: other}), f"{symbol} as {other}", function)
    _is_missed(subject, MEMORY, tiny_module((), {**ABI_EXPORTS, MEMORY: other}, memory=None), "memory as a function")


def _is_missed(subject: Subject, symbol: str, executable: bytes, what: str, *exports: ExportedFunction) -> None:
    expect_raises(MissingExport, lambda: _load(subject, executable, *exports), f"loading {what}", symbol=symbol)
