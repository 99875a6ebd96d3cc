"""Load modules whose headers and records were changed in structure: ``python -m tests.fuzz.documents [--runs N]``.

Bytes changed at random seldom leave a document that can be read. Here values are dropped, repeated, exchanged, retyped
and nested, and then written as JSON or YAML. A header that is read is loaded with an executable that has its functions,
and each of them is described and called. ``--first INDEX --runs 1`` with the same seed repeats an input. Exits with a
traceback at the first error that is not documented, and names inputs that took more than two seconds of processor time.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import yaml

from arora_core import AroraError, Engine, Header, LoadedModule, ModuleDefinition, text, values
from arora_core.cli.module_description import describe
from arora_core.conformance.tiny_modules import ABI_EXPORTS, tiny_module
from arora_core.types.defaults import default_value
from arora_core.types.references import KEY_VALUE
from arora_core.wasm.guest_symbols import FUNCTION_TYPE, function_symbol

ROOT: Final = "00000000-0000-0000-0000-000001000000"
_CHANGES: Final = (1, 1, 1, 1, 2, 2, 3, 5)
_MOST_SECONDS: Final = 2
_MOST_LEVELS: Final = 340
"""Levels of an input: more than are read, and fewer than overflow the stack of this program, which is recursive."""


def _id(number: int) -> str:
    return str(UUID(int=0x4000_8000_0000_0000_0000 + number))


def _primitive(kind: str) -> object:
    return {"type": "primitive", "value": {"kind": kind}}


def _reference(number: int, type: str = "frozenScalar") -> object:
    return {"type": type, "value": {"reference": {"id": _id(number), "version": "1.0.0"}}}


def _members(**types: object) -> object:
    return {_id(0x900 + index): {"name": name, "type": type} for index, (name, type) in enumerate(types.items())}


def _parameter(number: int, name: str, type: object, **more: object) -> object:
    return {"id": _id(number), "name": name, "type": type, **more}


def _record(name: str, **content: object) -> object:
    return {"parent": _id(0x100), "name": name, **content}


_EMPTY_MAP: Final = text.to_data(values.KeyValue(KEY_VALUE))

RECORDS: Final[dict[str, object]] = {
    f"folder/{_id(0x100)}": {"parent": ROOT, "name": "geo"},
    f"structure/{_id(0x101)}@1.0.0": _record("Point", fields=_members(x=_primitive("f64"), y=_primitive("f64"))),
    f"structure/{_id(0x102)}@1.0.0": _record(
        "Path", fields=_members(points=_reference(0x101, "frozenArray"), name=_primitive("string"))
    ),
    f"enumeration/{_id(0x103)}@1.0.0": _record(
        "Status", variants=_members(idle=_primitive("unit"), at=_reference(0x101), on=_reference(0x102))
    ),
    f"structure/{_id(0x104)}@1.0.0": _record("Tree", fields=_members(below=_reference(0x104, "frozenArray"))),
    f"module/{_id(0x105)}@1.0.0": _record("arm"),
}
HEADER: Final[object] = {
    "id": _id(1),
    "name": "changed",
    "author": "",
    "license": "",
    "description": "a module",
    "version": {"major": 1, "minor": 0, "patch": 0},
    "executor": {"name": "wasm", "min_version": "1.0.0"},
    "exports": [
        {
            "type": "function",
            "id": _id(0x200),
            "name": "go",
            "parameters": [
                _parameter(0x201, "at", {"kind": "scalar", "id": "geo.Point"}),
                _parameter(0x202, "way", {"kind": "option", "id": "geo.Path"}, mutable=True),
                _parameter(0x203, "count", {"kind": "scalar", "id": "u8"}, default_value={"u8": 3}),
                _parameter(
                    0x204,
                    "names",
                    {"kind": "map", "key_id": "str", "value_id": "value"},
                    default_value=_EMPTY_MAP,
                ),
            ],
            "ret": {"kind": "scalar", "id": "geo.Status"},
        },
        {
            "type": "function",
            "id": _id(0x210),
            "name": "grow",
            "parameters": [_parameter(0x211, "tree", {"kind": "array", "id": "geo.Tree"})],
            "ret": {"kind": "fixedarray", "id": "f32", "len": 3},
        },
    ],
    "imports": [{"type": "function", "id": _id(0x220), "name": "move", "module": "geo.arm"}],
}

_ODD: Final[tuple[object, ...]] = (
    *(None, True, False, 0, -1, 0.5, 2**31, 2**32, 2**63, 2**64, 10**400, 1e308, float("inf"), float("nan")),
    *("", " ", "\0", "a.b", "class", "__init__", "__class__", "mro", "name", "value", "_ignore_", "None", "self"),
    *("\u00b5", "\u03bc", "m/s\u00b2", "+x", "<<", "~", "yes", "1e3", "a\nb", "\u202e", "\ufeff", "x" * 300, "../../x"),
    *("\x85", "\U0001f600", "\ud800", "{}", "%s", "{0}", "u8", "value", "keyvalue", "option", "unit", "geo.Tree"),
    *([], {}, [[]], {"": None}, {"kind": "scalar", "id": "u8"}, "1.0.0-rc.1", "99999999999.0.0", ROOT),
)
"""What values and keys are replaced by."""

Place = tuple[Any, Any]
"""A list or mapping, and an index or key of it."""


def _entries(data: Any) -> list[Place]:
    keys = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    return [(data, key) for key in keys]


def _places(data: Any) -> Iterator[Place]:
    for holder, key in _entries(data):
        yield holder, key
        yield from _places(holder[key])


def _drop(chance: random.Random, holder: Any, key: Any, others: list[Place]) -> None:
    del holder[key]


def _repeat(chance: random.Random, holder: Any, key: Any, others: list[Place]) -> None:
    copy = deepcopy(holder[key])
    if isinstance(holder, list):
        holder[key:key] = [copy] * chance.choice((1, 1, 2, 50))
    else:
        other = chance.choice(_ODD)
        holder[other if isinstance(other, str) else _id(chance.randrange(0x300))] = copy


def _exchange(chance: random.Random, holder: Any, key: Any, others: list[Place]) -> None:
    other, at = chance.choice(others)
    # Copies, because one may be inside the other.
    holder[key], other[at] = deepcopy(other[at]), deepcopy(holder[key])


def _copy_of_its_key(chance: random.Random, holder: Any, key: Any, others: list[Place]) -> None:
    """Replace it by what another key of that name has, such as an id by an id."""
    other, at = chance.choice([place for place in others if place[1] == key])
    holder[key] = deepcopy(other[at])


def _copy_of_its_type(chance: random.Random, holder: Any, key: Any, others: list[Place]) -> None:
    other, at = chance.choice([place for place in others if type(place[0][place[1]]) is type(holder[key])])
    holder[key] = deepcopy(other[at])


def _replace(chance: random.Random, holder: Any, key: Any, others: list[Place]) -> None:
    holder[key] = deepcopy(chance.choice(_ODD))


def _rename(chance: random.Random, holder: Any, key: Any, others: list[Place]) -> None:
    new = chance.choice(_ODD)
    if isinstance(holder, dict) and isinstance(new, str):
        entries = [(new if each == key else each, value) for each, value in holder.items()]
        holder.clear()
        holder.update(entries)


def _nest(chance: random.Random, holder: Any, key: Any, others: list[Place]) -> None:
    for _ in range(chance.choice((1, 1, 3, 120, 320))):
        holder[key] = {key: holder[key]} if isinstance(key, str) and chance.random() < 0.5 else [holder[key]]


_KINDS: Final[tuple[Callable[[random.Random, Any, Any, list[Place]], None], ...]] = (
    *(_copy_of_its_key,) * 9,
    *(_copy_of_its_type,) * 3,
    *(_drop, _repeat, _exchange, _replace, _replace, _rename, _rename, _nest),
)


def _is_too_deep(data: Any) -> bool:
    level = [data]
    for _ in range(_MOST_LEVELS):
        level = [holder[key] for each in level for holder, key in _entries(each)]
    return bool(level)


def changed(seed: int, index: int) -> tuple[object, dict[str, object]]:
    """Return the header and the records, by file name without suffix, of the ``index``-th input of a seed."""
    chance = random.Random(f"{seed}/{index}")
    documents: dict[str, Any] = deepcopy({"header": HEADER, **RECORDS})
    for _ in range(chance.choice(_CHANGES)):
        # The header half of the time. The files' own names change as keys do.
        whole = documents if chance.random() < 0.1 else {"": chance.choice(list(documents.values()))}
        if chance.random() < 0.5 and "header" in documents:
            whole = {"": documents["header"]}
        places = list(_places(whole))[1:] or list(_places(documents))
        before = deepcopy(documents)
        chance.choice(_KINDS)(chance, *chance.choice(places), list(_places(documents)))
        if _is_too_deep(documents):
            documents = before
    return documents.pop("header", None), documents


def _written(data: object, chance: random.Random) -> tuple[str, bytes]:
    """Return a file's suffix and content."""
    if chance.random() < 0.3:
        try:
            return ".yaml", yaml.safe_dump(data, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass")
        except (RecursionError, ValueError):
            pass  # PyYAML cannot write all of it.
    return ".json", json.dumps(data).encode()


def write(directory: Path, seed: int, index: int) -> Path:
    """Write the ``index``-th input of a seed into an empty directory; return the header's path."""
    chance = random.Random(f"{seed}/{index}/written")
    header, records = changed(seed, index)
    for name, data in records.items():
        suffix, content = _written(data, chance)
        path = directory / "records" / f"{name.removeprefix('../../')}{suffix}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except (OSError, ValueError):
            continue  # No file can have that name.
    suffix, content = _written(header, chance)
    path = directory / f"module{suffix}"
    path.write_bytes(content)
    return path


def run(path: Path) -> str:
    """Load the module of a header's file, use each function, and return how that ended. Raises what is undocumented."""
    try:
        header = Header.load(path)
    except AroraError as error:
        return type(error).__name__
    assert Header.from_data(header.to_data(), header.types) == header
    describe(header)
    exports = {**ABI_EXPORTS, **{function_symbol(each.id.bytes): FUNCTION_TYPE for each in header.exports}}
    # An engine keeps the records of its modules, which those of other inputs contradict.
    with Engine() as engine:
        try:
            module = engine.load_module(ModuleDefinition(header, tiny_module(exports=exports)))
        except AroraError as error:
            return f"read, {type(error).__name__}"
        ends = {_use(module, name) for name in module.functions}
    return f"called: {', '.join(sorted(ends)) or 'nothing'}"


def _use(module: LoadedModule, name: str) -> str:
    function = module[name]
    repr(function), function.signature, function.__signature__, dir(module)
    end = "returned"
    given: list[list[object]] = [[], [{}] * len(function.parameters), _defaults(module, name)]
    for arguments in given:
        try:
            function(*arguments)
        except AroraError as error:
            end = type(error).__name__
    return end


def _defaults(module: LoadedModule, name: str) -> list[object]:
    try:
        return [default_value(each.type, module.header.types) for each in module[name].parameters]
    except TypeError:
        return []


def run_all(seed: int, indices: range) -> Counter[str]:
    """Run inputs; return how they ended."""
    ends: Counter[str] = Counter()
    for index in indices:
        with tempfile.TemporaryDirectory(prefix="arora-fuzz-") as directory:
            started = time.process_time()
            try:
                ends[run(write(Path(directory), seed, index))] += 1
            except BaseException:
                print(f"seed {seed}, input {index}:", file=sys.stderr)
                raise
            if time.process_time() - started > _MOST_SECONDS:
                ends[f"slow: input {index}"] += 1
    return ends


def main() -> None:
    """Run the inputs of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000, help="the number of inputs (default 1000)")
    parser.add_argument("--first", type=int, default=0, help="the index of the first input (default 0)")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the changes (default 1)")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    for end, number in run_all(chosen.seed, range(chosen.first, chosen.first + chosen.runs)).most_common():
        print(f"{number:8} {end}")


if __name__ == "__main__":
    main()
