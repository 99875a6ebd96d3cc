"""Results as YAML and JSON text."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from .terminal import escaped_in_quotes, has_controls

if TYPE_CHECKING:
    import yaml

_LINE: Final = 100
"""The longest list, in characters, that is printed on one line."""

_CORE_SCHEMA_NUMBER: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z|[-+]?0[bo][0-9]+\Z")
"""Numbers by YAML 1.2, and by Rust's serde_yaml. Text that looks like one is quoted, for readers of every version."""

_OTHER_BREAKS: Final = re.compile("[\r\x85\u2028\u2029]")


def echo_yaml(data: object) -> None:
    """Print plain data as one YAML document."""
    click.echo(yaml_text(data), nl=False)


def echo_json(data: object) -> None:
    """Print plain data as JSON. Non-finite floats are the strings NaN, Infinity and -Infinity."""
    click.echo(json_text(data))


def json_text(data: object) -> str:
    """Return plain data as JSON, without a line break at the end."""
    return escaped_in_quotes(json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False))


def yaml_text(data: object) -> str:
    """Return plain data as YAML, with short lists of scalars on one line."""
    import yaml

    text: str = yaml.dump(data, Dumper=_dumper(), allow_unicode=True, sort_keys=False, width=_LINE + 20)
    # PyYAML writes an explicit end of document after a bare scalar, on a line of its own. Text may end so as well.
    return escaped_in_quotes(text[: -len("...\n")] if text.endswith("\n...\n") else text)


def _dumper() -> type[yaml.SafeDumper]:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes short lists on one line, and multi-line text as a block."""

        def ignore_aliases(self, data: Any) -> bool:
            # Write repeated objects out each time: anchors would only puzzle a reader.
            return True

    def sequence(dumper: yaml.SafeDumper, items: list[object]) -> yaml.Node:
        return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=_short(items))

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.Node:
        # Readers turn other line breaks into \n unless they are escaped.
        escapes = has_controls(data) or _OTHER_BREAKS.search(data)
        style = '"' if escapes else "|" if "\n" in data else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Dumper.add_representer(list, sequence)
    Dumper.add_representer(str, text)
    # Of subclasses of int, which -0 in a document is.
    Dumper.add_multi_representer(int, lambda dumper, data: dumper.represent_int(int(data)))
    Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _CORE_SCHEMA_NUMBER, list("-+.0123456789"))
    return Dumper


def _short(items: list[object]) -> bool:
    if any(isinstance(item, (Mapping, list)) or (isinstance(item, str) and "\n" in item) for item in items):
        return False
    return len(items) <= _LINE and sum(len(str(item)) + 2 for item in items) <= _LINE


def _finite(data: object) -> object:
    if isinstance(data, float) and not math.isfinite(data):
        return "NaN" if math.isnan(data) else "Infinity" if data > 0 else "-Infinity"
    if isinstance(data, Mapping):
        return {key: _finite(item) for key, item in data.items()}
    if isinstance(data, list):
        return [_finite(item) for item in data]
    return data
