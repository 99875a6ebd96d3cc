"""Modules in Python: what arrives at the author's methods, and what becomes of what they return and raise."""

from __future__ import annotations

import linecache
import sys
from array import array
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from arora_core import CallError, GuestError, HeaderError, Result, buffers
from arora_core import values as v
from arora_core.binding.conversion import Conversions
from arora_core.guest import call_indirect, host
from arora_core.guest.exports import Unimplemented
from arora_core.guest.serving import CallFailed, keep_lines
from arora_core.header import ExportedFunction, Parameter
from arora_core.types import MapRef, OptionRef, ScalarRef, TypeRef
from tests.authoring.python_clients import echoing, header, imported, of_all_types
from tests.signatures import COLOUR, COVERED, INNER, SHAPE, sample, scalar
from tests.signatures import array as array_of

from .in_process import Loop, caller, serve, written_against

_parameters = iter(range(0xF00, 0xFFFF))


def exported(name: str, *types: TypeRef, ret: TypeRef = scalar("f64"), **options: Any) -> ExportedFunction:  # noqa: B008
    parameters = tuple(
        Parameter(UUID(int=next(_parameters)), chr(ord("a") + index), each, **options)
        for index, each in enumerate(types)
    )
    return ExportedFunction(UUID(int=next(_parameters)), name, parameters, ret)


@pytest.fixture
def served(tmp_path: Path) -> Callable[..., Callable[..., Any]]:
    """Return how to call a module with one function, which is this one in Python."""

    def serving(export: ExportedFunction, method: Callable[..., Any]) -> Callable[..., Any]:
        made = header(export)
        generated = written_against(made, tmp_path)
        implementation = type("Probe", (generated.Module,), {export.name: staticmethod(method)})()
        call = caller(made, serve(generated, implementation))
        return lambda *args, **kwargs: call(export.name, *args, **kwargs)

    return serving


# --- types -----------------------------------------------------------------------------------------


def test_every_type_arrives_and_returns_and_is_the_same_for_imported_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = of_all_types()
    generated = written_against(made, tmp_path)
    methods = {
        python: staticmethod(echoing(export))
        for python, export in zip(generated.EXPORTS.python_names, made.exports, strict=True)
    }
    server = serve(generated, type("EveryType", (generated.Module,), methods)())
    call = caller(made, server)
    monkeypatch.setattr(host, "_host", Loop(server))
    other = generated.module_00000000
    conversions = Conversions(made.types)
    for ref, export in zip(COVERED, made.exports, strict=False):
        for turn in range(4):
            given = conversions.of(ref).to_python(sample(ref, turn))
            expected = repr(echoing(export)(given=given, n=5))
            assert repr(call(export.name, given, 5)) == expected
            assert repr(getattr(other, export.name)(given, 5)) == expected


def test_methods_get_objects_of_the_generated_classes_and_may_return_them(
    served: Callable[..., Callable[..., Any]],
) -> None:
    seen: list[object] = []

    def method(a: Any, b: Any, c: Any, d: Any) -> Any:
        seen.extend([a, b, c, d])
        return a

    inner = ScalarRef(INNER.id)
    call = served(exported("f", inner, ScalarRef(COLOUR.id), ScalarRef(SHAPE.id), array_of("f64"), ret=inner), method)
    given = call({"text": "x", "class": 0.5}, "red", {"along": [1.0]}, [2.0])
    assert given == seen[0]
    assert [type(each).__name__ for each in seen] == ["Inner", "Colour", "along", "array"]
    assert seen[3] == array("d", [2.0])


def test_a_mutable_parameter_goes_back_with_the_result(served: Callable[..., Callable[..., Any]]) -> None:
    call = served(
        exported("f", array_of("f64"), ret=scalar("u32"), mutable=True),
        lambda a: Result(len(a), {"a": [each * 2 for each in a]}),
    )
    assert call([1.0, 2.0]) == Result(2, {"a": array("d", [2.0, 4.0])})


def test_an_option_that_is_left_out_is_none(served: Callable[..., Callable[..., Any]]) -> None:
    call = served(exported("f", OptionRef(scalar("f64").id), ret=scalar("bool")), lambda a: a is None)
    assert call() is True
    assert call(1.0) is False


def test_another_argument_that_is_left_out_has_its_default_or_is_an_error(
    served: Callable[..., Callable[..., Any]],
) -> None:
    assert served(exported("f", scalar("f64"), default_value=v.F64(0.5)), lambda a: a)() == 0.5
    with pytest.raises(GuestError, match=r"^parameter a: it is missing, and has no default$"):
        served(exported("f", scalar("f64")), lambda a: a)()


def test_a_map_is_a_dict(served: Callable[..., Callable[..., Any]]) -> None:
    counts = MapRef(scalar("str").id, scalar("u32").id)
    assert served(exported("f", counts, ret=counts), lambda a: {**a, "b": 2})({"a": 1}) == {"a": 1, "b": 2}


# --- failures --------------------------------------------------------------------------------------


def raising(error: BaseException) -> Callable[[], float]:
    def method() -> float:
        raise error

    return method


