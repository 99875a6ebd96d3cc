"""Headers to plain data, in the low form of ABI §7."""

from __future__ import annotations

from ..types.references import ArrayRef, FixedArrayRef, MapRef, ScalarRef, TypeRef
from ..values.text_form import to_data
from ..version import Version
from .model import ExecutorRequirement, ExportedFunction, Header, ImportedFunction, Parameter


def write_header(header: Header) -> dict[str, object]:
    """See :meth:`Header.to_data`."""
    data: dict[str, object] = {"id": str(header.id), "name": header.name, "author": header.author}
    data["license"] = header.license
    if header.description is not None:
        data["description"] = header.description
    data["version"] = _version_to_data(header.version)
    data["executor"] = _executor_to_data(header.executor)
    data["executable_mime"] = header.executable_mime
    data["exports"] = [_function_to_data(function) for function in header.exports]
    data["imports"] = [{**_function_to_data(function), "module": str(function.module)} for function in header.imports]
    if header.dependencies:
        data["dependencies"] = list(header.dependencies)
    return data


def _version_to_data(version: Version) -> dict[str, object]:
    return {"major": version.major, "minor": version.minor, "patch": version.patch}


def _executor_to_data(executor: ExecutorRequirement) -> dict[str, object]:
    data: dict[str, object] = {"name": executor.name}
    if executor.min_version is not None:
        data["min_version"] = _version_to_data(executor.min_version)
    if executor.max_version is not None:
        data["max_version"] = _version_to_data(executor.max_version)
    return data


def _function_to_data(function: ExportedFunction | ImportedFunction) -> dict[str, object]:
    return {
        "type": "function",
        "id": str(function.id),
        "name": function.name,
        "parameters": [_parameter_to_data(parameter) for parameter in function.parameters],
        "ret": _type_to_data(function.ret),
    }


def _parameter_to_data(parameter: Parameter) -> dict[str, object]:
    data: dict[str, object] = {"id": str(parameter.id), "name": parameter.name, "type": _type_to_data(parameter.type)}
    data["mutable"] = parameter.mutable
    if parameter.default_value is not None:
        data["default_value"] = to_data(parameter.default_value)
    return data


def _type_to_data(ref: TypeRef) -> dict[str, object]:
    if isinstance(ref, MapRef):
        return {"kind": "map", "key_id": str(ref.key_id), "value_id": str(ref.value_id)}
    if isinstance(ref, FixedArrayRef):
        return {"kind": "fixedarray", "id": str(ref.id), "len": ref.length}
    kind = "scalar" if isinstance(ref, ScalarRef) else "array" if isinstance(ref, ArrayRef) else "option"
    return {"kind": kind, "id": str(ref.id)}
