"""Which browser to start, and with which flags."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

BROWSER_VARIABLE: Final = "ARORA_BROWSER"
"""The environment variable that names the browser's executable."""
FLAGS_VARIABLE: Final = "ARORA_BROWSER_FLAGS"
"""The environment variable with the browser's arguments, split as by a shell."""

_ON_PATH: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
_INSTALLED: Final = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    ),
}

# Browsers look for updates and the like on their own. Guests need neither that nor any network.
_OFFLINE: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def find_executable(option: str | None) -> str | None:
    """Return the browser's executable: ``option``, else what ARORA_BROWSER names, else one that is installed.

    Returns None if there is none, or if the named one does not exist.
    """
    named = option or os.environ.get(BROWSER_VARIABLE)
    if named:
        return shutil.which(named)
    on_path = (shutil.which(name) for name in _ON_PATH)
    installed = (path for path in _INSTALLED.get(sys.platform, ()) if Path(path).exists())
    return next((found for found in (*on_path, *installed) if found), None)


def browser_arguments(option: Sequence[str]) -> list[str]:
    """Return the browser's arguments: our own, then those of ARORA_BROWSER_FLAGS, then ``option``."""
    return [*_OFFLINE, *shlex.split(os.environ.get(FLAGS_VARIABLE, "")), *option]


def unavailable_reason(option: str | None) -> str | None:
    """Return why no browser can be driven here, and what to do about it; None when one can."""
    if importlib.util.find_spec("playwright") is None:
        return "the package playwright is not installed; pip install 'arora-browser[playwright]'"
    if find_executable(option) is not None:
        return None
    named = option or os.environ.get(BROWSER_VARIABLE)
    if named:
        return f"the browser {named!r} is not an executable file; correct {BROWSER_VARIABLE}, which names it"
    looked_for = ", ".join(_ON_PATH)
    return f"no browser was found (looked for {looked_for}); install Chromium, or name one in {BROWSER_VARIABLE}"
