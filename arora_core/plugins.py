"""Discovery of plugins by entry point, each isolated from the others.

A plugin that fails to import, returns the wrong type from a hook or uses a name that is already taken is disabled, and
its distribution, version and reason are recorded; so is an executor that fails when it is asked or created. The others
work. A function that looks like a hook and is none is reported, and disables nothing.
"""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Final, Protocol

from . import plugin_code
from .buffers import AroraCodec
from .codec import Codec
from .documents.places import suggestion
from .errors import ExecutorNotFound, ExecutorUnavailable, PluginError
from .executor import Executor
from .generator import Generator
from .installed_executor import InstalledExecutor as InstalledExecutor
from .installed_plugins import FailedPlugin as FailedPlugin
from .installed_plugins import InstalledCodec, InstalledGenerator
from .installed_plugins import Origin as Origin
from .installed_plugins import UnknownHook as UnknownHook

if TYPE_CHECKING:
    if sys.version_info >= (3, 12):
        from importlib.metadata import EntryPoint, PackageMetadata
    else:
        from importlib_metadata import EntryPoint, PackageMetadata

    import click
    import pluggy

_log = logging.getLogger("arora.plugins")

_NOT_INSTALLED: Final = "%s names the executor %r, which is not installed%s (installed: %s)"


class Plugins:
    """The plugins in use: what they provide, by name, and which are disabled."""

    def __init__(self) -> None:
        import pluggy

        from . import hookspecs

        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._origins: dict[str, Origin] = {}
        """By the names under which the manager knows the plugins."""
        self._executors: dict[str, InstalledExecutor] = {}
        self._codecs: dict[str, InstalledCodec] = {}
        self._generators: dict[str, InstalledGenerator] = {}
        self._failed: list[FailedPlugin] = []
        self._unknown_hooks: list[UnknownHook] = []
        self._unknown_preferences: set[str] = set()

    @property
    def executors(self) -> Mapping[str, InstalledExecutor]:
        """Executors by name. A listed executor may be unable to run here: see ``InstalledExecutor.unavailable``."""
        return MappingProxyType(self._executors)

    @property
    def codecs(self) -> Mapping[str, Codec]:
        """Codecs by name."""
        return MappingProxyType({name: each.codec for name, each in self._codecs.items()})

    @property
    def generators(self) -> Mapping[str, Generator]:
        """Generators of plugins by language. Those of arora-core are not among them."""
        return MappingProxyType(dict(self._generators))

    @property
    def failed(self) -> Sequence[FailedPlugin]:
        """The disabled plugins, and the disabled executors of others."""
        return tuple(self._failed)

    @property
    def unknown_hooks(self) -> Sequence[UnknownHook]:
        """The functions of plugins that look like hooks and are none."""
        return tuple(self._unknown_hooks)

    def add(self, plugin: ModuleType | object, origin: Origin) -> None:
        """Register a plugin with everything it provides, or with nothing.

        Raises PluginError, naming the distribution, for a hook that raises or returns the wrong type and
        for a name that is already taken.
        """
        try:
            plugin_code.guarded("registering it raised", partial(self._register, plugin, origin))
            if not self._manager.get_hookcallers(plugin):
                raise PluginError("it implements none of arora's hooks; is @hookimpl missing?")
            executors = [plugin_code.executor_class(each) for each in self._results(plugin, "arora_executors")]
            codecs = [plugin_code.codec(each) for each in self._results(plugin, "arora_codecs")]
            generators = [plugin_code.generator(each) for each in self._results(plugin, "arora_generators")]
            _reject_taken("executor", [facts.name for _, facts in executors], self._executors)
            _reject_taken("codec", [name for _, name in codecs], self._codecs)
            _reject_taken("generator", [language for _, language in generators], self._generators)
            unknown = plugin_code.guarded("reading it raised", lambda: list(self._looking_like_hooks(plugin, origin)))
        except PluginError as error:
            if self._manager.is_registered(plugin):
                self._manager.unregister(plugin)
            raise PluginError(f"{origin}: {error.message}", distribution=origin.distribution) from error
        for given, facts in executors:
            disable = partial(self._disable_executor, facts.name)
            self._executors[facts.name] = InstalledExecutor(given, origin, *facts, disable)
        self._codecs.update({name: InstalledCodec(codec, name, origin) for codec, name in codecs})
        self._generators.update({name: InstalledGenerator(made, name, origin) for made, name in generators})
        self._unknown_hooks += unknown
        for each in unknown:
            _log.warning("%s", each)

    def add_commands(self, group: click.Group) -> None:
        """Let every plugin add its commands to the command line.

        A plugin that fails adds none; the failure is logged and recorded.
        """
        for name, plugin in self._manager.list_name_plugin():
            before = dict(group.commands)
            add = partial(self._hook_of(plugin, "arora_commands"), group=group)
            try:
                plugin_code.guarded("arora_commands raised", add)
            except PluginError as error:
                group.commands.clear()
                group.commands.update(before)
                self._disable(FailedPlugin(self._origins[name], error.message, commands=True))

    def suffixes(self, kind: str) -> tuple[str, ...]:
        """Return the suffixes of executables that executors of headers of this kind declare."""
        serving = [each for each in self._executors.values() if kind in each.serves]
        return tuple(dict.fromkeys(suffix for each in serving for suffix in each.suffixes))

    def executor(self, name: str) -> type[Executor]:
        """Return the executor class of that name.

        Raises ExecutorUnavailable with the reason when the plugin of that name is disabled, and
        ExecutorNotFound, listing the installed executors, when there is none.
        """
        return self.installed(name).executor

    def installed(self, name: str) -> InstalledExecutor:
        """Return the executor of that name and its origin. Raises as :meth:`executor`."""
        installed = self._executors.get(name)
        if installed is not None:
            return installed
        for failed in self._failed:
            if failed.answers_to(name):
                raise ExecutorUnavailable(f"executor {name!r} cannot be used: {failed}", executor=name)
        raise ExecutorNotFound(
            f"no executor {name!r} is installed (installed: {self._names()}); is there an arora-{name} to pip install?",
            executor=name,
        )

    def codec(self, name: str) -> Codec:
        """Return the codec of that name.

        Raises PluginError: with the reason when the plugin of that name is disabled, else listing the installed codecs.
        """
        if name == AroraCodec.name:
            return AroraCodec()
        if name in self._codecs:
            return self._codecs[name]
        for failed in self._failed:
            if failed.answers_to(name):
                raise PluginError(f"codec {name!r} cannot be used: {failed}", distribution=failed.origin.distribution)
        known = ", ".join([AroraCodec.name, *sorted(self._codecs)])
        raise PluginError(f"no codec {name!r} is installed (installed: {known})")

    def warn_of_unknown(self, preferred: Iterable[str], source: str) -> None:
        """Log a warning, once, for each preferred executor that is not installed, nor disabled."""
        for name in preferred:
            if name in self._executors or any(each.answers_to(name) for each in self._failed):
                continue
            if name not in self._unknown_preferences:
                self._unknown_preferences.add(name)
                near = suggestion(name, self._executors)
                advice = near if near.endswith("?") else ""
                installed = self._names()
                _log.warning(_NOT_INSTALLED, source, name, advice, installed)

    def _names(self) -> str:
        return ", ".join(sorted(self._executors)) or "none"

    def _register(self, plugin: object, origin: Origin) -> None:
        name = f"{origin.distribution}:{origin.entry_point}"
        self._manager.register(plugin, name=name)
        self._origins[name] = origin

    def _disable(self, failed: FailedPlugin) -> None:
        _log.warning("%s", failed)
        self._failed.append(failed)

    def _disable_executor(self, name: str, reason: str) -> None:
        installed = self._executors.get(name)
        if installed is not None:
            # A copy: another thread may be going through them.
            self._executors = {key: each for key, each in self._executors.items() if key != name}
            self._disable(FailedPlugin(installed.origin, reason, name))

    def _hook_of(self, plugin: object, hook: str) -> pluggy.HookCaller:
        others = [each for each in self._manager.get_plugins() if each is not plugin]
        return self._manager.subset_hook_caller(hook, remove_plugins=others)

    def _results(self, plugin: object, hook: str) -> list[object]:
        return plugin_code.results(hook, self._hook_of(plugin, hook))

    def _looking_like_hooks(self, plugin: object, origin: Origin) -> Iterator[UnknownHook]:
        """Yield what is marked as a hook and is none, as ``check_pending`` of pluggy would, and what is not marked."""
        from . import hookspecs

        known = [name for name in vars(hookspecs) if name.startswith("arora_")]
        marked = set()
        for caller in self._manager.get_hookcallers(plugin) or ():
            marked.add(caller.name)
            optional = any(each.optionalhook for each in caller.get_hookimpls() if each.plugin is plugin)
            if not caller.has_spec() and not optional:
                yield UnknownHook(origin, caller.name, f"is no hook of arora{suggestion(caller.name, known)}")
        if not isinstance(plugin, ModuleType):
            return
        for name, function in vars(plugin).items():
            if name in marked or not name.startswith("arora_") or not inspect.isroutine(function):
                continue
            if name in known:
                yield UnknownHook(origin, name, "is not marked with @hookimpl")
            elif getattr(function, "__module__", None) == plugin.__name__:
                yield UnknownHook(origin, name, f"is no hook of arora{suggestion(name, known)}")


