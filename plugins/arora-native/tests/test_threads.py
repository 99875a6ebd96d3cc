"""Libraries that start threads of their own."""

from __future__ import annotations

import pytest

from arora_core import Engine
from arora_core.header import ModuleDefinition
from tests.native_libraries import ANSWER, ARGUMENT, HEADER, RUN, StubHost, guest, load, value

THREADS = """
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>
static void *work(void *argument);
static pthread_t worker;
static int answered;
"""
CALL_OUT = "uint8_t *got = forward(argument); answered = got[4]; arora_buffer_free(got); return 0;"
CALL_CALLABLE = "uint8_t *got = arora_dispatch_indirect_fn(1); answered = got[4]; arora_buffer_free(got); return 0;"
ERROR_TAG = 20


def threaded(body: str, work: str) -> bytes:
    """Return a guest whose function has a body, with a function ``work`` for threads."""
    return guest(f"{body} }}\nstatic void *work(void *argument) {{ {work}", THREADS)


@pytest.mark.parametrize("work", [CALL_OUT, CALL_CALLABLE], ids=["dispatch", "callable"])
def test_a_thread_of_the_library_that_calls_its_host_during_a_call_receives_an_error_buffer(work: str) -> None:
    executable = threaded(
        "pthread_create(&worker, 0, work, argument); pthread_join(worker, 0); return number(answered);", work
    )
    asked: list[bytes | int] = []

    def answer(*ids: bytes | int) -> bytes:
        asked.extend(ids)
        return ANSWER

    assert value(load(executable, StubHost(answer, answer)).dispatch(RUN, ARGUMENT)) == ERROR_TAG
    assert asked == []


def test_a_thread_of_the_library_that_calls_its_host_during_no_call_receives_an_error_buffer() -> None:
    body = """static uint8_t kept[6]; static int started;
      if (!started++) { memcpy(kept, argument, 6); pthread_create(&worker, 0, work, kept); return number(0); }
      pthread_join(worker, 0); return number(answered);"""
    instance = load(threaded(body, f"usleep(1000); {CALL_OUT}"))
    instance.dispatch(RUN, ARGUMENT)
    assert value(instance.dispatch(RUN, ARGUMENT)) == ERROR_TAG


def test_an_engine_whose_module_waits_for_such_a_thread_goes_on() -> None:
    executable = threaded(
        "pthread_create(&worker, 0, work, argument); pthread_join(worker, 0); return number(answered);", CALL_OUT
    )
    with Engine() as engine:
        engine.load_module(ModuleDefinition(HEADER, executable))
        assert value(engine.dispatch(HEADER.id, RUN, ARGUMENT)) == ERROR_TAG


def test_the_thread_of_the_call_may_still_call_its_host_while_another_does() -> None:
    body = """pthread_create(&worker, 0, work, argument); uint8_t *got = forward(argument);
      pthread_join(worker, 0); if (answered != 20) abort(); return got;"""
    assert load(threaded(body, CALL_OUT)).dispatch(RUN, ARGUMENT) == ARGUMENT
