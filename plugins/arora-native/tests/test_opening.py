"""Loading where the platform's loader refuses, and what is said then."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from arora_native.opening import OUR_FILES

from arora_core.errors import LoadError, MalformedExecutable
from arora_core.executor import Instance
from tests.native_libraries import ARGUMENT, ECHO, RUN, guest, load, value
from tests.striking import moments, struck_at

COUNT = "static int count; return number(++count);"


@contextmanager
def address_space(bytes_more: int) -> Iterator[None]:
    """Limit the address space of this process to what it has and some bytes more."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + bytes_more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture
def no_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for body in (ECHO, COUNT):
        guest(body)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))


@pytest.mark.usefixtures("no_temporary_files")
def test_without_a_directory_for_temporary_files_a_library_is_loaded_from_memory() -> None:
    assert load(guest()).dispatch(RUN, ARGUMENT) == ARGUMENT


@pytest.mark.usefixtures("no_temporary_files")
def test_libraries_loaded_from_memory_are_private_copies() -> None:
    first, second = load(guest(COUNT)), load(guest(COUNT))
    assert [value(each.dispatch(RUN, ARGUMENT)) for each in (first, first, second)] == [1, 2, 1]


@pytest.mark.usefixtures("no_temporary_files")
def test_where_no_place_is_left_each_is_named_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.memfd_create")
    with pytest.raises(LoadError, match=r"no temporary file in .*missing: No such file or directory") as caught:
        load(guest())
    assert not isinstance(caught.value, MalformedExecutable)


NOEXEC = """
mount -t tmpfs -o noexec none "$1" && exec env TMPDIR="$1" "$2" -c '
import os, sys
sys.path.insert(0, ".")
from tests.native_libraries import ARGUMENT, ECHO, RUN, load
executable = open(sys.argv[1], "rb").read()
print(load(executable).dispatch(RUN, ARGUMENT) == ARGUMENT)
del os.memfd_create
try:
    load(executable)
except Exception as error:
    print(type(error).__name__, error)' "$3"
"""


def test_a_library_is_loaded_despite_a_noexec_directory_or_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "noexec").mkdir()
    (tmp_path / "guest.so").write_bytes(guest())
    shell = ["sh", "-c", NOEXEC, "sh", str(tmp_path / "noexec"), sys.executable, str(tmp_path / "guest.so")]
    ran = subprocess.run(["unshare", "--mount", "--map-root-user", *shell], capture_output=True, text=True, check=False)
    if "unshare" in ran.stderr or "mount" in ran.stderr:
        pytest.skip("mounting needs rights that this process lacks")
    loaded, refused = ran.stdout.splitlines()
    assert loaded == "True", ran.stderr
    assert refused.startswith("LoadError no place to load the library from")
    assert refused.endswith(f"{tmp_path / 'noexec'}: mounted noexec")


def test_static_tls_that_is_used_up_is_named() -> None:
    thread_local = 'static __thread char big[100000] __attribute__((tls_model("initial-exec")));\n'
    with pytest.raises(LoadError, match=r"static TLS\) is used up.*GLIBC_TUNABLES") as caught:
        load(guest("big[argument[5]] = 1; return number(big[0]);", thread_local))
    assert not isinstance(caught.value, MalformedExecutable)


def test_the_lack_of_address_space_is_named() -> None:
    executable = guest("return number(big[argument[5]]);", "char big[1 << 30];\n")
    with address_space(1 << 28), pytest.raises(LoadError, match="not enough memory or address space") as caught:
        load(executable)
    assert not isinstance(caught.value, MalformedExecutable)


def test_a_reason_of_the_loader_that_is_not_utf_8_is_escaped() -> None:
    body = "return number(no_where());"
    executable = guest(body, "extern int no_where(void);\n").replace(b"no_where", b"no\xffwhere")
    with pytest.raises(MalformedExecutable, match=r"no\\xffwhere"):
        load(executable)


@pytest.mark.parametrize("variable", ["arora_dispatch_fn", "arora_dispatch_indirect_fn"])
def test_a_variable_for_dispatch_in_read_only_memory_is_refused(variable: str) -> None:
    before = f"#define {variable} another\n"
    behind = f"return copy(argument); }}\n#undef {variable}\nvoid *const {variable} = 0;\nvoid unused(void) {{"
    with pytest.raises(MalformedExecutable, match=f"exports {variable} in read-only memory"):
        load(guest(behind, before))


@pytest.mark.skipif(sys.platform != "linux", reason="the mapped files are listed on Linux alone")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_loads_and_closes_struck_at_any_moment_leave_next_to_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mapped() -> int:
        return len({line.split()[-2] for line in Path("/proc/self/maps").read_text().splitlines() if OUR_FILES in line})

    def append(loaded: list[Instance]) -> None:
        loaded.append(load(executable))

    executable = guest()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before, descriptors, strikes = mapped(), len(os.listdir("/proc/self/fd")), 0
    for moment in moments(20):
        strikes += 1
        loaded: list[Instance] = []
        struck = struck_at(moment, partial(append, loaded))
        for _ in range(2 if loaded else 0):
            struck = struck_at(moment, loaded[0].close) or struck
        for instance in loaded:
            instance.close()
        if not struck:
            break
    # Where a descriptor or an instance has just been returned, nothing can hold on to it yet.
    assert strikes > 50
    assert mapped() - before <= 2
    assert len(os.listdir("/proc/self/fd")) - descriptors <= 4
    assert not os.listdir(tmp_path)
