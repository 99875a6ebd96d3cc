"""A host module for tests: a robot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from arora_core import Header, HostModule, Result

ROBOT = """
id: 22222222-2222-4222-8222-222222222222
name: robot
author: ""
license: ""
version: {major: 1, minor: 0, patch: 0}
executor: {name: host}
exports:
  - type: function
    id: 22222222-2222-4222-8222-222222222210
    name: say
    parameters:
      - {id: 22222222-2222-4222-8222-222222222211, name: text, type: {kind: scalar, id: str}}
    ret: {kind: scalar, id: bool}
  - type: function
    id: 22222222-2222-4222-8222-222222222220
    name: push
    parameters:
      - {id: 22222222-2222-4222-8222-222222222221, name: items, type: {kind: array, id: u8}, mutable: true}
    ret: {kind: scalar, id: u32}
"""
SAY, TEXT = UUID("22222222-2222-4222-8222-222222222210"), UUID("22222222-2222-4222-8222-222222222211")


def robot(say: Callable[..., Any] = lambda text="silence": text == "hello") -> HostModule:
    module = HostModule(Header.parse(ROBOT))
    module.function("say")(say)
    module.function("push")(lambda items: Result(len(items), {"items": items + b"!"}))
    return module
