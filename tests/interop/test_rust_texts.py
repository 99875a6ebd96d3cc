"""With the Rust crates at hand: each side reads what the other writes. Skipped unless ARORA_RUST_ENGINE names them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arora_core import Header, buffers, text
from arora_core import values as v
from arora_core.cli.printing import yaml_text
from arora_core.conformance import strategies
from arora_core.documents import parsing
from arora_core.values.text_form import argument_refusal

from . import recorded
from .probe_process import Panicked, Probe, Refused
from .recorded import FORMS
from .sample_values import VALUES

ROOT = Path(__file__).resolve().parents[2]
HEADERS = sorted(
    [*ROOT.glob("examples/*/module.yaml"), *ROOT.glob("arora_core/conformance/guest/module.yaml")],
    key=lambda path: path.parent.name,
)
RECORDS = sorted(
    path
    for pattern in ("examples/*/records/*/*.yaml", "arora_core/conformance/guest/records/*/*.yaml")
    for path in ROOT.glob(pattern)
    if path.parent.name != "module"  # Those here have no exports, which the Rust crates ask for.
)
GENERATED = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(written: str) -> v.Value:
    return text.from_data(parsing.parse(written, argument_refusal))


def as_text_holds_it(value: v.Value) -> v.Value:
    """Return the value without the payloads of NaNs, which no text has."""
    return text.from_data(text.to_data(value))


def floats(data: object) -> list[float]:
    """Return the floats in plain data, and those that JSON writes as text."""
    if isinstance(data, dict):
        return [number for item in data.values() for number in floats(item)]
    if isinstance(data, list):
        return [number for item in data for number in floats(item)]
    return [data] if isinstance(data, float) else []


def test_the_recorded_values_are_what_the_crates_write(probe: Probe) -> None:
    assert recorded.values(probe) == recorded.stored_values()


def test_the_recorded_numerals_are_what_the_crates_read(probe: Probe) -> None:
    assert recorded.numerals(probe) == recorded.stored_by_key("numerals")


def test_the_recorded_documents_are_what_the_crates_write(probe: Probe) -> None:
    assert recorded.documents(probe) == recorded.stored_by_key("documents")


def test_the_crates_read_our_yaml(probe: Probe) -> None:
    for value in VALUES:
        written = yaml_text(text.to_data(value, floats=True))
        assert probe.read("value", "singleton", written)["hex"] == buffers.encode(value).hex(), written


@GENERATED
@given(value=strategies.values().map(as_text_holds_it))
def test_any_value_is_the_same_bytes_and_yaml_to_both(value: v.Value, probe: Probe) -> None:
    buffer = buffers.encode(value)
    there = probe.decode(buffer)
    assert there["hex"] == buffer.hex()
    assert there["singleton"] is not None
    assert read(there["singleton"]) == value
    if there["yaml"] is not None:  # serde_yaml writes no tag inside of another.
        assert read(there["yaml"]) == value
    assert probe.read("value", "singleton", yaml_text(text.to_data(value, floats=True)))["hex"] == buffer.hex()


@GENERATED
@given(value=strategies.values().map(as_text_holds_it))
def test_any_value_with_finite_floats_is_the_same_json_to_both(value: v.Value, probe: Probe) -> None:
    there = probe.decode(buffers.encode(value))["json"]
    data = text.to_data(value)
    assert there is not None
    if "null" not in there:  # A float that is not finite, or an option without a value.
        assert read(there) == value
    if not floats(data) and not any(name in json.dumps(data) for name in ("NaN", "Infinity")):
        assert probe.read("value", "json", json.dumps(data))["hex"] == buffers.encode(value).hex()


@GENERATED
@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_serde_json_reads_a_float_to_within_a_few_units_of_its_last_place(number: float, probe: Probe) -> None:
    # It rounds so that reading is fast. What it writes is exact, and is read here as it was.
    there = buffers.decode(bytes.fromhex(str(probe.read("value", "json", json.dumps({"f64": number}))["hex"])))
    assert isinstance(there, v.F64)
    assert abs(there.value - number) <= 4 * math.ulp(number)


def test_json_has_no_floats_that_are_not_finite_to_the_crates(probe: Probe) -> None:
    for number in (math.nan, math.inf, -math.inf):
        assert probe.decode(buffers.encode(v.F64(number)))["json"] == '{"f64":null}'
        for written in ('{"f64":null}', json.dumps(text.to_data(v.F64(number)))):
            with pytest.raises(Refused, match="expected f64"):
                probe.read("value", "json", written)


def test_the_crates_panic_at_a_buffer_that_holds_no_value(probe: Probe) -> None:
    with pytest.raises(Panicked):
        probe.decode(b"\x05\x00\x00\x00\x63")


@pytest.mark.parametrize("path", HEADERS, ids=lambda path: path.parent.name)
def test_a_header_is_the_same_after_the_crates(path: Path, probe: Probe) -> None:
    assert_the_same_after_the_crates(Header.load(path), probe)


@pytest.mark.parametrize("path", HEADERS, ids=lambda path: path.parent.name)
def test_a_header_with_names_is_read_where_the_crates_know_its_keys_and_types(path: Path, probe: Probe) -> None:
    unknown = {"guest": "unknown variant", "image_filter": "missing field `imports`", "ur5": "missing field"}
    written = path.read_text(encoding="utf-8")
    if path.parent.name in unknown:
        with pytest.raises(Refused, match=unknown[path.parent.name]):
            probe.read("authored header", "yaml", written)
        return
    there = Header.parse(str(probe.read("authored header", "yaml", written)["json"]), Header.load(path).types)
    assert there.to_data() == Header.load(path).to_data()


@settings(GENERATED, max_examples=100)
@given(header=strategies.headers())
def test_any_header_is_the_same_after_the_crates(header: Header, probe: Probe) -> None:
    # The crates know no versions with more than three numbers.
    plain = replace(header, version=replace(header.version, prerelease="", build=""))
    assert_the_same_after_the_crates(Header.from_data(plain.to_data()), probe)


def assert_the_same_after_the_crates(header: Header, probe: Probe) -> None:
    data = header.to_data()
    for form, written in (("yaml", yaml_text(data)), ("singleton", yaml_text(data)), ("json", json.dumps(data))):
        there = probe.read("header", form, written)
        assert there["json"] is not None
        assert [Header.parse(each) for each in map(there.get, FORMS) if each is not None] == [header] * sum(
            there[form] is not None for form in FORMS
        )


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: f"{path.parent.name}-{path.stem[:8]}")
def test_a_record_says_the_same_to_the_crates(path: Path, probe: Probe) -> None:
    written = path.read_text(encoding="utf-8")
    there = probe.read(path.parent.name, "yaml", written)
    ours = parsing.parse(written, argument_refusal)
    for form in ("yaml", "json"):
        assert parsing.parse(str(there[form]), argument_refusal) == ours
