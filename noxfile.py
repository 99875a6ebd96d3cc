"""The checks of this repository: ``nox`` runs them all, ``nox -s lint`` one session, ``nox -l`` lists the sessions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nox
from nox.command import CommandFailed

OLDEST, NEWEST_CONSIDERED = 10, 20
REQUIRED_IN_CI = {"3.10", "3.13"}

PLUGINS = [f"plugins/arora-{name}" for name in ("wasmtime", "libwasmer", "wasmer", "native")]
ACCELERATOR = "plugins/arora-accelerator"
BROWSER_PLUGIN = "plugins/arora-browser"
# The slow tests: they use compilers, environments, other processes or many generated inputs.
SLOW = [
    "tests/authoring/test_first_module.py",
    "tests/conformance",
    "tests/fuzz",
    "tests/test_benchmarks.py",
    "tests/test_compiled_properties.py",
    "tests/examples/test_image_filter.py",
    "tests/test_writing_an_executor.py",
    "plugins/arora-browser",
    "plugins/arora-wasmer",
]
NO_BROWSER = ["-k", "not browser"]
# Leaves out the tests that all executors share, where the browser is the executor.
NOT_IN_A_BROWSER = ["-k", "not [browser"]
# Tests of compilers and of what they make of our C, C++ and Rust: no interpreter changes it. The one before the newest
# runs them, because the newest has the browser's tests.
COMPILING = [
    "tests/arora_h",
    "tests/authoring/test_building.py",
    "tests/authoring/test_c_page.py",
    "tests/authoring/test_generated_guests.py",
    "tests/authoring/test_law.py",
    "tests/authoring/test_python_builds.py",
    "tests/authoring/test_python_components.py",
    "tests/authoring/test_python_page.py",
    "tests/authoring/test_rust_guest.py",
    "tests/authoring/test_rust_page.py",
    "tests/authoring/test_rust_text.py",
    "tests/examples/test_build.py",
    "tests/examples/test_text_tools.py",
]
# Slow tests of what an interpreter hardly changes: the one after the oldest runs them, which has neither a browser nor
# compilers.
SLOW_ONCE = [
    "tests/authoring/test_first_module.py",
    "tests/conformance/test_commands.py",
    "tests/conformance/test_mutants.py",
    "tests/conformance/test_mutants_elsewhere.py",
    "tests/conformance/test_pytest_options.py",
    "tests/test_benchmarks.py",
    "tests/test_writing_an_executor.py",
]
# Tests that do not depend on one operating system, such as on /proc, fork or interval timers.
PORTABLE = [
    "tests/test_buffers.py",
    "tests/test_choosing.py",
    "tests/test_compiled.py",
    "tests/test_conversion.py",
    "tests/engine",
    "tests/test_header.py",
    "tests/test_header_keys.py",
    "tests/test_header_mistakes.py",
    "tests/test_header_syntax.py",
    "tests/test_linear_memory.py",
    "tests/test_plugins.py",
    "tests/test_records.py",
    "tests/test_schema.py",
    "tests/test_text.py",
    "tests/test_types.py",
    "tests/test_values.py",
    "plugins/arora-wasmtime/tests/test_conformance_wasmtime.py",
    "plugins/arora-native/tests/test_conformance_native.py",
]
# Tests of everything that can differ, for a guest on Wasmtime or its host, between the two ways to call guests.
WASMTIME_SUITE = ["plugins/arora-wasmtime", "tests/wasm", "tests/engine", "-k", "not browser and not wasmer"]
# The tests of one file share what takes long to make, such as compiled guests. Each process may start a browser. One
# that dies is not replaced: with "loadfile", pytest-xdist 3.8 waits for ever then.
PARALLEL = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--max-worker-restart", "0"]
JAVASCRIPT = "plugins/arora-browser/tests/js"
SITE = "docs/building"
WASMER_CRATE = "plugins/arora-libwasmer/native"
OLDEST_GLIBC = "2.17"
"""The release of Linux's C library that wheels with compiled code are linked for."""
MOST_REPEATED = 5
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def _offer_pyenv_versions() -> None:
    """Make all interpreters of pyenv visible, which shows only those of the selected version."""
    if shutil.which("pyenv") and "PYENV_VERSION" not in os.environ:
        listed = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, text=True, check=True).stdout
        os.environ["PYENV_VERSION"] = ":".join(listed.split())


