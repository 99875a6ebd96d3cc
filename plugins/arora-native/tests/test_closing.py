"""Closing libraries of which something may still run, each in a process of its own, which died where it is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.native_libraries import compiled, guest

ROOT = Path(__file__).parents[3]
THREADS = """
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>
static void *work(void *argument);
static void gone(void *argument);
static void handle(int number);
static pthread_t worker;
static pthread_key_t key;
extern void *__dso_handle;
int __cxa_thread_atexit_impl(void (*)(void *), void *, void *);
"""
BEHIND = """ }
static void *work(void *argument) { for (;;) usleep(1000); }
static void gone(void *argument) { arora_buffer_free(arora_buffer_alloc(8)); }
static void handle(int number) { live = number; """
PRELUDE = """
import logging, os, signal, sys, threading, time
from pathlib import Path
from tests.native_libraries import ARGUMENT, RUN, load
logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.WARNING)
executable = Path(sys.argv[1]).read_bytes()

def loaded(name="arora-"):
    return name in Path("/proc/self/maps").read_text()

def call_and_close():
    instance = load(executable)
    instance.dispatch(RUN, ARGUMENT)
    instance.close()
"""


def alone(executable: bytes, directory: Path, code: str) -> str:
    """Run code with an executable in a process of its own; return what it printed."""
    (directory / "guest.so").write_bytes(executable)
    command = [sys.executable, "-c", PRELUDE + code, str(directory / "guest.so")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr + ran.stdout
    return ran.stdout


def threaded(body: str) -> bytes:
    """Return a guest whose function has a body, which may use threads."""
    return guest(f"{body} return number(1);{BEHIND}", THREADS)


def test_a_library_whose_thread_goes_on_stays_loaded_and_the_thread_is_named(tmp_path: Path) -> None:
    executable = threaded('pthread_create(&worker, 0, work, 0); pthread_setname_np(worker, "forever");')
    printed = alone(executable, tmp_path, "call_and_close(); time.sleep(0.02); print(loaded())")
    message, is_loaded = printed.splitlines()
    assert message.startswith("the library of module guest stays loaded: thread ")
    assert message.endswith("(forever) may still run its code")
    assert is_loaded == "True"


def test_a_thread_that_calls_its_host_after_closing_receives_an_error_buffer(tmp_path: Path) -> None:
    body = """uint8_t *kept = copy(argument); pthread_create(&worker, 0, late, kept); return number(1); }
      static void *late(void *argument) {
        usleep(30000); uint8_t *got = forward(argument); if (got[4] != 20) abort();
        write(1, "an error\\n", 9); for (;;) usleep(1000);"""
    executable = guest(body, f"{THREADS} static void *late(void *argument);")
    code = "import gc; call_and_close(); gc.collect(); logging.disable(); time.sleep(0.1)"
    assert "an error" in alone(executable, tmp_path, code)


def test_a_library_whose_threads_have_ended_is_unloaded(tmp_path: Path) -> None:
    body = """pthread_create(&worker, 0, once, 0); pthread_join(worker, 0); return number(1); }
      static void *once(void *argument) { return argument;"""
    executable = guest(body, f"{THREADS} static void *once(void *argument);")
    code = "for _ in range(20): call_and_close()\nprint(loaded())"
    assert alone(executable, tmp_path, code) == "False\n"


def test_a_needed_library_whose_thread_goes_on_stays_loaded_alone(tmp_path: Path) -> None:
    helper = tmp_path / "libhelper.so"
    source = "static void *work(void *argument) { for (;;) usleep(1000); }\n"
    start = "void start(void) { pthread_create(&worker, 0, work, 0); }"
    includes = "#include <pthread.h>\n#include <unistd.h>\nstatic pthread_t worker;\n"
    helper.write_bytes(compiled(includes + source + start, "-Wl,-soname,libhelper.so"))
    link = (f"-L{tmp_path}", "-lhelper", f"-Wl,-rpath,{tmp_path}")
    executable = guest("start(); return number(1);", "void start(void);\n", link)
    code = "call_and_close(); time.sleep(0.02); print(loaded(), loaded('libhelper'))"
    assert alone(executable, tmp_path, code) == "False True\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "pthread_key_create(&key, gone); pthread_setspecific(key, &key);",
            "a destructor of thread-specific data may still run its code",
        ),
        ("__cxa_thread_atexit_impl(gone, 0, __dso_handle);", "a thread has to destroy variables of its own at its end"),
    ],
    ids=["pthread_key_create", "thread_local"],
)
def test_a_library_that_a_thread_returns_to_at_its_end_stays_loaded(body: str, reason: str, tmp_path: Path) -> None:
    code = """
closed = threading.Event()
def run():
    call_and_close()
    closed.wait()
thread = threading.Thread(target=run)
thread.start()
time.sleep(0.01)
closed.set()
thread.join()
"""
    assert reason in alone(threaded(body), tmp_path, code)


def test_a_library_that_handles_a_signal_stays_loaded(tmp_path: Path) -> None:
    code = "call_and_close(); os.kill(os.getpid(), signal.SIGUSR1); time.sleep(0.01)"
    message = alone(threaded("signal(SIGUSR1, handle);"), tmp_path, code)
    assert "a handler of signal 10 may still run its code" in message


def test_without_threads_of_its_own_a_library_is_unloaded_while_other_threads_run(tmp_path: Path) -> None:
    forever = threaded("pthread_create(&worker, 0, work, 0);")
    (tmp_path / "forever.so").write_bytes(forever)
    code = """
logging.disable()
load(Path(sys.argv[1]).with_name("forever.so").read_bytes()).dispatch(RUN, ARGUMENT)
before = Path("/proc/self/maps").read_text().count("arora-")
for _ in range(20): call_and_close()
print(Path("/proc/self/maps").read_text().count("arora-") - before)
"""
    assert alone(guest(), tmp_path, code) == "0\n"


def test_a_library_is_unloaded_although_a_sleeping_thread_has_a_word_on_its_stack_that_was_an_address_there(
    tmp_path: Path,
) -> None:
    body = """memcpy(&address, argument + 5, 8); pthread_create(&worker, 0, hold, 0); return number(1); }
      static void *hold(void *argument) { volatile uint64_t stale = address; for (;;) usleep(1000 + (stale == 1));"""
    (tmp_path / "holder.so").write_bytes(guest(body, f"{THREADS} static uint64_t address; static void *hold(void *);"))
    code = """
instance = load(executable)
line = next(line for line in Path("/proc/self/maps").read_text().splitlines() if "arora-" in line and "r-xp" in line)
stale = int(line.partition("-")[0], 16) + 1
holder = load(Path(sys.argv[1]).with_name("holder.so").read_bytes())
holder.dispatch(RUN, bytes([13, 0, 0, 0, 5]) + stale.to_bytes(8, "little"))
time.sleep(0.02)
instance.close()
print(line in Path("/proc/self/maps").read_text())
"""
    assert alone(guest(), tmp_path, code) == "False\n"


def test_a_library_to_which_a_signals_handler_elsewhere_returns_stays_loaded(tmp_path: Path) -> None:
    (tmp_path / "helper.so").write_bytes(
        compiled("#include <unistd.h>\nvolatile int rest; void handle(int number) { rest = sleep(60); }")
    )
    body = """pthread_create(&worker, 0, spin, 0); while (!spins) usleep(100);
      pthread_kill(worker, SIGUSR1); usleep(10000); return number(1); }
      static void *spin(void *argument) { for (;;) spins = 1;"""
    executable = guest(body, f"{THREADS} static volatile int spins; static void *spin(void *argument);")
    code = """
import ctypes
helper = ctypes.CDLL(str(Path(sys.argv[1]).with_name("helper.so")))
ctypes.CDLL(None).signal(signal.SIGUSR1, helper.handle)
call_and_close()
print(loaded())
"""
    assert alone(executable, tmp_path, code).endswith("True\n")


def test_a_library_is_unloaded_once_a_thread_that_was_busy_elsewhere_can_be_looked_at(tmp_path: Path) -> None:
    body = """pthread_create(&worker, 0, spin, 0); return number(1); }
      static void *spin(void *argument) {
        struct timespec now; clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t end = nanoseconds(now) + 120000000;
        while (nanoseconds(now) < end) clock_gettime(CLOCK_MONOTONIC, &now);
        for (;;) usleep(1000);"""
    declared = """#include <time.h>
      static void *spin(void *argument);
      static int64_t nanoseconds(struct timespec t) { return t.tv_sec * 1000000000ll + t.tv_nsec; }"""
    (tmp_path / "busy.so").write_bytes(guest(body, THREADS + declared))
    code = """
busy = load(Path(sys.argv[1]).with_name("busy.so").read_bytes())
before = Path("/proc/self/maps").read_text().count("arora-")
instance = load(executable)
instance.dispatch(RUN, ARGUMENT)
busy.dispatch(RUN, ARGUMENT)
instance.close()
print(Path("/proc/self/maps").read_text().count("arora-") - before)
"""
    assert alone(guest(), tmp_path, code) == "0\n"