def test_a_guest_error_is_the_failure_of_the_call_with_its_message_alone(
    served: Callable[..., Callable[..., Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(GuestError, match=r"^no values$"):
        served(exported("f"), raising(GuestError("no values")))()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "message"),
    [(ValueError("of no use"), "ValueError: of no use"), (SystemExit(3), "SystemExit: 3")],
    ids=["an exception", "the end of the program"],
)
def test_any_other_exception_is_a_failure_with_its_type_and_a_traceback_on_stderr(
    error: BaseException, message: str, served: Callable[..., Callable[..., Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    call = served(exported("f"), raising(error))
    for _ in range(2):
        with pytest.raises(GuestError, match=f"^{message}$"):
            call()
    shown = capsys.readouterr().err
    assert shown.startswith(f'Traceback (most recent call last):\n  File "{__file__}", line ')
    assert "raise error\n" in shown
    assert "arora_core" not in shown


def test_a_result_that_does_not_fit_names_the_function_its_type_and_the_place(
    served: Callable[..., Callable[..., Any]],
) -> None:
    with pytest.raises(GuestError) as failed:
        served(exported("f", ret=array_of("f64")), lambda: [1.0, "x"])()
    assert str(failed.value) == "f() -> f64[]: its return value does not fit: [1]: expected a number (f64), got str 'x'"


def test_an_argument_of_another_type_is_the_callers_mistake(tmp_path: Path) -> None:
    export = exported("f", scalar("f64"))
    server = serve(
        module := written_against(header(export), tmp_path), type("P", (module.Module,), {"f": lambda self, a: a})()
    )
    argument = v.Structure(export.id, [(export.parameters[0].id, v.String("x"))])
    id = export.id.int
    with pytest.raises(CallFailed, match=r"^parameter a: expected "):
        server.dispatch(id >> 64, id & (1 << 64) - 1, buffers.encode(argument))


def test_a_function_that_does_not_exist_is_named(tmp_path: Path) -> None:
    server = serve(module := written_against(header(), tmp_path), module.Module)
    with pytest.raises(CallFailed, match=r"^there is no function 00000000-0000-0001-0000-000000000002$"):
        server.dispatch(1, 2, b"")


# --- calls to others -------------------------------------------------------------------------------


def test_the_failure_of_a_called_function_can_be_handled(
    served: Callable[..., Callable[..., Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = of_all_types()
    generated = written_against(made, tmp_path)
    monkeypatch.setattr(host, "_host", Loop(serve(generated, failing(generated))))
    with pytest.raises(GuestError, match=r"^never$"):
        generated.module_00000000.f0(None, 1)


def failing(generated: ModuleType) -> object:
    def method(**arguments: object) -> None:
        raise GuestError("never")

    return type("EveryType", (generated.Module,), dict.fromkeys(generated.EXPORTS.python_names, staticmethod(method)))()


def test_a_callable_gives_a_value(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    server = serve(module := written_against(header(), tmp_path), module.Module)
    monkeypatch.setattr(host, "_host", Loop(server, buffers.encode(v.F64(0.5))))
    assert call_indirect(7) == v.F64(0.5)
    monkeypatch.setattr(host, "_host", Loop(server, buffers.encode_error("no callable 7")))
    with pytest.raises(GuestError, match=r"^no callable 7$"):
        call_indirect(7)


def test_outside_of_a_component_calls_say_so(tmp_path: Path) -> None:
    generated = written_against(of_all_types(), tmp_path)
    with pytest.raises(CallError, match="only a module that runs in a component can call other modules"):
        generated.module_00000000.f0(None, 1)
    with pytest.raises(CallError, match="only a module that runs in a component can call what its host"):
        call_indirect(7)


# --- the author's class ----------------------------------------------------------------------------


def source(text: str, generated: ModuleType, directory: Path) -> ModuleType:
    """Return a module that an author wrote against what is generated."""
    return imported(f"from {generated.__name__} import Module\n\n{text}", directory)


def implementation(text: str, directory: Path) -> object:
    generated = written_against(header(exported("f"), exported("g"), name="my-probe"), directory)
    found: object = generated.EXPORTS.implementation(source(text, generated, directory))
    return found


BOTH = "    def f(self): return 1.0\n    def g(self): return 2.0\n"


def test_the_class_that_implements_the_module_is_found_also_behind_one_of_its_own(tmp_path: Path) -> None:
    assert type(implementation(f"class Probe(Module):\n{BOTH}", tmp_path)).__name__ == "Probe"
    text = f"class Base(Module):\n{BOTH}class Probe(Base):\n    pass\n"
    assert type(implementation(text, tmp_path)).__name__ == "Probe"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"\.py has no class that implements the module: class MyProbe\(Module\)$"),
        (f"class A(Module):\n{BOTH}class B(Module):\n{BOTH}", r"\.py has several classes .*: A, B$"),
        ("class Probe(Module):\n    def f(self): return 1.0\n", r"^Probe in .*\.py does not define g$"),
    ],
    ids=["none", "two", "without a method"],
)
def test_a_source_that_does_not_implement_the_module_is_told_what_is_missing(
    text: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(Unimplemented, match=message):
        implementation(text, tmp_path)


def test_a_method_with_other_parameters_is_refused_before_it_is_called(tmp_path: Path) -> None:
    generated = written_against(header(exported("f", scalar("f64"))), tmp_path)
    made = source("class Probe(Module):\n    def f(self, b): return b\n", generated, tmp_path)
    with pytest.raises(HeaderError, match=r"declares a, which Probe\.f does not take by keyword"):
        serve(generated, generated.EXPORTS.implementation(made))


def test_tracebacks_keep_the_lines_of_sources_without_their_files(tmp_path: Path) -> None:
    made = imported("VALUE = 1\n", tmp_path)
    path = str(made.__file__)
    keep_lines(made)
    Path(path).unlink()
    linecache.checkcache(path)
    assert linecache.getline(path, 1) == "VALUE = 1\n"
    linecache.cache.pop(path)
    del sys.modules[made.__name__]