def _runs(interpreter: str) -> bool:
    if sys.platform == "win32" and interpreter == f"python{sys.version_info.major}.{sys.version_info.minor}":
        return True  # Its name is python.exe there; nox finds it.
    found = shutil.which(interpreter)
    return found is not None and subprocess.run([found, "--version"], capture_output=True).returncode == 0


_offer_pyenv_versions()
PYTHONS = [each for minor in range(OLDEST, NEWEST_CONSIDERED) if _runs(f"python{(each := f'3.{minor}')}")]
COMPILES = PYTHONS[-2:][0]
"""The interpreter that runs the tests of compilers: the one before the newest, or the only one."""
ONCE = PYTHONS[:2][-1]
"""The interpreter that runs what is slow and differs little: the one after the oldest, or the only one."""
# On GitHub each interpreter has its own job.
if os.environ.get("CI") and "GITHUB_ACTIONS" not in os.environ and not REQUIRED_IN_CI.issubset(PYTHONS):
    raise RuntimeError(f"the tests must run on {sorted(REQUIRED_IN_CI)}, found {PYTHONS}")

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = True
# Use only interpreters of this machine, never downloads.
os.environ["UV_PYTHON_DOWNLOADS"] = "never"


def _install(session: nox.Session, *extra: str, browser: bool = True) -> None:
    plugins = [*PLUGINS, f"{BROWSER_PLUGIN}[playwright]"] if browser else PLUGINS
    editable = [part for plugin in plugins for part in ("-e", plugin)]
    # Installing would do it as well, but show nothing meanwhile. It is compiled once, and then kept.
    session.run("python", "plugins/arora-libwasmer/compiling.py")
    session.install("-e", ".[cli,conformance,authoring]", *editable, "-r", "tests/requirements.txt", *extra)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _lint(session: nox.Session) -> None:
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("zizmor", "--offline", "--quiet", ".github")


def _install_browser(session: nox.Session) -> None:
    """Install a browser, and the JavaScript packages that run in it."""
    if "ARORA_BROWSER" not in os.environ and not any(map(shutil.which, BROWSERS)):
        if shutil.which("apt-get") is None or not _is_root():
            session.error(f"the tests need a browser: install Chromium, or set ARORA_BROWSER (no {BROWSERS} on PATH)")
        session.run("apt-get", "update", "-qq", external=True)
        session.run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", external=True)
    if shutil.which("npm") is None:
        session.error("the tests need Node.js 20 or later with npm")
    _install_javascript(session, JAVASCRIPT)


def _install_javascript(session: nox.Session, directory: str) -> None:
    """Install the packages that a directory's package.json names."""
    quiet = ("--no-audit", "--no-fund", "--package-lock=false", "--loglevel=error")
    session.run("npm", "install", *quiet, "--prefix", directory, external=True)


def _install_rust(session: nox.Session) -> None:
    """Install what compiles Rust to WebAssembly, where that is possible. Tests that miss it are skipped."""
    if shutil.which("rustup") is not None:
        targets = ("wasm32-unknown-unknown", "wasm32-wasip1", "wasm32-wasip2")
        session.run("rustup", "target", "add", *targets, external=True, success_codes=(0, 1), silent=True)
    elif shutil.which("rustc") is None and shutil.which("apt-get") is not None and _is_root():
        packages = ("cargo", "rustc", "libstd-rust-dev-wasm32", "lld-14")
        install = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)
        session.run("apt-get", "update", "-qq", external=True, success_codes=(0, 100))
        session.run(*install, external=True, success_codes=(0, 100))


