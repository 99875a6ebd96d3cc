"""A life: steps that load, call, crash, replace, unload and close, held against a model of what guests remember."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Final, NamedTuple

from hypothesis import strategies as st

from .. import buffers
from .. import values as v
from ..errors import EngineClosed, GuestError, ModuleNotFound, Trap, TrapKind
from ..executor import Capability
from ..loaded_module import LoadedModule
from .expecting import expect, expect_equal, expect_raises
from .subject import Subject

_MODULES: Final = 4
_LONGEST: Final = 30
_KINDS: Final = (TrapKind.UNREACHABLE, TrapKind.MEMORY_OUT_OF_BOUNDS, TrapKind.INTEGER_DIVISION_BY_ZERO)
"""What the guest's first ways to crash are."""
_NUMBERS: Final = st.integers(0, _MODULES - 1)


class Step(NamedTuple):
    """One step: the name of a method of :class:`Life`, and what it is given."""

    do: str
    given: tuple[int, ...]

    def __repr__(self) -> str:
        return f"{self.do}({', '.join(map(str, self.given))})"


def lives(capabilities: Collection[Capability]) -> st.SearchStrategy[Sequence[Step]]:
    """Sequences of the steps that an executor of these capabilities can take."""
    kept = st.integers(0, (1 << 64) - 1)
    given = {
        "load": [_NUMBERS],
        "keep": [_NUMBERS, kept],
        "count": [_NUMBERS],
        "call_from_inside": [_NUMBERS, _NUMBERS, kept],
        "nest": [_NUMBERS, st.integers(0, 8)],
        "fail": [_NUMBERS],
        "raise_through": [_NUMBERS],
        "call_one_that_may_be_gone": [_NUMBERS, _NUMBERS],
        "unload": [_NUMBERS],
        "close_and_begin_anew": [],
        **({"crash": [_NUMBERS, st.integers(0, len(_KINDS) - 1)]} if Capability.TRAPS in capabilities else {}),
    }
    step = st.one_of([st.builds(Step, st.just(do), st.tuples(*parts)) for do, parts in given.items()])
    # Lists of any length are short ones, mostly: so a fixed number of steps, of which some are none. The simplest is
    # none, and so the smallest example has few.
    maybe = st.lists(st.none() | step, min_size=_LONGEST, max_size=_LONGEST)
    return maybe.map(lambda drawn: [each for each in drawn if each is not None])


class Life:
    """What is loaded, and the model: what each loaded guest keeps (``exchange``) and how often it counted.

    Where nothing is loaded there is nothing to call, and such a step does nothing.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.engine = subject.new_engine()
        self.loaded: dict[int, LoadedModule] = {}
        self.kept: dict[int, int] = {}
        self.counted: dict[int, int] = {}
        self.gone: LoadedModule | None = None

    @classmethod
    def lived(cls, subject: Subject, steps: Sequence[Step]) -> None:
        """Takes the steps. Raises CheckFailed where the executor and the model part."""
        life = cls(subject)
        try:
            life.load(0)
            for step in steps:
                if life.loaded or step.do == "load":
                    getattr(life, step.do)(*step.given)
                life.require_that_what_is_gone_stays_gone()
        finally:
            life.engine.close()

    def load(self, number: int) -> None:
        """Loads the guest as that module, or replaces it."""
        self.gone = self.loaded.get(number, self.gone)
        self.loaded[number] = self.subject.load(number, engine=self.engine, replace=number in self.loaded)
        self.kept[number] = self.counted[number] = 0

    def keep(self, number: int, value: int) -> None:
        number = self._existing(number)
        expect_equal(self.loaded[number].exchange(value), self.kept[number], "what a guest kept")
        self.kept[number] = value

    def count(self, number: int) -> None:
        number = self._existing(number)
        self.counted[number] += 1
        expect_equal(self.loaded[number].count(), self.counted[number], "what a guest counted")

    def call_from_inside(self, caller: int, callee: int, value: int) -> None:
        caller, callee = self._existing(caller), self._existing(callee)
        argument = self.subject.argument("exchange", v.U64(value))
        answer = self.loaded[caller].forward(self.loaded[callee].id, self.subject.function_id("exchange"), argument)
        expect_equal(answer, self.subject.answered("exchange", v.U64(self.kept[callee])), "what a nested call answered")
        self.kept[callee] = value

    def nest(self, number: int, depth: int) -> None:
        module = self.loaded[self._existing(number)]
        expect_equal(module.descend(module.id, depth), depth, "descend")

    def fail(self, number: int) -> None:
        module = self.loaded[self._existing(number)]
        expect_raises(GuestError, partial(module.fail, "no"), "fail", message="no")

    def crash(self, number: int, how: int) -> None:
        module = self.loaded[self._existing(number)]
        expect_raises(Trap, partial(module.crash, how), "crash", kind=_KINDS[how])

    def raise_through(self, number: int) -> None:
        bug = RuntimeError("of the host")

        def fail() -> v.Value:
            raise bug

        callable = self.engine.register_callable(fail)
        run = partial(self.loaded[self._existing(number)].indirect, callable)
        expect(expect_raises(RuntimeError, run, "a callable that raises") is bug, "another exception came out")
        self.engine.unregister_callable(callable)

    def call_one_that_may_be_gone(self, number: int, absent: int) -> None:
        module = self.loaded[self._existing(number)]
        target = self.subject.guest.header(absent).id
        answer = module.forward(target, self.subject.function_id("nothing"), self.subject.argument("nothing"))
        refused = buffers.error_message(answer) is not None
        expect_equal(refused, absent not in self.loaded, f"whether a call of module {absent} was refused")

    def unload(self, number: int) -> None:
        self.gone = self.loaded.pop(self._existing(number))
        self.engine.unload(self.gone)

    def close_and_begin_anew(self) -> None:
        self.engine.close()
        for module in self.loaded.values():
            expect_raises(EngineClosed, partial(module.add, 1, 2), "a call after the engine was closed")
        self.loaded.clear()
        self.gone = None
        self.engine = self.subject.new_engine()

    def require_that_what_is_gone_stays_gone(self) -> None:
        if self.gone is not None:
            expect_raises(ModuleNotFound, partial(self.gone.add, 1, 2), "a call of an unloaded module")

    def _existing(self, number: int) -> int:
        """One of the loaded modules."""
        numbers = sorted(self.loaded)
        return numbers[number % len(numbers)]
