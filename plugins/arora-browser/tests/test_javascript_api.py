"""``arora.mjs``, for programs in JavaScript: in Node, and what differs there in a real Chromium."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from .chromium import Chromium, chromium
from .node_page import HERE, NODE_MODULES, NodePage, node_page, require_npm_packages

__all__ = ["chromium", "node_page"]

PARTS = """
const { readFileSync, readdirSync } = await import("node:fs");
const parts = (name) => {
  const directory = `${files}/${name}`;
  const records = {};
  for (const file of readdirSync(directory, { recursive: true })) {
    if (!/^records.*yaml$/.test(file)) continue;
    records[file.slice("records/".length)] = readFileSync(`${directory}/${file}`, "utf8");
  }
  return [
    readFileSync(`${directory}/module.yaml`, "utf8"),
    readFileSync(`${directory}/${name}.wasm`),
    name === "probe" ? {} : { records },
  ];
};
const thrownBy = (action) => {
  try {
    action();
  } catch (error) {
    return error;
  }
};
"""


class Program:
    """Runs JavaScript with an ``engine`` of its own, and ``parts(name)`` to load modules from."""

    def __init__(self, page: NodePage) -> None:
        self._page = page

    def __call__(self, code: str) -> Any:
        return self._page.javascript(
            f"{PARTS}\nconst engine = new Engine();\ntry {{\n{code}\n}} finally {{ engine.close(); }}"
        )


@pytest.fixture
def run(node_page: NodePage) -> Program:
    return Program(node_page)


def test_a_module_is_loaded_and_called_with_plain_data(run: Program) -> None:
    assert run("""
        engine.loadModule(...parts("ur5"));
        return engine.call("ur5", "forward", { joints: [0, -1.57, 1.57, 0, 1.57, 0] });
    """) == {
        "position": {"x": -0.4748884127573516, "y": -0.10921553768829334, "z": 0.4195088652460297},
        "orientation": {
            "x": 0.5001990420599417,
            "y": -0.49980087867301387,
            "z": -0.49980087867301387,
            "w": 0.5001990420599418,
        },
    }


def test_arguments_may_come_in_order_and_as_typed_arrays(run: Program) -> None:
    assert run("""
        engine.loadModule(...parts("ur5"));
        return engine.call("ur5", "clamp", [new Float64Array([9, -0, -9])]);
    """) == {
        "ret": 2,
        "mutated": {"joints": {"Float64Array": ["6.283185307179586", "0", "-6.283185307179586"]}},
    }


def test_a_negative_zero_and_what_is_not_finite_survive(run: Program) -> None:
    assert (
        run("""
        engine.loadModule(...parts("probe"));
        const { mutated } = engine.call("probe", "append", { items: [-0, NaN, Infinity], item: -Infinity, log: "" });
        const items = Array.from(mutated.items);
        return [Object.is(items[0], -0), Number.isNaN(items[1]), items[2] === Infinity, items[3] === -Infinity];
    """)
        == [True] * 4
    )


def test_64_bits_beyond_the_safe_range_are_bigints(run: Program) -> None:
    assert (
        run("""
        engine.loadModule(...parts("probe"));
        const refused = thrownBy(() => engine.call("probe", "indirect", { callable: 2n ** 64n }));
        const id = engine.registerCallable(() => ({ u64: 2n ** 63n + 1n }));
        return [refused.name, engine.call("probe", "indirect", [BigInt(id)])];
    """)[0]
        == "ArgumentError"
    )


def test_a_generic_call_takes_and_gives_tagged_values(run: Program) -> None:
    assert (
        run("""
        engine.loadModule(...parts("probe"));
        const id = (number) => `00000000-0000-4000-8c0f-${String(number).padStart(12, "0")}`;
        const call = { module_id: id(0), id: id(5100), args: [
          { id: id(5101), value: { u32: 2 } }, { id: id(5102), value: { u32: 3 } },
        ] };
        return [engine.call(call), engine.call(JSON.stringify(call))];
    """)
        == [{"ret": {"u32": 5}, "mutated": []}] * 2
    )


def test_nothing_is_null_and_what_is_undefined_is_left_out(run: Program) -> None:
    assert run("""
        engine.loadModule(...parts("probe"));
        const echo = (value) => engine.call("probe", "echo_option", { value });
        const given = engine.call("probe", "given", { a: undefined, b: 0 });
        return [engine.call("probe", "nothing"), echo(null), echo(1), given, thrownBy(() => echo(undefined)).message];
    """) == [None, None, 1, 0b010, "probe.echo_option: value: absent"]


def test_enumerations_come_as_the_name_of_their_variant_with_what_it_carries(run: Program) -> None:
    assert run("""
        engine.loadModule(...parts("ur5"));
        engine.loadModule(...parts("watchdog"));
        const reach = (metres) => engine.registerCallable(() => ({ f64: metres }));
        const check = (id) => engine.call("watchdog", "check", { joints: [0, 0, 0, 0, 0, 0], reach: id });
        return [check(reach(0.5)), check(reach(5))];
    """) == [{"too_far": 0.33939312367984054}, "safe"]


def test_loading_tells_all_that_a_form_needs(run: Program) -> None:
    described = run('return engine.loadModule(...parts("ur5"));')
    forward = described["functions"][0]
    assert forward["signature"] == "forward(joints: f64[]) -> ur5.Pose"
    assert forward["parameters"][0]["type"] == {
        "kind": "array",
        "name": "f64[]",
        "item": {"kind": "f64", "name": "f64", "number": "float"},
    }
    pose = described["types"][forward["ret"]["id"]]
    assert [member["name"] for member in pose["members"]] == ["position", "orientation"]


def test_modules_are_listed_until_they_are_unloaded(run: Program) -> None:
    assert run("""
        engine.loadModule(...parts("ur5"));
        engine.loadModule(...parts("probe"));
        const before = engine.listModules().map((each) => each.name);
        engine.unload("ur5");
        return [before, engine.listModules().map((each) => each.name), thrownBy(() => engine.unload("ur5")).name];
    """) == [["ur5", "probe"], ["probe"], "ModuleNotFound"]


def test_a_header_may_be_data_and_a_module_may_replace_another(run: Program) -> None:
    assert run("""
        const header = { id: "5b0f3b9e-62d4-4c5e-9d3c-0c1f4a8e7b21", name: "plain", author: "", license: "",
          version: { major: 1, minor: 0, patch: 0 }, executor: { name: "wasm" } };
        const [, bytes] = parts("ur5");
        engine.loadModule(header, bytes);
        const refused = thrownBy(() => engine.loadModule(header, bytes)).name;
        return [refused, engine.loadModule(header, bytes, { replace: true }).name];
    """) == ["LoadError", "plain"]


def test_a_prepared_module_is_loaded_by_its_header_or_its_id(run: Program) -> None:
    assert run("""
        const [header, bytes, options] = parts("ur5");
        await engine.prepareModule(header, bytes, options);
        const first = engine.loadPreparedModule(header).name;
        engine.unload(first);
        await engine.prepareModule(header, bytes, options);
        const again = engine.loadPreparedModule("673404c1-b148-4818-b0d3-c46377541168").name;
        engine.unload(again);
        return [first, again, thrownBy(() => engine.loadPreparedModule(header)).name];
    """) == ["ur5", "ur5", "LoadError"]


def test_a_failing_guest_is_an_error_with_its_facts(run: Program) -> None:
    assert run("""
        engine.loadModule(...parts("probe"));
        const error = thrownBy(() => engine.call("probe", "fail", ["bad luck"]));
        const { name, message, reason, module, function: called } = error;
        return { name, message, reason, module, called };
    """) == {
        "name": "GuestError",
        "message": "probe.fail: bad luck",
        "reason": "bad luck",
        "module": "probe",
        "called": "fail",
    }


def test_a_crashed_guest_is_an_error_that_says_how(run: Program) -> None:
    assert run("""
        engine.loadModule(...parts("probe"));
        engine.call("probe", "print", [2, "my last words"]);
        const crash = thrownBy(() => engine.call("probe", "crash", [0]));
        const exit = thrownBy(() => engine.call("probe", "crash", [7]));
        return [crash.name, crash.kind, crash.stderr, crash.executor, exit.kind, exit.exitCode];
    """) == ["Trap", "UNREACHABLE", "my last words", "browser", "EXIT", 3]


def test_every_error_is_an_arora_error(run: Program) -> None:
    assert run("""
        engine.loadModule(...parts("probe"));
        return [
          () => engine.call("nobody", "add", {}),
          () => engine.call("probe", "nothing here", {}),
          () => engine.call("probe", "add", { a: -1, b: 0 }),
          () => engine.call("probe", "add", { c: 1 }),
          () => engine.call("{}"),
          () => engine.loadModule("id: 5", new Uint8Array()),
          () => engine.loadModule(parts("ur5")[0], new Uint8Array(), parts("ur5")[2]),
        ].map((action) => {
          const error = thrownBy(action);
          return [error instanceof AroraError, error.name, error.path ?? error.parameter ?? null];
        });
    """) == [
        [True, "ModuleNotFound", None],
        [True, "FunctionNotFound", None],
        [True, "ArgumentError", "a"],
        [True, "ArgumentError", "c"],
        [True, "ArgumentError", None],
        [True, "HeaderError", "name"],
        [True, "MalformedExecutable", None],
    ]


def test_what_a_callable_throws_comes_out_as_the_same_thing(run: Program) -> None:
    assert (
        run("""
        engine.loadModule(...parts("probe"));
        const thrown = [new RangeError("mine"), { any: "thing" }, "text", undefined];
        return thrown.map((thing) => {
          const id = engine.registerCallable(() => { throw thing; });
          try {
            engine.call("probe", "indirect", [id]);
          } catch (error) {
            return error === thing;
          }
        });
    """)
        == [True] * 4
    )


def test_a_call_error_that_a_callable_throws_reaches_the_guest(run: Program) -> None:
    assert "out of reach" in bytes(
        int(each)
        for each in run("""
        engine.loadModule(...parts("probe"));
        const id = engine.registerCallable(() => { throw new AroraError("GuestError", "out of reach"); });
        return engine.call("probe", "indirect", [id]);
    """)["Uint8Array"]
    ).decode(errors="replace")


def test_a_callable_that_answers_no_value_is_told_so(run: Program) -> None:
    assert (
        run("""
        engine.loadModule(...parts("probe"));
        return [() => 5, async () => "unit", () => ({ u8: 256 })].map((callable) => {
          const error = thrownBy(() => engine.call("probe", "indirect", [engine.registerCallable(callable)]));
          return error.name;
        });
    """)
        == ["TypeError"] * 3
    )


def test_an_unregistered_callable_is_gone(run: Program) -> None:
    assert (
        run("""
        const id = engine.registerCallable(() => "unit");
        engine.unregisterCallable(id);
        return thrownBy(() => engine.unregisterCallable(id)).name;
    """)
        == "FunctionNotFound"
    )


def test_a_callable_may_call_the_engine(run: Program) -> None:
    assert (
        run("""
        engine.loadModule(...parts("probe"));
        const id = engine.registerCallable(() => ({ u32: engine.call("probe", "add", [20, 22]) }));
        const answer = engine.call("probe", "indirect", [id]);
        return answer.at(-4);
    """)
        == 42
    )


def test_a_closed_engine_refuses_everything(run: Program) -> None:
    assert run("""
        engine.close();
        engine.close();
        return [thrownBy(() => engine.listModules()).name, thrownBy(() => engine.call("a", "b")).name];
    """) == ["EngineClosed", "EngineClosed"]


def test_records_with_a_mistake_are_told_by_file_and_path(run: Program) -> None:
    assert run("""
        const [header, bytes] = parts("ur5");
        const name = "structure/2302e404-a537-4c63-be02-790364ed395a@1.0.0.yaml";
        const error = thrownBy(() => engine.loadModule(header, bytes, { records: { [name]: "name: 5" } }));
        const outside = thrownBy(() => engine.loadModule(header, bytes, { records: { "../x.yaml": "" } }));
        return [error.name, error.source === name, outside.name];
    """) == ["HeaderError", True, "HeaderError"]


def test_what_guests_write_is_in_the_log(run: Program) -> None:
    assert run("""
        engine.loadModule(...parts("probe"));
        logged.length = 0;
        engine.call("probe", "print", [2, "hello\\n"]);
        return logged;
    """) == [["warning", "arora.module.probe", "hello"]]


def test_a_thousand_calls_and_engines_leave_no_proxy_behind(run: Program) -> None:
    before, after = run("""
        const [header, bytes] = parts("probe");
        const measured = (rounds) => {
          for (let round = 0; round < rounds; round += 1) {
            const other = new Engine();
            other.loadModule(header, bytes);
            const id = other.registerCallable(() => "unit");
            for (let call = 0; call < 20; call += 1) other.call("probe", "indirect", [id]);
            thrownBy(() => other.call("probe", "fail", ["x"]));
            other.close();
          }
          pyodide.runPython("gc.collect()");
          return [pyodide._module.pyproxy_alloc_map.size, pyodide._module._hiwire_num_refs()];
        };
        pyodide._module.enable_pyproxy_allocation_tracing();
        try {
          return [measured(5), measured(50)];
        } finally {
          pyodide._module.disable_pyproxy_allocation_tracing();
        }
    """)
    assert after == before


def test_the_declarations_fit_what_programs_do() -> None:
    require_npm_packages()
    tsc = subprocess.run(
        [NODE_MODULES / ".bin" / "tsc", "--project", HERE / "js"], capture_output=True, text=True, env=dict(os.environ)
    )
    assert tsc.returncode == 0, tsc.stdout


# In a real browser.


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
        // The same module with 9 MB behind it that nobody reads: a custom section.
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
