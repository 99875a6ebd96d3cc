"""A state machine over a guest's whole life, held against a model of what it should remember."""

from __future__ import annotations

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from .. import buffers
from .. import values as v
from ..errors import EngineClosed, GuestError, ModuleNotFound, Trap, TrapKind
from ..executor import Capability
from ..loaded_module import LoadedModule
from .expecting import expect, expect_equal, expect_raises
from .subject import Subject

_NUMBERS = st.integers(0, 3)
_KEPT = st.integers(0, (1 << 64) - 1)
_TRAPS = [(0, TrapKind.UNREACHABLE), (1, TrapKind.MEMORY_OUT_OF_BOUNDS), (2, TrapKind.INTEGER_DIVISION_BY_ZERO)]


class LifeCycle(RuleBasedStateMachine):
    """Loads, calls, calls from inside calls, crashes, replaces, unloads and closes, in any order.

    The model is what each loaded guest keeps (``exchange``) and how often it was asked (``count``).
    """

    def __init__(self, subject: Subject) -> None:
        super().__init__()
        self.subject = subject
        self.engine = subject.new_engine()
        self.loaded: dict[int, LoadedModule] = {}
        self.kept: dict[int, int] = {}
        self.counted: dict[int, int] = {}
        self.gone: list[LoadedModule] = []

    @rule(number=_NUMBERS)
    def load_or_replace(self, number: int) -> None:
        if number in self.loaded:
            self.gone.append(self.loaded[number])
        self.loaded[number] = self.subject.load(number, engine=self.engine, replace=number in self.loaded)
        self.kept[number] = self.counted[number] = 0

    @precondition(lambda self: self.loaded)
    @rule(number=_NUMBERS, value=_KEPT)
    def keep(self, number: int, value: int) -> None:
        number = self._existing(number)
        expect_equal(self.loaded[number].exchange(value), self.kept[number], "what a guest kept")
        self.kept[number] = value

    @precondition(lambda self: self.loaded)
    @rule(number=_NUMBERS)
    def count(self, number: int) -> None:
        number = self._existing(number)
        self.counted[number] += 1
        expect_equal(self.loaded[number].count(), self.counted[number], "what a guest counted")

    @precondition(lambda self: self.loaded)
    @rule(caller=_NUMBERS, callee=_NUMBERS, value=_KEPT)
    def call_from_inside(self, caller: int, callee: int, value: int) -> None:
        caller, callee = self._existing(caller), self._existing(callee)
        argument = self.subject.argument("exchange", v.U64(value))
        answer = self.loaded[caller].forward(self.loaded[callee].id, self.subject.function_id("exchange"), argument)
        expect_equal(answer, self.subject.answered("exchange", v.U64(self.kept[callee])), "what a nested call answered")
        self.kept[callee] = value

    @precondition(lambda self: self.loaded)
    @rule(number=_NUMBERS, depth=st.integers(0, 8))
    def nest(self, number: int, depth: int) -> None:
        module = self.loaded[self._existing(number)]
        expect_equal(module.descend(module.id, depth), depth, "descend")

    @precondition(lambda self: self.loaded)
    @rule(number=_NUMBERS)
    def fail(self, number: int) -> None:
        module = self.loaded[self._existing(number)]
        expect_raises(GuestError, partial(module.fail, "no"), "fail", message="no")

    @precondition(lambda self: self.loaded and Capability.TRAPS in self.subject.capabilities)
    @rule(number=_NUMBERS, crash=st.sampled_from(_TRAPS))
    def crash(self, number: int, crash: tuple[int, TrapKind]) -> None:
        module, (how, kind) = self.loaded[self._existing(number)], crash
        expect_raises(Trap, partial(module.crash, how), "crash", kind=kind)

    @precondition(lambda self: self.loaded)
    @rule(number=_NUMBERS)
    def raise_through(self, number: int) -> None:
        bug = RuntimeError("of the host")

        def fail() -> v.Value:
            raise bug

        callable = self.engine.register_callable(fail)
        run = partial(self.loaded[self._existing(number)].indirect, callable)
        expect(expect_raises(RuntimeError, run, "a callable that raises") is bug, "another exception came out")
        self.engine.unregister_callable(callable)

    @precondition(lambda self: self.loaded)
    @rule(number=_NUMBERS, absent=_NUMBERS)
    def call_one_that_may_be_gone(self, number: int, absent: int) -> None:
        module = self.loaded[self._existing(number)]
        target = self.subject.guest.header(absent).id
        answer = module.forward(target, self.subject.function_id("nothing"), self.subject.argument("nothing"))
        refused = buffers.error_message(answer) is not None
        expect_equal(refused, absent not in self.loaded, f"whether a call of module {absent} was refused")

    @precondition(lambda self: self.loaded)
    @rule(number=_NUMBERS)
    def unload(self, number: int) -> None:
        number = self._existing(number)
        module = self.loaded.pop(number)
        self.engine.unload(module)
        self.gone.append(module)

    @precondition(lambda self: self.loaded)
    @rule()
    def close_the_engine_and_begin_anew(self) -> None:
        self.engine.close()
        for module in self.loaded.values():
            expect_raises(EngineClosed, partial(module.add, 1, 2), "a call after the engine was closed")
        self.loaded.clear()
        self.gone.clear()
        self.engine = self.subject.new_engine()

    @invariant()
    def those_that_are_gone_stay_gone(self) -> None:
        if self.gone:
            expect_raises(ModuleNotFound, partial(self.gone[-1].add, 1, 2), "a call of an unloaded module")

    def teardown(self) -> None:
        self.engine.close()

    def _existing(self, number: int) -> int:
        """One of the loaded modules."""
        numbers = sorted(self.loaded)
        return numbers[number % len(numbers)]
