"""A guest that fails many times in one way, and what must be as before then: its answers, its blocks and its stack."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final
from unittest import mock
from uuid import UUID

from arora_core import ArgumentError, CallError, Engine, GuestError, LimitExceeded, Limits, LoadedModule, Trap
from arora_core import values as v
from arora_core.conformance.guests import guest_for
from arora_core.executor import Executor
from arora_core.limits import LIMITS
from arora_core.linear_memory import GlobalVariable, LinearGuest

_PAGE: Final = 1 << 16
_ENDLESS: Final = 1 << 40
_DEPTH: Final = 5
_BEYOND_MEMORY: Final = bytes(8 << 20)
_REFUSING: Final = 3
"""The mode in which the guest's allocator refuses the next allocation."""
_PATIENCE: Final = 50
"""Attempts of a call with a short deadline, which a busy machine may not give it the time for."""


class Surprise(Exception):
    """What a failing callable raises."""


@dataclass(frozen=True)
class Failure:
    """One way to fail: what it raises, the functions of the guest it calls, and the limits that it takes."""

    raises: type[BaseException]
    uses: tuple[str, ...]
    provoke: Callable[[Engine, LoadedModule], object]
    limits: Limits | None = None

    def is_known_to(self, executor: type[Executor]) -> bool:
        """Return whether an executor can fail in this way."""
        needed = {each.capability for each in LIMITS if getattr(self.limits, each.name, None) is not None}
        return needed <= executor.capabilities and guest_for(executor).functions.issuperset(self.uses)


def _crash(how: int) -> Failure:
    return Failure(Trap, ("crash",), lambda engine, module: module.crash(how))


def _malform(how: int) -> Failure:
    return Failure(Trap, ("malform",), lambda engine, module: module.malform(how))


def _raise(error: type[BaseException]) -> Failure:
    """The guest and its host call each other some levels deep; then the host raises an exception."""

    def provoke(engine: Engine, module: LoadedModule) -> None:
        depth = 0

        def fail() -> v.Value:
            nonlocal depth
            depth += 1
            if depth < _DEPTH:
                module.indirect(callable)
            raise error

        callable = engine.register_callable(fail)
        try:
            module.indirect(callable)
        finally:
            engine.unregister_callable(callable)

    return Failure(error, ("indirect",), provoke)


def _exceed(limits: Limits) -> Failure:
    return Failure(LimitExceeded, ("work",), lambda engine, module: module.work(_ENDLESS), limits)


def _refuse(engine: Engine, module: LoadedModule) -> None:
    module.set_allocator(_REFUSING)
    module.echo_u8s(bytes(10_000))


FAILURES: Final = {
    "unreachable": _crash(0),
    "memory out of bounds": _crash(1),
    "division by zero": _crash(2),
    "indirect call to null": _crash(5),
    "stack overflow": _crash(6),
    "exit": _crash(7),
    "null result": _malform(0),
    "result of another function": _malform(3),
    "exception of the host": _raise(Surprise),
    "interrupt": _raise(KeyboardInterrupt),
    "error of the guest": Failure(GuestError, ("fail",), lambda engine, module: module.fail("x" * 100)),
    "wrong argument": Failure(ArgumentError, ("add",), lambda engine, module: module.add("one", 2)),
    "refused allocation": Failure(CallError, ("set_allocator", "echo_u8s"), _refuse),
    "memory limit": Failure(
        Trap, ("echo_u8s",), lambda engine, module: module.echo_u8s(_BEYOND_MEMORY), Limits(memory=64 * _PAGE)
    ),
    "deadline": _exceed(Limits(deadline=0.05)),
    "fuel": _exceed(Limits(fuel=2_000_000)),
}

