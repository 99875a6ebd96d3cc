"""A tag publishes what was tested, built and tried, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from releasing.set_version import ROOT

WORKFLOWS = ROOT / ".github" / "workflows"


def jobs(workflow: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((WORKFLOWS / workflow).read_text())["jobs"]
    return read


@pytest.fixture
def release() -> dict[str, Any]:
    return jobs("release.yml")


def test_nothing_is_published_before_every_other_job_has_succeeded(release: dict[str, Any]) -> None:
    assert set(release["publish"]["needs"]) == release.keys() - {"publish", "pages"}
    assert "publish" in release["pages"]["needs"]


def test_the_wheels_are_tried_on_the_interpreters_that_the_core_is_said_to_run_on(release: dict[str, Any]) -> None:
    said = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text())
    assert said
    assert release["wheels"]["strategy"]["matrix"]["python"] == said


def test_what_is_published_are_the_distributions_that_were_built(release: dict[str, Any]) -> None:
    uploaded = {
        step["with"]["name"]
        for name in ("build", "library")
        for step in release[name]["steps"]
        if "upload-artifact" in step.get("uses", "")
    }
    assert uploaded == {"dist-every", "dist-${{ matrix.os }}"}
    (download,) = (step for step in release["publish"]["steps"] if "download-artifact" in step["uses"])
    assert download["with"]["pattern"] == "dist-*"


def test_only_the_jobs_that_publish_may_write_anything(release: dict[str, Any]) -> None:
    may_write = {name for name, job in release.items() if "write" in job["permissions"].values()}
    assert may_write == {"publish", "pages"}
    assert all(job["permissions"] == {"contents": "read"} for job in jobs("tests.yml").values())


def test_the_documentation_is_built_among_the_tests_and_published_from_there(release: dict[str, Any]) -> None:
    steps = jobs("tests.yml")["documentation"]["steps"]
    assert {"run": "nox -s docs"} in steps
    assert steps[-1]["uses"].startswith("actions/upload-pages-artifact@")
    assert steps[-1]["with"] == {"path": "site/"}
    assert "tests" in release["pages"]["needs"]
