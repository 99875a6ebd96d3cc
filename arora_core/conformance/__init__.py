"""The conformance suite: tests that an executor or a codec fulfils its contract.

    from arora_core.conformance import executor_suite

    TestMine = executor_suite("mine")

Requires the extra ``arora-core[conformance]``. Importing this package imports neither pytest nor Hypothesis; the first
access to one of its names does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from . import strategies
    from .across import across_suite
    from .checking import AREAS, Check, check, checks
    from .codecs import codec_suite
    from .expecting import CheckFailed
    from .guests import Guest, component_guest, guest_for, native_guest, wasm_guest
    from .results import CheckResult, Outcome, Results
    from .running import run_check, run_checks
    from .suite import executor_suite

__all__ = [
    "AREAS",
    "Check",
    "CheckFailed",
    "CheckResult",
    "Guest",
    "Outcome",
    "Results",
    "across_suite",
    "check",
    "checks",
    "codec_suite",
    "component_guest",
    "executor_suite",
    "guest_for",
    "native_guest",
    "run_check",
    "run_checks",
    "strategies",
    "wasm_guest",
]

_SUBMODULES: Final = {
    **dict.fromkeys(["AREAS", "Check", "check", "checks"], "checking"),
    **dict.fromkeys(["Guest", "component_guest", "guest_for", "native_guest", "wasm_guest"], "guests"),
    **dict.fromkeys(["CheckResult", "Outcome", "Results"], "results"),
    **dict.fromkeys(["run_check", "run_checks"], "running"),
    "CheckFailed": "expecting",
    "across_suite": "across",
    "codec_suite": "codecs",
    "executor_suite": "suite",
}


def __getattr__(name: str) -> object:
    if name == "strategies":
        return import_module(f".{name}", __name__)
    if name not in _SUBMODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_SUBMODULES[name]}", __name__), name)
