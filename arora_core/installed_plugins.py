"""What is known of installed plugins: where they come from, what they provide, and what is disabled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from .codec import Codec
from .errors import AroraError, PluginError
from .generator import Generator
from .header import Header
from .plugin_code import guarded, is_transient
from .values import Value

_T = TypeVar("_T")


@dataclass(frozen=True)
class Origin:
    """The origin of a plugin: the entry point's name, and the distribution that declares it."""

    entry_point: str
    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".strip()


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
            if cause is not None and (isinstance(cause, (AroraError, refusal)) or is_transient(cause)):
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
            if cause is not None and (isinstance(cause, AroraError) or is_transient(cause)):
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
