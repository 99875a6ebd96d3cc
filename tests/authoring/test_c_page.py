"""What docs/c-modules.md and docs/cpp-modules.md tell authors to do works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from arora_core import Engine, Header, buffers
from arora_core import values as v
from arora_core.authoring import generated_files
from arora_core.authoring.building import INCLUDE
from arora_core.authoring.c_language import GENERATOR
from arora_core.authoring.cpp_language import GENERATOR as CPP_GENERATOR
from arora_core.authoring.new_module import module_tree
from arora_core.generator import Generator
from tests.arora_h.component import CoreModule
from tests.pages import ROOT, marked
from tests.plugin_pages import write

PAGE = "docs/c-modules.md"


@pytest.mark.parametrize(("language", "page"), [("c", "docs/c-modules.md"), ("cpp", "docs/cpp-modules.md")])
def test_a_module_is_generated_and_compiled_by_the_commands(language: str, page: str, tmp_path: Path) -> None:
    write(module_tree("stats", language), tmp_path)
    arora = f"arora() {{ '{sys.executable}' -m arora_core \"$@\"; }}"
    commands = marked(page, "from a header").replace("python -m", f"{sys.executable} -m").replace("NAME", "stats")
    done = subprocess.run(["bash", "-c", f"set -e\n{arora}\n{commands}"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with Engine() as engine:
        assert engine.load(tmp_path / "module.yaml").mean([1.0, 2.0, 6.0]) == 3.0


@pytest.mark.parametrize(
    ("language", "page", "generator"), [("c", PAGE, GENERATOR), ("cpp", "docs/cpp-modules.md", CPP_GENERATOR)]
)
def test_the_function_that_the_page_shows_is_declared_by_what_is_generated(
    language: str, page: str, generator: Generator
) -> None:
    (shown,) = re.findall(rf"(?<!-->\n)```{language}\n(.*?)\n```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    texts = generated_files.texts(generator, Header.load(ROOT / "examples" / "ur5" / "module.yaml"))
    returned, name = shown.split("(")[0].rsplit(maxsplit=1)
    declared = f"{returned} {name.rpartition('::')[2]}({shown.partition('(')[2]}"
    assert any(declared in text for text in texts.values()), declared


def test_generated_code_is_compiled_to_the_core_module_of_a_component_by_the_command(tmp_path: Path) -> None:
    write(module_tree("stats", "c"), tmp_path)
    header = Header.load(tmp_path / "module.yaml")
    generated_files.write(GENERATOR, header, tmp_path / "generated")
    command = marked(PAGE, "core module").replace("python -m", f"{sys.executable} -m")
    command = command.replace("$(arora include-dir)", str(INCLUDE))
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    mean = next(each for each in header.exports if each.name == "mean")
    argument = buffers.encode(v.Structure(mean.id, [(mean.parameters[0].id, v.ArrayF64([1.0, 2.0, 6.0]))]))
    answer = CoreModule((tmp_path / "core.wasm").read_bytes()).call(mean.id, argument)
    assert answer == buffers.encode(v.Structure(mean.id, [(mean.id, v.F64(3.0))]))


def test_a_module_without_a_generator_builds_and_answers(tmp_path: Path) -> None:
    for name in ("add.c", "module.yaml"):
        (tmp_path / name).write_text(marked(PAGE, name))
    compile_command, call_command = marked(PAGE, "build").splitlines()
    compile_command = compile_command.replace("python -m", f"{sys.executable} -m")
    compile_command = compile_command.replace("$(arora include-dir)", str(INCLUDE))
    subprocess.run(compile_command, shell=True, cwd=tmp_path, check=True)
    call_command = call_command.replace("arora ", f"{sys.executable} -m arora_core ", 1)
    answer = subprocess.run(call_command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert answer.stdout == "3.5\n"
