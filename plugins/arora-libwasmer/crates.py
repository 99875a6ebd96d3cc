"""Says which crates are compiled into the library, for its wheel: a bill of materials, and the crates' licences.

The bill is a CycloneDX document, as PEP 770 places it into wheels. What is only used to compile, such as macros, is not
in the library, and is not listed.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

BILL: Final = "arora-libwasmer.cdx.json"
LICENCES: Final = "third-party-licences.txt"

_FORMAT: Final = {
    "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
}
_TEXTS: Final = re.compile(r"(?i)(un)?licen[sc]e|copying|copyright|notice")


def write(crate: Path, host: str, features: str, into: Path) -> None:
    """Write both files, for the crate as it is compiled for a platform. Raises CalledProcessError where cargo fails."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", host]
    command += ["--manifest-path", str(crate / "Cargo.toml"), *(["--features", features] if features else [])]
    metadata = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    root, linked = metadata["resolve"]["root"], _linked(metadata)
    packages = {each["id"]: each for each in metadata["packages"] if each["id"] in linked}
    ours = packages.pop(root)
    crates = sorted(packages.values(), key=lambda each: (each["name"], each["version"]))
    hashes = _hashes((crate / "Cargo.lock").read_text(encoding="utf-8"))
    bill = {
        **_FORMAT,
        "metadata": {"component": _component(ours)},
        "components": [{**_component(each), "hashes": hashes[each["name"], each["version"]]} for each in crates],
        "dependencies": [
            {"ref": _ref(each), "dependsOn": sorted(_ref(packages[id]) for id in linked[each["id"]])}
            for each in (ours, *crates)
        ],
    }
    (into / BILL).write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
    (into / LICENCES).write_text(_licences(crates), encoding="utf-8")


def _linked(metadata: dict[str, Any]) -> dict[str, set[str]]:
    """Return what is in the library, by its id in cargo's output, with what it needs of that."""
    # Those of no registry stand in for crates that nothing here reaches, and are empty.
    there = {
        each["id"]
        for each in metadata["packages"]
        if each["source"] and not any("proc-macro" in target["kind"] for target in each["targets"])
    }
    needs = {
        node["id"]: {
            dep["pkg"] for dep in node["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"])
        }.intersection(there)
        for node in metadata["resolve"]["nodes"]
    }
    linked, todo = {}, [metadata["resolve"]["root"]]
    while todo:
        if (id := todo.pop()) not in linked:
            linked[id] = needs[id]
            todo += needs[id]
    return linked


def _ref(package: dict[str, Any]) -> str:
    # Ours is in the index of Python's packages.
    index = "cargo" if package["source"] else "pypi"
    return f"pkg:{index}/{package['name']}@{package['version']}"


def _component(package: dict[str, Any]) -> dict[str, Any]:
    name, version, ref = package["name"], package["version"], _ref(package)
    component = {"type": "library", "bom-ref": ref, "name": name, "version": version, "purl": ref}
    if package["license"]:
        # Before there were expressions, a slash stood for a choice.
        expression = package["license"].replace("/", " OR ")
        component["licenses"] = [{"expression": " ".join(expression.split())}]
    if package["repository"]:
        component["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return component


def _hashes(lock: str) -> dict[tuple[str, str], list[dict[str, str]]]:
    found = re.findall(r'name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "(\w+)"', lock)
    return {(name, version): [{"alg": "SHA-256", "content": checksum}] for name, version, checksum in found}


def _licences(crates: list[dict[str, Any]]) -> str:
    """Return the texts that the crates bring, each once, under the crates that bring it."""
    texts: dict[str, list[str]] = {}
    for package in crates:
        said = f"{package['name']} {package['version']} ({package['license'] or 'see below'})"
        found = sorted(each for each in Path(package["manifest_path"]).parent.iterdir() if _TEXTS.match(each.name))
        bodies = [each.read_text(encoding="utf-8", errors="replace").strip() for each in found if each.is_file()]
        for body in bodies or ["Its authors bring no text. The licence is named above."]:
            texts.setdefault(body, []).append(said)
    head = "The library of this package contains these crates, under these licences.\n"
    return head + "".join(f"\n{'=' * 80}\n{', '.join(names)}\n\n{body}\n" for body, names in texts.items())
