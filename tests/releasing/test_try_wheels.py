"""The wheels of the core and of Wasmtime work where nothing else of the repository is: some of ``nox -s wheels``."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from releasing.try_wheels import ROOT
from tests.installing import makes_an_environment


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """The two wheels, in a directory."""
    for source in (ROOT, ROOT / "plugins" / "arora-wasmtime"):
        list(WheelBuilder(str(source)).build(directory=str(tmp_path / "dist"), versions=["standard"]))
    return tmp_path / "dist"


def tried(dist: Path) -> subprocess.CompletedProcess[str]:
    """Try the wheels in a fresh environment."""
    command = [sys.executable, str(ROOT / "releasing" / "try_wheels.py"), "--quick", str(dist)]
    return subprocess.run(command, capture_output=True, text=True)


@makes_an_environment
def test_the_first_call_works_with_wheels_alone(dist: Path) -> None:
    done = tried(dist)
    assert (done.returncode, done.stderr) == (0, "")
    assert "the first call\n  installed in " in done.stdout


@makes_an_environment
def test_a_wheel_that_lacks_a_file_fails_though_the_checkout_has_it(dist: Path) -> None:
    (wheel,) = dist.glob("arora_wasmtime-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        kept = {name: archive.read(name) for name in archive.namelist() if name != "arora_wasmtime/executor.py"}
        assert len(kept) == len(archive.namelist()) - 1
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in kept.items():
            archive.writestr(name, data)
    done = tried(dist)
    assert done.returncode == 1
    assert "examples/ur5/module.yaml forward" in done.stderr


def test_a_distribution_that_is_missing_is_named(tmp_path: Path) -> None:
    done = tried(tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path} has 0 distributions arora-core, not one" in done.stderr
