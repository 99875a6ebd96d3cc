"""``arora.mjs``, for programs in JavaScript: modules and calls. In Node."""

from __future__ import annotations

from .javascript_program import Program, run
from .node_page import node_page

__all__ = ["node_page", "run"]


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


def test_arguments_may_be_positional_and_typed_arrays(run: Program) -> None:
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


def test_enumerations_are_returned_as_the_name_of_their_variant_with_its_payload(run: Program) -> None:
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
    assert forward["signature"] == "forward(joints: f64[]) -> kinematics.Pose"
    assert forward["parameters"][0]["type"] == {
        "kind": "array",
        "name": "f64[]",
        "item": {"kind": "f64", "name": "f64", "number": "float"},
    }
    pose = described["types"][forward["ret"]["id"]]
    assert [member["name"] for member in pose["members"]] == ["position", "orientation"]


def test_a_module_is_restarted_on_request(run: Program) -> None:
    assert run("""
        engine.loadModule(...parts("probe"));
        const count = () => engine.call("probe", "count");
        const before = [count(), count()];
        engine.restart("probe");
        return [...before, count()];
    """) == [1, 2, 1]


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


def test_names_of_properties_that_objects_inherit_are_names_like_any_other(run: Program) -> None:
    assert (
        run("""
        const described = JSON.parse(parts("probe")[0]);
        const exported = (name) => described.exports.find((each) => each.name === name);
        const [add, append, nothing] = ["add", "append", "nothing"].map(exported);
        const names = ["then", "__proto__", "constructor", "toString", "valueOf", "destroy", "__class__", "self"];
        const wrong = [];
        for (const name of names) {
          described.name = nothing.name = add.parameters[0].name = append.parameters[0].name = name;
          engine.loadModule(described, parts("probe")[1], { replace: true });
          const given = (value, others) => Object.fromEntries([[name, value], ...Object.entries(others)]);
          const sum = engine.call(name, "add", given(2, { b: 3 }));
          const { mutated } = await engine.call(name, "append", given([1], { item: 2, log: "" }));
          const appended = Object.hasOwn(mutated, name) && String(mutated[name]) === "1,2";
          const plain = Object.getPrototypeOf(mutated) === Object.prototype;
          const map = engine.call(name, "echo_map", [given(4, {})]);
          const echoed = Object.hasOwn(map, name) && map[name] === 4;
          const unknown = thrownBy(() => engine.call(name, "hasOwnProperty")).name;
          if (sum !== 5 || !appended || !plain || !echoed || unknown !== "FunctionNotFound") wrong.push(name);
          if (engine.call(name, name) !== null) wrong.push(`${name}()`);
        }
        return wrong;
    """)
        == []
    )


def test_fields_may_have_such_names_too(run: Program) -> None:
    assert run("""
        const names = { x: "then", y: "__proto__", z: "constructor" };
        const [header, bytes, { records }] = parts("ur5");
        for (const [file, text] of Object.entries(records)) {
          records[file] = text.replace(/name: "([xyz])"/g, (_, name) => `name: "${names[name]}"`);
        }
        engine.loadModule(header, bytes, { records });
        const { position } = await engine.call("ur5", "forward", { joints: [0, 0, 0, 0, 0, 0] });
        return Object.entries(position);
    """) == [["then", -0.81725], ["__proto__", -0.19145], ["constructor", -0.005490999999999996]]


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
