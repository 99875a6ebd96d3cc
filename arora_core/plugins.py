"""Discovery of plugins by entry point, each isolated from the others.

A plugin that fails to import, returns the wrong type from a hook or uses a name that is already taken is disabled, and
its distribution, version and reason are recorded. The others work.
"""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

from .codec import Codec
from .errors import ExecutorNotFound, ExecutorUnavailable, PluginError
from .executor import Executor

if TYPE_CHECKING:
    if sys.version_info >= (3, 12):
        from importlib.metadata import EntryPoint
    else:
        from importlib_metadata import EntryPoint

    import click
    import pluggy

_log = logging.getLogger("arora.plugins")


@dataclass(frozen=True)
class Origin:
    """The origin of a plugin: the entry point's name, and the distribution that declares it."""

    entry_point: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".strip()


@dataclass(frozen=True)
class InstalledExecutor:
    """An executor class and its origin."""

    executor: type[Executor]
    origin: Origin


@dataclass(frozen=True)
class FailedPlugin:
    """A disabled plugin, and the reason."""

    origin: Origin
    reason: str


class Plugins:
    """The plugins in use: what they provide, by name, and which are disabled."""

    def __init__(self) -> None:
        import pluggy

        from . import hookspecs

        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._executors: dict[str, InstalledExecutor] = {}
        self._codecs: dict[str, Codec] = {}
        self._failed: list[FailedPlugin] = []

    @property
    def executors(self) -> Mapping[str, InstalledExecutor]:
        """Executors by name. A listed executor may still be unable to run here: see ``Executor.unavailable``."""
        return MappingProxyType(self._executors)

    @property
    def codecs(self) -> Mapping[str, Codec]:
        """Codecs by name."""
        return MappingProxyType(self._codecs)

    @property
    def failed(self) -> Sequence[FailedPlugin]:
        """The disabled plugins."""
        return tuple(self._failed)

    def add(self, plugin: ModuleType | object, origin: Origin) -> None:
        """Register a plugin with everything it provides, or with nothing.

        Raises PluginError, naming the distribution, for a hook that raises or returns the wrong type and
        for a name that is already taken.
        """
        from pluggy import PluginValidationError

        name = f"{origin.distribution}:{origin.entry_point}"
        try:
            self._manager.register(plugin, name=name)
        except (PluginValidationError, ValueError) as error:
            raise PluginError(f"{origin}: {error}", distribution=origin.distribution) from error
        try:
            if not self._manager.get_hookcallers(plugin):
                raise PluginError("it implements none of arora's hooks; is @hookimpl missing?")
            executors = [_executor_class(each) for each in self._results(plugin, "arora_executors", origin)]
            codecs = [_codec(each) for each in self._results(plugin, "arora_codecs", origin)]
            _reject_taken("executor", [each.name for each in executors], self._executor_origins(), origin)
            _reject_taken("codec", [each.name for each in codecs], dict.fromkeys(self._codecs, ""), origin)
        except PluginError as error:
            self._manager.unregister(plugin)
            raise PluginError(f"{origin}: {error.message}", distribution=origin.distribution) from error
        self._executors.update({each.name: InstalledExecutor(each, origin) for each in executors})
        self._codecs.update({each.name: each for each in codecs})

    def add_commands(self, group: click.Group) -> None:
        """Let every plugin add its commands to the command line. Failures are logged, and skip that plugin."""
        for name, plugin in self._manager.list_name_plugin():
            try:
                self._hook_of(plugin, "arora_commands")(group=group)
            except (Exception, SystemExit) as error:
                _log.warning("%s: arora_commands raised %r", name, error)

    def executor(self, name: str) -> type[Executor]:
        """Return the executor class of that name.

        Raises ExecutorUnavailable with the reason when the plugin of that name is disabled, and
        ExecutorNotFound, listing the installed executors, when there is none.
        """
        installed = self._executors.get(name)
        if installed is not None:
            return installed.executor
        for failed in self._failed:
            if name in (failed.origin.entry_point, failed.origin.distribution):
                raise ExecutorUnavailable(f"executor {name!r} cannot be used: {failed.reason}", executor=name)
        known = ", ".join(sorted(self._executors)) or "none"
        raise ExecutorNotFound(
            f"no executor {name!r} is installed (installed: {known}); is there an arora-{name} to pip install?",
            executor=name,
        )

    def _disable(self, origin: Origin, reason: str) -> None:
        _log.warning("plugin %s (%s) is disabled: %s", origin.entry_point, origin, reason)
        self._failed.append(FailedPlugin(origin, reason))

    def _executor_origins(self) -> dict[str, str]:
        return {name: str(installed.origin) for name, installed in self._executors.items()}

    def _hook_of(self, plugin: object, hook: str) -> pluggy.HookCaller:
        others = [each for each in self._manager.get_plugins() if each is not plugin]
        return self._manager.subset_hook_caller(hook, remove_plugins=others)

    def _results(self, plugin: object, hook: str, origin: Origin) -> list[object]:
        """Return what one plugin's hook returned, flattened. pluggy checks argument names only, so check the rest."""
        found: list[object] = []
        try:
            results = self._hook_of(plugin, hook)()
        except Exception as error:
            raise PluginError(f"{hook} raised {type(error).__name__}: {error}") from error
        for result in results:
            if not isinstance(result, Iterable) or isinstance(result, (str, bytes)):
                raise PluginError(f"{hook} must return a sequence, got {result!r}")
            found.extend(result)
        return found


