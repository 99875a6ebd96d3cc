"""The adapter modules of this package: the ``.wat`` files in its directory.

Numbers and types that only Python knows are placeholders in these files. A placeholder begins with two dollar signs
(``$$params``) and is replaced as in :class:`string.Template`; one dollar sign begins a name of the text format. The top
of each file lists its placeholders.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from string import Template

from arora_core.guest_symbols import WasmFunctionType


class _Text(Template):
    delimiter = "$$"


@cache
def source(name: str, **values: str | int) -> str:
    """Return the text of ``name``.wat with its placeholders replaced. Raise KeyError for one without a value."""
    return _Text(Path(__file__).with_name(f"{name}.wat").read_text(encoding="utf-8")).substitute(values)


def forwarding(name: str, type: WasmFunctionType, **values: str | int) -> str:
    """Return :func:`source` with the placeholders ``params`` and ``arguments`` set for a function of this type."""
    arguments = " ".join(f"(local.get {number})" for number in range(len(type.params)))
    return source(name, params=" ".join(type.params), arguments=arguments, **values)