def _run_tests(session: nox.Session, *arguments: str, env: dict[str, str]) -> None:
    """Run tests in parallel, and a few that fail once more by themselves.

    Deadlines and the like can be missed on a machine that does too much at a time. A test that fails twice counts, and
    so does one that ends its process: tests that were to follow it have not run.
    """
    cache = Path(session.virtualenv.location) / "pytest-cache"
    shutil.rmtree(cache, ignore_errors=True)
    at_cache = ("-o", f"cache_dir={cache}")
    try:
        session.run("pytest", *at_cache, *arguments, env=env)
    except CommandFailed:
        listed, died = cache / "v" / "cache" / "lastfailed", cache / "v" / "arora" / "died"
        failed = sorted(json.loads(listed.read_text())) if listed.exists() else []
        if died.exists() or not 0 < len(failed) <= MOST_REPEATED:
            raise
        session.warn("these failed beside others, and run again alone: " + ", ".join(failed))
        session.run("pytest", *at_cache, *arguments, "-n", "0", "--last-failed", env=env)


@nox.session(python=PYTHONS[0])
def lint(session: nox.Session) -> None:
    """Check style, formatting, and the security of the workflows."""
    session.install("-r", "tests/requirements-lint.txt")
    _lint(session)


@nox.session(python=PYTHONS[0])
def types(session: nox.Session) -> None:
    """Check static types in mypy's strict mode, on the oldest interpreter, and those of generated Python."""
    _install(session, "-r", "tests/requirements-lint.txt", "pyright[nodejs]")
    session.run("mypy")
    session.run("pytest", "tests/authoring/test_python_types.py")


@nox.session(python=sorted({PYTHONS[0], PYTHONS[-1]}, key=PYTHONS.index), default=False)
def benchmarks(session: nox.Session) -> None:
    """Compare Arora's speed with others, on the oldest and newest interpreter. Arguments after ``--`` go to run.py."""
    _install(session, "-e", ACCELERATOR, "-r", "benchmarks/requirements.txt", browser=False)
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session(python=PYTHONS[-1], default=False)
def scaling(session: nox.Session) -> None:
    """The programs of docs/scaling.md, those with Dask and Ray included."""
    _install(session, "-r", "tests/requirements-scaling.txt", browser=False)
    session.run("pytest", "tests/test_scaling_page.py", *session.posargs)


@nox.session(python=PYTHONS[-1], default=False)
def interop(session: nox.Session) -> None:
    """Compare texts, buffers and modules with the Rust crates that ARORA_RUST_ENGINE names: a version, or a directory.

    Cargo fetches and builds them, which takes some minutes the first time; CARGO_TARGET_DIR keeps what it has built.
    Arguments after ``--`` are passed to pytest.
    """
    if not os.environ.get("ARORA_RUST_ENGINE"):
        session.error("set ARORA_RUST_ENGINE to a version of the crate arora-engine, such as 4.2.1, or its directory")
    if shutil.which("cargo") is None:
        session.error("there is no cargo, which builds the Rust crates; install Rust (https://rustup.rs)")
    _install(session, browser=False)
    _install_rust(session)
    session.run("pytest", "tests/interop", *session.posargs)


