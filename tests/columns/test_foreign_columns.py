"""Columns of pandas, Polars and Arrow, which batches take without depending on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from arora_core import ArgumentError, Engine
from arora_core.types import OptionRef
from tests.columns.host_functions import Probe
from tests.signatures import scalar

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

ROWS = 100
SERIES: dict[str, Callable[[list[Any]], Any]] = {
    "pandas": pd.Series,
    "pandas, own index": lambda items: pd.Series(items, index=range(5, 5 + len(items))),
    "pandas, nullable": lambda items: pd.Series(items).convert_dtypes(),
    "Polars": pl.Series,
    "Polars, in chunks": lambda items: pl.concat([pl.Series(items[:3]), pl.Series(items[3:])], rechunk=False),
    "Arrow": pa.array,
    "Arrow, in chunks": lambda items: pa.chunked_array([items[:3], items[3:]]),
    "Arrow, a slice": lambda items: pa.array([items[0], *items])[1:],
}
every_series = pytest.mark.parametrize("series", SERIES.values(), ids=SERIES)


def echo(engine: Engine, name: str, *, option: bool = False) -> Any:
    type = OptionRef(scalar(name).id) if option else scalar(name)
    return Probe(engine, [type], type, lambda item: item).function


class ArrowOnly:
    """An object that offers nothing but Arrow's interface."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __arrow_c_array__(self, requested_schema: object = None) -> Any:
        return self._array.__arrow_c_array__(requested_schema)


@every_series
@pytest.mark.parametrize("name", ["u8", "i64", "f64"])
def test_series_of_numbers_are_columns(engine: Engine, series: Callable[[list[Any]], Any], name: str) -> None:
    items = [float(row) if name == "f64" else row for row in range(ROWS)]
    assert echo(engine, name).batch(series(items)).tolist() == items


@every_series
def test_series_of_booleans_are_columns(engine: Engine, series: Callable[[list[Any]], Any]) -> None:
    items = [row % 3 == 0 for row in range(ROWS)]
    assert echo(engine, "bool").batch(series(items)).tolist() == items


@every_series
def test_series_of_text_are_columns(engine: Engine, series: Callable[[list[Any]], Any]) -> None:
    items = [f"row {row}" for row in range(ROWS)]
    assert echo(engine, "str").batch(series(items)) == items


NULLABLE = [name for name in SERIES if name not in ("pandas", "pandas, own index")]


@pytest.mark.parametrize("name", NULLABLE)
def test_null_is_none_to_an_option_and_an_error_otherwise(engine: Engine, name: str) -> None:
    items = [None if row % 40 == 39 else row for row in range(ROWS)]
    assert echo(engine, "i64", option=True).batch(SERIES[name](items)) == items
    with pytest.raises(ArgumentError, match="got None") as caught:
        echo(engine, "i64").batch(SERIES[name](items))
    assert caught.value.row == 39


def test_nan_is_a_number_and_no_null(engine: Engine) -> None:
    items = [0.5, float("nan"), 2.5]
    for series in (pd.Series(items), pl.Series(items), pa.array(items)):
        answer = echo(engine, "f64").batch(series)
        assert np.array_equal(answer, np.array(items), equal_nan=True)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
def test_integers_are_read_through_arrows_interface_alone(engine: Engine, kind: str) -> None:
    array = pa.array(list(range(ROWS)), getattr(pa, kind)())
    assert echo(engine, "u64").batch(ArrowOnly(array)).tolist() == list(range(ROWS))
    assert echo(engine, "u64").batch(ArrowOnly(array[7:50])).tolist() == list(range(7, 50))


def test_booleans_and_nulls_are_read_through_arrows_interface_alone(engine: Engine) -> None:
    items = [None if row % 5 == 4 else row % 3 == 0 for row in range(ROWS)]
    assert echo(engine, "bool", option=True).batch(ArrowOnly(pa.array(items)[3:])) == items[3:]


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_floats_are_read_through_arrows_interface_alone(engine: Engine, kind: str) -> None:
    array = pa.array(np.arange(ROWS).astype(kind))
    assert echo(engine, "f64").batch(ArrowOnly(array)).tolist() == list(range(ROWS))


def test_what_arrows_interface_offers_of_other_types_has_to_be_a_list(engine: Engine) -> None:
    with pytest.raises(ArgumentError, match="numbers or booleans is expected here, not one of format"):
        echo(engine, "str").batch(ArrowOnly(pa.array(["a"])))


def test_empty_series_are_empty_columns(engine: Engine) -> None:
    for series in (pd.Series([], dtype="int64"), pl.Series([], dtype=pl.Int64), pa.array([], pa.int64())):
        assert echo(engine, "i64").batch(series).tolist() == []
    assert echo(engine, "i64").batch(pa.chunked_array([], pa.int64())).tolist() == []
