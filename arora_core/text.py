"""Values, calls and call results as plain data, for JSON and YAML (ABI §9).

Plain data is dicts, lists, text, numbers, bools and None, which ``json.dumps(allow_nan=False)`` accepts: a float that
is not finite is the text ``NaN``, ``Infinity`` or ``-Infinity``, unless it is asked for as a float, which YAML writes.
Everything but the payload of a NaN survives the round trip.
"""

from __future__ import annotations

from uuid import UUID

from .calls import Call, CallResult
from .documents.places import Place
from .values import Value
from .values.text_form import MAX_DEPTH, argument_refusal, from_data, pairs_to_data, read_value, to_data

__all__ = [
    "MAX_DEPTH",
    "call_from_data",
    "call_to_data",
    "from_data",
    "read_value",
    "result_from_data",
    "result_to_data",
    "to_data",
]


def call_to_data(call: Call, *, floats: bool = False) -> dict[str, object]:
    """Return ``call`` as plain data. Raises as ``to_data`` does."""
    module = {} if call.module_id is None else {"module_id": str(call.module_id)}
    return {**module, "id": str(call.id), "args": pairs_to_data(call.args.items(), floats=floats)}


def call_from_data(data: object) -> Call:
    """Return the call that plain data describes. Raises ArgumentError as ``from_data`` does."""
    keys = Place(data, argument_refusal).keys(required=("id",), optional=("module_id", "args"))
    return Call(
        keys["id"].uuid(),
        _values_by_id(keys.get("args")),
        module_id=keys["module_id"].uuid() if "module_id" in keys else None,
    )


def result_to_data(result: CallResult, *, floats: bool = False) -> dict[str, object]:
    """Return ``result`` as plain data. Raises as ``to_data`` does."""
    mutated = pairs_to_data(result.mutated.items(), floats=floats)
    return {"ret": to_data(result.ret, floats=floats), "mutated": mutated}


def result_from_data(data: object) -> CallResult:
    """Return the call result that plain data describes. Raises ArgumentError as ``from_data`` does."""
    keys = Place(data, argument_refusal).keys(required=("ret",), optional=("mutated",))
    return CallResult(read_value(keys["ret"]), _values_by_id(keys.get("mutated")))


def _values_by_id(place: Place | None) -> dict[UUID, Value]:
    by_id: dict[UUID, Value] = {}
    for item in place.items() if place is not None else ():
        keys = item.keys(required=("id", "value"))
        id = keys["id"].uuid()
        if id in by_id:
            keys["id"].refuse(f"the parameter {id} is given twice")
        by_id[id] = read_value(keys["value"])
    return by_id