_WHOLE: Final = dict.fromkeys(("u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"), 100)
_NUMBERS: Final = {**_WHOLE, "f32": 0.5, "f64": 0.5}
_ECHOED: Final[dict[str, object]] = {
    **{f"echo_{name}": number for name, number in _NUMBERS.items()},
    **{f"echo_{name}s": [number, 0, number] for name, number in _NUMBERS.items()},
    "echo_unit": None,
    "echo_bool": True,
    "echo_bools": [True, False],
    "echo_str": "text",
    "echo_strs": ["a", "", "b" * 500],
    "echo_uuid": UUID(int=5),
    "echo_option": 0.5,
    "echo_map": {"a": 0.5, "b": 1.5},
}


class FailingGuest:
    """A guest that has failed already, so that failures which cost something once have done so."""

    def __init__(
        self, engine: Engine, module: LoadedModule, failure: Failure, stacks: Sequence[GlobalVariable]
    ) -> None:
        self._engine = engine
        self._module = module
        self._failure = failure
        self._stacks = stacks
        self.fail()
        if wrong := self._wrong_answers():
            raise AssertionError(f"wrong from the beginning: {wrong}")
        self.fail()
        self._before = self._standing()

    def fail(self) -> None:
        """Fail once more. Raises AssertionError if it fails in another way."""
        try:
            self._failure.provoke(self._engine, self._module)
        except self._failure.raises:
            return
        raise AssertionError(f"expected {self._failure.raises.__name__}")

    def differences(self) -> list[str]:
        """Return what is not as it was before the failures, in words."""
        pairs = zip(self._before.items(), self._standing().values(), strict=True)
        changed = [f"{what}: {old} before, {new} after" for (what, old), new in pairs if old != new]
        return changed + [f"{name} answers wrongly" for name in self._wrong_answers()]

    def _standing(self) -> dict[str, object]:
        blocks, _, _, freed_twice = _patiently(self._module.allocations)
        stacks = [stack.get() for stack in self._stacks]
        return {"blocks": blocks, "blocks freed twice": freed_twice, "stack pointers": stacks}

    def _wrong_answers(self) -> list[str]:
        module = self._module
        wrong = [name for name, value in _ECHOED.items() if _plain(_patiently(module[name], value)) != value]
        answers = {
            "add": _patiently(module.add, 1, 2) == 3,
            "reverse": _plain(_patiently(module.reverse, [1.0, 2.0, 3.0])) == [3.0, 2.0, 1.0],
            "fill": bytes(_patiently(module.fill, 1000, 7)) == bytes([7]) * 1000,
            "echo_u8s of 100,000 bytes": bytes(_patiently(module.echo_u8s, bytes(100_000))) == bytes(100_000),
            "descend": _patiently(module.descend, module.id, _DEPTH) == _DEPTH,
        }
        return wrong + [name for name, right in answers.items() if not right]


def _patiently(function: Callable[..., Any], *arguments: object) -> Any:
    for _ in range(_PATIENCE):
        with suppress(LimitExceeded):
            return function(*arguments)
    return function(*arguments)


def _plain(value: Any) -> object:
    return list(value) if isinstance(value, (bytes, bytearray)) or hasattr(value, "tolist") else value


@contextmanager
def failing(executor: type[Executor], failure: Failure) -> Iterator[FailingGuest]:
    """Load the conformance guest on an executor, to fail in one way."""
    stacks: list[GlobalVariable] = []
    attach = LinearGuest.attach_stack

    def attach_stack(guest: LinearGuest, pointer: GlobalVariable | None, *, unknown: bool) -> None:
        if pointer is not None:
            stacks.append(pointer)
        attach(guest, pointer, unknown=unknown)

    with mock.patch.object(LinearGuest, "attach_stack", attach_stack), Engine(prefer=[executor.name]) as engine:
        definition = guest_for(executor).definition()
        module = engine.load_module(definition, executor=executor.name, limits=failure.limits)
        yield FailingGuest(engine, module, failure, stacks)


def known_failures(executor: type[Executor]) -> dict[str, Failure]:
    """Return the failures that are possible on an executor, by name."""
    return {name: failure for name, failure in FAILURES.items() if failure.is_known_to(executor)}
