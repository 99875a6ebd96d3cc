"""Arora runs typed, sandboxed modules from Python: WebAssembly or native, on whichever runtime is installed."""

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
