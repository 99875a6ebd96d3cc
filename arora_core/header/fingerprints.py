"""Fingerprints of functions: whether what was generated for a function still fits it."""

from __future__ import annotations

import hashlib
import json

from ..types import EnumerationType, TypeRegistry
from ..types.type_text import type_text
from .model import ExportedFunction, ImportedFunction
from .used_types import used_types


def fingerprint(function: ExportedFunction | ImportedFunction, registry: TypeRegistry) -> str:
    """Return 16 hexadecimal digits that differ for functions with other ids, parameters, types or records.

    They are the beginning of a SHA-256. Default values have no part in it.
    """
    parameters = [[str(each.id), each.name, type_text(each.type), each.mutable] for each in function.parameters]
    records = []
    for record in used_types([function], registry):
        members = [[str(each.id), each.name, type_text(each.type)] for each in record.members]
        kind = "enumeration" if isinstance(record, EnumerationType) else "structure"
        records.append([str(record.id), kind, record.name, record.path, str(record.version), members])
    data = [str(function.id), function.name, parameters, type_text(function.ret), records]
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()[:16]
