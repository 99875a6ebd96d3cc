"""Everything that is checked: ``nox`` runs it all, ``nox -s lint`` one thing, ``nox -l`` lists the things."""

from __future__ import annotations

import os
import shutil
import subprocess

import nox

OLDEST, NEWEST_CONSIDERED = 10, 20
REQUIRED_IN_CI = {"3.10", "3.13"}

PLUGINS = [f"plugins/arora-{name}" for name in ("wasmtime", "wasmer", "native")]
BROWSER_PLUGIN = "plugins/arora-browser"
# Whatever a guest on Wasmtime, or its host, could notice of how it is called.
WASMTIME_SUITE = ["plugins/arora-wasmtime", "tests/wasm", "tests/engine", "-k", "not browser and not wasmer"]
JAVASCRIPT = "plugins/arora-browser/tests/js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def _offer_pyenv_versions() -> None:
    """pyenv shows only the selected version's interpreters; the tests want all of them."""
    if shutil.which("pyenv") and "PYENV_VERSION" not in os.environ:
        listed = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, text=True, check=True).stdout
        os.environ["PYENV_VERSION"] = ":".join(listed.split())


def _runs(interpreter: str) -> bool:
    found = shutil.which(interpreter)
    return found is not None and subprocess.run([found, "--version"], capture_output=True).returncode == 0


_offer_pyenv_versions()
PYTHONS = [each for minor in range(OLDEST, NEWEST_CONSIDERED) if _runs(f"python{(each := f'3.{minor}')}")]
if os.environ.get("CI") and not REQUIRED_IN_CI.issubset(PYTHONS):
    raise RuntimeError(f"the tests must run on {sorted(REQUIRED_IN_CI)}, found {PYTHONS}")

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = True
# Interpreters are those of this machine, never downloads.
os.environ["UV_PYTHON_DOWNLOADS"] = "never"


def _install(session: nox.Session, *extra: str, browser: bool = True) -> None:
    plugins = [*PLUGINS, f"{BROWSER_PLUGIN}[playwright]"] if browser else PLUGINS
    editable = [part for plugin in plugins for part in ("-e", plugin)]
    session.install("-e", ".[cli,conformance]", *editable, "-r", "tests/requirements.txt", *extra)


def _install_browser(session: nox.Session) -> None:
    """A browser, and the JavaScript packages that run in it."""
    if "ARORA_BROWSER" not in os.environ and not any(map(shutil.which, BROWSERS)):
        if shutil.which("apt-get") is None or os.geteuid() != 0:
            session.error(f"the tests need a browser: install Chromium, or set ARORA_BROWSER (no {BROWSERS} on PATH)")
        session.run("apt-get", "update", "-qq", external=True)
        session.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", external=True)
    if shutil.which("npm") is None:
        session.error("the tests need Node.js 20 or later with npm")
    quiet = ("--no-audit", "--no-fund", "--package-lock=false", "--loglevel=error")
    session.run("npm", "install", *quiet, "--prefix", JAVASCRIPT, external=True)


@nox.session(python=PYTHONS[0])
def lint(session: nox.Session) -> None:
    """Style and formatting."""
    session.install("-r", "tests/requirements-lint.txt")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=PYTHONS[0])
def types(session: nox.Session) -> None:
    """Types, strictly, as the oldest interpreter sees them."""
    _install(session, "-r", "tests/requirements-lint.txt")
    session.run("mypy")


@nox.session(python=sorted({PYTHONS[0], PYTHONS[-1]}, key=PYTHONS.index), default=False)
def benchmarks(session: nox.Session) -> None:
    """Arora beside its peers, on the oldest interpreter and the newest. Arguments after ``--`` go to run.py."""
    _install(session, "-r", "benchmarks/requirements.txt", browser=False)
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Every test, on every interpreter this machine has. Arguments after ``--`` go to pytest.

    With a browser on the oldest and on the newest: it takes its time, and depends the least on the interpreter. Its
    conformance, a minute or two, is tested on the newest alone. On these two also with the other way to call guests on
    Wasmtime.
    """
    browser = session.python in (PYTHONS[0], PYTHONS[-1])
    _install(session, browser=browser)
    arguments, environment = [*session.posargs], {"COLUMNS": "120"}
    if browser:
        _install_browser(session)
        if os.geteuid() == 0:
            # What Chromium takes to run as root.
            environment["ARORA_BROWSER_FLAGS"] = os.environ.get("ARORA_BROWSER_FLAGS", "--no-sandbox --disable-gpu")
        if session.python != PYTHONS[-1]:
            arguments.append(f"--ignore={BROWSER_PLUGIN}/tests/test_conformance_browser.py")
    else:
        arguments.append(f"--ignore={BROWSER_PLUGIN}")
    session.run("pytest", *arguments, env=environment)
    if browser and not session.posargs:
        session.run("pytest", *WASMTIME_SUITE, env={**environment, "ARORA_WASMTIME_CALLS": "public"})
