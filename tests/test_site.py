"""The site of the documentation: every page has a place in it, and every link leads somewhere, there and on GitHub."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import yaml

from docs.building import site_pages
from docs.building.site_pages import REPOSITORY, ROOT, address, anchors, file_of, links

MARKDOWN = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "plugins/*/README.md", "benchmarks/*.md", "changelog.d/README.md")
    for path in ROOT.glob(pattern)
)
SHOWN_ELSEWHERE = [
    path for path in MARKDOWN if path.endswith("README.md") and (ROOT / path).with_name("pyproject.toml").exists()
]
"""The pages that package indexes show, without the other files of the repository."""


def navigated(entries: list[Any]) -> list[str]:
    """The pages below entries of the navigation, those of other sites left out."""
    found: list[str] = []
    for entry in entries:
        for below in entry.values() if isinstance(entry, dict) else [entry]:
            found += navigated(below) if isinstance(below, list) else [below]
    return [page for page in found if "://" not in page]


def test_the_navigation_names_every_page_once() -> None:
    configured = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert Counter(navigated(configured["nav"])) == Counter([*site_pages.pages(), *site_pages.reference_pages()])


def broken(target: str, source: str) -> bool:
    """Whether a link of a file leads to a file or a heading that does not exist. Other sites are not asked."""
    path = file_of(target, source)
    if path is None:
        return False
    anchor = target.partition("#")[2]
    file = ROOT / path
    if not file.exists() or not file.resolve().is_relative_to(ROOT):
        return True
    return bool(anchor) and (file.suffix != ".md" or anchor not in anchors(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("source", MARKDOWN)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(source: str) -> None:
    text = (ROOT / source).read_text(encoding="utf-8")
    assert [target for target in links(text) if broken(target, source)] == []


@pytest.mark.parametrize("source", SHOWN_ELSEWHERE)
def test_a_page_that_package_indexes_show_has_no_links_that_lead_nowhere_there(source: str) -> None:
    found = links((ROOT / source).read_text(encoding="utf-8"))
    assert [target for target in found if ":" not in target and not target.startswith("#")] == []


def test_code_has_no_links() -> None:
    text = "[a](x.md) `[b](y.md)` ``[`c`](y.md)`` [`d`](z.md#e)\n```c\n[f](y.md)\n# No heading\n```\n"
    text += "# A `heading`\n[g]: w.md\n"
    assert links(text) == ["x.md", "z.md#e", "w.md"]
    assert anchors(text) == {"a-heading"}


@pytest.mark.parametrize(
    ("target", "source", "page", "expected"),
    [
        ("values.md", "docs/ABI.md", "ABI.md", "values.md"),
        ("batch-cost.svg", "docs/performance.md", "performance.md", "batch-cost.svg"),
        ("#a-call", "docs/architecture.md", "architecture.md", "#a-call"),
        ("https://wasmer.io/#a", "docs/ABI.md", "ABI.md", "https://wasmer.io/#a"),
        ("../CHANGELOG.md", "docs/ABI.md", "ABI.md", "changelog.md"),
        ("../README.md#why", "docs/ABI.md", "ABI.md", "index.md#why"),
        (f"{REPOSITORY}/blob/main/docs/ABI.md#1-x", "README.md", "index.md", "ABI.md#1-x"),
        (f"{REPOSITORY}/tree/main/examples/ur5", "README.md", "index.md", f"{REPOSITORY}/tree/main/examples/ur5"),
        ("../README.md", "docs/ABI.md", "ABI.md", "index.md"),
        ("plugins/arora-browser", "README.md", "index.md", "plugins/arora-browser.md"),
        ("../../docs/ABI.md#1-x", "plugins/arora-wasmer/README.md", "plugins/arora-wasmer.md", "../ABI.md#1-x"),
        ("../arora_core/codec.py", "docs/ABI.md", "ABI.md", f"{REPOSITORY}/blob/main/arora_core/codec.py"),
        ("../arora_core/wasm", "docs/ABI.md", "ABI.md", f"{REPOSITORY}/tree/main/arora_core/wasm"),
    ],
)
def test_a_link_leads_to_a_page_of_the_site_or_else_to_the_repository(
    target: str, source: str, page: str, expected: str
) -> None:
    assert address(target, source, page) == expected


def test_the_reference_has_every_public_name_once() -> None:
    lines = [line for text in site_pages.reference_pages().values() for line in text.splitlines()]
    described = Counter(line.removeprefix("::: ") for line in lines if line.startswith("::: "))
    names = site_pages.public_names()
    at_home = [f"{module}.{name}" for module, listed in names.items() for name, at_home in listed if at_home]
    assert described == Counter(name for name in at_home if name not in names)
    # The others are described elsewhere.
    named = {name for listed in names.values() for name, _ in listed}
    assert named <= {name.rpartition(".")[2] for name in at_home}
