"""The pages of the site: those of docs/, other Markdown of the repository, and those made of the public names.

MkDocs calls the functions whose names begin with ``on_``. The tests use the others, without MkDocs.
"""

from __future__ import annotations

import posixpath
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parents[2]
REPOSITORY: Final = "https://github.com/arora-sdk/arora"
PAPERS: Final = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
}
MERMAID: Final = Path(__file__).with_name("node_modules") / "mermaid" / "dist" / "mermaid.min.js"
"""Draws diagrams. Where npm has not installed it, pages with a diagram load it from the network."""
MERMAID_PATH: Final = "assets/mermaid.min.js"
CODE: Final = r"^ *```.*?^ *```$|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
LINK: Final = re.compile(rf"{CODE}|(?:\]\(|^\[[^]]+\]: +)(?P<target>[^()\s]+)", re.MULTILINE | re.DOTALL)
IN_REPOSITORY: Final = re.compile(rf"{REPOSITORY}/(?:blob|tree)/main/(?P<file>.+)")
HEADING: Final = re.compile(r"^ *```.*?^ *```$|^#+ +(?P<title>.+?) *$", re.MULTILINE | re.DOTALL)


# Markdown.


def links(text: str) -> list[str]:
    """Return the targets of the links in Markdown, outside its code."""
    return [each["target"] for each in LINK.finditer(text) if each["target"] is not None]


def anchors(text: str) -> set[str]:
    """Return the anchors of the headings in Markdown, as GitHub makes them."""
    titles = (each["title"] for each in HEADING.finditer(text) if each["title"] is not None)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


# Where the pages come from.


@cache
def pages() -> dict[str, str]:
    """Return the files of the repository that are pages as they are, by their paths on the site."""
    found = {f"plugins/{path.parent.name}.md": path for path in ROOT.glob("plugins/*/README.md")}
    found |= {page: ROOT / paper for paper, page in PAPERS.items()}
    found |= {path.name: path for path in ROOT.glob("docs/*.md")}
    return {page: path.relative_to(ROOT).as_posix() for page, path in found.items()}


def file_of(target: str, source: str) -> str | None:
    """Return the file of the repository that a link in the file ``source`` leads to, from the root; None for others.

    A link may lead there by way of GitHub. The READMEs that package indexes show, which have no other files, have such
    links.
    """
    path = target.partition("#")[0]
    if found := IN_REPOSITORY.fullmatch(path):
        return found["file"]
    if not path:
        return source
    return None if ":" in path else posixpath.normpath(posixpath.join(posixpath.dirname(source), path))


def address(target: str, source: str, page: str) -> str:
    """Return the target of a link on a page of the site, for one in the file that the page is made of.

    What is no page of the site is on GitHub.
    """
    _, hash, anchor = target.partition("#")
    file = file_of(target, source)
    if file is None or file == source or not (ROOT / file).exists():
        return target  # MkDocs says so of files that do not exist.
    there = {origin: page for page, origin in pages().items()}
    found = there.get(file) or there.get(f"{file}/README.md")
    if found is None and file.startswith("docs/"):
        found = file.removeprefix("docs/")
    if found is None:
        return f"{REPOSITORY}/{'tree' if (ROOT / file).is_dir() else 'blob'}/main/{file}{hash}{anchor}"
    return posixpath.relpath(found, posixpath.dirname(page) or ".") + hash + anchor


def with_addresses(text: str, source: str, page: str) -> str:
    """Return Markdown whose links lead where those of the file do."""

    def changed(match: re.Match[str]) -> str:
        target = match["target"]
        return match[0] if target is None else match[0].removesuffix(target) + address(target, source, page)

    return LINK.sub(changed, text)


# The reference.


@cache
def public_names() -> dict[str, list[tuple[str, bool]]]:
    """Return the names that docs/public-names.md lists, by module, each with whether that is where it is at home."""
    page = (ROOT / "docs" / "public-names.md").read_text(encoding="utf-8").partition("\n## Other public names")[0]
    modules: dict[str, list[tuple[str, bool]]] = {}
    for module, section in re.findall(r"^### `([\w.]+)`$([^#]*)", page, re.MULTILINE):
        names = modules[module] = []
        for listed, said in re.findall(r"^- (.*?):(.*)", section, re.MULTILINE):
            at_home = not said.startswith(" as in ")
            names += [(name, at_home) for name in re.findall(r"`(\w+)`", listed)]
    return modules


def reference_pages() -> dict[str, str]:
    """Return the pages of the reference, by their paths: one a module, with the names that are at home there."""
    modules = public_names()
    found = {}
    for module, names in modules.items():
        here = [name for name, at_home in names if at_home and f"{module}.{name}" not in modules]
        if here:
            lines = [f"# `{module}`", "", *(f"::: {module}.{name}\n" for name in here)]
            found[f"api/{module}.md"] = "\n".join(lines)
    return found


# What MkDocs calls.


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Leave diagrams to what draws them, and let headings have the anchors that they have on GitHub."""
    from pymdownx.slugs import slugify
    from pymdownx.superfences import fence_code_format

    fence = {"name": "mermaid", "class": "mermaid", "format": fence_code_format}
    config.mdx_configs["pymdownx.superfences"] = {"custom_fences": [fence]}
    config.mdx_configs["toc"]["slugify"] = slugify(case="lower")
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/, and what draws diagrams."""
    from mkdocs.structure.files import File

    texts = {page: (ROOT / path).read_text(encoding="utf-8") for page, path in pages().items()}
    for page, text in {**texts, **reference_pages()}.items():
        if files.get_file_from_path(page) is None:
            files.append(File.generated(config, page, content=text))
    if MERMAID.exists():
        files.append(File.generated(config, MERMAID_PATH, abs_src_path=str(MERMAID)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Let links lead to the pages of the site, or else to the repository, and public names to the reference."""
    path = page.file.src_uri
    if path == "public-names.md":
        for reference in reference_pages():
            heading = f"### `{reference[4:-3]}`\n"
            markdown = markdown.replace(heading, f"{heading}\n[Signatures and what they do]({reference})\n", 1)
    source = pages().get(path)
    return markdown if source is None else with_addresses(markdown, source, path)


def on_page_content(html: str, **_: Any) -> str:
    """Show the names that docstrings mark with a role of reStructuredText as such names are read."""
    return re.sub(r":(?:attr|class|data|func|meth|mod):<code>(?:~[\w.]*\.(?=\w)|\.+)?", "<code>", html)


def on_post_page(output: str, page: Page, **_: Any) -> str:
    """Load what draws diagrams from the site itself, on the pages that have one."""
    if 'class="mermaid"' not in output or not MERMAID.exists():
        return output
    script = posixpath.relpath(MERMAID_PATH, posixpath.dirname(page.file.dest_uri) or ".")
    return output.replace("</head>", f'<script src="{script}"></script></head>', 1)
