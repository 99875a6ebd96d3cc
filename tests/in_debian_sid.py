"""Runs the tests on the newest interpreters, in a root of Debian sid: ``nox -s tests-sid``.

The root is made once and kept in ``~/.cache/arora/debian-sid``, or where the environment variable ARORA_SID says. Each
run updates its packages and copies the checkout into it. Then nox runs its session ``tests`` there, on each interpreter
from 3.14 up that sid has. Needs Linux, root's rights and debootstrap.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

CHECKOUT: Final = Path(__file__).parent.parent
ROOT: Final = Path(os.environ.get("ARORA_SID") or Path.home() / ".cache" / "arora" / "debian-sid")
OLDEST: Final = 14
"""The first minor version that is tested there: machines have the earlier ones."""
PACKAGES: Final = ("ca-certificates", "git", "gcc", "g++", "make", "procps")
FOR_BROWSERS: Final = ("chromium", "nodejs", "npm")
# Mirrors that stand still are of use too. Their signatures are checked all the same.
APT_GET: Final = ("apt-get", "-qq", "-o", "Acquire::Check-Valid-Until=false")
# In namespaces of its own, a command leaves neither mounts nor processes behind. No files of this machine are mounted:
# the command has root's rights, and installing packages writes in many places.
APART: Final = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec")
MOUNTS: Final = """
mount -t proc proc "$0/proc"
mount --bind "$0/proc/sys" "$0/proc/sys"
mount -o remount,bind,ro "$0/proc/sys"
mount -t sysfs -o ro sysfs "$0/sys"
mount -t tmpfs tmpfs "$0/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$0/dev/pts"
exec chroot "$0" "$@"
"""
CERTIFICATES: Final = "usr/local/share/ca-certificates"
"""Where Debian has those that a machine trusts besides the usual ones, such as that of a proxy to package indexes."""
OF_NETWORKS: Final = re.compile(r"(PIP|UV|SSL_CERT|NODE_EXTRA|NPM_CONFIG)_.*|.*_PROXY", re.IGNORECASE)
"""The environment variables that are also those of commands in the root."""


def main() -> int:
    """Run the tests and return the exit status of nox."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--mirror", help="the address of a mirror of Debian (default: the one that apt has here)")
    parser.add_argument("--browser", action="store_true", help="run the tests with a browser as well")
    parser.add_argument("--python", action="append", metavar="3.N", help="test only this interpreter; may be repeated")
    options, for_pytest = parser.parse_known_args()
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        parser.error("it takes root's rights and debootstrap, which is a package of Debian")
    if not ROOT.exists():
        make_root(options.mirror or mirror())
    shutil.copyfile("/etc/resolv.conf", ROOT / "etc" / "resolv.conf")
    inside(*APT_GET, "update")
    pythons = options.python or offered()
    interpreters = [f"python{python}-{part}" for python in pythons for part in ("venv", "dev")]
    browser = FOR_BROWSERS if options.browser else ()
    inside(*APT_GET, "install", "--yes", "--no-install-recommends", *PACKAGES, *interpreters, *browser)
    if Path("/", CERTIFICATES).is_dir():
        shutil.copytree(Path("/", CERTIFICATES), ROOT / CERTIFICATES, dirs_exist_ok=True)
        inside("update-ca-certificates")
    copy_checkout(ROOT / "arora")
    inside(f"python{pythons[0]}", "-m", "venv", "--clear", "/opt/nox")
    inside("/opt/nox/bin/pip", "install", "--quiet", "nox[uv]")
    sessions = [f"tests-{python}" for python in pythons]
    variables = {**library(), "ARORA_TESTS_BROWSER": "on" if options.browser else "off"}
    nox = ("/opt/nox/bin/nox", "--noxfile", "/arora/noxfile.py", "--sessions", *sessions, "--", *for_pytest)
    return inside(*nox, variables=variables, check=False).returncode


def mirror() -> str:
    """Return the address that apt has Debian's packages from on this machine."""
    command = ("apt-get", "indextargets", "--format", "$(LABEL) $(SITE)", "Created-By: Packages")
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"^Debian (\S+)$", listed, re.MULTILINE)
    if found is None:
        raise SystemExit("apt has no mirror of Debian here: name one by --mirror")
    return found[1]


def make_root(address: str) -> None:
    """Install Debian sid."""
    unfinished = ROOT.with_name(f"{ROOT.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    debootstrap = ("debootstrap", "--variant=minbase", "sid", str(unfinished), address)
    subprocess.run((*APART, 'exec "$0" "$@"', *debootstrap), check=True)
    unfinished.rename(ROOT)


def offered() -> list[str]:
    """Return the versions of the interpreters of sid, the oldest first."""
    names = inside("apt-cache", "search", "--names-only", r"^python3\.[0-9]+-venv$", captured=True).stdout
    minors = sorted(map(int, re.findall(r"^python3\.(\d+)-venv ", names, re.MULTILINE)))
    return [f"3.{minor}" for minor in minors if minor >= OLDEST]


def copy_checkout(target: Path) -> None:
    """Copy the files of the checkout into a repository of their own, those not committed yet included."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    shutil.rmtree(target, ignore_errors=True)
    for path in filter(None, listed.split("\0")):
        if (CHECKOUT / path).exists():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / path, target / path, follow_symlinks=False)
    for arguments in (("init", "--quiet"), ("add", "--all")):
        subprocess.run(("git", *arguments), cwd=target, check=True)


def library() -> dict[str, str]:
    """Return the variable with Wasmer's library: this machine's, as compiling another takes minutes."""
    script = CHECKOUT / "plugins" / "arora-libwasmer" / "compiling.py"
    path = subprocess.run((sys.executable, script), stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    if not path:
        return {}  # It has said why.
    shutil.copyfile(path, ROOT / "opt" / "libarora_libwasmer.so")
    return {"ARORA_LIBWASMER": "/opt/libarora_libwasmer.so"}


def inside(
    *command: str, variables: Mapping[str, str] = MappingProxyType({}), check: bool = True, captured: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a command in the root, and return its exit status, with its output if that is to be captured."""
    kept = {name: value for name, value in os.environ.items() if OF_NETWORKS.fullmatch(name)}
    own = {"HOME": "/root", "LANG": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin", "DEBIAN_FRONTEND": "noninteractive"}
    stdout = subprocess.PIPE if captured else None
    run = (*APART, MOUNTS, str(ROOT), *command)
    return subprocess.run(run, env={**kept, **own, **variables}, check=check, stdout=stdout, text=True)


if __name__ == "__main__":
    sys.exit(main())
