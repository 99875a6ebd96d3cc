"""``arora.mjs`` in a real Chromium: what differs there from Node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .chromium import Chromium, chromium

__all__ = ["chromium"]


@pytest.fixture(scope="module")
def page(chromium: Chromium) -> Iterator[Any]:
    """A page with an ``Engine`` in it and the example's parts."""
    page = chromium.page()
    page.goto(chromium.url + "web/icon.svg")
    page.evaluate("""async () => {
        const { loadArora, AroraError } = await import("/arora.mjs");
        const { Engine } = await loadArora({ indexURL: "/pyodide/", wheels: ["/arora.zip"] });
        const { modules: [{ header, executable, records }] } = await (await fetch("/modules.json")).json();
        const text = async (url) => (await fetch(url)).text();
        const bytes = new Uint8Array(await (await fetch(executable)).arrayBuffer());
        const options = { records: {} };
        for (const [name, url] of Object.entries(records)) options.records[name] = await text(url);
        Object.assign(globalThis, { Engine, AroraError, header: await text(header), bytes, options });
        // The same module with a custom section of 9 MB behind it, which is not read.
        const size = 9 << 20;
        globalThis.large = new Uint8Array(bytes.length + 5 + size);
        large.set(bytes);
        const leb = [0, 7, 14, 21].map((shift, index) => ((size >> shift) & 127) | (index < 3 ? 128 : 0));
        large.set([0, ...leb], bytes.length);
    }""")
    yield page
    page.close()


def test_chromium_loads_and_calls_a_module(page: Any) -> None:
    assert (
        page.evaluate("""() => {
        const engine = new Engine();
        engine.loadModule(header, bytes, options);
        const { position } = engine.call("ur5", "forward", { joints: new Float64Array(6) });
        engine.close();
        return position.x;
    }""")
        == -0.81725
    )


def test_chromium_loads_more_than_8_mb_only_when_it_was_prepared(page: Any) -> None:
    refused, answer = page.evaluate("""async () => {
        const engine = new Engine();
        let refused;
        try {
          engine.loadModule(header, large, options);
        } catch (error) {
          refused = `${error.name}: ${error.message}`;
        }
        await engine.prepareModule(header, large, options);
        engine.loadPreparedModule(header);
        const answer = engine.call("ur5", "clamp", { joints: [9] }).ret;
        engine.close();
        return [refused, answer];
    }""")
    assert refused.startswith("LoadError: ur5: ")
    assert "await engine.prepare" in refused
    assert answer == 1
