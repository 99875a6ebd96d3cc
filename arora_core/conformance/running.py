"""Run checks: the common base of the pytest classes, the command line and the tests of the suite itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from time import perf_counter
from typing import Any, Final

from ..errors import AroraError, ExecutorUnavailable, UnsupportedLimit
from ..executor import Executor
from ..limits import INTERRUPTIBLE, LIMITS, Capability, Limits
from ..plugins import discover
from .checking import Check, checks
from .expecting import CheckSkipped, expect_raises
from .guests import Guest, guest_for
from .results import CheckResult, Outcome, Results
from .scripted_host import ScriptedHost
from .subject import EXAMPLES, SIZE, Subject

_AMPLE: Final = 1 << 24
"""Bytes, seconds or units of work, whichever it is: more than loading the guest takes."""


def run_checks(
    executor: type[Executor] | str,
    areas: Iterable[str] | None = None,
    *,
    guest: Guest | None = None,
    examples: int = EXAMPLES,
    size: int = SIZE,
    skip: Mapping[str, str] | None = None,
    progress: Callable[[CheckResult], None] | None = None,
) -> Results:
    """Run the checks of the given areas (by default, of all) and return their results.

    ``executor`` is a class, or the name of an installed executor. ``guest`` replaces the guest that Arora provides for
    it. ``examples`` is the number of inputs that checks with generated inputs try, ``size`` the bytes of the largest
    buffers. ``skip`` maps the names of checks that do not run to the reason. ``progress`` is called with each result as
    soon as it is available.

    A check that fails is a result, never an exception. Raises ExecutorNotFound; ExecutorUnavailable if the executor
    cannot run on this machine; LoadError if it serves none of the kinds in which Arora provides the guest;
    CompilerNotFound if the guest has to be compiled and cannot be; ValueError for an unknown area, or a name in
    ``skip`` that is not the name of a check.
    """
    skipped = known_names(skip)
    chosen = available(executor)
    found = guest or guest_for(chosen)
    results = []
    with _silenced_guest_log(), keep_guest_loaded(chosen, found):
        for each in checks(areas):
            result = run_check(each, chosen, found, examples=examples, size=size, skip=skipped)
            results.append(result)
            if progress is not None:
                progress(result)
    capabilities = tuple(sorted(each.value for each in chosen.capabilities))
    version = None
    with suppress(Exception, SystemExit):  # A check reports it.
        version = chosen.version()
    return Results(chosen.name, version, capabilities, tuple(results))


def known_names(skip: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return ``skip``. Raises ValueError for a name in it that is not the name of a check."""
    unknown = sorted(set(skip or ()) - {each.name for each in checks()})
    if unknown:
        raise ValueError(f"skip names checks that do not exist: {', '.join(unknown)}")
    return skip or {}


def available(executor: type[Executor] | str) -> type[Executor]:
    """Return the executor's class. Raises ExecutorNotFound; ExecutorUnavailable if it cannot run on this machine."""
    chosen = discover().executor(executor) if isinstance(executor, str) else executor
    try:
        reason = chosen.unavailable()
    except (Exception, SystemExit):  # A check reports it.
        return chosen
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


def run_check(
    check: Check,
    executor: type[Executor],
    guest: Guest,
    *,
    examples: int = EXAMPLES,
    size: int = SIZE,
    skip: Mapping[str, str] | None = None,
) -> CheckResult:
    """Run one check on a new subject and return its result.

    The check is skipped if its name is in ``skip``, if the executor does not declare a capability it needs, or if the
    guest lacks a function it uses or is of another kind. If the missing capability enforces a limit, loading with that
    limit must be refused; otherwise the check fails.
    """
    began = perf_counter()

    def result(outcome: Outcome, message: str = "", error: BaseException | None = None) -> CheckResult:
        return CheckResult(check, outcome, message, perf_counter() - began, error)

    if check.name in (skip or {}):
        return result(Outcome.SKIPPED, f"left out: {(skip or {})[check.name]}")
    lacking = sorted((check.uses or frozenset()) - guest.functions)
    used = guest if check.uses is None else guest.only(check.uses | check.may_use)
    missing = sorted(check.needs - executor.capabilities, key=lambda each: each.value)
    reason = ""
    try:
        with Subject(executor, used, examples=examples, size=size) as subject:
            if missing:
                reason = f"{executor.name} does not declare the capability {missing[0].value!r}"
                for capability in missing:
                    _require_refusal(subject, capability)
            elif lacking:
                reason = f"the {guest.kind} guest has no {', '.join(lacking)}"
            elif check.kind is not None and guest.kind not in check.kind:
                reason = f"the check needs a {' or '.join(check.kind)} guest, not a {guest.kind} one"
            else:
                check.run(subject)
    except CheckSkipped as skipped:
        reason = str(skipped)
    except AssertionError as failure:
        return result(Outcome.FAILED, _with_notes(str(failure), failure), failure)
    except AroraError as error:
        return result(Outcome.FAILED, _with_notes(f"{type(error).__name__}: {error}", error), error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # Also SystemExit, which must not end the suite.
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
            asked: dict[str, Any] = {limit.name: _AMPLE}
            limits = Limits(**asked)
            what = f"loading with a {limit.name} limit, which is not declared"
            expect_raises(UnsupportedLimit, partial(subject.load, limits=limits), what, limit=limit.name)
    if undeclared is Capability.INTERRUPT:
        load = partial(subject.load, limits=Limits(interruptible=True))
        expect_raises(UnsupportedLimit, load, "loading to be interrupted, which is not declared", limit=INTERRUPTIBLE)
