"""What is known of installed plugins: where they come from, what they provide, and what is disabled."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from .codec import Codec
from .errors import AroraError, LoadError, PluginError
from .executor import Executor, Instance
from .generator import Generator
from .header import Header
from .limits import Capability
from .plugin_code import described, guarded, optional_text
from .values import Value

_T = TypeVar("_T")

_SHORTAGES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN})
_SHORTAGES_IN_WORDS: Final = ("failed to map segment", "annot allocate memory", "can't start new thread")
"""What the loader of extension modules and Python's threads say of them."""


def _shortage(error: BaseException | None) -> str | None:
    """Return what there is too little of, None where ``error`` has another cause.

    It is not the plugin's fault, and may be over the next time.
    """
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError) and error.errno in _SHORTAGES:
        return f"resources ({error})"
    if isinstance(error, (ImportError, RuntimeError)) and any(part in str(error) for part in _SHORTAGES_IN_WORDS):
        return f"resources ({error})"
    return None


def _is_transient(error: BaseException | None) -> bool:
    return isinstance(error, RecursionError) or _shortage(error) is not None


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
    """An executor class, its origin, and its attributes as they were when it was found.

    It asks the class by its methods: a class that fails to answer is disabled, and harms no other.
    """

    executor: type[Executor]
    origin: Origin
    name: str
    serves: frozenset[str]
    capabilities: frozenset[Capability]
    priority: int
    suffixes: tuple[str, ...]
    stack: int
    disable: Callable[[str], None] = field(repr=False, compare=False)
    """Disables it for the reason given."""

    def unavailable(self) -> str | None:
        """Return why it cannot run here, which may be that it was disabled because it failed to answer."""
        try:
            return self._text("asking whether it can run", self.executor.unavailable)
        except PluginError as error:
            return error.message

    def version(self) -> str | None:
        """Return the version of its runtime. Raises PluginError where it fails to answer, and is disabled then."""
        return self._text("asking for its version", self.executor.version)

    def create(self) -> Executor | None:
        """Return a new executor; None when it cannot be created, and is disabled now.

        Raises an AroraError with which it refuses, and LoadError when memory is short.
        """
        try:
            return guarded("creating it raised", self._created)
        except PluginError as error:
            cause = error.__cause__
            if (shortage := _shortage(cause)) is not None:
                raise LoadError(f"not enough {shortage} to create the executor", executor=self.name) from None
            if isinstance(cause, (AroraError, RecursionError)):
                raise cause from None
            self.disable(error.message)
            return None

    def instance(self, load: Callable[[], object], excused: Callable[[BaseException], bool]) -> Instance:
        """Return what ``load`` loads.

        Raises PluginError where that is no instance, and in place of an exception that is a fault of the plugin: no
        AroraError, no lack of stack, nothing that the user raised or that is ``excused``. Raises LoadError for a lack
        of memory, descriptors or threads.
        """
        try:
            loaded = load()
        except (AroraError, KeyboardInterrupt, RecursionError):
            raise
        except BaseException as error:
            if excused(error):
                raise
            if (shortage := _shortage(error)) is not None:
                raise LoadError(f"not enough {shortage} to load it", executor=self.name) from None
            raise self._fault(f"load raised {described(error)}") from error
        if not isinstance(loaded, Instance):
            raise self._fault(f"load gave {loaded!r}, which is no Instance")
        return loaded

    def _fault(self, message: str) -> PluginError:
        return PluginError(message, distribution=self.origin.distribution, executor=self.name)

    def _created(self) -> Executor:
        made: object = self.executor()
        if not isinstance(made, Executor):
            raise PluginError(f"creating it gave {made!r}, which is no Executor")
        return made

    def _text(self, question: str, ask: Callable[[], object]) -> str | None:
        try:
            return optional_text(question, ask)
        except PluginError as error:
            if not _is_transient(error.__cause__):
                self.disable(error.message)
            raise


