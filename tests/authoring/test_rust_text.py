"""The text that the generator for Rust writes: as rustfmt and clippy want it, with std and without."""

from __future__ import annotations

import math
import random
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from arora_core import Header, HeaderError, TypeRegistry
from arora_core import values as v
from arora_core.authoring import generated_files
from arora_core.authoring.rust_language import GENERATOR
from arora_core.types import TYPE_IDS, FixedArrayRef, OptionRef, ScalarRef, TypeRecord, TypeRef

from ..signatures import UNIT, enumeration, function, parameter, scalar, structure
from .random_modules import random_header
from .rust_builds import COMPONENT, unavailable
from .rust_guests import SOURCE, header

GOLDEN = SOURCE / "mod.rs.txt"
"""The text for the header in tests/guests/rust."""
LINTS = ("-Dwarnings", "-Wclippy::pedantic", "--crate-type=lib", "--emit=metadata")


@pytest.fixture(scope="session")
def crate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with the sources of the guest in tests/guests/rust."""
    missing = unavailable("native")
    if missing is not None:
        pytest.skip(missing)
    directory = tmp_path_factory.mktemp("crate")
    generated_files.write(GENERATOR, header(), directory / "generated")
    for source in SOURCE.glob("*.rs"):
        shutil.copy(source, directory)
    return directory


def run(tool: str, *arguments: str, where: Path) -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"there is no {tool} here")
    done = subprocess.run([tool, "--edition", "2021", *arguments], cwd=where, capture_output=True, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def module_of(made: Header) -> str:
    return GENERATOR.generate(made)["mod.rs"]


def with_function(*records: TypeRecord, parameters: Iterable[TypeRef] = (), ret: TypeRef = UNIT) -> Header:
    return replace(header(), exports=(function(parameters, ret),), types=TypeRegistry(records))


def test_the_text_of_a_header_with_most_shapes() -> None:
    assert module_of(header()) == GOLDEN.read_text(encoding="utf-8")


def test_the_same_header_gives_the_same_text() -> None:
    assert GENERATOR.generate(header()) == GENERATOR.generate(header())


def test_rustfmt_changes_nothing(crate: Path) -> None:
    run("rustfmt", "--check", "--color=never", "generated/mod.rs", where=crate)


@pytest.fixture(params=["native", "component"])
def for_target(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The options of a compiler for a target: the code is another one in components."""
    missing = unavailable(request.param)
    if missing is not None:
        pytest.skip(missing)
    return () if request.param == "native" else ("--target", COMPONENT)


def test_clippy_has_nothing_to_say(crate: Path, for_target: tuple[str, ...]) -> None:
    run("clippy-driver", *LINTS, *for_target, "clippy.rs", where=crate)


@pytest.mark.parametrize("seed", [1, 3, 69])
def test_names_and_types_of_any_header_are_as_rustfmt_and_clippy_want_them(seed: int, tmp_path: Path) -> None:
    generated_files.write(GENERATOR, random_header(random.Random(seed)), tmp_path / "generated")
    shutil.copy(SOURCE / "clippy.rs", tmp_path)
    run("rustfmt", "--check", "--color=never", "generated/mod.rs", where=tmp_path)
    run("clippy-driver", *LINTS, "clippy.rs", where=tmp_path)


def test_it_needs_no_standard_library(crate: Path, for_target: tuple[str, ...]) -> None:
    run("rustc", "-Dwarnings", *for_target, "--crate-type=lib", "--emit=metadata", "no_std.rs", where=crate)


def test_names_of_types_that_are_taken_get_a_number() -> None:
    option = structure(0x100, "option", [("self", ScalarRef(TYPE_IDS["u8"])), ("r#fn", ScalarRef(TYPE_IDS["u8"]))])
    text = module_of(with_function(option, ret=ScalarRef(option.id)))
    assert "pub struct Option2 {\n    /// In the records: `self`.\n    pub self_2: u8,\n" in text
    assert "    /// In the records: `r#fn`.\n    pub r_fn: u8,\n}" in text


def test_names_cannot_leave_their_comments_and_literals() -> None:
    odd = structure(0x100, 'a`b\n"c\\ \u202e', [])
    text = module_of(with_function(odd, ret=ScalarRef(odd.id)))
    assert '/// `a?b?"c\\ ?`\n' in text
    assert 'ABC "a`b\\n\\"c\\\\ \\u{202e}" = ' in text


def test_large_payloads_and_values_are_boxed() -> None:
    large = structure(0x100, "Large", [("numbers", FixedArrayRef(TYPE_IDS["f64"], 20))])
    larger = structure(0x200, "Larger", [("numbers", FixedArrayRef(TYPE_IDS["f64"], 129))])
    either = enumeration(0x300, "Either", [("one", ScalarRef(large.id)), ("other", ScalarRef(larger.id))])
    text = module_of(with_function(large, larger, either, ret=ScalarRef(either.id)))
    assert "pub numbers: [f64; 20]," in text
    assert "pub numbers: Box<[f64; 129]>," in text
    assert "One(Box<Large>)," in text
    assert "Other(Larger)," in text


def test_records_that_are_nested_deeply_are_boxed_now_and_then() -> None:
    last = structure(0x100 * 100, "R99", [("x", ScalarRef(TYPE_IDS["f64"]))])
    ids = [UUID(int=0x100 * (each + 1)) for each in range(100)]
    chain = [structure(ids[each].int, f"R{each}", [("next", ScalarRef(ids[each + 1]))]) for each in range(99)]
    text = module_of(with_function(*chain, last, ret=ScalarRef(ids[0])))
    assert [line.strip() for line in text.splitlines() if "pub next: Box" in line] == [
        f"pub next: Box<R{each}>," for each in (68, 36, 4)
    ]


def test_a_fixed_array_that_no_type_can_hold_is_refused_with_its_place() -> None:
    with pytest.raises(HeaderError, match="too large for a type in Rust") as caught:
        module_of(with_function(parameters=[FixedArrayRef(TYPE_IDS["f64"], 1 << 29)]))
    assert caught.value.path == "exports[0].parameters[0].type"


def test_a_default_is_a_literal_only_where_the_type_is_known() -> None:
    types: list[TypeRef] = [scalar("value"), OptionRef(TYPE_IDS["i64"]), scalar("i64"), scalar("f64"), scalar("f64")]
    values: list[v.Value] = [v.I64(-1), v.Option(v.I64(-1)), v.I64(-1), v.F64(1e300), v.F64(math.inf)]
    parameters = [parameter(index, type, default=values[index]) for index, type in enumerate(types)]
    text = module_of(replace(header(), exports=(replace(function(), parameters=tuple(parameters)),), imports=()))
    lines = [line.partition(" or ")[2] for line in text.splitlines() if " or " in line and " = " in line]
    assert [line[:15] for line in lines] == ["arora::encoded(", "arora::encoded(", "-1,", "1e+300,", "arora::encoded("]


def test_a_module_without_functions_or_records_has_a_text() -> None:
    text = module_of(replace(header(), exports=(), imports=()))
    assert "pub trait Module {}" in text
