"""An exception at every moment of the work of an engine, as Ctrl-C raises it, harms nothing else."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from arora_core import Engine, EngineClosed, LoadedModule, ModuleNotFound, Plugins, discover
from arora_core import values as v
from tests.engine.guest_calls import indirect
from tests.engine.guest_runners import GuestRunner
from tests.public_calls import unchecked_calls_only
from tests.striking import moments, struck_at

# A finalizer may be struck too, and Python can only report that.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return discover()


def answer(module: LoadedModule) -> object:
    """Return what the module answers in another thread, which needs the engine's lock."""
    answers: list[object] = []

    def ask() -> None:
        try:
            answers.append(module.add(1, 2))
        except (EngineClosed, ModuleNotFound) as error:
            answers.append(type(error))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(10)
    return answers[0] if answers else "no answer"


@unchecked_calls_only
def test_a_call_struck_at_any_moment_leaves_the_module_usable(engine: Engine, runner: GuestRunner) -> None:
    guest = runner.load(engine)
    guest.add(1, 2)
    for moment in moments(30):
        struck = struck_at(moment, lambda: guest.add(1, 2))
        assert answer(guest) == 3, moment
        if not struck:
            break


@unchecked_calls_only
def test_a_callback_struck_at_any_moment_leaves_the_module_usable(engine: Engine, runner: GuestRunner) -> None:
    guest = runner.load(engine)
    id = engine.register_callable(lambda: v.U8(guest.add(1, 2)))
    indirect(guest, id)
    for moment in moments(30):
        struck = struck_at(moment, lambda: indirect(guest, id))
        assert answer(guest) == 3, moment
        if not struck:
            break


def test_an_unload_struck_at_some_moment_leaves_the_module_usable_or_unloaded(
    engine: Engine, runner: GuestRunner
) -> None:
    for moment in moments(6):
        guest = runner.load(engine, replace=True)
        struck = struck_at(moment, partial(engine.unload, guest))
        assert answer(guest) in (3, ModuleNotFound), moment
        if not struck:
            break


def test_a_close_struck_at_some_moment_leaves_the_engine_usable_or_closed(
    plugins: Plugins, runner: GuestRunner
) -> None:
    for moment in moments(6):
        engine = Engine(plugins=plugins)
        guest = runner.load(engine)
        struck = struck_at(moment, engine.close)
        assert answer(guest) in (3, EngineClosed), moment
        engine.close()
        assert answer(guest) is EngineClosed, moment
        if not struck:
            break


@pytest.mark.parametrize("number", [0, 1], ids=["replacing", "another"])
def test_a_load_struck_at_some_moments_leaves_the_loaded_module_usable(
    engine: Engine, runner: GuestRunner, number: int
) -> None:
    runner.load(engine)
    # There are more than ten thousand.
    for moment in moments(5):
        struck = struck_at(moment, lambda: runner.load(engine, number, replace=True))
        assert answer(next(iter(engine.modules.values()))) == 3, moment
        if not struck:
            break
