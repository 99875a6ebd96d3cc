"""Run checks: the common base of the pytest classes, the command line and the tests of the suite itself."""

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
"""The number of inputs that a check with generated inputs tries."""

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
    """Run the checks of the given areas (by default, of all) and return their results.

    ``executor`` is a class, or the name of an installed executor. ``guest`` replaces the guest that Arora provides for
    it. ``examples`` is the number of inputs that checks with generated inputs try. ``progress`` is called with each
    result as soon as it is available.

    A check that fails is a result, never an exception. Raises ExecutorNotFound; ExecutorUnavailable if the executor
    cannot run on this machine; LoadError if it serves none of the kinds in which Arora provides the guest;
    CompilerNotFound if the guest has to be compiled and cannot be; ValueError for an unknown area.
    """
    chosen = available(executor)
    found = guest or guest_for(chosen)
    results = []
    with _silenced_guest_log(), keep_guest_loaded(chosen, found):
        for each in checks(areas):
            result = run_check(each, chosen, found, examples=examples)
            results.append(result)
            if progress is not None:
                progress(result)
    capabilities = tuple(sorted(each.value for each in chosen.capabilities))
    return Results(chosen.name, chosen.version(), capabilities, tuple(results))


def available(executor: type[Executor] | str) -> type[Executor]:
    """Return the executor's class. Raises ExecutorNotFound; ExecutorUnavailable if it cannot run on this machine."""
    chosen = discover().executor(executor) if isinstance(executor, str) else executor
    reason = chosen.unavailable()
    if reason is not None:
        raise ExecutorUnavailable(f"executor {chosen.name!r} cannot run here: {reason}", executor=chosen.name)
    return chosen


@contextmanager
def _silenced_guest_log() -> Iterator[None]:
    """Disable logging of guests' output: what checks make guests write does not belong in the program's log."""
    logger = logging.getLogger("arora.module")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def keep_guest_loaded(executor: type[Executor], guest: Guest) -> Iterator[None]:
    """Keep the guest loaded in a separate executor, without calling it.

    Resources that executors share in a process, such as a browser, then start once instead of once per check. An
    executor that fails to load the guest is ignored here: the checks report it.
    """
    with Subject(executor, guest) as subject:
        with suppress(Exception):
            subject.instance(ScriptedHost())
        yield


def run_check(check: Check, executor: type[Executor], guest: Guest, *, examples: int = EXAMPLES) -> CheckResult:
    """Run one check on a new subject and return its result.

    The check is skipped if the executor does not declare a capability it needs, or if the guest lacks a function it
    uses or is of another kind. If the missing capability enforces a limit, loading with that limit must be refused;
    otherwise the check fails.
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
                reason = f"the check needs a {check.kind} guest, not a {guest.kind} one"
            else:
                check.run(subject)
    except CheckSkipped as skipped:
        reason = str(skipped)
    except AssertionError as failure:
        return result(Outcome.FAILED, _with_notes(str(failure), failure), failure)
    except AroraError as error:
        return result(Outcome.FAILED, _with_notes(f"{type(error).__name__}: {error}", error), error)
    except Exception as error:
        message = f"{type(error).__name__}: {error} (not an AroraError)"
        return result(Outcome.FAILED, _with_notes(message, error), error)
    return result(Outcome.SKIPPED if reason else Outcome.PASSED, reason)


def _with_notes(message: str, error: BaseException) -> str:
    """Return the message followed by the notes of the exception: Hypothesis adds the failing example as one."""
    return "\n".join([message, *getattr(error, "__notes__", ())])


def _require_refusal(subject: Subject, undeclared: Capability) -> None:
    """Raise CheckFailed where a limit that only ``undeclared`` enforces is not refused."""
    for limit in LIMITS:
        if limit.capability is undeclared:
            limits = Limits(**{limit.name: _AMPLE})
            what = f"loading with a {limit.name} limit, which is not declared"
            expect_raises(UnsupportedLimit, partial(subject.load, limits=limits), what, limit=limit.name)
