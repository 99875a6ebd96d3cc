"""A stateful test of the life cycle of guests, compared with a model of their state."""

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
from ..errors import EngineClosed, GuestError, ModuleNotFound, Trap
from ..executor import Capability
from ..runtime.loaded_module import LoadedModule
from .expecting import expect, expect_equal, expect_raises
from .generating import SHRINKING, repeatable
from .subject import Subject

_MODULES: Final = 4
_STEPS: Final = 30
_NUMBERS: Final = st.integers(0, _MODULES - 1)
_U64: Final = st.integers(0, (1 << 64) - 1)

# Untyped: for mypy, `**given` could also be the parameters `target` and `targets` of `rule`.
_rule: Final[Any] = rule

_Step = tuple[str, tuple[int, ...]]


class ShrinkingLimit:
    """Limit the time for shrinking a failing sequence of steps. Shared by all machines of one run.

    With a slow executor, shrinking would take minutes. Once the time is up, only sequences that are known to fail run
    again; all others pass without running.
    """

    def __init__(self) -> None:
        self._failed: set[tuple[_Step, ...]] = set()
        self._until = inf

    def record_failure(self, steps: list[_Step]) -> None:
        """Remember that these steps lead to a failure."""
        self._failed.update(tuple(steps[:end]) for end in range(len(steps) + 1))
        self._until = min(self._until, monotonic() + SHRINKING)

    def allows(self, steps: list[_Step]) -> bool:
        """Return whether the last of these steps should run."""
        return monotonic() < self._until or tuple(steps) in self._failed


def _step(*, needs_module: bool = True, **given: st.SearchStrategy[int]) -> Callable[[Callable[..., None]], Any]:
    """Return a decorator that makes a method a rule of the state machine.

    If ``needs_module`` and no module is loaded, the guest is loaded before the step. This is not a precondition: the
    steps drawn must not depend on the steps run, because the time limit skips some.
    """

    def decorate(method: Callable[..., None]) -> Any:
        @wraps(method)
        def step(machine: LifeCycle, **drawn: int) -> None:
            machine.steps.append((method.__name__, tuple(drawn.values())))
            machine.run_in_time(partial(machine.run_step, partial(method, machine, **drawn), needs_module))

        return _rule(**given)(step)

    return decorate


