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

BROWSER: Final = "ARORA_BROWSER"
"""The environment variable that names the browser's executable."""
FLAGS: Final = "ARORA_BROWSER_FLAGS"
"""The environment variable with what to pass to it, as a shell would split it."""

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

# A browser of its own accord looks for updates and the like; guests need none of it, nor any network.
_QUIET: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def executable(option: str | None) -> str | None:
    """The browser's executable: ``option``, else what ARORA_BROWSER names, else one that is installed.

    None if there is none; one that was named and does not exist is none.
    """
    named = option or os.environ.get(BROWSER)
    if named:
        return shutil.which(named)
    on_path = (shutil.which(name) for name in _ON_PATH)
    installed = (path for path in _INSTALLED.get(sys.platform, ()) if Path(path).exists())
    return next((found for found in (*on_path, *installed) if found), None)


def flags(option: Sequence[str]) -> list[str]:
    """What to pass to the browser: quiet ones, then those of ARORA_BROWSER_FLAGS, then ``option``."""
    return [*_QUIET, *shlex.split(os.environ.get(FLAGS, "")), *option]


def obstacle(option: str | None) -> str | None:
    """Why no browser can be driven here, and what to do about it; None when one can."""
    if importlib.util.find_spec("playwright") is None:
        return "the package playwright is not installed; pip install 'arora-browser[playwright]'"
    if executable(option) is not None:
        return None
    named = option or os.environ.get(BROWSER)
    if named:
        return f"the browser {named!r} is no executable file; correct {BROWSER}, which names it"
    return f"no browser was found (looked for {', '.join(_ON_PATH)}); install Chromium, or name one in {BROWSER}"
