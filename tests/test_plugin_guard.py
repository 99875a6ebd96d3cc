"""Whatever a plugin's code does, wherever it is called: it is disabled with the reason, and the others work."""

from __future__ import annotations

import errno
import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from arora_core import (
    Engine,
    Executor,
    ExecutorUnavailable,
    LoadError,
    PluginError,
    discover,
    hookimpl,
)
from arora_core.plugins import Origin, Plugins
from tests.cli.running import EXAMPLES, arora
from tests.installing import Site, executor_source
from tests.test_choosing import chosen, header

RAISED = {
    "SystemExit": "raise SystemExit(3)",
    "GeneratorExit": "raise GeneratorExit",
    "PanicException": "raise type('PanicException', (BaseException,), {})('Python API call failed')",
    "StopIteration": "raise StopIteration",
    "Mute": "raise type('Mute', (BaseException,), {'__str__': lambda self: 1 / 0})",
}

PLACES = {
    "unavailable": ("return None", "asking whether it can run raised"),
    "version": ('return "2.5.1"', "asking for its version raised"),
    "hook": ("return [Chosen]", "arora_executors raised"),
}


@pytest.fixture
def other(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Have an executor installed that serves the same modules as a bad one, and is not the first choice."""
    monkeypatch.delenv("ARORA_EXECUTOR", raising=False)
    site.install("arora-other", executor_source("other", serves="stub", priority=-1))
    return site


def bad(place: str, code: str) -> str:
    return executor_source("bad", serves="stub", priority=9).replace(PLACES[place][0], code)


VERSIONED = header(min_version={"major": 1, "minor": 0, "patch": 0})


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("raised", RAISED)
def test_another_executor_runs_the_module_whatever_a_plugin_raises(other: Site, place: str, raised: str) -> None:
    other.install("arora-bad", bad(place, RAISED[raised]), entry_point="bad", version="0.3")
    with Engine() as engine:
        assert chosen(engine, header=VERSIONED) == "other"
        with pytest.raises(ExecutorUnavailable) as caught:
            engine.load_module_from_parts(VERSIONED, b"", executor="bad")
    assert "arora-bad 0.3" in str(caught.value)
    assert f"{PLACES[place][1]} {raised}" in str(caught.value)


@pytest.mark.parametrize("raised", RAISED)
def test_an_import_that_raises_anything_disables_that_plugin_alone(other: Site, raised: str) -> None:
    other.install("arora-bad", RAISED[raised], entry_point="bad")
    with Engine() as engine:
        assert chosen(engine) == "other"
    with pytest.raises(ExecutorUnavailable, match=rf"bad \(arora-bad 1.0\) is disabled: .* {raised}"):
        discover().executor("bad")


@pytest.mark.parametrize(
    "declared", [b"[arora]\nbad\n", b"[arora]\nbad = arora_bad\n\xff = x\n", b"[arora]\nbad = !!\n"]
)
def test_a_distribution_with_unreadable_entry_points_is_disabled_alone(
    other: Site, tmp_path: Path, declared: bytes
) -> None:
    other.install("arora-bad", executor_source("bad"), version="0.3")
    (file,) = tmp_path.rglob("arora_bad-0.3.dist-info/entry_points.txt")
    file.write_bytes(declared)
    with Engine() as engine:
        assert chosen(engine) == "other"
        assert "wasmtime" in engine.plugins.executors
        assert [str(each.origin) for each in engine.plugins.failed] == ["arora-bad 0.3"]
    with pytest.raises(ExecutorUnavailable, match=r"\(arora-bad 0.3\) is disabled"):
        discover().executor("arora-bad")


@pytest.mark.parametrize("metadata", ["", "Metadata-Version: 2.1\nName: arora-bad\n"])
def test_a_distribution_without_a_name_or_version_disables_nothing(other: Site, tmp_path: Path, metadata: str) -> None:
    other.install("arora-bad", executor_source("bad"), entry_point="arora_other")
    (file,) = tmp_path.rglob("arora_bad-1.0.dist-info/METADATA")
    file.write_text(metadata)
    assert {"bad", "other"} <= discover().executors.keys()


@pytest.mark.parametrize("raised", RAISED)
def test_an_executor_that_cannot_be_created_is_passed_over(other: Site, raised: str) -> None:
    source = (
        bad("hook", "return [Chosen]") + f"\n        def no(self): {RAISED[raised]}\n        Chosen.__init__ = no\n"
    )
    other.install("arora-bad", source, version="0.3")
    with Engine() as engine:
        assert chosen(engine) == "other"
        with pytest.raises(ExecutorUnavailable, match=rf"\(arora-bad 0.3\) is disabled: creating it raised {raised}"):
            engine.load_module_from_parts(header(), b"", executor="bad")
        (failed,) = engine.plugins.failed
        assert (failed.executor, str(failed.origin)) == ("bad", "arora-bad 0.3")


def test_an_executor_whose_creation_gives_something_else_is_passed_over(other: Site) -> None:
    source = bad("hook", "return [Chosen]") + "\n        Chosen.__new__ = lambda cls: 5\n"
    other.install("arora-bad", source)
    with Engine() as engine:
        assert chosen(engine) == "other"
        assert engine.plugins.failed[0].reason == "creating it gave 5, which is no Executor"


@pytest.mark.parametrize(
    ("place", "message"),
    [("unavailable", "asking whether it can run gave 5"), ("version", "asking for its version gave 5")],
)
def test_an_answer_of_the_wrong_type_disables_the_executor(other: Site, place: str, message: str) -> None:
    other.install("arora-bad", bad(place, "return 5"))
    with Engine() as engine:
        assert chosen(engine, header=VERSIONED) == "other"
        assert f"{message}, which is neither a str nor None" in engine.plugins.failed[0].reason


def test_a_load_that_gives_no_instance_is_an_error_that_names_the_plugin(site: Site) -> None:
    wrong = executor_source("bad", serves="stub").replace('raise LoadError("chosen: " + self.name)', "return 5")
    site.install("arora-bad", wrong, version="0.3")
    with (
        Engine() as engine,
        pytest.raises(PluginError, match=r"arora-bad 0\.3: .*: load gave 5, which is no ") as caught,
    ):
        engine.load_module_from_parts(header(), b"")
    assert (caught.value.executor, caught.value.distribution) == ("bad", "arora-bad")


def test_what_is_given_in_the_place_of_an_instance_need_not_have_a_text(site: Site) -> None:
    given = "return type('Mute', (), {'__repr__': lambda self: sys.exit()})()"
    wrong = executor_source("bad", serves="stub").replace(
        'raise LoadError("chosen: " + self.name)', f"import sys; {given}"
    )
    site.install("arora-bad", wrong)
    with Engine() as engine, pytest.raises(PluginError, match="load gave a Mute, which is no Instance"):
        engine.load_module_from_parts(header(), b"")


def test_a_name_that_is_a_str_of_a_class_of_its_own_harms_no_other_plugin(other: Site) -> None:
    source = (
        bad("hook", "return [Chosen]")
        + """
        class Name(str):
            def __eq__(self, other): raise SystemExit
            def __hash__(self): raise SystemExit
        Chosen.name = Name("bad")
"""
    )
    other.install("arora-bad", source)
    assert {"bad", "other"} <= discover().executors.keys()


@pytest.mark.parametrize("raised", RAISED)
def test_a_load_that_raises_anything_is_an_error_that_names_the_plugin(site: Site, raised: str) -> None:
    wrong = executor_source("bad", serves="stub").replace('raise LoadError("chosen: " + self.name)', RAISED[raised])
    site.install("arora-bad", wrong, version="0.3")
    with Engine() as engine, pytest.raises(PluginError, match=f"load raised {raised}") as caught:
        engine.load_module_from_parts(header(), b"")
    assert (caught.value.executor, caught.value.distribution) == ("bad", "arora-bad")
    assert type(caught.value.__cause__).__name__ == raised


def test_when_the_only_executor_fails_the_error_names_its_distribution(site: Site) -> None:
    site.install("arora-bad", bad("unavailable", "raise ImportError('libcuda.so.1 is missing')"), version="0.3")
    with pytest.raises(
        ExecutorUnavailable, match=r"\(arora-bad 0.3\) is disabled: .*libcuda.so.1 is missing"
    ) as caught:
        Engine().load_module_from_parts(header(), b"")
    assert str(caught.value).count("libcuda") == 1


def test_of_a_plugin_with_two_executors_the_one_that_answers_works(site: Site) -> None:
    second = "class Second(Chosen):\n            name = 'second'\n            unavailable = lambda: None\n"
    source = bad("unavailable", "raise OSError").replace("@hookimpl", f"{second}\n        @hookimpl")
    site.install("arora-bad", source.replace("[Chosen]", "[Chosen, Second]"))
    assert chosen(Engine()) == "second"


ATTRIBUTES = {
    "name": "'bad'",
    "serves": "frozenset({'stub'})",
    "capabilities": "frozenset()",
    "priority": "9",
}


@pytest.mark.parametrize("raised", ["SystemExit", "PanicException"])
@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_a_class_attribute_that_raises_disables_the_plugin(other: Site, attribute: str, raised: str) -> None:
    source = f"""
        from abc import ABCMeta
        from arora_core import Executor, hookimpl

        class Meta(ABCMeta):
            @property
            def {attribute}(cls):
                {RAISED[raised]}

        class Bad(Executor, metaclass=Meta):
            def load(self, definition, host, limits): ...

        @hookimpl
        def arora_executors():
            return [Bad]
    """
    given = "".join(f"{name} = {value}; " for name, value in ATTRIBUTES.items() if name != attribute)
    other.install("arora-bad", source.replace("def load", f"{given}\n            def load"))
    with Engine() as engine:
        assert chosen(engine) == "other"
        assert f"reading an executor class raised {raised}" in engine.plugins.failed[0].reason


@pytest.mark.parametrize(
    ("attribute", "given"), [("capabilities", "{'fuel'}"), ("capabilities", "None"), ("priority", "'high'")]
)
def test_a_class_attribute_of_the_wrong_type_disables_the_plugin(other: Site, attribute: str, given: str) -> None:
    source = bad("hook", f"Chosen.{attribute} = {given}; return [Chosen]")
    other.install("arora-bad", source)
    with Engine() as engine:
        assert chosen(engine) == "other"
        assert f"must declare `{attribute}`" in engine.plugins.failed[0].reason


def test_a_result_that_raises_while_it_is_read_disables_the_plugin(other: Site) -> None:
    other.install("arora-bad", bad("hook", "return (1 / 0 for _ in [1])"))
    assert chosen(Engine()) == "other"


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


class Slow(Executor):
    """An executor during whose code the user presses Ctrl-C."""

    name = "slow"
    serves = frozenset({"stub"})

    def load(self, definition: object, host: object, limits: object) -> None:  # type: ignore[override]
        raise LoadError("chosen: slow")


@pytest.mark.parametrize("method", ["unavailable", "version", "__init__"])
def test_the_users_ctrl_c_passes_and_disables_nothing(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    class Plugin:
        @hookimpl
        def arora_executors(self) -> list[type[Executor]]:
            return [Slow]

    plugins = Plugins()
    plugins.add(Plugin(), Origin("slow", "arora-slow", "1"))
    with Engine(plugins=plugins) as engine:
        with monkeypatch.context() as patching:
            patching.setattr(Slow, method, interrupted)
            with pytest.raises(KeyboardInterrupt):
                engine.load_module_from_parts(VERSIONED, b"")
        assert not plugins.failed
        monkeypatch.setattr(Slow, "version", lambda: "2.5.1")
        assert chosen(engine, header=VERSIONED) == "slow"


SHORTAGES = [MemoryError(), OSError(errno.EMFILE, "Too many open files"), RuntimeError("can't start new thread")]


@pytest.mark.parametrize("error", [*SHORTAGES, RecursionError()], ids=lambda each: type(each).__name__)
def test_a_shortage_that_may_pass_disables_nothing(
    other: Site, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    other.install("arora-bad", bad("hook", "return [Chosen]"))
    with Engine() as engine:

        def short() -> None:
            raise error

        with monkeypatch.context() as patching:
            patching.setattr(engine.plugins.executor("bad"), "unavailable", short)
            assert chosen(engine) == "other"
        assert chosen(engine) == "bad"


@pytest.mark.parametrize("error", SHORTAGES, ids=lambda each: type(each).__name__)
def test_a_shortage_while_a_module_is_loaded_is_a_load_error(
    other: Site, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def short(*_: object) -> None:
        raise error

    with Engine() as engine:
        monkeypatch.setattr(engine.plugins.executor("other"), "load", short)
        with pytest.raises(LoadError, match=r"not enough (memory|resources .*) to load it"):
            engine.load_module_from_parts(header(), b"")


def test_a_shortage_of_memory_while_an_executor_is_created_is_a_load_error(
    other: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Engine() as engine:

        def short(self: object) -> None:
            raise MemoryError

        monkeypatch.setattr(engine.plugins.executor("other"), "__init__", short)
        with pytest.raises(LoadError, match="not enough memory to create the executor"):
            engine.load_module_from_parts(header(), b"")
        assert not engine.plugins.failed


# --- commands ------------------------------------------------------------------------------------

COMMANDS = """
    import click
    from arora_core import hookimpl

    @hookimpl
    def arora_commands(group):
        group.add_command(click.Command("half"))
        {raised}
"""


@pytest.mark.parametrize("raised", ["SystemExit", "GeneratorExit", "PanicException"])
def test_commands_of_a_plugin_that_fails_are_left_out_and_the_others_work(site: Site, raised: str) -> None:
    site.install("arora-bad", COMMANDS.format(raised=RAISED[raised]), entry_point="bad", version="0.3")
    code, out, err = arora("--help")
    assert code == 0
    assert "half" not in out
    assert ("web" in out) == (find_spec("arora_browser") is not None)
    assert f"the commands of plugin bad (arora-bad 0.3) are disabled: arora_commands raised {raised}" in err
    assert f"bad: arora_commands raised {raised}" in arora("executors").out


# --- the lists -----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("raised", ["SystemExit", "PanicException"])
def test_executors_and_inspect_show_the_reason_and_the_others(other: Site, place: str, raised: str) -> None:
    other.install("arora-bad", bad(place, RAISED[raised]), entry_point="bad", version="0.3")
    code, out, err = arora("executors")
    assert (code, err) == (0, "")
    (row,) = (line for line in out.splitlines() if line.startswith("bad "))
    assert "arora-bad 0.3" in row
    assert f"{PLACES[place][1]} {raised}" in out
    assert "other " in out
    listed = json.loads(arora("executors", "--json").out)
    assert [each["distribution"] for each in listed["failed"]] == ["arora-bad"]
    assert arora("inspect", EXAMPLES / "ur5" / "module.yaml").code == 0
