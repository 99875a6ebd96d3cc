"""A state machine over a guest's whole life, held against a model of what it should remember."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from math import inf
from time import monotonic
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from .. import buffers
from .. import values as v
from ..errors import EngineClosed, GuestError, ModuleNotFound, Trap, TrapKind
from ..executor import Capability
from ..runtime.loaded_module import LoadedModule
from .expecting import expect, expect_equal, expect_raises
from .generating import SHRINKING, repeatable
from .subject import Subject

_MODULES: Final = 4
_STEPS: Final = 30
_KINDS: Final = (TrapKind.UNREACHABLE, TrapKind.MEMORY_OUT_OF_BOUNDS, TrapKind.INTEGER_DIVISION_BY_ZERO)
"""What the guest's first ways to crash are."""
_NUMBERS: Final = st.integers(0, _MODULES - 1)
_KEPT: Final = st.integers(0, (1 << 64) - 1)

# Their types are as strict as to know only targets beside strategies.
_rule: Final[Any] = rule

_Step = tuple[str, tuple[int, ...]]


class Search:
    """What the machines of one run know of one another: which sequences of steps failed, and when time is up.

    Hypothesis makes a sequence smaller that failed. With a slow executor that would take minutes; once there is no time
    left, only what is known to fail is done again, and all else passes without a look.
    """

    def __init__(self) -> None:
        self._failed: set[tuple[_Step, ...]] = set()
        self._until = inf

    def fails(self, taken: list[_Step]) -> None:
        """These steps led to a failure."""
        self._failed.update(tuple(taken[:end]) for end in range(len(taken) + 1))
        self._until = min(self._until, monotonic() + SHRINKING)

    def wants(self, taken: list[_Step]) -> bool:
        """Whether these steps are worth taking."""
        return monotonic() < self._until or tuple(taken) in self._failed


def _step(*, anywhere: bool = False, **given: st.SearchStrategy[int]) -> Callable[[Callable[..., None]], Any]:
    """A rule of the machine below. Unless it can be done ``anywhere``, the guest is loaded first where nothing is.

    That is no precondition: what is drawn must not depend on what was done, because some of it is passed over.
    """

    def make(do: Callable[..., None]) -> Any:
        @wraps(do)
        def take(machine: LifeCycle, **drawn: int) -> None:
            machine.taken.append((do.__name__, tuple(drawn.values())))
            machine.look(partial(machine.take, partial(do, machine, **drawn), anywhere))

        return _rule(**given)(take)

    return make