def discover() -> Plugins:
    """Return the plugins that installed distributions declare in the entry-point group ``arora``."""
    if sys.version_info >= (3, 12):
        from importlib.metadata import entry_points
    else:
        from importlib_metadata import entry_points

    from .hookspecs import PROJECT

    plugins = Plugins()
    found = [(_origin(each), each) for each in entry_points(group=PROJECT)]
    # In a fixed order, so that of two plugins with the same name the same one always wins.
    for origin, entry_point in sorted(found, key=lambda pair: (pair[0].entry_point, pair[0].distribution)):
        try:
            plugin = entry_point.load()
        except (Exception, SystemExit) as error:
            plugins._disable(origin, f"{entry_point.value} failed to import: {type(error).__name__}: {error}")
            continue
        try:
            plugins.add(plugin, origin)
        except PluginError as error:
            plugins._disable(origin, error.message)
    return plugins


def _origin(entry_point: EntryPoint) -> Origin:
    distribution = entry_point.dist
    if distribution is None:
        return Origin(entry_point.name, entry_point.value, "")
    return Origin(entry_point.name, distribution.name, distribution.version)


def _executor_class(given: object) -> type[Executor]:
    if not inspect.isclass(given) or not issubclass(given, Executor):
        raise PluginError(f"arora_executors must return subclasses of Executor, got {given!r}")
    if inspect.isabstract(given):
        missing = ", ".join(sorted(given.__abstractmethods__))
        raise PluginError(f"executor class {given.__name__} does not implement {missing}")
    if not isinstance(getattr(given, "name", None), str) or not given.name:
        raise PluginError(f"executor class {given.__name__} has no name")
    serves = getattr(given, "serves", None)
    if not isinstance(serves, (frozenset, set)) or not all(isinstance(each, str) for each in serves):
        raise PluginError(f"executor class {given.__name__} must declare `serves` as a frozenset of str")
    return given


def _codec(given: object) -> Codec:
    if not isinstance(given, Codec):
        raise PluginError(f"arora_codecs must return Codec objects, got {given!r}")
    if not isinstance(getattr(given, "name", None), str) or not given.name:
        raise PluginError(f"codec {type(given).__name__} has no name")
    return given


def _reject_taken(kind: str, names: Sequence[str], taken: Mapping[str, str], origin: Origin) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise PluginError(f"offers two {kind}s named {name!r}")
        if name in taken:
            by = f" by {taken[name]}" if taken[name] else ""
            raise PluginError(f"{kind} name {name!r} is already taken{by}")