class InstalledCodec(Codec):
    """A codec of a plugin in use: what it raises apart from orderly refusals, and wrong results, are PluginErrors."""

    def __init__(self, codec: Codec, name: str, origin: Origin) -> None:
        self.codec = codec
        self.name = name  # type: ignore[misc]
        self.origin = origin

    def encode(self, value: Value) -> bytes:
        """Return the buffer that encodes ``value``. Raises ValueError for one that has no buffer, PluginError."""
        return self._result("encode", lambda: self.codec.encode(value), bytes, ValueError)

    def decode(self, buffer: bytes) -> Value:
        """Return the value in ``buffer``. Raises MalformedBuffer, PluginError."""
        return self._result("decode", lambda: self.codec.decode(buffer), Value, AroraError)

    def _result(self, method: str, call: Callable[[], _T], expected: type[_T], refusal: type[Exception]) -> _T:
        what = f"{self.origin}: {method} of the codec {self.name!r}"
        try:
            result = guarded(f"{what} raised", call)
        except PluginError as error:
            cause = error.__cause__
            if cause is not None and (isinstance(cause, (AroraError, refusal)) or _is_transient(cause)):
                raise cause from None
            raise PluginError(error.message, distribution=self.origin.distribution) from error.__cause__
        if not isinstance(result, expected):
            message = f"{what} gave {type(result).__name__}, not {expected.__name__}"
            raise PluginError(message, distribution=self.origin.distribution)
        return result


class InstalledGenerator(Generator):
    """A generator of a plugin in use: wrong results, and what it raises apart from refusals, are PluginErrors."""

    def __init__(self, generator: Generator, language: str, origin: Origin) -> None:
        self.generator = generator
        self.language = language  # type: ignore[misc]
        self.comment = generator.comment  # type: ignore[misc]
        self.origin = origin

    def generate(self, header: Header) -> Mapping[str, str]:
        """Return the text of each file by its path. Raises HeaderError with which it refuses, PluginError."""
        what = f"{self.origin}: the generator for {self.language!r}"
        try:
            made: object = guarded(f"{what} raised", lambda: self.generator.generate(header))
        except PluginError as error:
            cause = error.__cause__
            if cause is not None and (isinstance(cause, AroraError) or _is_transient(cause)):
                raise cause from None
            raise PluginError(error.message, distribution=self.origin.distribution) from cause
        if not isinstance(made, Mapping) or not all(
            isinstance(path, str) and isinstance(text, str) for path, text in made.items()
        ):
            message = f"{what} gave {type(made).__name__}, not texts by their paths"
            raise PluginError(message, distribution=self.origin.distribution)
        return made


@dataclass(frozen=True)
class FailedPlugin:
    """A disabled plugin, or a disabled part of one whose other parts work, and the reason."""

    origin: Origin
    reason: str
    executor: str | None = None
    """The one executor that is disabled."""
    commands: bool = False
    """Whether only its commands are disabled."""

    def __str__(self) -> str:
        plugin = f"plugin {self.origin.entry_point} ({self.origin})"
        reason = self.reason.removeprefix(f"{self.origin}: ")
        if self.commands:
            return f"the commands of {plugin} are disabled: {reason}"
        if self.executor is not None:
            return f"executor {self.executor} of {plugin} is disabled: {reason}"
        return f"{plugin} is disabled: {reason}"

    def answers_to(self, name: str) -> bool:
        """Return whether a user who asks for the executor or codec ``name`` may mean this one."""
        if self.executor is not None:
            return name == self.executor
        return not self.commands and name in (self.origin.entry_point, self.origin.distribution)


@dataclass(frozen=True)
class UnknownHook:
    """A function of a plugin that looks like a hook and is none, so that nothing calls it."""

    origin: Origin
    name: str
    advice: str
    """What is wrong with it: the end of a sentence that begins with its name."""

    def __str__(self) -> str:
        return f"plugin {self.origin.entry_point} ({self.origin}): {self.name} {self.advice}"
