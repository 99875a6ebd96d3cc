"""The machine of a run, and the versions of the packages."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path

_PACKAGES = (
    *("arora-core", "arora-wasmtime", "arora-wasmer", "arora-native", "arora-browser"),
    *("wasmtime", "wasmer", "extism", "extism-sys", "msgpack", "numpy", "ziglang"),
)


def describe() -> dict[str, object]:
    """Return the machine as plain data. ``load`` is the load average of the last minute, None where unknown."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "os": platform.platform(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def versions() -> dict[str, str | None]:
    """Return the versions of Python and the packages (None if not installed), and the commit of this source tree."""
    found: dict[str, str | None] = {"python": f"{platform.python_implementation()} {platform.python_version()}"}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    found["commit"] = _commit()
    return found


def _cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    if sys.platform == "darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    return _output("git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty")


def _output(*command: str) -> str | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
