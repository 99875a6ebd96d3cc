"""Whatever a plugin's codec does: the error names the codec and its plugin."""

from __future__ import annotations

import pytest

from arora_core import Call, Engine, MalformedBuffer, PluginError, discover
from arora_core import values as v
from tests.cli.running import EXAMPLES
from tests.installing import Site
from tests.test_plugin_guard import RAISED


def test_a_codec_of_a_disabled_plugin_is_refused_with_the_reason(site: Site) -> None:
    site.install("arora-bad", "raise SystemExit(3)", entry_point="bad", version="0.3")
    with pytest.raises(PluginError, match=r"codec 'bad' cannot be used: .*\(arora-bad 0.3\) is disabled: .*SystemExit"):
        Engine(codec="bad")


CODEC = """
    from arora_core import Codec, MalformedBuffer, buffers, hookimpl

    class Broken(Codec):
        name = "broken"

        def encode(self, value):
            {encode}

        def decode(self, buffer):
            {decode}

    @hookimpl
    def arora_codecs():
        return [Broken()]
"""
RIGHT = {"encode": "return buffers.encode(value)", "decode": "return buffers.decode(buffer)"}


@pytest.mark.parametrize("method", RIGHT)
@pytest.mark.parametrize(
    ("code", "message"),
    [(code, f"raised {name}") for name, code in RAISED.items()] + [("return 5", "gave int, not ")],
)
def test_a_codec_that_fails_in_a_call_is_named_by_the_error(site: Site, method: str, code: str, message: str) -> None:
    site.install("arora-broken", CODEC.format(**{**RIGHT, method: code}), version="0.3")
    with Engine(codec="broken") as engine:
        arm = engine.load(EXAMPLES / "ur5" / "module.yaml")
        forward = arm.functions["forward"]
        call = Call(module_id=arm.id, id=forward.id, args={forward.parameters[0].id: v.ArrayF64([0.0] * 6)})
        with pytest.raises(PluginError, match=f"arora-broken 0.3: {method} of the codec 'broken' {message}") as caught:
            engine.call(call)
        assert caught.value.distribution == "arora-broken"


def test_a_codec_may_refuse_a_buffer_as_malformed(site: Site) -> None:
    refusal = "raise MalformedBuffer('no', offset=0, expected='yes')"
    site.install("arora-broken", CODEC.format(**{**RIGHT, "decode": refusal}))
    with pytest.raises(MalformedBuffer):
        discover().codec("broken").decode(b"")
