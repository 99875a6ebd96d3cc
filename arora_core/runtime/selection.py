"""The policy that selects the executor of a module."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping, Sequence

from ..errors import ExecutorNotFound, ExecutorUnavailable, UnsupportedLimit
from ..executor import Executor, Limits
from ..header import Header, Version
from ..plugins import Plugins

ENVIRONMENT_VARIABLE = "ARORA_EXECUTOR"
"""The environment variable that names preferred executors, in order, separated by commas."""

_log = logging.getLogger("arora.engine")


def choose(
    plugins: Plugins,
    header: Header,
    *,
    executor: str | None = None,
    prefer: Sequence[str] = (),
    limits: Limits = Limits(),  # noqa: B008 - immutable
    environment: Mapping[str, str] = os.environ,
) -> type[Executor]:
    """Return the executor class that runs a module with this header.

    ``executor`` requires one by name. Otherwise ``prefer``, then the environment's ``ARORA_EXECUTOR``, then
    each executor's priority rank those that serve the header, can run here and can enforce the limits.
    Raises ExecutorNotFound, ExecutorUnavailable or UnsupportedLimit, saying why and what to do.
    """
    if executor is not None:
        demanded = _demanded(plugins, header, executor)
        _require_limits(header, limits, [demanded])
        return demanded
    ranked = _ranked(plugins, header, [*prefer, *_preferred_by(environment)])
    reasons = {each: obstacle(each, header) for each in ranked}
    usable = [each for each, reason in reasons.items() if reason is None]
    if not usable:
        raise _none_usable(plugins, header, {each.name: reason for each, reason in reasons.items() if reason})
    usable = _require_limits(header, limits, usable)
    if _log.isEnabledFor(logging.DEBUG):
        others = [each.name if reasons[each] is None else f"{each.name} ({reasons[each]})" for each in ranked]
        others.remove(usable[0].name)
        _log.debug("%s runs on %s; runners-up: %s", header.name, usable[0].name, ", ".join(others) or "none")
    return usable[0]


def obstacle(executor: type[Executor], header: Header) -> str | None:
    """Return why this executor cannot run a module with this header here, or None when it can."""
    required = header.executor
    if required.name not in executor.serves:
        return f"it serves {', '.join(sorted(executor.serves))}, not {required.name}"
    return executor.unavailable() or _version_obstacle(executor, required.min_version, required.max_version)


def _demanded(plugins: Plugins, header: Header, name: str) -> type[Executor]:
    executor = plugins.executor(name)
    reason = obstacle(executor, header)
    if reason is not None:
        raise ExecutorUnavailable(f"executor {name!r} cannot run it: {reason}", module=header.name, executor=name)
    return executor


def _require_limits(header: Header, limits: Limits, executors: list[type[Executor]]) -> list[type[Executor]]:
    """Return those of ``executors`` that can enforce the limits. Raises UnsupportedLimit when none can."""
    wanted = limits.requested()
    able = [each for each in executors if each.capabilities.issuperset(wanted.values())]
    if not able:
        lacking = next(name for name, capability in wanted.items() if capability not in executors[0].capabilities)
        names = " or ".join(each.name for each in executors)
        raise UnsupportedLimit(
            f"{names} cannot enforce a {lacking} limit", limit=lacking, module=header.name, executor=executors[0].name
        )
    return able


def _preferred_by(environment: Mapping[str, str]) -> list[str]:
    return [name for name in map(str.strip, environment.get(ENVIRONMENT_VARIABLE, "").split(",")) if name]


def _ranked(plugins: Plugins, header: Header, preferred: Sequence[str]) -> list[type[Executor]]:
    """Return those that serve the header, best first. Preferences for others are ignored."""
    serving = [each.executor for each in plugins.executors.values() if header.executor.name in each.executor.serves]
    place = {name: index for index, name in reversed(list(enumerate(preferred)))}
    return sorted(serving, key=lambda each: (place.get(each.name, len(preferred)), -each.priority, each.name))


def _none_usable(
    plugins: Plugins, header: Header, reasons: Mapping[str, str]
) -> ExecutorNotFound | ExecutorUnavailable:
    wanted = header.executor.name
    if reasons:
        listed = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        return ExecutorUnavailable(f"no executor for {wanted!r} can run here: {listed}", module=header.name)
    disabled = "".join(f"; plugin {each.origin} is disabled: {each.reason}" for each in plugins.failed)
    installed = ", ".join(sorted(plugins.executors)) or "none"
    return ExecutorNotFound(
        f"no installed executor serves {wanted!r} (installed: {installed}){disabled}; "
        "pip install one, such as arora-wasmtime for wasm or arora-native for native",
        module=header.name,
    )


def _version_obstacle(executor: type[Executor], low: Version | None, high: Version | None) -> str | None:
    if low is None and high is None:
        return None
    version = executor.version()
    numbers = re.match(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?", version or "")
    if numbers is None:
        return None
    found = Version(*(int(number or 0) for number in numbers.groups()))
    if low is not None and found < low:
        return f"its runtime is {version}, older than the required {low}"
    if high is not None and found > high:
        return f"its runtime is {version}, newer than the accepted {high}"
    return None
