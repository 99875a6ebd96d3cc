"""The Rust crates that ``ARORA_RUST_ENGINE`` names, and what is built against them: the probe and a guest."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arora_core.authoring.building import library_name

VARIABLE: Final = "ARORA_RUST_ENGINE"
MISSING: Final = (
    f"set {VARIABLE} to a version of the crate arora-engine, such as 4.2.1, or to the directory of its source"
)
HERE: Final = Path(__file__).resolve().parent
WASI: Final = "wasm32-wasip1"
COMPONENT: Final = "wasm32-wasip2"

_FIRST_WITHOUT_CORE_MODULES: Final = 7
"""From this version on, arora-engine runs WebAssembly as components only."""
_FIRST_WITH_COMPONENTS: Final = 3
"""From this major version of arora-types on, arora-module makes components."""
_TREES: Final = {2: "7"}
"""By the major version of arora-types, the version of arora-behavior-tree whose nodes the probe can tick."""
_MACROS: Final = {2: "1", 3: "2"}
"""By the major version of arora-types, the version of arora-module, which declares modules, that goes with it."""


def unavailable() -> str | None:
    """Return why nothing can be built, and what to do about it; None if it can."""
    if not os.environ.get(VARIABLE):
        return MISSING
    return None if shutil.which("cargo") else "there is no cargo; install Rust (https://rustup.rs)"


@dataclass(frozen=True)
class Crate:
    """A crate of the Rust line: its version, and the directory of its source unless a registry has it."""

    name: str
    version: str
    directory: Path | None

    @property
    def line(self) -> tuple[int, ...]:
        """The version as numbers, without what follows a hyphen."""
        return tuple(int(part) for part in self.version.partition("-")[0].split("."))

    def requirement(self) -> str:
        """Return the crate as a dependency in a Cargo.toml."""
        place = f'version = "={self.version}"' if self.directory is None else f'path = "{self.directory}"'
        return f"{self.name} = {{ {place} }}"


class RustLine:
    """One version of the Rust crates, resolved by cargo, with a directory for what is built against them."""

    def __init__(self, named: str) -> None:
        """``named`` is what the variable says. Raises CalledProcessError where cargo knows no such crate."""
        source = Path(named).resolve() if os.path.isdir(named) else None
        self._directory = HERE / "target" / (named if source is None else f"source-{source.name}")
        engine = Crate("arora-engine", named, source)
        resolving = self._package("resolving", [engine.requirement()], {"src/lib.rs": ""})
        described = json.loads(_cargo(resolving, "metadata", "--format-version", "1", shown=False))
        crates = {each["name"]: _crate(each) for each in described["packages"]}
        self.engine, self.types, self.buffers = (crates[f"arora-{name}"] for name in ("engine", "types", "buffers"))

    @property
    def runs_core_modules(self) -> bool:
        """Whether the engine runs WebAssembly modules that are no components."""
        return self.engine.line[0] < _FIRST_WITHOUT_CORE_MODULES

    @property
    def ticks_trees(self) -> bool:
        """Whether the probe can tick nodes of behaviour trees."""
        return self.types.line[0] in _TREES

    @property
    def makes_components(self) -> bool:
        """Whether modules that are declared with the macros can be components."""
        return self.types.line[0] >= _FIRST_WITH_COMPONENTS

    def probe(self) -> Path:
        """Return the path of the probe, built unless it is up to date."""
        dependencies = [self.engine.requirement(), self.types.requirement(), self.buffers.requirement()]
        dependencies += ['serde = "1"', 'serde_json = "1"', 'serde_yaml = "0.9"', 'uuid = "1"']
        features = ["core-modules"] if self.runs_core_modules else []
        if self.ticks_trees:
            dependencies.append(f'arora-behavior-tree = "{_TREES[self.types.line[0]]}"')
            features.append("trees")
        end = "[features]\ncore-modules = []\ntrees = []\n[profile.dev]\ndebug = false\nopt-level = 0\n"
        package = self._package("probe", dependencies, _sources("probe"), end)
        _cargo(package, "build", "--features", ",".join(features))
        return self._target() / "debug" / ("probe.exe" if os.name == "nt" else "probe")

    def guest(self, target: str | None = None) -> Path:
        """Return the path of the guest, built for a target, or as a native library."""
        chosen = [] if target is None else ["--target", target]
        _cargo(self._guest_package(), "build", "--release", "--lib", *chosen)
        built = self._target() / (target or "") / "release"
        return built / (library_name("walk") if target is None else "walk.wasm")

    def guest_description(self) -> list[str]:
        """Return the texts that the guest's declaration makes: its header, and its record, in JSON."""
        return _cargo(
            self._guest_package(), "run", "--release", "--quiet", "--bin", "describe", shown=False
        ).splitlines()

    def _guest_package(self) -> Path:
        macros = _MACROS[self.types.line[0]]
        major = self.types.line[0]
        crates = [f'arora-module = "{macros}"', f'arora-types = "{major}"', f'arora-buffers = "{major}"']
        end = '[lib]\ncrate-type = ["cdylib", "rlib"]\n[profile.release]\nopt-level = 1\n'
        return self._package("walk", [*crates, 'serde_json = "1"'], _sources("guest"), end)

    def _package(self, name: str, dependencies: list[str], sources: dict[str, str], end: str = "") -> Path:
        """Return the directory of a package, written where it differs: cargo builds what is newer than its output."""
        directory = self._directory / name
        head = f'[package]\nname = "{name}"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n[dependencies]\n'
        for path, text in {**sources, "Cargo.toml": head + "\n".join([*dependencies, end])}.items():
            file = directory / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                file.write_text(text, encoding="utf-8")
        return directory

    def _target(self) -> Path:
        given = os.environ.get("CARGO_TARGET_DIR")
        return Path(given) if given else self._directory / "built"


def _crate(described: dict[str, str]) -> Crate:
    directory = None if described["source"] else Path(described["manifest_path"]).parent
    return Crate(described["name"], described["version"], directory)


def _sources(name: str) -> dict[str, str]:
    files = (HERE / name / "src").rglob("*.rs")
    return {path.relative_to(HERE / name).as_posix(): path.read_text(encoding="utf-8") for path in files}


def _cargo(package: Path, *arguments: str, shown: bool = True) -> str:
    """Return the output of cargo, whose messages go where those of tests go."""
    environment = {**os.environ, "CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR", str(package.parent / "built"))}
    output = None if shown else subprocess.PIPE
    done = subprocess.run(["cargo", *arguments], cwd=package, env=environment, stdout=output, text=True, check=True)
    return done.stdout or ""
