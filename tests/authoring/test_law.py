"""The law of generators, in short: see law.py for the long form."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arora_core import buffers
from arora_core.header import ExportedFunction, Header, ImportedFunction
from arora_core.types import validate

from . import law
from .random_modules import random_arguments, random_header

HEADERS = {"c": 2, "cpp": 1, "rust": 2}
"""Headers for each target: each is compiled in C and C++, for which C++ takes six times as long as C."""


@pytest.mark.parametrize("target", law.TARGETS)
@pytest.mark.parametrize("language", law.LANGUAGES)
def test_a_generated_guest_gives_back_the_bytes_that_it_was_given(language: str, target: str) -> None:
    missing = law.ECHOES[language].unavailable(target)
    if missing is not None:
        pytest.skip(missing)
    guests = list(law.seeds(0, HEADERS[language]))
    together = law.ECHOES[language].together
    for first in range(0, len(guests), together):
        law.check(language, target, guests[first : first + together])


@settings(max_examples=60)
@given(st.integers(0, 1 << 32))
def test_random_headers_and_arguments_are_what_they_should_be(seed: int) -> None:
    chance = random.Random(seed)
    header = random_header(chance)
    assert Header.from_data(header.to_data(), header.types) == header
    functions: list[ExportedFunction | ImportedFunction] = [*header.exports, *header.imports]
    for function in functions:
        arguments = random_arguments(chance, function, header.types)
        for (_, value), parameter in zip(arguments, function.parameters, strict=True):
            validate(value, parameter.type, header.types)
        result = law.answer(function, arguments)
        assert buffers.decode(buffers.encode(result)) == result