@nox.session(python=PYTHONS[-1])
def rust(session: nox.Session) -> None:
    """Check and test the Rust code of arora-libwasmer."""
    if shutil.which("cargo") is None:
        missing = "Wasmer is not tested: there is no cargo; install Rust (https://rustup.rs)"
        session.error(missing) if os.environ.get("CI") else session.skip(missing)
    # What installing has compiled is used again.
    script = "import compiling; print(compiling.cache_directory() / 'target')"
    target = session.run("python", "-c", script, silent=True, env={"PYTHONPATH": "plugins/arora-libwasmer"})
    environment = {"CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR") or str(target).strip()}
    with session.chdir(WASMER_CRATE):
        if shutil.which("rustfmt") is not None:
            session.run("cargo", "fmt", "--check", external=True)
        if shutil.which("clippy-driver") is not None:
            # "cargo clippy" would check all dependencies first. So Clippy compiles, the library and then its tests,
            # with the dependencies that are compiled already.
            wrapped = {**environment, "RUSTC_WORKSPACE_WRAPPER": "clippy-driver"}
            for profile in ("release", "bench"):
                clippy = ("cargo", "rustc", "--profile", profile, "--locked", "--lib", "--", "-D", "warnings")
                session.run(*clippy, external=True, env=wrapped)
        session.run("cargo", "test", "--release", "--locked", external=True, env=environment)


@nox.session(python=PYTHONS[-1], default=False)
def release(session: nox.Session) -> None:
    """Set the version everywhere, and move the files of changelog.d into CHANGELOG.md: ``nox -s release -- 0.2.0``."""
    session.install("towncrier")
    session.run("python", "releasing/set_version.py", *session.posargs)
    session.run("towncrier", "build", "--yes")


@nox.session(python=PYTHONS[-1], default=False)
def build(session: nox.Session) -> None:
    """Build every distribution into dist/, and check that a package index would accept and render it.

    Arguments after ``--`` are the directories of the distributions to build. Compiled code is linked for old releases
    of Linux, which auditwheel checks.
    """
    session.install("build", "twine", "auditwheel")
    shutil.rmtree("dist", ignore_errors=True)
    for source in session.posargs or (".", *PLUGINS, BROWSER_PLUGIN):
        session.run("python", "-m", "build", "--outdir", "dist", source, env={"ARORA_LIBWASMER_GLIBC": OLDEST_GLIBC})
    if not session.posargs:
        # Its wheels are for one interpreter each: installing it compiles it, in seconds.
        session.run("python", "-m", "build", "--sdist", "--outdir", "dist", ACCELERATOR)
    session.run("twine", "check", "--strict", *map(str, sorted(Path("dist").iterdir())))
    for wheel in Path("dist").glob("arora_libwasmer-*.whl"):
        _check_compiled(session, wheel)


def _check_compiled(session: nox.Session, wheel: Path) -> None:
    """Check that a wheel has compiled code, and that this runs where the wheel's name says."""
    if wheel.name.endswith("-any.whl"):
        session.error(f"{wheel} is without its library: install Rust 1.95 or later")
    with zipfile.ZipFile(wheel) as archive:
        names = "\n".join(archive.namelist())
    if "/sboms/" not in names or "/third-party-licences.txt" not in names:
        session.error(f"{wheel} does not say which crates are in its library, and under which licences")
    if sys.platform == "linux":
        tag = wheel.stem.rpartition("-")[2]
        said = str(session.run("auditwheel", "show", str(wheel), silent=True))
        if f'"{tag}"' not in said:
            session.error(f"auditwheel does not find {tag} for {wheel}:\n{said}")
    session.install("--no-deps", str(wheel))
    answer = "ctypes.CDLL(str(arora_libwasmer.path())).aw_abi() == arora_libwasmer.ABI"
    session.run("python", "-c", f"import ctypes, arora_libwasmer; assert {answer}")


@nox.session(python=PYTHONS, default=False)
def wheels(session: nox.Session) -> None:
    """Install what ``nox -s build`` has put into dist/, and use it as the README does."""
    flags = {"ARORA_BROWSER_FLAGS": "--no-sandbox --disable-gpu", **os.environ} if _is_root() else {}
    session.run("python", "-u", "releasing/try_wheels.py", *session.posargs, env=flags)


