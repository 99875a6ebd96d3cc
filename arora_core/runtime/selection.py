"""The policy that selects the executor of a module."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence

from ..errors import ExecutorNotFound, ExecutorUnavailable, PluginError, UnsupportedLimit
from ..executor import Limits
from ..header import Header, Version
from ..limits import INTERRUPTIBLE
from ..plugins import InstalledExecutor, Plugins

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
) -> InstalledExecutor:
    """Return the executor that runs a module with this header.

    ``executor`` requires one by name. Otherwise ``prefer``, then the environment's ``ARORA_EXECUTOR``, then
    each executor's priority rank those that serve the header, can run here and can enforce the limits.
    Raises ExecutorNotFound, ExecutorUnavailable or UnsupportedLimit, saying why and what to do. A preference for an
    executor that is not installed is logged as a warning, once, and ignored.
    """
    if executor is not None:
        demanded = _demanded(plugins, header, executor)
        _require_limits(header, limits, [demanded])
        return demanded
    named = _preferred_by(environment)
    plugins.warn_of_unknown(prefer, "prefer=")
    plugins.warn_of_unknown(named, ENVIRONMENT_VARIABLE)
    ranked = _ranked(plugins, header, [*prefer, *named])
    reasons = {each.name: obstacle(each, header) for each in ranked}
    usable = [each for each in ranked if reasons[each.name] is None]
    if not usable:
        raise _none_usable(plugins, header, reasons)
    usable = _require_limits(header, limits, usable)
    if _log.isEnabledFor(logging.DEBUG):
        others = [each.name if reasons[each.name] is None else f"{each.name} ({reasons[each.name]})" for each in ranked]
        others.remove(usable[0].name)
        _log.debug("%s runs on %s; runners-up: %s", header.name, usable[0].name, ", ".join(others) or "none")
    return usable[0]


def obstacle(installed: InstalledExecutor, header: Header) -> str | None:
    """Return why this executor cannot run a module with this header here, or None when it can."""
    required = header.executor
    if required.name not in installed.serves:
        return f"it serves {', '.join(sorted(installed.serves))}, not {required.name}"
    return installed.unavailable() or _version_obstacle(installed, required.min_version, required.max_version)


def _demanded(plugins: Plugins, header: Header, name: str) -> InstalledExecutor:
    installed = plugins.installed(name)
    reason = obstacle(installed, header)
    if reason is not None:
        plugins.installed(name)  # raises where the executor failed to answer, and is disabled now
        raise ExecutorUnavailable(f"executor {name!r} cannot run it: {reason}", module=header.name, executor=name)
    return installed


def _require_limits(header: Header, limits: Limits, executors: list[InstalledExecutor]) -> list[InstalledExecutor]:
    """Return those of ``executors`` that can enforce the limits. Raises UnsupportedLimit when none can."""
    wanted = limits.requested()
    able = [each for each in executors if each.capabilities.issuperset(wanted.values())]
    if not able:
        lacking = next(name for name, capability in wanted.items() if capability not in executors[0].capabilities)
        names = " or ".join(each.name for each in executors)
        what = "interrupt calls" if lacking == INTERRUPTIBLE else f"enforce a {lacking} limit"
        raise UnsupportedLimit(f"{names} cannot {what}", limit=lacking, module=header.name, executor=executors[0].name)
    return able


def _preferred_by(environment: Mapping[str, str]) -> list[str]:
    return [name for name in map(str.strip, environment.get(ENVIRONMENT_VARIABLE, "").split(",")) if name]


def _ranked(plugins: Plugins, header: Header, preferred: Sequence[str]) -> list[InstalledExecutor]:
    """Return those that serve the header, best first. Preferences for others are ignored."""
    serving = [each for each in plugins.executors.values() if header.executor.name in each.serves]
    place = {name: index for index, name in reversed(list(enumerate(preferred)))}
    return sorted(serving, key=lambda each: (place.get(each.name, len(preferred)), -each.priority, each.name))


def _none_usable(
    plugins: Plugins, header: Header, reasons: Mapping[str, str | None]
) -> ExecutorNotFound | ExecutorUnavailable:
    wanted = header.executor.name
    disabled = "".join(f"; {each}" for each in plugins.failed)
    # Those that failed to answer are among the disabled ones.
    listed = "; ".join(f"{name}: {reason}" for name, reason in reasons.items() if name in plugins.executors)
    if listed:
        return ExecutorUnavailable(f"no executor for {wanted!r} can run here: {listed}{disabled}", module=header.name)
    if reasons:
        return ExecutorUnavailable(f"no executor for {wanted!r} can run here{disabled}", module=header.name)
    installed = ", ".join(sorted(plugins.executors)) or "none"
    return ExecutorNotFound(
        f"no installed executor serves {wanted!r} (installed: {installed}){disabled}; "
        "pip install one, such as arora-wasmtime for wasm and wasm-component or arora-native for native",
        module=header.name,
    )


def _version_obstacle(installed: InstalledExecutor, low: Version | None, high: Version | None) -> str | None:
    if low is None and high is None:
        return None
    try:
        version = installed.version()
    except PluginError as error:
        return error.message
    found = Version.of_runtime(version or "")
    if found is None:
        return None
    if low is not None and found < low:
        return f"its runtime is {version}, older than the required {low}"
    if high is not None and found > high:
        return f"its runtime is {version}, newer than the accepted {high}"
    return None
