"""Private copies of libraries: what they share with one another, and what they find beside the original."""

from __future__ import annotations

import json
import logging
import random
from pathlib import Path

import pytest
from arora_native.private_copy import private_copy

from arora_core import Engine
from arora_core.errors import LoadError, MalformedExecutable
from tests.native_libraries import ARGUMENT, HEADER, RUN, compiled, guest, load, value

UNIQUE = """
__asm__(".type counted, @gnu_unique_object\\n.size counted, 4\\n.data\\ncounted: .long 0\\n.previous");
extern int counted;
"""
COUNT = "return number(++counted);"
HELPED = "extern int helper(void);\n"
HELP = "return number(helper());"


def mapped() -> list[str]:
    return [line for line in Path("/proc/self/maps").read_text().splitlines() if "arora-" in line]


def module_beside_a_neighbour(directory: Path, rpath: str = "$ORIGIN", neighbours: str = ".") -> Path:
    """Write a library that finds its neighbour, in a directory relative to it, by ``rpath``; return its path."""
    # A loader takes one name for one library, so each test has a name of its own.
    name = "".join(filter(str.isalnum, directory.parent.name))
    # The compiler adds the directory that it links from to the paths of the library.
    helper = directory.parent / "build" / f"lib{name}.so"
    helper.parent.mkdir()
    helper.write_bytes(compiled("int helper(void) { return 77; }", f"-Wl,-soname,{helper.name}"))
    executable = guest(HELP, HELPED, (f"-L{helper.parent}", f"-l{name}", f"-Wl,-rpath,{rpath}"))
    directory.mkdir()
    (directory / neighbours).mkdir(exist_ok=True)
    helper.rename(directory / neighbours / helper.name)
    path = directory / "guest.so"
    path.write_bytes(executable)
    return path


# Symbols that are unique in a process.


def test_two_instances_do_not_share_variables_that_are_unique_in_a_process() -> None:
    executable = guest(COUNT, UNIQUE)
    first, second = load(executable), load(executable)
    assert [value(each.dispatch(RUN, ARGUMENT)) for each in (first, first, second)] == [1, 2, 1]


def test_a_library_with_unique_variables_is_unloaded_and_starts_anew() -> None:
    before = mapped()
    for _ in range(2):
        instance = load(guest(COUNT, UNIQUE))
        assert value(instance.dispatch(RUN, ARGUMENT)) == 1
        instance.close()
    assert mapped() == before


def test_unique_variables_are_logged_with_the_option_that_avoids_them(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "arora.native")
    load(guest(COUNT, UNIQUE)).close()
    (message,) = caplog.messages
    assert "such as counted" in message
    assert "-fno-gnu-unique" in message


# Neighbours.


@pytest.mark.parametrize(
    ("rpath", "neighbours"), [("$ORIGIN", "."), ("${ORIGIN}/lib", "lib"), ("/nowhere:$ORIGIN/../beside", "../beside")]
)
def test_a_library_finds_its_neighbours_by_their_place_relative_to_it(
    rpath: str, neighbours: str, tmp_path: Path
) -> None:
    path = module_beside_a_neighbour(tmp_path / "a module", rpath, neighbours)
    there = sorted(tmp_path.rglob("*"))
    instance = load(path.read_bytes(), path=path)
    assert value(instance.dispatch(RUN, ARGUMENT)) == 77
    assert sorted(tmp_path.rglob("*")) == there


def test_a_module_loaded_by_path_finds_its_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = module_beside_a_neighbour(tmp_path / "module")
    path.with_name("guest.yaml").write_text(json.dumps(HEADER.to_data()))
    monkeypatch.chdir(tmp_path)
    with Engine() as engine:
        engine.load("module/guest.yaml")
        assert value(engine.dispatch(HEADER.id, RUN, ARGUMENT)) == 77


def test_a_neighbour_that_is_missing_is_named(tmp_path: Path) -> None:
    path = module_beside_a_neighbour(tmp_path / "module")
    (helper,) = path.parent.glob("lib*.so")
    helper.unlink()
    with pytest.raises(LoadError, match=f"needs was not found: {helper.name}") as caught:
        load(path.read_bytes(), path=path)
    assert not isinstance(caught.value, MalformedExecutable)


def test_a_library_without_a_path_that_needs_neighbours_is_refused_with_advice(tmp_path: Path) -> None:
    path = module_beside_a_neighbour(tmp_path / "module")
    with pytest.raises(LoadError, match=r"\$ORIGIN.*loaded by path"):
        load(path.read_bytes())


def test_a_corrupt_library_is_copied_or_refused_as_malformed(tmp_path: Path) -> None:
    executable = module_beside_a_neighbour(tmp_path / "module").read_bytes()
    chance, outcomes = random.Random(1), set()
    for _ in range(300):
        corrupt = bytearray(executable)
        for _ in range(40):
            corrupt[chance.randrange(6, 0x1000)] = chance.choice((0, 1, 0x7F, 0xFF))
        try:
            private_copy(bytes(corrupt), tmp_path / "guest.so")
            outcomes.add("copied")
        except MalformedExecutable:
            outcomes.add("refused")
    assert outcomes == {"copied", "refused"}
