"""Values on the command line: how they are read by declared type, and how they are printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.cli.running import arora

READING = "{joint-angle: 1.5, label: up, colour: dark-blue, raw: [1, 255]}"


def echoed(parrot: Path, type: str, value: str) -> str:
    """What is printed for a value, which must be accepted."""
    code, out, err = arora("call", parrot, f"echo_{type}", f"what={value}")
    assert (code, err) == (0, "")
    return out


@pytest.mark.parametrize(
    ("type", "given", "printed"),
    [
        ("bool", "true", "true"),
        ("i64", "-9223372036854775808", "-9223372036854775808"),
        ("i64", "0x10", "16"),
        ("f32", "0.1", "0.10000000149011612"),
        ("f64", "1", "1.0"),
        ("f64", "1e3", "1000.0"),
        ("f64", "-0.0", "-0.0"),
        ("f64", "NaN", ".nan"),
        ("f64", "-Infinity", "-.inf"),
        ("f64", "+1.5", "1.5"),
        ("uuid", "673404C1-b148-4818-b0d3-c46377541168", "673404c1-b148-4818-b0d3-c46377541168"),
        ("bytes", "[0, 255]", "[0, 255]"),
        ("bytes", "[]", "[]"),
        ("floats", "[1, 2e0, Infinity]", "[1.0, 2.0, .inf]"),
        ("three", "[1, 2, 3]", "[1.0, 2.0, 3.0]"),
        ("strs", "[a, 'b c', on]", "[a, b c, 'on']"),
        ("maybe_f64", "null", "null"),
        ("maybe_f64", "NaN", ".nan"),
        ("map", "{b: 1, a: 1e2}", "a: 100.0\nb: 1.0"),
        ("keyvalue", "{a: {u8: 1}, b: null}", "a:\n  u8: 1\nb: null"),
        ("value", "{f64s: [1, .5]}", "f64s: [1.0, 0.5]"),
        ("value", "{f32s: [NaN, -.inf, -0.0]}", "f32s: [.nan, -.inf, -0.0]"),
        ("value", "{str: NaN}", "str: NaN"),
        ("keyvalue", "{a: {f64: NaN}}", "a:\n  f64: .nan"),
        ("value", "unit", "unit"),
        ("reading", READING, "joint-angle: 1.5\nlabel: up\ncolour: dark-blue\nraw: [1, 255]"),
        ("readings", f"[{READING}]", "- joint-angle: 1.5\n  label: up\n  colour: dark-blue\n  raw: [1, 255]"),
        ("order", "stop", "stop"),
        ("order", "{stop: null}", "stop"),
        ("order", "{move: NaN}", "move: .nan"),
        ("order", f"{{record: {READING}}}", None),
        ("colours", "[red, dark-blue]", "[red, dark-blue]"),
    ],
)
def test_a_value_of_each_type_goes_in_and_comes_out(parrot: Path, type: str, given: str, printed: str | None) -> None:
    out = echoed(parrot, type, given)
    if printed is None:
        assert yaml.safe_load(out) == yaml.safe_load(given)
    else:
        assert out == printed + "\n"


@pytest.mark.parametrize(
    "text", ["on", "123", "1e3", "null", "", " padded ", "a: b", "# no comment", "[a", "it's", "x=y", "ünï", "- a", "%"]
)
def test_text_needs_no_quotes_whatever_it_looks_like(parrot: Path, text: str) -> None:
    code, out, _ = arora("call", parrot, "echo_str", f"what={text}", "--json")
    assert (code, json.loads(out)) == (0, text)


@pytest.mark.parametrize(
    "text", ["on", "123", "1e3", "0o17", "1_000", "two\nlines", "~", "2024-01-01", "@home", "a: b"]
)
def test_printed_text_reads_back_as_text_by_either_version_of_yaml(parrot: Path, text: str) -> None:
    out = echoed(parrot, "str", json.dumps(text))
    assert yaml.safe_load(out) == text
    assert yaml.safe_load(echoed(parrot, "strs", f"[{json.dumps(text)}]")) == [text]
    assert yaml.safe_load(echoed(parrot, "strs", f"[{out.strip()}]" if "\n" not in text else f"\n- {out}")) == [text]


def test_quotes_around_text_are_read_as_yaml(parrot: Path) -> None:
    assert echoed(parrot, "str", r'"a\tb"') == '"a\\tb"\n'
    assert echoed(parrot, "str", "'@home'") == "'@home'\n"


def test_optional_text_is_absent_when_null(parrot: Path) -> None:
    assert echoed(parrot, "maybe_str", "null") == "null\n"
    assert echoed(parrot, "maybe_str", "'null'") == "'null'\n"
    assert echoed(parrot, "maybe_str", "nil") == "nil\n"


def test_a_value_is_read_from_a_file(parrot: Path, tmp_path: Path) -> None:
    file = tmp_path / "reading.yaml"
    file.write_text("joint-angle: 2\nlabel: down\ncolour: red\nraw: []\n")
    assert echoed(parrot, "reading", f"@{file}").startswith("joint-angle: 2.0\n")


def test_text_from_a_file_is_taken_as_it_stands_but_for_its_last_line_end(parrot: Path, tmp_path: Path) -> None:
    file = tmp_path / "text"
    file.write_text("# one\n\ntwo\n")
    code, out, _ = arora("call", parrot, "echo_str", f"what=@{file}", "--json")
    assert (code, json.loads(out)) == (0, "# one\n\ntwo")


def test_a_value_is_read_from_stdin(parrot: Path) -> None:
    assert arora("call", parrot, "echo_floats", "what=@-", stdin="- 1\n- 2\n").out == "[1.0, 2.0]\n"


def test_printed_values_read_back(parrot: Path) -> None:
    first = arora("call", parrot, "echo_readings", f"what=[{READING}, {READING}]")
    assert arora("call", parrot, "echo_readings", "what=@-", stdin=first.out) == first


@pytest.mark.parametrize(
    ("type", "given", "complaint"),
    [
        ("bool", "on", "parameter what: expected a bool, got str 'on'"),
        ("bytes", "text", "parameter what: expected a sequence of u8, got str 'text'"),
        ("bytes", "[256]", "parameter what: [0]: "),
        ("i64", "1.5", "parameter what: "),
        ("f64", "fast", "parameter what: expected a number (f64), got str 'fast'"),
        ("three", "[1, 2]", "parameter what: expected 3 items, got 2"),
        ("reading", "{label: x}", "parameter what: bench.Reading lacks joint-angle, colour, raw"),
        ("reading", "{angle: 1}", "parameter what: bench.Reading has no field 'angle'"),
        ("order", "{move: x}", "parameter what: move: expected a number (f64), got str 'x'"),
        ("order", "halt", "parameter what: bench.Order has no variant 'halt'"),
        ("value", "1", "parameter what: expected a value with its tag, such as {f64: 0.5} or unit, got 1"),
        ("keyvalue", "{a: {u9: 1}}", "parameter what: unknown tag 'u9'"),
        ("map", "[1]", "parameter what: expected a mapping with text for keys"),
    ],
)
def test_a_value_of_another_type_is_refused_with_its_place(parrot: Path, type: str, given: str, complaint: str) -> None:
    code, out, err = arora("call", parrot, f"echo_{type}", f"what={given}")
    assert (code, out) == (1, "")
    assert err.startswith(f"error: parrot.echo_{type}: {complaint}")
    assert err.count("\n") == 1


def test_functions_that_return_nothing_print_nothing_in_yaml_and_null_in_json(parrot: Path) -> None:
    assert arora("call", parrot, "say", "what=x") == (0, "", "")
    assert arora("call", parrot, "say", "what=x", "--json") == (0, "null\n", "")


def test_long_lists_stand_one_item_a_line(parrot: Path) -> None:
    out = echoed(parrot, "bytes", str([200] * 100))
    assert out == "- 200\n" * 100
