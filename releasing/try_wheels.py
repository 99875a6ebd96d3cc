"""Tries the distributions of dist/ as users would, on the interpreter that runs it: ``python releasing/try_wheels.py``.

They are installed in a fresh environment, by plain pip, with what they require from the package index. Nothing else of
the repository is there but the examples. ``--quick`` tries the core and Wasmtime alone.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FIRST_CALL: Final = "arora call examples/ur5/module.yaml forward 'joints=[0, -1.57, 1.57, 0, 1.57, 0]'"
EXECUTORS: Final = ("wasmtime", "wasmtime-component", "wasmer", "native", "native-isolated")
PLUGINS: Final = ("executor", "codec", "command")


class Failed(Exception):
    """A distribution does not do what it is to do: says which command showed it, and how."""


class Environment:
    """A fresh environment and a directory to run its commands in, which has the examples."""

    def __init__(self, place: Path, dist: Path) -> None:
        self.directory = place / "work"
        self._dist = dist
        venv.create(place / "environment", with_pip=True)
        shutil.copytree(ROOT / "examples", self.directory / "examples")
        programs = place / "environment" / ("Scripts" if os.name == "nt" else "bin")
        # What is set for tests, and what would bring other packages onto the path, is not there for users.
        mine = re.compile(r"PYTHON|PYTEST_|ARORA_(?!BROWSER)")
        self._variables = {name: value for name, value in os.environ.items() if not mine.match(name)}
        self._variables["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"

    def distribution(self, name: str, extras: str = "") -> str:
        """Return what pip is to install: the wheel, or the sdist of what has none."""
        stem = name.replace("-", "_")
        found = sorted(self._dist.glob(f"{stem}-*.whl")) or sorted(self._dist.glob(f"{stem}-*.tar.gz"))
        if len(found) != 1:
            raise Failed(f"{self._dist} has {len(found)} distributions {name}, not one")
        return f'"{found[0].resolve()}{extras}"'

    def install(self, *what: str) -> None:
        """Install with pip, and say how long it took."""
        began = time.perf_counter()
        self.run(f"pip install --quiet --disable-pip-version-check {' '.join(what)}")
        print(f"  installed in {time.perf_counter() - began:.1f} s")

    def run(self, command: str, *expected: str) -> str:
        """Run a command of the shell and return what it printed, in which each of the expected texts has to be."""
        done = subprocess.run(
            command, shell=True, cwd=self.directory, env=self._variables, capture_output=True, text=True
        )
        if done.returncode or not all(text in done.stdout for text in expected):
            raise Failed(f"{command}\nended with {done.returncode}, expected {expected}:\n{done.stdout}{done.stderr}")
        return done.stdout


def try_first_call(environment: Environment) -> None:
    """Install the core and one executor, and make the README's first call."""
    print("the first call")
    environment.install(environment.distribution("arora-core", "[cli]"), environment.distribution("arora-wasmtime"))
    environment.run(FIRST_CALL, "  x: -0.4748884127573516\n", "  w: 0.5001990420599418\n")
    environment.run("pip check")
    installed = environment.run("arora executors --json", '"wasmtime"', '"wasmtime-component"')
    if '"available": false' in installed:
        raise Failed(f"an executor is not available:\n{installed}")
    where = environment.run('python -c "import arora_core; print(arora_core.__file__)"').strip()
    if not Path(where).is_relative_to(environment.directory.parent):
        raise Failed(f"arora_core comes from {where}, not from its wheel")


def try_everything(environment: Environment) -> None:
    """Install every distribution, and run the README's programs, its first module and the conformance suite."""
    print("every distribution")
    names = ("arora-wasmer", "arora-libwasmer", "arora-native", "arora-accelerator", "arora-browser")
    every = [environment.distribution(name) for name in names]
    extras = environment.distribution("arora-core", "[cli,numpy,conformance,authoring]")
    environment.install(extras, *every, "ziglang", "pytest")
    environment.run("pip check")
    environment.run('python -c "import arora_accelerator._call"')
    programs = re.findall(
        r"(?<!-->\n)```python\n(.*?)```\n", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    if not programs:
        raise Failed("README.md has no programs")
    for number, program in enumerate(programs):
        (environment.directory / f"program{number}.py").write_text(program, encoding="utf-8")
        environment.run(f"python program{number}.py", *re.findall(r"print\(.*\)  # (.*)", program))
    print(f"  programs of the README: {len(programs)}")
    for command, *expected in (
        ("arora new module stats --language c",),
        ("arora build stats",),
        ("pytest -v stats", "[wasmtime]", "[wasmer]", "[native]", "[native-isolated]"),
        ("arora call stats/module.yaml mean 'values=[1, 2, 6]'", "3.0\n"),
    ):
        environment.run(command, *expected)
    print("  a new module in C, on every executor")
    for name in EXECUTORS:
        print("  conformance,", environment.run(f"arora conformance {name}", "passed").splitlines()[-1])


def try_new_plugins(environment: Environment) -> None:
    """Install the plugins that ``arora new`` writes beside the wheels that they require, and run their tests."""
    print("new plugins")
    for kind in PLUGINS:
        environment.run(f"arora new {kind} my{kind}")
        environment.install(f"./arora-my{kind}")
        print(f"  {kind}:", environment.run(f"pytest -q arora-my{kind}", "passed").splitlines()[-1])
    environment.run("pip check")


def try_browser(environment: Environment) -> None:
    """Call a module in a browser, where there is one."""
    if "ARORA_BROWSER" not in os.environ and not any(map(shutil.which, BROWSERS)):
        print("NOT tried: arora-browser, since there is no Chromium on PATH")
        return
    print("a browser")
    environment.install(environment.distribution("arora-browser", "[playwright]"))
    environment.run(f"{FIRST_CALL} --executor browser", "  x: -0.4748884127573516\n")


def main() -> None:
    """Try them, and end with an error where one does not do what it is to do."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dist", nargs="?", type=Path, default=ROOT / "dist", help="where the distributions are")
    parser.add_argument("--quick", action="store_true", help="try the core and Wasmtime alone")
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()}:")
    with tempfile.TemporaryDirectory() as place:
        try:
            environment = Environment(Path(place).resolve(), arguments.dist)
            try_first_call(environment)
            if not arguments.quick:
                try_everything(environment)
                try_new_plugins(environment)
                try_browser(environment)
        except Failed as failure:
            sys.exit(str(failure))


if __name__ == "__main__":
    main()
