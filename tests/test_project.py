"""What is said about the project: the distributions' metadata, their one version, and what they contain."""

from __future__ import annotations

import importlib
import re
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

import arora_libwasmer  # noqa: F401 - otherwise the build below imports it, from a place without the library
import pytest
import yaml
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.version import Version

import arora_core
from arora_core import discover, errors
from arora_core.limits import INTERRUPTIBLE, LIMITS, Capability
from docs.building.site_pages import public_names
from tests.test_file_sizes import tracked_files

ROOT = Path(__file__).parent.parent
PLUGINS = sorted(each.parent for each in ROOT.glob("plugins/*/pyproject.toml"))
DISTRIBUTIONS = {ROOT: "arora_core", **{plugin: plugin.name.replace("-", "_") for plugin in PLUGINS}}
COMPILED = "arora_libwasmer"
"""The package with a library, which is compiled for its wheel. It is no plugin, and needs no core."""
HOOKS = {COMPILED: {"compiling.py", "crates.py", "hatch_build.py"}, "arora_accelerator": {"extension_hook.py"}}
"""What compiles packages for their wheels."""
SAME_IN_ALL = ["Version", "Requires-Python", "License-Expression", "License-File"]
SAME_ADDRESSES = ["Homepage", "Changelog", "Issues"]


