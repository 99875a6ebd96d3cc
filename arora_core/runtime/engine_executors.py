"""The executors of one engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..errors import AroraError
from ..executor import Host, Instance, Limits
from ..header import Header, ModuleDefinition
from ..installed_executor import ExecutorInUse
from ..plugins import Plugins
from . import host_code, selection
from .guest_output import GuestOutput
from .module_entry import add_context


class EngineExecutors(Mapping[str, ExecutorInUse]):
    """The executors that modules of an engine run on, by name. Each is created when a module first needs it."""

    def __init__(self, plugins: Plugins, prefer: Sequence[str]) -> None:
        """``prefer`` names those to choose first, in order."""
        self._plugins = plugins
        self._prefer = (prefer,) if isinstance(prefer, str) else tuple(prefer)
        self._created: dict[str, ExecutorInUse] = {}

    def choose(self, header: Header, executor: str | None, limits: Limits) -> str:
        """Return the name of the executor of a module. One that cannot be created is passed over.

        Raises as :func:`.selection.choose`.
        """
        while True:
            chosen = selection.choose(self._plugins, header, executor=executor, prefer=self._prefer, limits=limits)
            if chosen.name in self._created:
                return chosen.name
            created = chosen.create(host_code.raised)
            if created is not None:
                self._created[chosen.name] = created
                return chosen.name

    def load(
        self,
        executor: str,
        definition: ModuleDefinition,
        host: Host,
        limits: Limits,
        output: GuestOutput,
        run: Callable[[Callable[[], object], int], object],
    ) -> Instance:
        """Load a definition on the executor of this name, within ``run``. Its errors say which module and executor."""
        try:
            return self._created[executor].load(definition, host, limits, run)
        except AroraError as error:
            add_context(error, definition.header.name, None, executor, output)
            raise

    def clear(self) -> None:
        """Forget them, once they are closed."""
        self._created.clear()

    def __getitem__(self, name: str) -> ExecutorInUse:
        return self._created[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._created)

    def __len__(self) -> int:
        return len(self._created)
