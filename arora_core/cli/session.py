"""The state of one run of the command, shared by the group and its commands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import click

from ..plugins import Plugins, discover


@dataclass
class Session:
    """One run of the command. ``traceback`` says whether failures show a traceback."""

    traceback: bool = False

    @cached_property
    def plugins(self) -> Plugins:
        """The installed plugins, found once."""
        return discover()


pass_session = click.make_pass_decorator(Session, ensure=True)
