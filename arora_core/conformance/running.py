"""Running checks: the one engine under the pytest classes, the command and the tests of the suite itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from time import perf_counter
from typing import Final

from ..errors import AroraError, ExecutorUnavailable, UnsupportedLimit
from ..executor import Executor
from ..limits import LIMITS, Capability, Limits
from ..plugins import discover
from .checking import Check, checks
from .expecting import CheckSkipped, expect_raises
from .guests import Guest, guest_for
from .results import CheckResult, Outcome, Results
from .scripted_host import ScriptedHost
from .subject import Subject

EXAMPLES: Final = 50
"""How many examples a check that generates them tries."""

_AMPLE: Final = 1 << 24
"""Bytes, seconds or units of work, whichever it is: more than loading the guest takes."""


def run_checks(
    executor: type[Executor] | str,
    areas: Iterable[str] | None = None,
    *,
    guest: Guest | None = None,
    examples: int = EXAMPLES,
    progress: Callable[[CheckResult], None] | None = None,
) -> Results:
    """Runs every check, or those of some areas, and returns what came of each. No check's failure is raised.

    ``executor`` is a class, or the name of an installed one. ``guest`` replaces the guest in the kind it serves.
    ``progress`` is called with each result as it comes. Raises ExecutorNotFound; ExecutorUnavailable when it cannot
    run here; LoadError when there is no guest of a kind it serves; CompilerNotFound; ValueError for an unknown area.
    """
    chosen = available(executor)
    found = guest or guest_for(chosen)
    results = []
    with _unheard(), kept_loaded(chosen, found):
        for each in checks(areas):
            result = run_check(each, chosen, found, examples=examples)
            results.append(result)
            if progress is not None:
                progress(result)
    capabilities = tuple(sorted(each.value for each in chosen.capabilities))
    return Results(chosen.name, chosen.version(), capabilities, tuple(results))


def available(executor: type[Executor] | str) -> type[Executor]:
    """The class, if it can run here. Raises ExecutorNotFound, ExecutorUnavailable."""
    chosen = discover().executor(executor) if isinstance(executor, str) else executor
    reason = chosen.unavailable()
    if reason is not None:
        raise ExecutorUnavailable(f"executor {chosen.name!r} cannot run here: {reason}", executor=chosen.name)
    return chosen


@contextmanager
def _unheard() -> Iterator[None]:
    """Guests are made to write, and the checks look at it; in the program's own log it would read as its own."""
    logger = logging.getLogger("arora.module")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def kept_loaded(executor: type[Executor], guest: Guest) -> Iterator[None]:
    """Keeps the guest loaded in an executor of its own, and never calls it.

    What executors share in a process, such as a browser, then starts once and not for every check. One that cannot
    load the guest is none of its business: the checks will tell.
    """
    with Subject(executor, guest) as subject:
        with suppress(Exception):
            subject.instance(ScriptedHost())
        yield


def run_check(check: Check, executor: type[Executor], guest: Guest, *, examples: int = EXAMPLES) -> CheckResult:
    """Runs one check on a subject of its own.

    It is skipped where the executor lacks a capability it needs, or the guest a function it uses; a limit that is not
    declared must then be refused, or the check fails.
    """
    began = perf_counter()

    def result(outcome: Outcome, message: str = "", error: BaseException | None = None) -> CheckResult:
        return CheckResult(check, outcome, message, perf_counter() - began, error)

    missing = sorted(check.needs - executor.capabilities, key=lambda each: each.value)
    reason = ""
    try:
        with Subject(executor, guest, examples=examples) as subject:
            if missing:
                reason = f"{executor.name} does not declare the capability {missing[0].value!r}"
                for capability in missing:
                    _require_refusal(subject, capability)
            elif not check.uses <= guest.functions:
                reason = f"the {guest.kind} guest has no {', '.join(sorted(check.uses - guest.functions))}"
            elif check.kind not in (None, guest.kind):
                reason = f"it is about {check.kind} modules, and the guest is {guest.kind}"
            else:
                check.run(subject)
    except CheckSkipped as skipped:
        reason = str(skipped)
    except AssertionError as failure:
        return result(Outcome.FAILED, _told(str(failure), failure), failure)
    except AroraError as error:
        return result(Outcome.FAILED, _told(f"{type(error).__name__}: {error}", error), error)
    except Exception as error:
        message = f"{type(error).__name__}: {error} (not an error of Arora's)"
        return result(Outcome.FAILED, _told(message, error), error)
    return result(Outcome.SKIPPED if reason else Outcome.PASSED, reason)


def _told(message: str, error: BaseException) -> str:
    """The message and, where Hypothesis found it, how it came to that."""
    return "\n".join([message, *getattr(error, "__notes__", ())])


def _require_refusal(subject: Subject, undeclared: Capability) -> None:
    """Raise CheckFailed where a limit that only ``undeclared`` enforces is not refused."""
    for limit in LIMITS:
        if limit.capability is undeclared:
            limits = Limits(**{limit.name: _AMPLE})
            what = f"loading with a {limit.name} limit, which is not declared"
            expect_raises(UnsupportedLimit, partial(subject.load, limits=limits), what, limit=limit.name)