@nox.session(python=PYTHONS[-1], default=False)
def docs(session: nox.Session) -> None:
    """Build the documentation as a site, into site/. A warning is an error. Arguments after ``--`` go to mkdocs."""
    session.install("-r", f"{SITE}/requirements.txt")
    # Without it, pages with a diagram load what draws it from the network.
    if shutil.which("npm") is not None and not Path(SITE, "node_modules", "mermaid").exists():
        _install_javascript(session, SITE)
    # The theme would print, in each build, what it thinks of MkDocs 2.
    session.run("mkdocs", *(session.posargs or ["build", "--strict"]), env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session(python=PYTHONS[-1], default=False)
def fast(session: nox.Session) -> None:
    """Run lint and the fast tests on the newest interpreter, in two minutes. Arguments after ``--`` go to pytest.

    The executors are Wasmtime and native libraries. Tests with compilers, browsers, mutants and new environments are
    left out.
    """
    _install(session, "-r", "tests/requirements-lint.txt", browser=False)
    _lint(session)
    ignored = [f"--ignore={path}" for path in (*SLOW, *COMPILING)]
    session.run("pytest", *ignored, *NO_BROWSER, *(session.posargs or PARALLEL), env={"COLUMNS": "120"})


@nox.session(python=PYTHONS, default=False)
def portable(session: nox.Session) -> None:
    """Run the tests that must pass on every operating system. Arguments after ``--`` go to pytest."""
    _install(session, browser=False)
    session.run("pytest", *PORTABLE, *NO_BROWSER, *session.posargs, env={"COLUMNS": "120"})


@nox.session(name="tests-sid", python=False, default=False)
def tests_sid(session: nox.Session) -> None:
    """Run the tests in a root of Debian sid, on its interpreters from 3.14 up. ``-- --help`` lists the arguments."""
    session.run(sys.executable, "tests/in_debian_sid.py", *session.posargs)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run every test on every interpreter of this machine. Arguments after ``--`` go to pytest.

    Without arguments they run in parallel. Tests of compilers run on the one before the newest only, and other slow
    tests that depend little on the interpreter on the one after the oldest only. With a browser, the newest runs the
    tests of arora-browser, and the oldest those that all executors share. The same two interpreters have the
    accelerator, and run the tests of Wasmtime again with its public calls. ARORA_TESTS_BROWSER=off leaves the browser
    out.
    """
    chosen = session.python in (PYTHONS[0], PYTHONS[-1])
    browser = chosen and os.environ.get("ARORA_TESTS_BROWSER") != "off"
    # The other interpreters test calls without the accelerator, which is what most users have.
    accelerator = ("-e", ACCELERATOR) if chosen else ()
    _install(session, *accelerator, browser=browser)
    if accelerator and os.environ.get("CI"):
        session.run("python", "-c", "import arora_accelerator")
    arguments, environment = [*(session.posargs or PARALLEL)], {"COLUMNS": "120"}
    if session.python != ONCE:
        arguments += [f"--ignore={path}" for path in SLOW_ONCE]
        environment["ARORA_TEST_ENVIRONMENTS"] = "0"
    if session.python == COMPILES:
        _install_rust(session)
    else:
        arguments += [f"--ignore={path}" for path in COMPILING]
    if browser:
        _install_browser(session)
        if _is_root():
            # Chromium needs these flags to run as root.
            environment["ARORA_BROWSER_FLAGS"] = os.environ.get("ARORA_BROWSER_FLAGS", "--no-sandbox --disable-gpu")
        if session.python != PYTHONS[0]:
            arguments += NOT_IN_A_BROWSER
    if not browser or session.python != PYTHONS[-1]:
        arguments.append(f"--ignore={BROWSER_PLUGIN}")
    if session.posargs:
        session.run("pytest", *arguments, env=environment)
        return
    _run_tests(session, *arguments, env=environment)
    if chosen:
        _run_tests(session, *PARALLEL, *WASMTIME_SUITE, env={**environment, "ARORA_WASMTIME_CALLS": "public"})