class Built:
    """A distribution: its sdist, and the wheel built from it where nothing else of the repository is."""

    def __init__(self, source: Path, package: str, place: Path) -> None:
        self.package = package
        (sdist,) = SdistBuilder(str(source)).build(directory=str(place / "sdist"))
        with tarfile.open(sdist) as archive:
            archive.extractall(place / "unpacked", filter="data")
        (unpacked,) = (place / "unpacked").iterdir()
        # Before the wheel is built: importing its hook may leave bytecode beside it.
        self.in_sdist = {str(path.relative_to(unpacked).as_posix()) for path in unpacked.rglob("*") if path.is_file()}
        (wheel,) = WheelBuilder(str(unpacked)).build(directory=str(place / "wheel"), versions=["standard"])
        with zipfile.ZipFile(wheel) as archive:
            self.in_wheel = set(archive.namelist())
            (metadata,) = (name for name in self.in_wheel if name.endswith(".dist-info/METADATA"))
            self.metadata: Message = Parser().parsestr(archive.read(metadata).decode())
            self.wheel: Message = Parser().parsestr(archive.read(metadata.replace("METADATA", "WHEEL")).decode())

    def all(self, field: str) -> list[str]:
        return self.metadata.get_all(field, [])

    def addresses(self) -> dict[str, str]:
        return dict(each.split(", ") for each in self.all("Project-URL"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """Every distribution, by the name of its package. Nothing is compiled for them."""
    library = tmp_path_factory.mktemp("library") / "library"
    library.write_bytes(b"stands in for a compiled library")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARORA_LIBWASMER", str(library))
        return {
            package: Built(source, package, tmp_path_factory.mktemp(package))
            for source, package in DISTRIBUTIONS.items()
        }


@pytest.fixture
def core(built: dict[str, Built]) -> Built:
    return built["arora_core"]


@pytest.fixture(params=DISTRIBUTIONS.values())
def distribution(request: pytest.FixtureRequest, built: dict[str, Built]) -> Built:
    return built[request.param]


@pytest.fixture(params=[DISTRIBUTIONS[plugin] for plugin in PLUGINS])
def plugin(request: pytest.FixtureRequest, built: dict[str, Built]) -> Built:
    return built[request.param]


def minor_versions(distribution: Built) -> set[str]:
    """The interpreters that the classifiers name."""
    found = (
        re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", each) for each in distribution.all("Classifier")
    )
    return {each[1] for each in found if each is not None}


# Metadata.


def test_every_distribution_has_the_version_of_the_core(distribution: Built) -> None:
    assert distribution.metadata["Version"] == arora_core.__version__


def test_every_plugin_accepts_the_core_of_its_own_version(plugin: Built) -> None:
    accepted = [found for each in plugin.all("Requires-Dist") if (found := Requirement(each)).name == "arora-core"]
    assert len(accepted) == (plugin.package != COMPILED)
    for core in accepted:
        assert core.specifier.contains(arora_core.__version__)


def test_what_holds_for_one_distribution_is_said_of_all(core: Built, plugin: Built) -> None:
    assert {field: plugin.metadata[field] for field in SAME_IN_ALL} == {
        field: core.metadata[field] for field in SAME_IN_ALL
    }
    assert {name: plugin.addresses()[name] for name in SAME_ADDRESSES} == {
        name: core.addresses()[name] for name in SAME_ADDRESSES
    }


def test_the_documentation_linked_to_is_in_the_repository(distribution: Built) -> None:
    _, _, path = distribution.addresses()["Documentation"].partition("/tree/main/")
    assert path
    assert (ROOT / path).is_dir()


def test_every_link_of_a_description_works_outside_of_the_repository(built: dict[str, Built]) -> None:
    descriptions = "\n".join(str(each.metadata.get_payload()) for each in built.values())
    links = re.findall(r"\]\(([^)\s]+)\)|^\[[\w-]+\]: (\S+)$", descriptions, re.MULTILINE)
    assert len(links) > 40
    assert [link for link in map("".join, links) if not link.startswith(("https://", "#"))] == []


def test_a_plugin_names_no_interpreter_that_the_core_does_not(core: Built, plugin: Built) -> None:
    assert minor_versions(plugin)
    assert minor_versions(plugin) <= minor_versions(core)


# Contents.


def test_a_wheel_without_compiled_code_is_for_every_platform(distribution: Built) -> None:
    pure = not any(name.endswith((".so", ".dylib", ".dll", ".pyd")) for name in distribution.in_wheel)
    assert pure == (distribution.package not in HOOKS)
    assert (distribution.wheel["Root-Is-Purelib"], "py3-none-any" in distribution.wheel["Tag"]) == (
        ("true", True) if pure else ("false", False)
    )


def test_a_wheel_has_every_file_of_its_package_that_is_under_version_control_and_no_other(distribution: Built) -> None:
    (source,) = (source for source, package in DISTRIBUTIONS.items() if package == distribution.package)
    within = (source / distribution.package).relative_to(ROOT).as_posix() + "/"
    tracked = {path.removeprefix(within) for path in tracked_files() if path.startswith(within)}
    wheel = {path.removeprefix(f"{distribution.package}/") for path in distribution.in_wheel}
    assert tracked
    assert tracked <= wheel
    assert [path for path in wheel - tracked if ".dist-info/" not in path and distribution.package not in HOOKS] == []


@pytest.mark.parametrize(
    "file",
    [
        *("__init__.pyi", "include/arora.h", "include/wit/module.wit", "conformance/pytest_plugin.py"),
        *(f"cli/templates/{kind}/pyproject.toml" for kind in ("executor", "codec", "command")),
        *(f"authoring/templates/{language}/module.yaml" for language in ("every", "python")),
    ],
)
def test_the_core_brings_what_is_not_imported(core: Built, file: str) -> None:
    assert f"arora_core/{file}" in core.in_wheel


def test_every_wheel_says_that_it_is_typed_and_under_which_licence(distribution: Built) -> None:
    licence = f"{distribution.package}-{arora_core.__version__}.dist-info/licenses/LICENSE"
    assert {f"{distribution.package}/py.typed", licence} <= distribution.in_wheel


def test_the_licence_of_every_plugin_is_that_of_the_repository(plugin: Built) -> None:
    text = (ROOT / "plugins" / plugin.package.replace("_", "-") / "LICENSE").read_bytes()
    assert text == (ROOT / "LICENSE").read_bytes()


def test_an_sdist_has_the_package_its_papers_and_nothing_else(distribution: Built) -> None:
    papers = {"LICENSE", "PKG-INFO", "README.md", "pyproject.toml", ".gitignore", "CHANGELOG.md"}
    others = {path for path in distribution.in_sdist if not path.startswith(f"{distribution.package}/")}
    papers |= HOOKS.get(distribution.package, set())
    if distribution.package == COMPILED:
        others = {path for path in others if not path.startswith("native/")}
    assert others <= papers
    assert others >= {"LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}


def test_the_sdist_of_the_core_has_the_changelog(core: Built) -> None:
    assert "CHANGELOG.md" in core.in_sdist


def test_what_a_wheel_has_of_its_package_is_what_the_sdist_has(distribution: Built) -> None:
    within = f"{distribution.package}/"
    in_wheel = {path for path in distribution.in_wheel if path.startswith(within)}
    libraries = {path for path in in_wheel if path.endswith((".so", ".dylib", ".dll", ".pyd"))}
    assert not libraries or distribution.package in HOOKS
    assert in_wheel - libraries == {path for path in distribution.in_sdist if path.startswith(within)}


# The changelog.


def test_every_changelog_fragment_is_named_so_that_it_is_found() -> None:
    kinds = re.findall(r'\{ directory = "(\w+)"', (ROOT / "pyproject.toml").read_text())
    fragments = [path.name for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert kinds
    assert [name for name in fragments if not re.fullmatch(rf"(\d+|\+[\w-]+)\.({'|'.join(kinds)})\.md", name)] == []


def test_the_changelog_has_every_version_once_newest_first_and_none_above_that_of_the_core() -> None:
    found = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    versions = [Version(each) for each in found]
    assert versions == sorted(set(versions), reverse=True)
    assert versions[0] <= Version(arora_core.__version__)


# The noxfile and the workflows.


def test_the_paths_that_the_noxfile_picks_or_leaves_out_exist() -> None:
    paths = re.findall(r'"((?:tests|plugins)/[\w./-]+)"', (ROOT / "noxfile.py").read_text())
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_tests_run_on_github_on_the_interpreters_that_the_core_is_said_to_run_on(core: Built) -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text())
    matrices = {
        name: set(job["strategy"]["matrix"]["python"]) for name, job in workflow["jobs"].items() if "strategy" in job
    }
    assert matrices == dict.fromkeys(["linux", "portable"], minor_versions(core))


def test_every_action_is_named_by_its_commit() -> None:
    workflows = [path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    used = [each for text in workflows for each in re.findall(r"uses: (.*)", text) if not each.startswith("./")]
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []


# The hooks.


@pytest.fixture
def hooks() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    return found


def test_the_hooks_before_a_commit_check_with_the_versions_that_lint_does(hooks: list[dict[str, Any]]) -> None:
    pinned = [each for each in (ROOT / "tests" / "requirements-lint.txt").read_text().split() if "==" in each]
    # mypy runs in the environment that those requirements are installed in.
    expected = {each for each in pinned if not each.startswith("mypy==")}
    assert {each for hook in hooks for each in hook.get("additional_dependencies", [])} == expected


def test_the_hooks_before_a_commit_run_the_tools_that_lint_and_types_run(hooks: list[dict[str, Any]]) -> None:
    run = re.findall(r'session\.run\("(ruff|mypy|zizmor)"', (ROOT / "noxfile.py").read_text())
    assert sorted(hook["entry"].split()[0] for hook in hooks) == sorted(run)


# docs/public-names.md.


LISTED = {module: [name for name, _ in names] for module, names in public_names().items()}


@pytest.mark.parametrize("module", LISTED)
def test_every_public_name_that_is_listed_exists(module: str) -> None:
    found = importlib.import_module(module)
    assert LISTED[module]
    assert [name for name in LISTED[module] if not hasattr(found, name)] == []


@pytest.mark.parametrize("module", LISTED)
def test_every_public_name_is_listed_once_in_its_module(module: str) -> None:
    assert sorted(LISTED[module]) == sorted(set(LISTED[module]))


@pytest.mark.parametrize("module", [name for name in LISTED if hasattr(importlib.import_module(name), "__all__")])
def test_a_module_that_names_what_is_public_names_what_is_listed(module: str) -> None:
    assert sorted(LISTED[module]) == sorted(importlib.import_module(module).__all__)


def test_type_checkers_see_the_names_listed_of_the_package() -> None:
    stub = (ROOT / "arora_core" / "__init__.pyi").read_text()
    assert sorted(LISTED["arora_core"]) == sorted(re.findall(r"^from \.\S* import (\w+) as \1$", stub, re.MULTILINE))


def test_every_error_is_listed() -> None:
    classes = {
        name for name, found in vars(errors).items() if isinstance(found, type) and issubclass(found, errors.AroraError)
    }
    assert classes <= set(LISTED["arora_core.errors"])


def test_every_environment_variable_that_is_read_is_listed() -> None:
    packages = [source / package for source, package in DISTRIBUTIONS.items()]
    sources = [path.read_text(encoding="utf-8") for package in packages for path in package.rglob("*.py")]
    read = {name for text in sources for name in re.findall(r'"(ARORA_[A-Z_]*[A-Z])"', text)}
    page = (ROOT / "docs" / "public-names.md").read_text(encoding="utf-8")
    assert read
    assert read <= set(re.findall(r"`(ARORA_[A-Z_]+)`", page))


# docs/security.md.


PROMISED = {**{limit.name: limit.capability for limit in LIMITS}, INTERRUPTIBLE: Capability.INTERRUPT}


@pytest.mark.parametrize("limit", PROMISED)
def test_the_page_on_security_promises_the_limits_that_executors_declare_or_the_engine_enforces(limit: str) -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| `Limits\.{limit}` \|(.*)\|$", page, re.MULTILINE)
    enforced = [cell.strip() == "enforced" for cell in row.split("|")]
    names = ("wasmtime", "wasmer", "browser", "browser, in the page", "native-isolated", "native")
    promised = dict(zip(names, enforced, strict=True))
    installed = discover().executors
    assert "wasmtime" in installed
    for name in promised.keys() & installed:
        assert promised[name] == (PROMISED[limit] in {*installed[name].executor.capabilities, None}), name
