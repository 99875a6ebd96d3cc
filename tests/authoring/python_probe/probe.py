"""A module in Python for the tests: its functions do what could go wrong at the border of a component."""

from __future__ import annotations

import random
import sys
import uuid
from array import array

import yaml

from arora_core import GuestError, Result
from arora_core import values as v
from arora_core.guest import call_indirect

from generated.probe import DoubleMutated, Module, Move, Point, robot


class Probe(Module):
    def __init__(self) -> None:
        self.calls = 0

    def add(self, a: int, b: int) -> int:
        return a + b

    def double(self, values: array[float]) -> Result[int, DoubleMutated]:
        return Result(len(values), {"values": [each * 2 for each in values]})

    def moved(self, point: Point, by: Move | None) -> Point:
        match by:
            case None:
                return point
            case Move.home:
                return Point(0.0, 0.0)
            case Move.right(distance):
                return Point(point.x + distance, point.y)
            case Move.to(goal):
                return goal
        raise AssertionError

    def count(self) -> int:
        self.calls += 1
        return self.calls

    def say(self, text: str) -> None:
        print(text)
        print(text, file=sys.stderr)

    def fail(self, how: str) -> float:
        if how == "guest error":
            raise GuestError("as it should")
        if how == "recursion":
            return self.fail(how)
        while how == "never":
            pass
        if how == "exit":
            sys.exit(3)
        if how == "import":
            import colorsys

            return colorsys.ONE_THIRD
        if how == "memory":
            return float(len(bytearray(1 << 31)))
        if how == "file":
            with open("/etc/passwd") as file:
                return float(len(file.read()))
        if how == "type":
            return "a float"  # type: ignore[return-value]
        raise ValueError(how)

    def reverse(self, data: bytes) -> bytes:
        return data[::-1]

    def ask(self, text: str) -> str:
        try:
            return robot.answer(text)
        except GuestError as error:
            return f"no answer: {error}"

    def ask_callable(self, id: int) -> float:
        answer = call_indirect(id)
        assert isinstance(answer, v.F64)
        return answer.value

    def chance(self) -> list[float]:
        return [random.random(), float(uuid.uuid4().int)]

    def keys(self, text: str) -> list[str]:
        return sorted(yaml.safe_load(text))
