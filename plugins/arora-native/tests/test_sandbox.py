"""What the library of a worker can do to the system."""

from __future__ import annotations

import platform
import socket
import sys
from contextlib import closing
from pathlib import Path

import pytest
from arora_native.isolated.executor import IsolatedExecutor

from arora_core.errors import LoadError
from arora_core.executor import Limits
from arora_core.guest_symbols import function_symbol
from arora_core.header import ModuleDefinition
from tests.native_libraries import ARGUMENT, HEADER, RUN, SOURCE, StubHost, compiled, value

from .isolated_guests import Isolated, isolated

__all__ = ["isolated"]

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="workers need Linux"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="elsewhere, the numbers of system calls are untested"),
]

INCLUDES = "".join(
    f"#include <{name}>\n"
    for name in (
        *("arpa/inet.h", "dlfcn.h", "errno.h", "fcntl.h", "math.h", "pthread.h", "signal.h", "stdio.h", "string.h"),
        *("sys/prctl.h", "sys/socket.h", "sys/stat.h", "sys/wait.h", "unistd.h"),
    )
)
BEFORE = (
    "#define _GNU_SOURCE\n"
    + INCLUDES
    + """
static void *one(void *unused) { return (void *)1; }
static int thread_works(void) {
  pthread_t thread; void *got = 0;
  return pthread_create(&thread, 0, one, 0) == 0 && pthread_join(thread, &got) == 0 && got != 0;
}
static int connects(int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
}
extern char **environ;
"""
)


def landlock() -> bool:
    """Return whether this kernel confines files."""
    import ctypes

    return bool(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1) >= 1)


def answer(isolated: Isolated, expression: str) -> int:
    """Return the value of an expression in a confined guest."""
    return value(isolated(f"return number({expression});", BEFORE).dispatch(RUN, ARGUMENT))


@pytest.mark.parametrize(
    "expression",
    [
        "fork() >= 0",
        "vfork() >= 0",
        'system("true") == 0',
        'execl("/bin/true", "true", (char *)0) == 0',
        "socket(AF_INET, SOCK_DGRAM, 0) >= 0",
        "socket(AF_UNIX, SOCK_STREAM, 0) >= 0",
        "kill(getppid(), 0) == 0",
        "kill(1, SIGKILL) == 0",
        "kill(-1, 0) == 0",
        "prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) == 0",
        "setuid(0) == 0 && seteuid(1) == 0",
        'chroot("/") == 0',
    ],
)
def test_a_guest_is_refused(isolated: Isolated, expression: str) -> None:
    assert answer(isolated, expression) == 0


@pytest.mark.skipif(not landlock(), reason="this kernel has no Landlock")
@pytest.mark.parametrize(
    "expression",
    [
        'open("/etc/passwd", O_RDONLY) >= 0',
        'open("/", O_RDONLY) >= 0',
        'open(".", O_RDONLY) >= 0',
        'open("/proc/1/environ", O_RDONLY) >= 0',
        'open("/tmp/arora-of-a-guest", O_CREAT | O_WRONLY, 0600) >= 0',
        'mkdir("/tmp/arora-of-a-guest", 0700) == 0',
        'rename("/usr/lib", "/usr/lib2") == 0',
    ],
)
def test_a_guest_has_no_files(isolated: Isolated, expression: str) -> None:
    assert answer(isolated, expression) == 0


@pytest.mark.parametrize(
    "expression",
    [
        "thread_works()",
        'dlopen("libm.so.6", RTLD_NOW) != 0',
        'open("/dev/null", O_WRONLY) >= 0',
        'open("/proc/self/maps", O_RDONLY) >= 0',
        "raise(0) == 0 && kill(getpid(), 0) == 0",
        "environ == 0 || environ[0] == 0",
        "read(0, argument, 1) == 0",
        "sysconf(_SC_NPROCESSORS_ONLN) >= 1",
    ],
)
def test_what_libraries_need_remains(isolated: Isolated, expression: str) -> None:
    assert answer(isolated, expression) == 1


def library_with_another(tmp_path: Path, *options: str) -> bytes:
    """Return a guest that needs a library in a directory."""
    (tmp_path / "libother_of_guest.so").write_bytes(compiled("int other(void) { return 1; }"))
    body = f"{before('return number(other());')}"
    return compiled(body, f"-L{tmp_path}", "-lother_of_guest", *options)


def before(body: str) -> str:
    return "int other(void);\n" + SOURCE.format(symbol=function_symbol(RUN), body=body)


def test_libraries_are_found_where_a_library_says_that_they_are(tmp_path: Path) -> None:
    executable = library_with_another(tmp_path, f"-Wl,-rpath,{tmp_path}")
    with closing(IsolatedExecutor().load(ModuleDefinition(HEADER, executable), StubHost(), Limits())) as instance:
        assert value(instance.dispatch(RUN, ARGUMENT)) == 1


@pytest.mark.skipif(not landlock(), reason="this kernel has no Landlock")
def test_a_library_that_the_sandbox_hides_is_an_error_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable = library_with_another(tmp_path, f"-Wl,-rpath,{tmp_path}")
    monkeypatch.setattr("arora_native.isolated.instance.search_path", lambda *_: [])
    with pytest.raises(LoadError, match="ARORA_NATIVE_SANDBOX=off") as caught:
        IsolatedExecutor().load(ModuleDefinition(HEADER, executable), StubHost(), Limits())
    assert type(caught.value) is LoadError


def test_one_word_turns_it_off(isolated: Isolated, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ARORA_NATIVE_SANDBOX", "off")
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert answer(isolated, f"connects({server.getsockname()[1]})") == 1
    assert answer(isolated, f'open("{tmp_path}/file", O_CREAT | O_WRONLY, 0600) >= 0') == 1
    assert answer(isolated, 'system("true") == 0 && getenv("ARORA_NATIVE_SANDBOX") != 0') == 1
    monkeypatch.setenv("ARORA_NATIVE_SANDBOX", "on")
    assert answer(isolated, "fork() >= 0") == 0


def test_a_process_that_a_guest_leaves_behind_does_not_keep_the_call(
    isolated: Isolated, monkeypatch: pytest.MonkeyPatch
) -> None:
    from arora_core.errors import Trap

    monkeypatch.setenv("ARORA_NATIVE_SANDBOX", "off")
    instance = isolated("if (fork() == 0) { pause(); } abort();", BEFORE)
    with pytest.raises(Trap, match="SIGABRT"):
        instance.dispatch(RUN, ARGUMENT)