def discover() -> Plugins:
    """Return the plugins that installed distributions declare in the entry-point group ``arora``."""
    plugins = Plugins()
    found, unreadable = _entry_points()
    for failed in unreadable:
        plugins._disable(failed)
    # In a fixed order, so that of two plugins with the same name the same one always wins.
    declared = [(_origin(each.name, each.dist), each) for each in found]
    for origin, entry_point in sorted(declared, key=lambda pair: (pair[0].entry_point, pair[0].distribution)):
        try:
            plugins.add(plugin_code.guarded(f"{entry_point.value} failed to import:", entry_point.load), origin)
        except PluginError as error:
            plugins._disable(FailedPlugin(origin, error.message))
    return plugins


def _entry_points() -> tuple[Sequence[EntryPoint], Sequence[FailedPlugin]]:
    """Return the declared plugins, and the distributions whose declarations cannot be read."""
    if sys.version_info >= (3, 12):
        from importlib.metadata import distributions, entry_points
    else:
        from importlib_metadata import distributions, entry_points

    from .hookspecs import PROJECT

    with suppress(Exception):
        return tuple(entry_points(group=PROJECT)), ()
    # One distribution with a malformed file ends it for all: read one after the other.
    found: dict[str, Sequence[EntryPoint]] = {}
    failed: list[FailedPlugin] = []
    for distribution in distributions():
        origin = _origin("", distribution)
        if origin.distribution in found:
            continue  # that one is before it on the path
        found[origin.distribution] = ()
        try:
            found[origin.distribution] = tuple(distribution.entry_points.select(group=PROJECT))
        except Exception as error:
            reason = f"its entry points cannot be read: {type(error).__name__}: {error}"
            failed.append(FailedPlugin(replace(origin, entry_point=origin.distribution), reason))
    return [each for entries in found.values() for each in entries], failed


class _Described(Protocol):
    """A distribution, by what is needed of it here."""

    @property
    def metadata(self) -> PackageMetadata: ...


def _origin(entry_point: str, distribution: _Described | None) -> Origin:
    name = version = None
    # A distribution may lack its metadata, or a part of them.
    with suppress(Exception):
        if distribution is not None:
            name, version = distribution.metadata.get("Name"), distribution.metadata.get("Version")
    return Origin(entry_point, name or "an unnamed distribution", version or "")


def _reject_taken(
    kind: str,
    names: Sequence[str],
    taken: Mapping[str, InstalledExecutor] | Mapping[str, InstalledCodec] | Mapping[str, InstalledGenerator],
) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise PluginError(f"offers two {kind}s named {name!r}")
        if name in taken:
            raise PluginError(f"{kind} name {name!r} is already taken by {taken[name].origin}")
