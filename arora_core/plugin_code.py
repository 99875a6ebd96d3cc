"""The guard around plugins' code, and the checks of what plugins provide. Every fault comes out as a PluginError."""

from __future__ import annotations

import errno
import inspect
import signal
from collections.abc import Callable, Iterable
from functools import partial
from types import CodeType
from typing import Final, NamedTuple, TypeVar

from .codec import Codec
from .errors import PluginError
from .executor import Executor
from .generator import BUILT_IN, Generator
from .limits import Capability

_T = TypeVar("_T")

_SHORTAGES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN})
_SHORTAGES_IN_WORDS: Final = ("failed to map segment", "annot allocate memory", "can't start new thread")
"""What the loader of extension modules and Python's threads say of them."""


def shortage(error: BaseException | None) -> str | None:
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


def is_transient(error: BaseException | None) -> bool:
    """Return whether what a plugin's code raised may not come up the next time."""
    return isinstance(error, RecursionError) or shortage(error) is not None


def guarded(what: str, code: Callable[[], _T]) -> _T:
    """Return what a plugin's code returns.

    Raises PluginError in place of any other exception: ``what`` and the exception, which is the error's cause. That
    includes SystemExit, GeneratorExit and the panics of extensions in Rust. What the program's handlers of signals
    raise passes.
    """
    try:
        return code()
    except PluginError:
        raise
    except BaseException as error:
        if raised_by_a_handler(error):
            raise
        raise PluginError(f"{what} {described(error)}") from error


def raised_by_a_handler(error: BaseException) -> bool:
    """Return whether the handler of a signal raised ``error``, which is the program's wherever it came up."""
    if isinstance(error, KeyboardInterrupt):
        return True
    handlers = {_code(signal.getsignal(number)) for number in signal.valid_signals()} - {None}
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code not in handlers:
        trace = trace.tb_next
    return trace is not None


def _code(handler: object) -> CodeType | None:
    while isinstance(handler, partial):
        handler = handler.func
    called = handler if hasattr(handler, "__code__") else getattr(handler, "__call__", None)  # noqa: B004
    return getattr(called, "__code__", None)


class ExecutorFacts(NamedTuple):
    """The attributes of an executor class, read once: a class may compute them."""

    name: str
    serves: frozenset[str]
    capabilities: frozenset[Capability]
    priority: int
    suffixes: tuple[str, ...]
    stack: int


def results(hook: str, call: Callable[[], Iterable[object]]) -> list[object]:
    """Return what a plugin's implementations of one hook returned, in one list. Raises PluginError."""

    def collect() -> list[object]:
        found: list[object] = []
        for result in call():
            if not isinstance(result, Iterable) or isinstance(result, (str, bytes)):
                raise PluginError(f"{hook} must return a sequence, got {result!r}")
            found.extend(result)
        return found

    return guarded(f"{hook} raised", collect)


def executor_class(given: object) -> tuple[type[Executor], ExecutorFacts]:
    """Return an executor class that a plugin provides with its attributes. Raises PluginError."""
    return guarded("reading an executor class raised", lambda: _executor_class(given))


def codec(given: object) -> tuple[Codec, str]:
    """Return a codec that a plugin provides and its name. Raises PluginError."""
    return guarded("reading a codec raised", lambda: _codec(given))


def generator(given: object) -> tuple[Generator, str]:
    """Return a generator that a plugin provides and its language. Raises PluginError."""
    return guarded("reading a generator raised", lambda: _generator(given))


def optional_text(question: str, ask: Callable[[], object]) -> str | None:
    """Return the answer of an executor to a question whose answer is a str or None. Raises PluginError."""

    def answer() -> str | None:
        given = ask()
        if given is not None and not isinstance(given, str):
            raise PluginError(f"{question} gave {given!r}, which is neither a str nor None")
        return given

    return guarded(f"{question} raised", answer)


def shown(given: object) -> str:
    """Return what a plugin gave as text: its ``repr``, or its type where that raises."""
    try:
        return repr(given)
    except BaseException as error:
        if raised_by_a_handler(error):
            raise
        return f"a {type(given).__name__}"


def described(error: BaseException) -> str:
    """Return the name of an exception and its text, where it has one that can be read."""
    name = type(error).__name__
    try:
        text = str(error)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return name
    return f"{name}: {text}" if text else name


def _executor_class(given: object) -> tuple[type[Executor], ExecutorFacts]:
    if not inspect.isclass(given) or not issubclass(given, Executor):
        raise PluginError(f"arora_executors must return subclasses of Executor, got {given!r}")
    called = f"executor class {given.__name__}"
    if inspect.isabstract(given):
        raise PluginError(f"{called} does not implement {', '.join(sorted(given.__abstractmethods__))}")
    name = _text(given, "name")
    if not name:
        raise PluginError(f"{called} has no name")
    serves = getattr(given, "serves", None)
    if not isinstance(serves, (frozenset, set)) or not all(isinstance(each, str) for each in serves):
        raise PluginError(f"{called} must declare `serves` as a frozenset of str")
    capabilities: object = given.capabilities
    if not isinstance(capabilities, (frozenset, set)) or not all(isinstance(each, Capability) for each in capabilities):
        raise PluginError(f"{called} must declare `capabilities` as a frozenset of Capability")
    priority: object = given.priority
    if not isinstance(priority, int):
        raise PluginError(f"{called} must declare `priority` as an int, got {priority!r}")
    suffixes: object = given.suffixes
    if not isinstance(suffixes, tuple) or not all(isinstance(each, str) and each.startswith(".") for each in suffixes):
        raise PluginError(f"{called} must declare `suffixes` as a tuple of str that begin with '.', got {suffixes!r}")
    stack: object = given.stack
    if not isinstance(stack, int):
        raise PluginError(f"{called} must declare `stack` as an int, got {stack!r}")
    kinds = frozenset(map(str.__str__, serves))
    return given, ExecutorFacts(name, kinds, frozenset(capabilities), priority, suffixes, stack)


def _text(given: object, attribute: str) -> str:
    """Return an attribute that should be a str, as a plain one without a subclass's methods; empty if it is none."""
    value: object = getattr(given, attribute, None)
    return str.__str__(value) if isinstance(value, str) else ""


def _codec(given: object) -> tuple[Codec, str]:
    if not isinstance(given, Codec):
        raise PluginError(f"arora_codecs must return Codec objects, got {given!r}")
    name = _text(given, "name")
    if not name:
        raise PluginError(f"codec {type(given).__name__} has no name")
    return given, name


def _generator(given: object) -> tuple[Generator, str]:
    if not isinstance(given, Generator):
        raise PluginError(f"arora_generators must return Generator objects, got {given!r}")
    called = f"generator {type(given).__name__}"
    language = _text(given, "language")
    if not language:
        raise PluginError(f"{called} has no language")
    if language in BUILT_IN:
        raise PluginError(f"{called} is for {language!r}, which arora-core generates itself")
    comment = getattr(given, "comment", None)
    if not isinstance(comment, str) or not comment:
        raise PluginError(f"{called} must declare `comment` as a str, such as '//', got {comment!r}")
    return given, language
