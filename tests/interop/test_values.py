"""Values as serde writes them are read as the same values, from each of its forms."""

from __future__ import annotations

import pytest

from arora_core import ArgumentError, buffers, text
from arora_core import values as v
from arora_core.documents import parsing
from arora_core.values.text_form import argument_refusal

from .recorded import FORMS, Forms, stored_values
from .sample_values import VALUES

ROWS = stored_values()
WITH_TEXT = [(form, row) for row in ROWS for form in FORMS if row[form] is not None]


def read(written: str) -> v.Value:
    return text.from_data(parsing.parse(written, argument_refusal))


def test_there_are_texts_of_every_sample() -> None:
    assert [row["hex"] for row in ROWS] == [buffers.encode(value).hex() for value in VALUES]
    for form in FORMS:
        assert sum(row[form] is not None for row in ROWS) > 0.8 * len(ROWS)


def label(part: str | Forms) -> str:
    return part if isinstance(part, str) else str(part["hex"])[8:40]


@pytest.mark.parametrize(("form", "row"), WITH_TEXT, ids=label)
def test_a_text_of_serde_is_read_as_the_value_that_it_was_written_of(form: str, row: Forms) -> None:
    assert buffers.encode(read(str(row[form]))).hex() == row["hex"]


def test_the_null_that_serde_writes_in_json_for_a_float_that_is_not_finite_is_refused() -> None:
    # Neither can serde read it: which float it was is lost.
    for written in ('{"f64":null}', '{"f32":null}', '{"f64s":[1.0,null]}'):
        with pytest.raises(ArgumentError, match="expected a number"):
            read(written)


def test_in_yaml_every_value_has_a_text_of_one_form_or_the_other() -> None:
    assert [row["hex"] for row in ROWS if row["yaml"] is None and row["singleton"] is None] == []
