"""Finding plugins by entry point, each in isolation.

One plugin that fails to import, answers a hook with the wrong thing or takes a name already taken is kept
out and remembered with its distribution, version and reason. The others work.
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
    """Where a plugin comes from: the entry point's name and the distribution that declares it."""

    entry_point: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".strip()


@dataclass(frozen=True)
class InstalledExecutor:
    """An executor class and where it comes from."""

    executor: type[Executor]
    origin: Origin


@dataclass(frozen=True)
class FailedPlugin:
    """A plugin that was kept out, and why."""

    origin: Origin
    reason: str


class Plugins:
    """The plugins in use: what they offer by name, and which were kept out."""

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
        """The usable plugins' executors by name. Being here does not mean it can run: see ``unavailable``."""
        return MappingProxyType(self._executors)

    @property
    def codecs(self) -> Mapping[str, Codec]:
        """The usable plugins' codecs by name."""
        return MappingProxyType(self._codecs)

    @property
    def failed(self) -> Sequence[FailedPlugin]:
        """The plugins kept out."""
        return tuple(self._failed)

    def add(self, plugin: ModuleType | object, origin: Origin) -> None:
        """Takes a plugin in: all that it offers, or nothing.

        Raises PluginError, naming the distribution, for a hook that raises or returns the wrong thing and
        for a name already taken.
        """
        from pluggy import PluginValidationError

        name = f"{origin.distribution}:{origin.entry_point}"
        try:
            self._manager.register(plugin, name=name)
        except (PluginValidationError, ValueError) as error:
            raise PluginError(f"{origin}: {error}", distribution=origin.distribution) from error
        try:
            if not self._manager.get_hookcallers(plugin):
                raise PluginError("it implements no hook of arora's; is @hookimpl missing?")
            executors = [_executor_class(each) for each in self._answers(plugin, "arora_executors", origin)]
            codecs = [_codec(each) for each in self._answers(plugin, "arora_codecs", origin)]
            _reject_taken("executor", [each.name for each in executors], self._executor_origins(), origin)
            _reject_taken("codec", [each.name for each in codecs], dict.fromkeys(self._codecs, ""), origin)
        except PluginError as error:
            self._manager.unregister(plugin)
            raise PluginError(f"{origin}: {error.message}", distribution=origin.distribution) from error
        self._executors.update({each.name: InstalledExecutor(each, origin) for each in executors})
        self._codecs.update({each.name: each for each in codecs})

    def add_commands(self, group: click.Group) -> None:
        """Lets every plugin add its commands to the command line; one that fails is kept out and logged."""
        for name, plugin in self._manager.list_name_plugin():
            try:
                self._hook_of(plugin, "arora_commands")(group=group)
            except (Exception, SystemExit) as error:
                _log.warning("%s: arora_commands raised %r", name, error)

    def executor(self, name: str) -> type[Executor]:
        """The executor class of that name.

        Raises ExecutorUnavailable with the reason when the plugin that goes by that name was kept out, and
        ExecutorNotFound, listing those that exist, when there is none.
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

    def _keep_out(self, origin: Origin, reason: str) -> None:
        _log.warning("plugin %s (%s) is kept out: %s", origin.entry_point, origin, reason)
        self._failed.append(FailedPlugin(origin, reason))

    def _executor_origins(self) -> dict[str, str]:
        return {name: str(installed.origin) for name, installed in self._executors.items()}

    def _hook_of(self, plugin: object, hook: str) -> pluggy.HookCaller:
        others = [each for each in self._manager.get_plugins() if each is not plugin]
        return self._manager.subset_hook_caller(hook, remove_plugins=others)

    def _answers(self, plugin: object, hook: str, origin: Origin) -> list[object]:
        """What one plugin answers to one hook, flattened. pluggy checks only argument names, so we check the rest."""
        found: list[object] = []
        try:
            answers = self._hook_of(plugin, hook)()
        except Exception as error:
            raise PluginError(f"{hook} raised {type(error).__name__}: {error}") from error
        for answer in answers:
            if not isinstance(answer, Iterable) or isinstance(answer, (str, bytes)):
                raise PluginError(f"{hook} must return a sequence, got {answer!r}")
            found.extend(answer)
        return found


def discover() -> Plugins:
    """The plugins that installed distributions declare in the entry-point group ``arora``."""
    if sys.version_info >= (3, 12):
        from importlib.metadata import entry_points
    else:
        from importlib_metadata import entry_points

    from .hookspecs import PROJECT

    plugins = Plugins()
    found = [(_origin(each), each) for each in entry_points(group=PROJECT)]
    # In a fixed order, so that of two plugins that clash the same one always stays.
    for origin, entry_point in sorted(found, key=lambda pair: (pair[0].entry_point, pair[0].distribution)):
        try:
            plugin = entry_point.load()
        except (Exception, SystemExit) as error:
            plugins._keep_out(origin, f"{entry_point.value} failed to import: {type(error).__name__}: {error}")
            continue
        try:
            plugins.add(plugin, origin)
        except PluginError as error:
            plugins._keep_out(origin, error.message)
    return plugins


def _origin(entry_point: EntryPoint) -> Origin:
    distribution = entry_point.dist
    if distribution is None:
        return Origin(entry_point.name, entry_point.value, "")
    return Origin(entry_point.name, distribution.name, distribution.version)


def _executor_class(answer: object) -> type[Executor]:
    if not inspect.isclass(answer) or not issubclass(answer, Executor):
        raise PluginError(f"arora_executors must return subclasses of Executor, got {answer!r}")
    if inspect.isabstract(answer):
        missing = ", ".join(sorted(answer.__abstractmethods__))
        raise PluginError(f"executor class {answer.__name__} does not implement {missing}")
    if not isinstance(getattr(answer, "name", None), str) or not answer.name:
        raise PluginError(f"executor class {answer.__name__} has no name")
    serves = getattr(answer, "serves", None)
    if not isinstance(serves, (frozenset, set)) or not all(isinstance(each, str) for each in serves):
        raise PluginError(f"executor class {answer.__name__} must say what it serves as a frozenset of str")
    return answer


def _codec(answer: object) -> Codec:
    if not isinstance(answer, Codec):
        raise PluginError(f"arora_codecs must return Codec objects, got {answer!r}")
    if not isinstance(getattr(answer, "name", None), str) or not answer.name:
        raise PluginError(f"codec {type(answer).__name__} has no name")
    return answer


def _reject_taken(kind: str, names: Sequence[str], taken: Mapping[str, str], origin: Origin) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise PluginError(f"offers two {kind}s named {name!r}")
        if name in taken:
            by = f" by {taken[name]}" if taken[name] else ""
            raise PluginError(f"{kind} name {name!r} is already taken{by}")
