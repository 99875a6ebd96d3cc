"""The plugin. Arora imports it to find the codec, so it imports as little as possible."""

from __future__ import annotations

from collections.abc import Sequence

from arora_core import Codec, hookimpl


@hookimpl
def arora_codecs() -> Sequence[Codec]:
    from .codec import MineCodec

    return [MineCodec()]
