"""The engine: loads modules on executors, and hands out what calls them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Union
from uuid import UUID

from .. import values as v
from ..binding.conversion import Conversions
from ..buffers import AroraCodec
from ..calls import Call, CallResult
from ..codec import Codec
from ..errors import (
    AroraError,
    LoadError,
    MalformedBuffer,
    ModuleNotFound,
    PluginError,
)
from ..executor import Executor, Instance, Limits, Transfer
from ..header import ExportedFunction, Header, ModuleDefinition, executable_files
from ..plugins import Plugins, discover
from ..types import TypeRegistry
from . import selection
from .call_stack import MAX_CALL_DEPTH, CallStack
from .callables import Callables
from .compiled_signature import CompiledSignature
from .engine_host import EngineHost
from .guest_output import GuestOutput
from .host_module import HOST, HostInstance, HostModule
from .loaded_module import Function, LoadedModule
from .module_entry import FunctionEntry, ModuleEntry, explain
from .module_table import ModuleTable

AnyId = Union[v.IdLike, bytes]
"""A UUID, its text, or its 16 bytes."""

_NO_LIMITS: Final = Limits()


class Engine:
    """Loads modules and calls their functions. Usable from any thread; one call runs in it at a time.

    A call that begins in the middle of another without coming out of it, in a signal's handler or in a finalizer, is
    refused with ModuleBusy.

    ``prefer`` names executors to choose first, in order. ``types`` is the registry to start from; modules
    bring their own records along. ``plugins`` replaces those found by entry point. ``max_depth`` is how many
    calls may nest. ``codec`` names an installed codec; all of them give the same bytes.
    """

    def __init__(
        self,
        *,
        prefer: Sequence[str] = (),
        types: TypeRegistry | None = None,
        plugins: Plugins | None = None,
        max_depth: int = MAX_CALL_DEPTH,
        codec: str = AroraCodec.name,
    ) -> None:
        self._plugins = discover() if plugins is None else plugins
        self._prefer = (prefer,) if isinstance(prefer, str) else tuple(prefer)
        self._types = TypeRegistry()
        if types is not None:
            self._types.update(types)
        self._codec = _codec(self._plugins, codec)
        self._executors: dict[str, Executor] = {}
        self._modules = ModuleTable()
        self._calls = CallStack(max_depth)
        self._lock = self._calls.lock
        self._callables = Callables(self._calls)

    # --- loading -----------------------------------------------------------------------------------

    def load(
        self,
        path: str | os.PathLike[str],
        *,
        executable: str | os.PathLike[str] | None = None,
        executor: str | None = None,
        limits: Limits | None = None,
        replace: bool = False,
    ) -> LoadedModule:
        """Loads a header file and the executable beside it.

        The executable is the header file's stem or the module's name (``-`` and ``_`` alike) with ``.wasm``
        or the platform's library prefix and suffix; ``executable`` names it instead. Record files in a
        ``records`` directory beside the header are read too. Raises HeaderError, LoadError, OSError.
        """
        header = Header.load(path, self._types)
        found = executable_files.find(Path(path), header, executable)
        return self.load_module_from_parts(
            header, found.read_bytes(), executor=executor, limits=limits, replace=replace
        )

    def load_module_from_parts(
        self,
        header: Header,
        executable: bytes,
        *,
        executor: str | None = None,
        limits: Limits | None = None,
        replace: bool = False,
    ) -> LoadedModule:
        """Loads a header with its executable's bytes. See :meth:`load_module`."""
        definition = ModuleDefinition(header, executable)
        return self.load_module(definition, executor=executor, limits=limits, replace=replace)

    def load_module(
        self,
        definition: ModuleDefinition,
        *,
        executor: str | None = None,
        limits: Limits | None = None,
        replace: bool = False,
    ) -> LoadedModule:
        """Loads a definition on the executor asked for, or on the one chosen by preference.

        ``replace`` puts it in the place of the module that has its id now, once it has loaded. Raises a
        LoadError; Trap or LimitExceeded when the guest fails as it starts. Nothing changes where it fails.
        """
        if limits is not None and not isinstance(limits, Limits):
            raise TypeError(f"limits must be arora_core.Limits, got {limits!r}")
        header, limits = definition.header, limits or _NO_LIMITS
        with self._lock:
            self._require_place(header, replace)
            signatures = self._signatures(header)
            chosen = selection.choose(self._plugins, header, executor=executor, prefer=self._prefer, limits=limits)
            output = GuestOutput(header.name)
            host = EngineHost(self._calls, self._modules, self._callables, self._codec, output)
            try:
                instance = self._executor(chosen).load(definition, host, limits)
            except AroraError as error:
                explain(error, header.name, None, chosen.name, output)
                raise
            return self._install(header, chosen.name, instance, output, signatures)

    async def prepare(self, header: Header, executable: bytes, *, executor: str | None = None) -> None:
        """Does ahead of :meth:`load_module_from_parts` what the executor can do without blocking.

        In a browser's page this is the way to load executables above 8 MB; on most executors there is nothing
        to prepare. Chooses the executor as loading does. Raises a LoadError, Trap, EngineClosed.
        """
        with self._lock:
            self._calls.require_open()
            chosen = selection.choose(self._plugins, header, executor=executor, prefer=self._prefer)
            preparing = self._executor(chosen)
        try:
            await preparing.prepare(ModuleDefinition(header, executable))
        except AroraError as error:
            error.at(module=header.name, executor=chosen.name)
            raise

    def register(self, module: HostModule, *, replace: bool = False) -> LoadedModule:
        """Makes a host module callable. Raises MissingExport where an export has no Python function."""
        with self._lock:
            self._require_place(module.header, replace)
            signatures = self._signatures(module.header)
            instance = HostInstance(module, signatures)
            return self._install(module.header, HOST, instance, GuestOutput(module.header.name), signatures)

    def unload(self, module: LoadedModule | AnyId) -> None:
        """Unloads a module and gives its memory back; waits for another thread's call to end.

        Raises ModuleNotFound, and ModuleBusy from inside one of the module's own calls.
        """
        with self._lock:
            self._calls.require_open()
            entry = self._modules[module.id.bytes if isinstance(module, LoadedModule) else _id_bytes(module)]
            if isinstance(module, LoadedModule) and entry.handle is not module:
                raise ModuleNotFound("the module has been unloaded", module=module.name)
            self._calls.require_idle(entry)
            self._modules.remove(entry)
            entry.close()

    @property
    def modules(self) -> Mapping[UUID, LoadedModule]:
        """The loaded modules by id, as of now."""
        return MappingProxyType({entry.header.id: entry.handle for entry in self._modules})

    @property
    def types(self) -> TypeRegistry:
        """The records known to this engine."""
        return self._types

    @property
    def plugins(self) -> Plugins:
        """The plugins in use."""
        return self._plugins

    # --- calling -----------------------------------------------------------------------------------

    def call(self, call: Call) -> CallResult:
        """The generic call: values in, values out.

        Without a ``module_id`` the function's id must be exported by exactly one module. Raises a CallError.
        """
        return self._function(call).call(call.args)

    def dispatch(self, module_id: AnyId, function_id: AnyId, argument: bytes) -> bytes:
        """One raw call: an argument buffer in, the raw result buffer out, error buffers included.

        Raises MalformedBuffer for an argument whose size prefix is wrong, otherwise a CallError.
        """
        if len(argument) < 5 or int.from_bytes(argument[:4], "little") != len(argument):
            raise MalformedBuffer(
                f"got {argument[:4].hex()}", offset=0, expected=f"a size prefix of {len(argument)}, the bytes given"
            )
        module, function = _id_bytes(module_id), _id_bytes(function_id)
        with self._lock:
            self._calls.require_open()
            return self._modules[module].function(function).enter(bytes(argument))

    def register_callable(self, function: Callable[[], v.Value]) -> int:
        """Registers an argument-less Python callable; returns the u64 id that guests call it by.

        It returns a value of ``arora_core.values`` (None for unit). A CallError it raises reaches the calling
        guest as an error; any other exception unwinds the guest and comes out of the outermost call.
        """
        with self._lock:
            self._calls.require_open()
            return self._callables.add(function)

    def unregister_callable(self, id: int) -> None:
        """Forgets a callable. Raises FunctionNotFound."""
        with self._lock:
            self._calls.require_open()
            self._callables.remove(id)

    def call_indirect(self, id: int) -> v.Value:
        """Calls a registered callable, and returns its value. Raises FunctionNotFound, and what it raises."""
        with self._lock:
            self._calls.require_turn()
            return self._callables.call(id)

    # --- closing -----------------------------------------------------------------------------------

    def close(self) -> None:
        """Unloads every module and gives everything back. Idempotent. Raises ModuleBusy from inside a call."""
        with self._lock:
            self._calls.close()
            modules, executors = list(self._modules), list(self._executors.values())
            self._modules.clear()
            self._executors.clear()
            self._callables.clear()
            for entry in modules:
                entry.close()
            for executor in executors:
                executor.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._calls.closed else f"{len(self._modules)} modules"
        return f"<arora engine, {state}>"

    # --- parts -------------------------------------------------------------------------------------

    def _require_place(self, header: Header, replace: bool) -> None:
        """Refuses, before anything is loaded, what could not be installed afterwards."""
        self._calls.require_open()
        current = self._modules.get(header.id.bytes)
        if current is None:
            return
        if not replace:
            raise LoadError(
                f"already loaded as {current.header.name} (id {header.id}); pass replace=True to replace it",
                module=header.name,
            )
        self._calls.require_idle(current)

    def _executor(self, chosen: type[Executor]) -> Executor:
        executor = self._executors.get(chosen.name)
        if executor is None:
            executor = self._executors[chosen.name] = chosen()
        return executor

    def _signatures(self, header: Header) -> dict[str, CompiledSignature]:
        """Every export's, by name. Raises HeaderError where the header's records contradict those known already."""
        registry = self._types.merged(header.types)
        # Made anew for every module: records that came since the last one count for this one.
        conversions = Conversions(registry)
        return {each.name: CompiledSignature(each, registry, conversions, self._codec) for each in header.exports}

    def _install(
        self,
        header: Header,
        executor: str,
        instance: Instance,
        output: GuestOutput,
        signatures: Mapping[str, CompiledSignature],
    ) -> LoadedModule:
        entry = ModuleEntry(header, executor, instance, output)
        functions = {}
        for export in header.exports:
            enter = self._calls.entrance(entry, export.name, instance.function(export.id.bytes))
            entry.functions[export.id.bytes] = FunctionEntry(export.name, enter)
            bind_large = partial(self._large_entrance, entry, export)
            functions[export.name] = Function(header.name, executor, export, signatures[export.name], enter, bind_large)
        entry.handle = LoadedModule(header, executor, functions)
        self._types.update(header.types)
        replaced = self._modules.put(entry)
        if replaced is not None:
            replaced.close()
        return entry.handle

    def _function(self, call: Call) -> Function:
        with self._lock:
            self._calls.require_open()
            if call.module_id is not None:
                entry = self._modules[call.module_id.bytes]
            else:
                entry = self._modules.exporting(call.id)
            return entry.handle.functions[entry.function(call.id.bytes).name]

    def _large_entrance(self, module: ModuleEntry, export: ExportedFunction) -> Callable[[Transfer], Any]:
        with self._lock:
            if module.closed:
                self._calls.refuse(module, export.name)
            return self._calls.entrance(module, export.name, module.instance.transfer(export.id.bytes))


def _codec(plugins: Plugins, name: str) -> Codec:
    if name == AroraCodec.name:
        return AroraCodec()
    if name not in plugins.codecs:
        known = ", ".join([AroraCodec.name, *sorted(plugins.codecs)])
        raise PluginError(f"no codec {name!r} is installed (installed: {known})")
    return plugins.codecs[name]


def _id_bytes(id: AnyId) -> bytes:
    if isinstance(id, bytes):
        if len(id) != 16:
            raise ValueError(f"an id has 16 bytes, got {len(id)}")
        return id
    return v.uuid(id).bytes