class LifeCycle(RuleBasedStateMachine):
    """Load, call, nest calls, crash, replace, unload and close, in any order.

    The model holds, for each loaded guest, the value it keeps (``exchange``) and its counter (``count``).
    """

    def __init__(self, subject: Subject, limit: ShrinkingLimit) -> None:
        super().__init__()
        self.subject = subject
        self.limit = limit
        self.steps: list[_Step] = []
        self.engine = subject.new_engine()
        self.loaded: dict[int, LoadedModule] = {}
        self.kept: dict[int, int] = {}
        self.counted: dict[int, int] = {}
        self.unloaded: LoadedModule | None = None

    def run_step(self, step: Callable[[], None], needs_module: bool) -> None:
        """Run a step. Load the guest first if the step needs a module and none is loaded."""
        if needs_module and not self.loaded:
            self._load(0)
        step()

    def run_in_time(self, action: Callable[[], object]) -> None:
        """Run an action unless the time for shrinking is up, and record its failure."""
        if not self.limit.allows(self.steps):
            return
        try:
            action()
        except Exception:
            self.limit.record_failure(self.steps)
            raise

    @initialize()
    def begin(self) -> None:
        self.run_in_time(partial(self._load, 0))

    @_step(needs_module=False, number=_NUMBERS)
    def load(self, number: int) -> None:
        """Load the guest as that module, or replace it."""
        self._load(number)

    def _load(self, number: int) -> None:
        self.unloaded = self.loaded.get(number, self.unloaded)
        self.loaded[number] = self.subject.load(number, engine=self.engine, replace=number in self.loaded)
        self.kept[number] = self.counted[number] = 0

    @_step(number=_NUMBERS, value=_U64)
    def keep(self, number: int, value: int) -> None:
        number = self._existing(number)
        expect_equal(self.loaded[number].exchange(value), self.kept[number], "the value a guest kept")
        self.kept[number] = value

    @_step(number=_NUMBERS)
    def count(self, number: int) -> None:
        number = self._existing(number)
        self.counted[number] += 1
        expect_equal(self.loaded[number].count(), self.counted[number], "the counter of a guest")

    @_step(caller=_NUMBERS, callee=_NUMBERS, value=_U64)
    def call_from_inside(self, caller: int, callee: int, value: int) -> None:
        caller, callee = self._existing(caller), self._existing(callee)
        argument = self.subject.argument("exchange", v.U64(value))
        result = self.loaded[caller].forward(self.loaded[callee].id, self.subject.function_id("exchange"), argument)
        expect_equal(result, self.subject.result("exchange", v.U64(self.kept[callee])), "the result of a nested call")
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
    @_step(number=_NUMBERS, how=st.integers(0, 2))
    def crash(self, number: int, how: int) -> None:
        number = self._existing(number)
        trap = expect_raises(Trap, partial(self.loaded[number].crash, how), "crash")
        if trap.restarted:
            self.kept[number] = self.counted[number] = 0

    @_step(number=_NUMBERS)
    def raise_through(self, number: int) -> None:
        bug = RuntimeError("raised by the host")

        def fail() -> v.Value:
            raise bug

        number = self._existing(number)
        module = self.loaded[number]
        callable = self.engine.register_callable(fail)
        run = partial(module.indirect, callable)
        expect(expect_raises(RuntimeError, run, "a callable that raises") is bug, "the call raised another exception")
        self.engine.unregister_callable(callable)
        # Where the stack cannot be put back the module is restarted, which the host's exception does not say.
        held = module.exchange(self.kept[number]), module.count()
        if held != (0, 1):
            expect_equal(held, (self.kept[number], self.counted[number] + 1), "what a guest kept")
        self.counted[number] = held[1]

    @_step(number=_NUMBERS, absent=_NUMBERS)
    def call_a_module_that_may_be_unloaded(self, number: int, absent: int) -> None:
        module = self.loaded[self._existing(number)]
        target = self.subject.guest.header(absent).id
        result = module.forward(target, self.subject.function_id("nothing"), self.subject.argument("nothing"))
        failed = buffers.error_message(result) is not None
        expect_equal(failed, absent not in self.loaded, f"whether a call of module {absent} failed")

    @_step(number=_NUMBERS)
    def unload(self, number: int) -> None:
        self.unloaded = self.loaded.pop(self._existing(number))
        self.engine.unload(self.unloaded)

    @_step()
    def close_and_start_again(self) -> None:
        self.engine.close()
        for module in self.loaded.values():
            expect_raises(EngineClosed, partial(module.add, 1, 2), "a call after the engine was closed")
        self.loaded.clear()
        self.unloaded = None
        self.engine = self.subject.new_engine()

    @invariant()
    def an_unloaded_module_stays_unloaded(self) -> None:
        unloaded = self.unloaded
        if unloaded is not None:
            call = partial(unloaded.add, 1, 2)
            self.run_in_time(partial(expect_raises, ModuleNotFound, call, "a call of an unloaded module"))

    def teardown(self) -> None:
        self.engine.close()

    def _existing(self, number: int) -> int:
        """Map any number to the number of a loaded module."""
        numbers = sorted(self.loaded)
        return numbers[number % len(numbers)]


def run_life_cycles(subject: Subject, runs: int) -> None:
    """Run the state machine ``runs`` times; raise the failure of the shortest failing sequence of steps."""
    limit = ShrinkingLimit()
    # Some releases of Hypothesis annotate this function, others do not.
    run: Callable[..., None] = run_state_machine_as_test
    run(partial(LifeCycle, subject, limit), settings=repeatable(runs, stateful_step_count=_STEPS))
