"""What one run of the command carries from the group to its commands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import click

from ..plugins import Plugins, discover


@dataclass
class Session:
    """One run of the command. ``traceback``: whether failures show where they happened."""

    traceback: bool = False

    @cached_property
    def plugins(self) -> Plugins:
        """The installed plugins, found once."""
        return discover()


pass_session = click.make_pass_decorator(Session, ensure=True)
