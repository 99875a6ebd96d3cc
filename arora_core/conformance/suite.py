"""The suite as a pytest class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from functools import cache

import pytest

from ..errors import ExecutorUnavailable
from ..executor import Executor
from ..plugins import Plugins, discover
from .checking import Check, checks
from .guests import Guest, guest_for
from .results import CheckResult, Outcome
from .running import EXAMPLES, available, kept_loaded, run_check


def executor_suite(
    executor: str | type[Executor],
    *,
    known_failures: Mapping[str, str] | None = None,
    areas: Iterable[str] | None = None,
    plugins: Plugins | None = None,
    guest: Guest | None = None,
    examples: int = EXAMPLES,
) -> type:
    """A new pytest class with a test for each check. Assign it to a name that begins with ``Test``.

    ``executor`` is the name of an installed one, or of one in ``plugins``, or a class. ``known_failures`` gives, by a
    check's sentence, the reason why it fails for now: such a test is expected to fail, fails itself when the check
    passes, and a sentence that is no check's fails too. ``guest`` replaces the guest in the kind the executor serves.
    ``examples`` is how many inputs the checks try that generate them. Where the executor is unavailable, the tests are
    skipped with its reason. Raises ExecutorNotFound for a name that no executor has, ExecutorUnavailable where its
    plugin failed, ValueError for an unknown area; pytest shows that once for the file.
    """
    known = dict(known_failures or {})
    if isinstance(executor, str):
        # Here and not in the tests: a name that none has is one error, and not one for each of them.
        executor = (discover() if plugins is None else plugins).executor(executor)
    tested = executor

    @cache
    def subject() -> tuple[type[Executor], Guest]:
        chosen = available(tested)
        return chosen, guest or guest_for(chosen)

    def outcome(check: Check) -> CheckResult:
        try:
            chosen, found = subject()
        except ExecutorUnavailable as unavailable:
            pytest.skip(str(unavailable))
        return run_check(check, chosen, found, examples=examples)

    keeping = ExitStack()

    def setup_class(_: type) -> None:
        # Whatever it is that fails here, the tests tell.
        with suppress(Exception):
            keeping.enter_context(kept_loaded(*subject()))

    def teardown_class(_: type) -> None:
        keeping.close()

    found = checks(areas)
    methods: dict[str, object] = {_method_name(each): _method(each, outcome, known.get(each.name)) for each in found}
    methods |= {each.__name__: classmethod(each) for each in (setup_class, teardown_class)}
    methods["test_every_known_failure_is_the_sentence_of_a_check"] = _known_failures_test(known)
    methods["__doc__"] = f"The conformance of the executor {tested.name}."
    return type("ExecutorSuite", (), methods)


def settle(result: CheckResult) -> None:
    """Skips or fails the running test, or lets it pass, as the check came out."""
    if result.outcome is Outcome.SKIPPED:
        pytest.skip(result.message)
    if isinstance(result.error, AssertionError):
        pytest.fail(result.message, pytrace=False)
    if result.error is not None:
        raise result.error


def _method_name(check: Check) -> str:
    return f"test_{check.area}_{check.name.replace(' ', '_')}"


def _method(check: Check, outcome: Callable[[Check], CheckResult], known: str | None) -> Callable[[object], None]:
    def test(_: object) -> None:
        result = outcome(check)
        if known is not None and result.outcome is Outcome.PASSED:
            pytest.fail(f"passes, and is a known failure ({known}): take it out of known_failures", pytrace=False)
        if known is not None and result.outcome is Outcome.FAILED:
            pytest.xfail(f"{known} ({result.message})")
        settle(result)

    test.__name__ = _method_name(check)
    test.__doc__ = f"{check.area}: {check.name}."
    return test


def _known_failures_test(known: Mapping[str, str]) -> Callable[[object], None]:
    def test(_: object) -> None:
        sentences = {each.name for each in checks()}
        strangers = sorted(set(known) - sentences)
        assert not strangers, f"known failures that are no check's sentence: {', '.join(strangers)}"

    return test
