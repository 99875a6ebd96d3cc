"""The engine: loads modules on executors and calls their functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NoReturn, Union
from uuid import UUID

from .. import values as v
from ..binding.conversion import Conversions
from ..buffers import AroraCodec
from ..calls import Call, CallResult
from ..errors import AroraError, LoadError, MalformedBuffer, ModuleNotFound
from ..executor import Limits
from ..header import ExportedFunction, Header, ModuleDefinition, executable_files
from ..plugins import Plugins, discover
from ..types import TypeRegistry
from .accelerated_call import accelerated
from .awaited_calls import AwaitedCalls
from .call_stack import MAX_CALL_DEPTH, CallStack
from .callables import Callables
from .closing import close_after, close_all, close_and_log
from .compiled_signature import CompiledSignature
from .engine_executors import EngineExecutors
from .engine_host import EngineHost
from .guest_output import GuestOutput
from .host_module import HOST, HostInstance, HostModule
from .loaded_module import Function, LoadedModule, ModuleHandle
from .module_entry import NO_LIMITS, FunctionEntry, ModuleEntry, Restarting
from .module_table import ModuleTable
from .pickling import Pickling
from .result_limit import batching, calling, transferring

AnyId = Union[v.IdLike, bytes]
"""A UUID, its text, or its 16 bytes."""
Made = tuple[ModuleEntry, Mapping[str, CompiledSignature]]
"""A module that has been loaded, and is not in its place yet."""
REPAIR: Final = "repair"
RESTART: Final = "restart"


class Engine:
    """Loads modules and calls their functions. Usable from any thread; one outermost call runs at a time.

    A call from a signal handler or a finalizer that interrupts a running guest raises ModuleBusy.

    ``prefer`` names executors to choose first, in order. ``types`` is the initial registry, to which the records of
    loaded modules are added. ``plugins`` replaces the plugins found by entry point. ``max_depth`` is the limit of
    nested calls. ``codec`` names an installed codec; all codecs produce the same bytes.
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
        self._executors = EngineExecutors(self._plugins, prefer)
        self._types = TypeRegistry()
        if types is not None:
            self._types.update(types)
        self._codec = self._plugins.codec(codec)
        self._modules = ModuleTable()
        self._calls = CallStack(max_depth)
        self._callables = Callables(self._calls)
        self._awaited = AwaitedCalls(self._calls)

    # --- loading -----------------------------------------------------------------------------------

    def load(
        self,
        path: str | os.PathLike[str],
        *,
        executable: str | os.PathLike[str] | None = None,
        executor: str | None = None,
        limits: Limits | None = None,
        replace: bool = False,
        after_trap: str = REPAIR,
    ) -> LoadedModule:
        """Load a header file and the executable beside it.

        The executable is the header file's stem or the module's name (``-`` and ``_`` alike) with ``.wasm`` or the
        platform's library prefix and suffix, or a suffix that an executor declares; ``executable`` names another file.
        Record files in a ``records`` directory beside the header are read too. Raises HeaderError, and as
        :meth:`load_module`.
        """
        definition = self._definition(path, executable)
        return self.load_module(definition, executor=executor, limits=limits, replace=replace, after_trap=after_trap)

    def load_module_from_parts(
        self,
        header: Header,
        executable: bytes,
        *,
        executor: str | None = None,
        limits: Limits | None = None,
        replace: bool = False,
        after_trap: str = REPAIR,
    ) -> LoadedModule:
        """Load a header with the bytes of its executable. See :meth:`load_module`."""
        definition = ModuleDefinition(header, executable)
        return self.load_module(definition, executor=executor, limits=limits, replace=replace, after_trap=after_trap)

    def load_module(
        self,
        definition: ModuleDefinition,
        *,
        executor: str | None = None,
        limits: Limits | None = None,
        replace: bool = False,
        after_trap: str = REPAIR,
    ) -> LoadedModule:
        """Load a definition on ``executor``, or on the executor chosen by preference.

        With ``replace``, the module replaces a loaded module with its id, once it has loaded itself; an error of
        closing that one is logged.

        ``after_trap`` says what follows a call that a trap, a limit or an exception of the host has ended. With
        ``"repair"``, the guest keeps its state, and its stack is put back; where that is impossible it is restarted,
        and the error's ``restarted`` is true. Memory that the ended call had allocated for itself stays allocated.
        With ``"restart"``, the guest is always restarted: a fresh instance, before the next call.

        Raises ValueError for another ``after_trap``, a LoadError, HeaderError where the records of the definition
        contradict known ones, Trap or LimitExceeded when the guest fails during initialization. The engine is unchanged
        after an error.
        """
        with self._calls.turn():
            return self._install(*self._loaded(definition, executor, limits, replace, after_trap), replace)

    def _definition(self, path: str | os.PathLike[str], executable: str | os.PathLike[str] | None) -> ModuleDefinition:
        """Read a header file and the executable beside it."""
        header = Header.load(path, self._types)
        found = executable_files.find(Path(path), header, executable, self._plugins.suffixes(header.executor.name))
        return ModuleDefinition(header, executable_files.read(found, header), found)

    def _loaded(
        self, definition: ModuleDefinition, executor: str | None, limits: Limits | None, replace: bool, after_trap: str
    ) -> Made:
        """Load a definition, in the engine's turn. Then :meth:`_install` puts it in its place."""
        if limits is not None and not isinstance(limits, Limits):
            raise TypeError(f"limits must be arora_core.Limits, got {limits!r}")
        if after_trap not in (REPAIR, RESTART):
            raise ValueError(f"after_trap must be {REPAIR!r} or {RESTART!r}, got {after_trap!r}")
        header, limits = definition.header, limits or NO_LIMITS
        self._require_place(header, replace)
        signatures = self._signatures(header)
        chosen = self._executors.choose(header, executor, limits)
        output = GuestOutput(header.name)
        host = EngineHost(self._calls, self._modules, self._callables, self._codec, output)
        load = partial(self._executors.load, chosen, definition, host, limits, output, self._calls.run_load)
        entry = ModuleEntry(definition, chosen, load(), output, limits)
        entry.restarting = Restarting(load, after_trap == RESTART)
        return entry, signatures

    async def prepare(self, header: Header, executable: bytes, *, executor: str | None = None) -> None:
        """Prepare a later :meth:`load_module_from_parts` without blocking.

        In a browser's page, executables above 8 MB can only be loaded this way; most executors have nothing to
        prepare. The executor is chosen as for loading. Raises a LoadError, Trap, EngineClosed.
        """
        with self._calls.turn():
            self._calls.require_open()
            chosen = self._executors.choose(header, executor, NO_LIMITS)
            preparing = self._executors[chosen]
        try:
            await preparing.prepare(ModuleDefinition(header, executable))
        except AroraError as error:
            error.at(module=header.name, executor=chosen)
            raise

    def register(self, module: HostModule, *, replace: bool = False) -> LoadedModule:
        """Register a host module, so that it can be called like a loaded one.

        Raises LoadError where its id is taken, MissingExport where an export has no Python function.
        """
        with self._calls.turn():
            return self._install(*self._registered(module, replace), replace)

    def _registered(self, module: HostModule, replace: bool) -> Made:
        """As :meth:`_loaded`, for a host module."""
        self._require_place(module.header, replace)
        signatures = self._signatures(module.header)
        output = GuestOutput(module.header.name)
        return ModuleEntry(module, HOST, HostInstance(module, signatures), output), signatures

    def unload(self, module: ModuleHandle | AnyId) -> None:
        """Unload a module and release its memory. Waits for the calls of other threads to end.

        Raises ModuleNotFound, and ModuleBusy from inside one of the module's own calls.
        """
        with self._calls.turn():
            self._calls.require_open()
            entry = self._modules[module.id.bytes if isinstance(module, ModuleHandle) else _id_bytes(module)]
            if isinstance(module, ModuleHandle) and entry.handle is not module._origin:
                raise ModuleNotFound("the module has been unloaded", module=module.name)
            self._calls.require_idle(entry)
            id, forget = entry.header.id.bytes, self._modules.forget
            try:
                close_all([entry])
            finally:
                if entry.closed:
                    forget(id, None)

    @property
    def modules(self) -> Mapping[UUID, LoadedModule]:
        """A snapshot of the loaded modules, by id."""
        return MappingProxyType({entry.header.id: entry.handle for entry in self._modules})

    @property
    def types(self) -> TypeRegistry:
        """The type records known to this engine."""
        return self._types

    @property
    def plugins(self) -> Plugins:
        """The plugins in use."""
        return self._plugins

    # --- calling -----------------------------------------------------------------------------------

    def call(self, call: Call) -> CallResult:
        """Make a generic call: values in, values out.

        Without a ``module_id``, exactly one loaded module must export the function. Raises a CallError.
        """
        return self._function(call).call(call.args)

    def dispatch(self, module_id: AnyId, function_id: AnyId, argument: bytes) -> bytes:
        """Make a raw call: take an argument buffer, return the raw result buffer, which may be an error buffer.

        Raises MalformedBuffer for an argument whose size prefix is wrong, otherwise a CallError.
        """
        if len(argument) < 5 or int.from_bytes(argument[:4], "little") != len(argument):
            raise MalformedBuffer(
                f"got {argument[:4].hex()}", offset=0, expected=f"a size prefix of {len(argument)}, the bytes given"
            )
        module, function = _id_bytes(module_id), _id_bytes(function_id)
        self._calls.require_open()
        return self._modules[module].function(function).enter(bytes(argument))

    def register_callable(self, function: Callable[[], v.Value]) -> int:
        """Register a Python callable without arguments; return the u64 id by which guests call it.

        The callable returns a value of ``arora_core.values``, or None for unit. A CallError that it raises reaches
        the calling guest as an error buffer; any other exception unwinds the guest and leaves the outermost call.
        """
        self._calls.require_open()
        return self._callables.add(function)

    def unregister_callable(self, id: int) -> None:
        """Unregister a callable. Raises FunctionNotFound."""
        self._calls.require_open()
        self._callables.remove(id)

    def call_indirect(self, id: int) -> v.Value:
        """Call a registered callable; return its value. Raises FunctionNotFound, and any exception of the callable."""
        with self._calls.turn():
            self._calls.require_turn()
            return self._callables.call(id)

    # --- closing -----------------------------------------------------------------------------------

    def close(self) -> None:
        """Unload every module and release all resources. Idempotent. Raises ModuleBusy from inside a call or a load.

        Everything is closed, whatever some of it raises; the first exception comes out then. Closing again tries again.
        """
        with self._calls.turn():
            self._calls.close()
            self._callables.clear()
            close_all([*self._modules, *self._executors.values()])
            self._modules.clear()
            self._executors.clear()
        self._awaited.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("an Engine cannot be copied or pickled; make one in each process, and load its modules there")

    def __repr__(self) -> str:
        state = "closed" if self._calls.closed else f"{len(self._modules)} modules"
        return f"<arora engine, {state}>"

    # --- parts -------------------------------------------------------------------------------------

    def _require_place(self, header: Header, replace: bool) -> None:
        """Raise LoadError where the module's id is taken, ModuleBusy where the module to replace is running."""
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

    def _signatures(self, header: Header) -> dict[str, CompiledSignature]:
        """Return the exports' signatures by name. Raises HeaderError where records contradict known ones."""
        registry = self._types.merged(header.types)
        # New for every module: it has to see the records added since the last one was loaded.
        conversions = Conversions(registry)
        return {each.name: CompiledSignature(each, registry, conversions, self._codec) for each in header.exports}

    def _install(self, entry: ModuleEntry, signatures: Mapping[str, CompiledSignature], replace: bool) -> LoadedModule:
        """Put a module in its place, and close the one that was there. After an error, close the new one instead."""
        try:
            entry.pickling = Pickling(type(self), entry, self._modules, self._callables)
            functions = self._functions(entry, signatures)
            for each in functions.values():
                each._pickling, each._awaited = entry.pickling, partial(self._awaited.call, entry.limits.deadline)
                each._accelerate = partial(accelerated, self._calls, entry, each._export)
            entry.handle = LoadedModule(entry.header, entry.executor, functions, partial(self._restart, entry))
            entry.handle._pickling = entry.pickling
            # Again: while it was loaded, its guest's host code may have loaded a module with the same id.
            self._require_place(entry.header, replace)
            replaced = self._modules.get(entry.header.id.bytes)
            self._types.update(entry.header.types)
            self._modules.put(entry)
        except BaseException as error:
            if entry not in self._modules:
                close_after(error, entry)
            raise
        if replaced is not None:
            close_and_log(replaced, f"the module {replaced.header.name}, which was replaced, failed to close")
        return entry.handle

    def _functions(self, entry: ModuleEntry, signatures: Mapping[str, CompiledSignature]) -> dict[str, Function]:
        functions, name = {}, entry.header.name
        for export in entry.header.exports:
            enter, nested = self._calls.entrance(entry, export.name, calling(export.id.bytes, entry.limits.result))
            entry.functions[export.id.bytes] = FunctionEntry(export.name, enter, nested)
            signature = signatures[export.name]
            large, rows = (partial(self._late_entrance, entry, export, bind) for bind in (transferring, batching))
            functions[export.name] = Function(name, entry.executor, export, signature, enter, large, rows)
        return functions

    def _restart(self, entry: ModuleEntry) -> None:
        with self._calls.turn():
            if entry.closed:
                self._calls.require_open()
                raise ModuleNotFound("the module has been unloaded", module=entry.header.name)
            self._calls.require_idle(entry, "restarted")
            entry.restart()

    def _function(self, call: Call) -> Function:
        self._calls.require_open()
        named = call.module_id
        entry = self._modules.exporting(call.id) if named is None else self._modules[named.bytes]
        return entry.handle.functions[entry.function(call.id.bytes).name]

    def _late_entrance(
        self, module: ModuleEntry, export: ExportedFunction, bind: Callable[[bytes, int | None], Any]
    ) -> Callable[[Any], Any]:
        """Return an entry point that most functions never need."""
        with self._calls.turn():
            if module.closed:
                self._calls.refuse(module, export.name)
            enter, _ = self._calls.entrance(module, export.name, bind(export.id.bytes, module.limits.result))
            return enter


def _id_bytes(id: AnyId) -> bytes:
    if isinstance(id, bytes):
        if len(id) != 16:
            raise ValueError(f"an id has 16 bytes, got {len(id)}")
        return id
    return v.uuid(id).bytes
