"""Arora runs typed, sandboxed modules from Python: WebAssembly or native, on whichever runtime is installed."""

# Nothing is imported here that is not asked for: a plugin needs ``hookimpl`` alone, a script perhaps ``values``.
# This is the TYPE_CHECKING of ``typing``, whose import would be the slowest of all.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from . import buffers, text, values
    from .calls import Call, CallResult, Result
    from .codec import Codec
    from .engine import Engine
    from .errors import (
        ArgumentError,
        AroraError,
        CallError,
        EngineClosed,
        ExecutorNotFound,
        ExecutorUnavailable,
        FunctionNotFound,
        GuestError,
        HeaderError,
        LimitExceeded,
        LoadError,
        MalformedBuffer,
        MalformedExecutable,
        MissingExport,
        ModuleBusy,
        ModuleNotFound,
        PluginError,
        Trap,
        TrapKind,
        UnsupportedImport,
        UnsupportedLimit,
    )
    from .executor import Capability, Executor, Host, Instance, Limits
    from .header import Header, ModuleDefinition
    from .hookspecs import hookimpl
    from .host_module import HostModule
    from .loaded_module import Function, LoadedModule
    from .plugins import Plugins, discover
    from .types import TypeRegistry

__all__ = [
    "ArgumentError",
    "AroraError",
    "Call",
    "CallError",
    "CallResult",
    "Capability",
    "Codec",
    "Engine",
    "EngineClosed",
    "Executor",
    "ExecutorNotFound",
    "ExecutorUnavailable",
    "Function",
    "FunctionNotFound",
    "GuestError",
    "Header",
    "HeaderError",
    "Host",
    "HostModule",
    "Instance",
    "LimitExceeded",
    "Limits",
    "LoadError",
    "LoadedModule",
    "MalformedBuffer",
    "MalformedExecutable",
    "MissingExport",
    "ModuleBusy",
    "ModuleDefinition",
    "ModuleNotFound",
    "PluginError",
    "Plugins",
    "Result",
    "Trap",
    "TrapKind",
    "TypeRegistry",
    "UnsupportedImport",
    "UnsupportedLimit",
    "buffers",
    "discover",
    "hookimpl",
    "text",
    "values",
]

_NAMES = {
    "calls": ("Call", "CallResult", "Result"),
    "codec": ("Codec",),
    "engine": ("Engine",),
    "errors": (
        "ArgumentError",
        "AroraError",
        "CallError",
        "EngineClosed",
        "ExecutorNotFound",
        "ExecutorUnavailable",
        "FunctionNotFound",
        "GuestError",
        "HeaderError",
        "LimitExceeded",
        "LoadError",
        "MalformedBuffer",
        "MalformedExecutable",
        "MissingExport",
        "ModuleBusy",
        "ModuleNotFound",
        "PluginError",
        "Trap",
        "TrapKind",
        "UnsupportedImport",
        "UnsupportedLimit",
    ),
    "executor": ("Capability", "Executor", "Host", "Instance", "Limits"),
    "header": ("Header", "ModuleDefinition"),
    "hookspecs": ("hookimpl",),
    "host_module": ("HostModule",),
    "loaded_module": ("Function", "LoadedModule"),
    "plugins": ("Plugins", "discover"),
    "types": ("TypeRegistry",),
}
"""The modules that the public names come from."""

_HOME = {name: module for module, names in _NAMES.items() for name in names}


def _found(name: str) -> object:
    from importlib import import_module

    if name in _HOME:
        found: object = getattr(import_module(f".{_HOME[name]}", __name__), name)
    elif name in __all__:
        found = import_module(f".{name}", __name__)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


if not TYPE_CHECKING:
    # Not for type checkers, to which it would mean that any name may be there.
    __getattr__ = _found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
