"""The generators that can be used: Arora's own, imported when they are needed, and those of plugins."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Final

from ..documents.places import suggestion
from ..errors import AroraError
from ..generator import BUILT_IN, Generator
from ..plugins import Plugins

_OWN: Final[Mapping[str, str]] = MappingProxyType(
    {language: f"{language.replace('-', '_')}_language" for language in BUILT_IN}
)
"""Arora's own languages, each with the package of this room that defines ``GENERATOR``."""


class UnknownLanguage(AroraError):
    """There is no generator for that language."""


def languages(plugins: Plugins) -> list[str]:
    """Return the names of all languages, Arora's own first."""
    return [*_OWN, *sorted(plugins.generators)]


def generator(language: str, plugins: Plugins) -> Generator:
    """Return the generator of a language. Raises UnknownLanguage, which names the nearest one or lists all."""
    if language in _OWN:
        found: Generator = import_module(f".{_OWN[language]}", __package__).GENERATOR
        return found
    if language in plugins.generators:
        return plugins.generators[language]
    known = languages(plugins)
    raise UnknownLanguage(f"no generator for the language {language!r}{suggestion(language, known)}")
