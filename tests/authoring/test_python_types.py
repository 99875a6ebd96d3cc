"""What type checkers and a formatter say of generated Python, and of a program that uses it.

These tools are installed in the nox session ``types``.
"""

from __future__ import annotations

import random
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from arora_core import Header
from arora_core.authoring.generated_files import texts
from arora_core.authoring.python_language import GENERATOR, StubGenerator
from arora_core.authoring.python_module_language import GENERATOR as MODULE_GENERATOR

from .python_clients import UR5, WATCHDOG, of_all_types
from .random_modules import random_header


def needs(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(find_spec(tool) is None, reason=f"needs {tool}")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory of generated files and stubs of every type, and a program that uses them."""
    directory = tmp_path_factory.mktemp("checked")
    random_ones = [replace(random_header(random.Random(seed)), name=f"random{seed}") for seed in range(20)]
    for made in (of_all_types(), Header.load(UR5), Header.load(WATCHDOG), *random_ones):
        ((name, text),) = texts(GENERATOR, made).items()
        (stub,) = texts(StubGenerator(), made).values()
        (directory / name).write_text(text, encoding="utf-8")
        (directory / f"stub_{name}i").write_text(stub, encoding="utf-8")
        written_against = texts(MODULE_GENERATOR, made)[name]
        (directory / f"guest_{name}").write_text(written_against, encoding="utf-8")
    (directory / "program.py").write_text(PROGRAM, encoding="utf-8")
    return directory


PROGRAM: Final = """
from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, cast

import numpy
from typing_extensions import assert_type

import guest_ur5
import guest_watchdog
from arora_core import Engine, LoadedModule, Result
from ur5 import ClampMutated, Pose, Ur5
from watchdog import Pose as WatchdogPose
from watchdog import Quaternion, Vector3, Verdict, Watchdog, register_module_673404_c1

if TYPE_CHECKING:
    import stub_ur5


class Arm:
    def forward(self, joints: array[float]) -> WatchdogPose:
        return WatchdogPose(Vector3(0, 0, joints[0]), Quaternion(0, 0, 0, 1))


class Guest(guest_watchdog.Module):
    def check(self, joints: array[float], reach: int) -> guest_watchdog.Verdict:
        pose = guest_watchdog.module_673404_c1.forward(joints)
        assert_type(pose, guest_watchdog.Pose)
        guest_watchdog.module_673404_c1.forward("no")  # type: ignore[arg-type]
        return guest_watchdog.Verdict.too_far(pose.position.x)


class Clamping(guest_ur5.Module):
    def forward(self, joints: array[float]) -> int:  # type: ignore[override]
        return 0


Guest()
Clamping()  # type: ignore[abstract]


def program(engine: Engine, plain: LoadedModule) -> float:
    ur5 = Ur5.load(engine, "module.yaml", executor="wasmtime")
    for joints in ([0.0], (1, 2), array("d"), numpy.zeros(6)):
        assert_type(ur5.forward(joints), Pose)
    assert_type(ur5.forward(joints=[1]).position.x, float)
    ret, mutated = ur5.clamp([7.0])
    assert_type(ret, int)
    assert_type(mutated["joints"], array[float])
    assert_type(ur5.clamp([7.0]), Result[int, ClampMutated])
    ur5.forward("no")  # type: ignore[arg-type]
    ur5.forward()  # type: ignore[call-arg]
    ur5.backward()  # type: ignore[attr-defined]
    register_module_673404_c1(engine, Arm())
    register_module_673404_c1(engine, ur5)  # type: ignore[arg-type]
    verdict = Watchdog.load(engine).check([0.0] * 6, reach=1)
    assert_type(verdict, Verdict)
    if isinstance(verdict, Verdict.too_far):
        assert_type(verdict.value, float)
    match verdict:
        case Verdict.safe:
            return 0.0
        case Verdict.too_far(distance):
            return distance
    view = cast("stub_ur5.Ur5", plain)
    return view.forward([0.0]).position.x
"""


@needs("mypy")
def test_generated_text_passes_strict_type_checks_as_does_a_program_that_uses_it(checked: Path) -> None:
    options = ["--strict", "--python-version", "3.10", "--warn-unused-ignores", "--no-error-summary"]
    files = sorted(each.name for each in checked.glob("*.py*"))
    done = subprocess.run([sys.executable, "-m", "mypy", *options, *files], cwd=checked, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0)


@needs("ruff")
def test_generated_text_is_as_ruff_formats_it(checked: Path) -> None:
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", "--exclude", "program.py", "."]
    done = subprocess.run(command, cwd=checked, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0)


@needs("pyright")
def test_pyright_finds_nothing_either(checked: Path) -> None:
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "."]
    done = subprocess.run(command, cwd=checked, capture_output=True, text=True)
    assert "0 errors" in done.stdout
