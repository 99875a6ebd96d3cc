"""An exception at every moment of the work of an engine, as Ctrl-C raises it, harms nothing else."""

from __future__ import annotations

import sys
import threading
from functools import partial

import pytest

from arora_core import CallError, Engine, EngineClosed, LoadedModule, ModuleNotFound, Plugins, discover
from arora_core import values as v
from tests.engine.guest_calls import indirect
from tests.engine.guest_runners import GuestRunner
from tests.public_calls import PUBLIC_CALLS
from tests.striking import last_moments, moments, struck_at

# A finalizer may be struck too, and Python can only report that.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.skipif(
        PUBLIC_CALLS and sys.version_info < (3, 12),
        reason="the frame of a profile function makes public calls take its exception for another thread's",
    ),
]


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


def test_a_call_struck_at_any_moment_leaves_the_module_usable(engine: Engine, runner: GuestRunner) -> None:
    guest = runner.load(engine)
    guest.add(1, 2)
    for moment in moments(30):
        struck = struck_at(moment, lambda: guest.add(1, 2))
        assert answer(guest) == 3, moment
        if not struck:
            break


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
    first = runner.load(engine)
    for moment in [*last_moments(partial(engine.unload, first), 5), *range(20)]:
        guest = runner.load(engine, replace=True)
        struck_at(moment, partial(engine.unload, guest))
        answered = answer(guest)
        assert answered in (3, ModuleNotFound), moment
        assert (guest.id in engine.modules) == (answered == 3), moment


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


def test_after_a_restart_struck_at_some_moment_all_functions_are_of_one_guest(
    engine: Engine, runner: GuestRunner
) -> None:
    guest = runner.load(engine)
    for moment in [*last_moments(guest.restart, 8), *range(10)]:
        struck_at(moment, guest.restart)
        assert answer(guest) == 3, moment
        guest.set_allocator(3)  # The allocator of the guest refuses the next allocation.
        with pytest.raises(CallError):
            guest.echo_u8s(bytes(10_000))
