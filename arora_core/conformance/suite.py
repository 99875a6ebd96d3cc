"""The checks as a pytest class."""

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
from .running import available, keep_guest_loaded, known_names, run_check
from .subject import EXAMPLES, SIZE


def executor_suite(
    executor: str | type[Executor],
    *,
    known_failures: Mapping[str, str] | None = None,
    areas: Iterable[str] | None = None,
    plugins: Plugins | None = None,
    guest: Guest | None = None,
    examples: int = EXAMPLES,
    size: int = SIZE,
    skip: Mapping[str, str] | None = None,
) -> type:
    """Return a new pytest class with a test for each check. Assign it to a name that begins with ``Test``.

    ``executor`` is a class, or the name of an installed executor or of one in ``plugins``. ``known_failures`` maps the
    names of checks that fail for now to the reason: their tests are expected to fail, and fail if the check passes. If
    a name in it is not the name of a check, an additional test fails. ``guest`` replaces the guest that Arora provides
    for the executor. ``examples`` is the number of inputs that checks with generated inputs try, ``size`` the bytes of
    the largest buffers that checks make. ``skip`` maps the names of checks that do not run to the reason, which pytest
    shows. If the executor is unavailable on this machine, all tests are skipped with its reason. If it has no
    guest, one test fails and the others are skipped.

    Raises ExecutorNotFound if no executor has that name, ExecutorUnavailable if its plugin failed to load, ValueError
    for an unknown area or a name in ``skip`` that is not the name of a check. pytest reports this as one error of the
    test file.
    """
    left_out = known_names(skip)
    known = dict(known_failures or {})
    if isinstance(executor, str):
        # Looked up here, not in the tests: an unknown name is then one error instead of one per test.
        executor = (discover() if plugins is None else plugins).executor(executor)
    tested = executor

    @cache
    def subject() -> tuple[type[Executor], Guest]:
        chosen = available(tested)
        return chosen, guest or guest_for(chosen)

    missing: list[Exception] = []
    """Why there is no guest. The first test fails with it."""

    def outcome(check: Check) -> CheckResult:
        if missing:
            pytest.skip(f"there is no guest: {missing[0]}")
        try:
            chosen, found = subject()
        except ExecutorUnavailable as unavailable:
            pytest.skip(str(unavailable))
        except Exception as error:
            missing.append(error)
            raise
        return run_check(check, chosen, found, examples=examples, size=size, skip=left_out)

    class_resources = ExitStack()

    def setup_class(_: type) -> None:
        # The tests report what fails here.
        with suppress(Exception):
            class_resources.enter_context(keep_guest_loaded(*subject()))

    def teardown_class(_: type) -> None:
        class_resources.close()

    found = checks(areas)
    methods: dict[str, object] = {_method_name(each): _method(each, outcome, known.get(each.name)) for each in found}
    methods |= {each.__name__: classmethod(each) for each in (setup_class, teardown_class)}
    methods["test_every_known_failure_is_the_sentence_of_a_check"] = _known_failures_test(known)
    methods["__doc__"] = f"The conformance of the executor {tested.name}."
    return type("ExecutorSuite", (), methods)


def settle(result: CheckResult) -> None:
    """Skip or fail the running test, or let it pass, according to the result of its check."""
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
            pytest.fail(f"passes, but is a known failure ({known}): remove it from known_failures", pytrace=False)
        if known is not None and result.outcome is Outcome.FAILED:
            pytest.xfail(f"{known} ({result.message})")
        settle(result)

    test.__name__ = _method_name(check)
    test.__doc__ = f"{check.area}: {check.name}."
    return test


def _known_failures_test(known: Mapping[str, str]) -> Callable[[object], None]:
    def test(_: object) -> None:
        unknown = sorted(set(known) - {each.name for each in checks()})
        assert not unknown, f"known_failures names checks that do not exist: {', '.join(unknown)}"

    return test
