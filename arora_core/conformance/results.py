"""What came of running the checks."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib import metadata

from .checking import AREAS, Check


class Outcome(Enum):
    """What came of one check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CheckResult:
    """What came of one check. ``message`` says why it failed or was skipped; ``error`` is what it raised."""

    check: Check
    outcome: Outcome
    message: str = ""
    seconds: float = 0.0
    error: BaseException | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Results:
    """What came of all of them, on one executor."""

    executor: str
    version: str | None
    capabilities: tuple[str, ...]
    results: tuple[CheckResult, ...]

    @property
    def passed(self) -> Sequence[CheckResult]:
        """Those that passed."""
        return [each for each in self.results if each.outcome is Outcome.PASSED]

    @property
    def failed(self) -> Sequence[CheckResult]:
        """Those that failed."""
        return [each for each in self.results if each.outcome is Outcome.FAILED]

    @property
    def skipped(self) -> Sequence[CheckResult]:
        """Those that were skipped."""
        return [each for each in self.results if each.outcome is Outcome.SKIPPED]

    @property
    def by_area(self) -> Mapping[str, Sequence[CheckResult]]:
        """The areas that were run, in order, with their results."""
        return {area: found for area in AREAS if (found := [each for each in self.results if each.check.area == area])}

    def __getitem__(self, name: str) -> CheckResult:
        """The result of the check with that sentence. Raises KeyError."""
        for each in self.results:
            if each.check.name == name:
                return each
        raise KeyError(name)

    def to_data(self) -> dict[str, object]:
        """The results as plain data for JSON."""
        return {
            "executor": self.executor,
            "version": self.version,
            "core": metadata.version("arora-core"),
            "capabilities": list(self.capabilities),
            "python": platform.python_version(),
            "implementation": platform.python_implementation(),
            "platform": f"{sys.platform} {platform.machine()}",
            "passed": len(self.passed),
            "failed": len(self.failed),
            "skipped": len(self.skipped),
            "checks": [
                {
                    "area": each.check.area,
                    "name": each.check.name,
                    "outcome": each.outcome.value,
                    "message": each.message,
                    "seconds": round(each.seconds, 4),
                }
                for each in self.results
            ],
        }
