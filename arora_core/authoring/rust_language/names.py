"""Names in Rust: the style of each kind, keywords, and what is in scope already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ..identifiers import camel, identifiers, snake

_KEYWORDS: Final = frozenset(
    (
        *("as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false", "fn", "for"),
        *("gen", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "static"),
        *("struct", "trait", "true", "type", "unsafe", "use", "where", "while"),
        *("abstract", "become", "box", "do", "final", "macro", "override", "priv", "try", "typeof", "unsized"),
        *("virtual", "yield"),
    )
)
"""Those of the editions 2021 and 2024 that can be raw identifiers: ``r#type``."""
_NEVER_RAW: Final = frozenset({"self", "super", "crate"})
_TYPES_IN_SCOPE: Final = frozenset(
    (
        *("Module", "Value", "Uuid", "Vec", "String", "Box", "BTreeMap", "Option", "Some", "None", "Result", "Ok"),
        *("Err", "Self", "Clone", "Copy", "Debug", "PartialEq", "Send", "Sync", "Sized"),
    )
)
_MODULES_IN_SCOPE: Final = frozenset({"arora", "functions", "core", "std", "alloc"}) | _NEVER_RAW


def type_names(names: Iterable[str]) -> list[str]:
    """Return the names of records: ``JointAngle``."""
    return identifiers(names, camel, _TYPES_IN_SCOPE, joint="")


def variant_names(names: Iterable[str]) -> list[str]:
    """Return the names of an enumeration's variants."""
    return identifiers(names, camel, {"Self"}, joint="")


def variable_names(names: Iterable[str]) -> list[str]:
    """Return the names of fields, parameters or functions: ``joint_angle``, ``r#type``."""
    return _raw(identifiers(names, snake, _NEVER_RAW))


def module_names(names: Iterable[str]) -> list[str]:
    """Return the names of modules that functions are imported from."""
    return _raw(identifiers(names, snake, _MODULES_IN_SCOPE))


def _raw(names: Sequence[str]) -> list[str]:
    return [f"r#{name}" if name in _KEYWORDS else name for name in names]
