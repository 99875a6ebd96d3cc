"""The results of running checks."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib import metadata

from .checking import AREAS, Check


class Outcome(Enum):
    """Whether a check passed, failed or was skipped."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CheckResult:
    """The result of one check.

    ``message`` says why it failed or was skipped, ``seconds`` is its duration, ``error`` the exception it raised.
    """

    check: Check
    outcome: Outcome
    message: str = ""
    seconds: float = 0.0
    error: BaseException | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Results:
    """The results of all checks that ran on one executor.

    ``version`` is the version of its runtime, ``capabilities`` the names of those it declares, sorted.
    """

    executor: str
    version: str | None
    capabilities: tuple[str, ...]
    results: tuple[CheckResult, ...]

    @property
    def passed(self) -> Sequence[CheckResult]:
        """The checks that passed."""
        return [each for each in self.results if each.outcome is Outcome.PASSED]

    @property
    def failed(self) -> Sequence[CheckResult]:
        """The checks that failed."""
        return [each for each in self.results if each.outcome is Outcome.FAILED]

    @property
    def skipped(self) -> Sequence[CheckResult]:
        """The checks that were skipped."""
        return [each for each in self.results if each.outcome is Outcome.SKIPPED]

    @property
    def by_area(self) -> Mapping[str, Sequence[CheckResult]]:
        """The results by area, in the order of ``AREAS``, without areas that were not run."""
        return {area: found for area in AREAS if (found := [each for each in self.results if each.check.area == area])}

    def __getitem__(self, name: str) -> CheckResult:
        """Return the result of the check with that name. Raises KeyError if it did not run."""
        for each in self.results:
            if each.check.name == name:
                return each
        raise KeyError(name)

    def to_data(self) -> dict[str, object]:
        """Return the results as plain data for JSON."""
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