class LifeCycle(RuleBasedStateMachine):
    """Loads, calls, calls from inside calls, crashes, replaces, unloads and closes, in any order.

    The model is what each loaded guest keeps (``exchange``) and how often it counted.
    """

    def __init__(self, subject: Subject, search: Search) -> None:
        super().__init__()
        self.subject = subject
        self.search = search
        self.taken: list[_Step] = []
        self.engine = subject.new_engine()
        self.loaded: dict[int, LoadedModule] = {}
        self.kept: dict[int, int] = {}
        self.counted: dict[int, int] = {}
        self.gone: LoadedModule | None = None

    def take(self, step: Callable[[], None], anywhere: bool) -> None:
        """Takes a step, the guest being loaded."""
        if not self.loaded and not anywhere:
            self._load(0)
        step()

    def look(self, do: Callable[[], object]) -> None:
        """Does a step, or passes over it; and remembers what fails."""
        if not self.search.wants(self.taken):
            return
        try:
            do()
        except Exception:
            self.search.fails(self.taken)
            raise

    @initialize()
    def begin(self) -> None:
        self.look(partial(self._load, 0))

    @_step(anywhere=True, number=_NUMBERS)
    def load(self, number: int) -> None:
        """Loads the guest as that module, or replaces it."""
        self._load(number)

    def _load(self, number: int) -> None:
        self.gone = self.loaded.get(number, self.gone)
        self.loaded[number] = self.subject.load(number, engine=self.engine, replace=number in self.loaded)
        self.kept[number] = self.counted[number] = 0

    @_step(number=_NUMBERS, value=_KEPT)
    def keep(self, number: int, value: int) -> None:
        number = self._existing(number)
        expect_equal(self.loaded[number].exchange(value), self.kept[number], "what a guest kept")
        self.kept[number] = value

    @_step(number=_NUMBERS)
    def count(self, number: int) -> None:
        number = self._existing(number)
        self.counted[number] += 1
        expect_equal(self.loaded[number].count(), self.counted[number], "what a guest counted")

    @_step(caller=_NUMBERS, callee=_NUMBERS, value=_KEPT)
    def call_from_inside(self, caller: int, callee: int, value: int) -> None:
        caller, callee = self._existing(caller), self._existing(callee)
        argument = self.subject.argument("exchange", v.U64(value))
        answer = self.loaded[caller].forward(self.loaded[callee].id, self.subject.function_id("exchange"), argument)
        expect_equal(answer, self.subject.answered("exchange", v.U64(self.kept[callee])), "what a nested call answered")
        self.kept[callee] = value

    @_step(number=_NUMBERS, depth=st.integers(0, 8))
    def nest(self, number: int, depth: int) -> None:
        module = self.loaded[self._existing(number)]
        expect_equal(module.descend(module.id, depth), depth, "descend")

    @_step(number=_NUMBERS)
    def fail(self, number: int) -> None:
        module = self.loaded[self._existing(number)]
        expect_raises(GuestError, partial(module.fail, "no"), "fail", message="no")

    @precondition(lambda self: Capability.TRAPS in self.subject.capabilities)
    @_step(number=_NUMBERS, how=st.integers(0, len(_KINDS) - 1))
    def crash(self, number: int, how: int) -> None:
        module = self.loaded[self._existing(number)]
        expect_raises(Trap, partial(module.crash, how), "crash", kind=_KINDS[how])

    @_step(number=_NUMBERS)
    def raise_through(self, number: int) -> None:
        bug = RuntimeError("of the host")

        def fail() -> v.Value:
            raise bug

        callable = self.engine.register_callable(fail)
        run = partial(self.loaded[self._existing(number)].indirect, callable)
        expect(expect_raises(RuntimeError, run, "a callable that raises") is bug, "another exception came out")
        self.engine.unregister_callable(callable)

    @_step(number=_NUMBERS, absent=_NUMBERS)
    def call_one_that_may_be_gone(self, number: int, absent: int) -> None:
        module = self.loaded[self._existing(number)]
        target = self.subject.guest.header(absent).id
        answer = module.forward(target, self.subject.function_id("nothing"), self.subject.argument("nothing"))
        refused = buffers.error_message(answer) is not None
        expect_equal(refused, absent not in self.loaded, f"whether a call of module {absent} was refused")

    @_step(number=_NUMBERS)
    def unload(self, number: int) -> None:
        self.gone = self.loaded.pop(self._existing(number))
        self.engine.unload(self.gone)

    @_step()
    def close_and_begin_anew(self) -> None:
        self.engine.close()
        for module in self.loaded.values():
            expect_raises(EngineClosed, partial(module.add, 1, 2), "a call after the engine was closed")
        self.loaded.clear()
        self.gone = None
        self.engine = self.subject.new_engine()

    @invariant()
    def what_is_gone_stays_gone(self) -> None:
        gone = self.gone
        if gone is not None:
            call = partial(gone.add, 1, 2)
            self.look(partial(expect_raises, ModuleNotFound, call, "a call of an unloaded module"))

    def teardown(self) -> None:
        self.engine.close()

    def _existing(self, number: int) -> int:
        """One of the loaded modules."""
        numbers = sorted(self.loaded)
        return numbers[number % len(numbers)]


def live(subject: Subject, lives: int) -> None:
    """So many lives, each of some steps. Raises what fails, for the fewest steps that it does."""
    search = Search()
    # Typed in some releases of Hypothesis, untyped in others.
    run: Callable[..., None] = run_state_machine_as_test
    run(partial(LifeCycle, subject, search), settings=repeatable(lives, stateful_step_count=_STEPS))
