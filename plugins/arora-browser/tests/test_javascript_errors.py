"""What ``arora.mjs`` throws, and what becomes of what a callable throws. In Node."""

from __future__ import annotations

from .javascript_program import Program, run
from .node_page import node_page

__all__ = ["node_page", "run"]


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


def test_a_crashed_guest_is_an_error_with_the_kind_of_trap(run: Program) -> None:
    assert run("""
        engine.loadModule(...parts("probe"));
        engine.call("probe", "print", [2, "my last words"]);
        const crash = thrownBy(() => engine.call("probe", "crash", [0]));
        const exit = thrownBy(() => engine.call("probe", "crash", [7]));
        return [crash.name, crash.kind, crash.stderr, crash.executor, exit.kind, exit.exitCode];
    """) == ["Trap", "UNREACHABLE", "my last words", "browser", "EXIT", 3]


def test_a_module_keeps_its_state_after_a_crash_unless_it_is_to_be_restarted(run: Program) -> None:
    assert run("""
        return ["repair", "restart"].map((afterTrap) => {
          const [header, bytes, records] = parts("probe");
          engine.loadModule(header, bytes, { ...records, afterTrap, replace: true });
          engine.call("probe", "count");
          const { restarted = false } = thrownBy(() => engine.call("probe", "crash", [0]));
          return [restarted, engine.call("probe", "count")];
        });
    """) == [[False, 2], [True, 1]]


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


def test_a_callable_that_returns_no_tagged_value_is_a_type_error(run: Program) -> None:
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


def test_an_unregistered_callable_cannot_be_unregistered_again(run: Program) -> None:
    assert (
        run("""
        const id = engine.registerCallable(() => "unit");
        engine.unregisterCallable(id);
        return thrownBy(() => engine.unregisterCallable(id)).name;
    """)
        == "FunctionNotFound"
    )


def test_a_closed_engine_refuses_everything(run: Program) -> None:
    assert run("""
        engine.close();
        engine.close();
        return [thrownBy(() => engine.listModules()).name, thrownBy(() => engine.call("a", "b")).name];
    """) == ["EngineClosed", "EngineClosed"]


def test_mistakes_in_records_are_reported_with_their_file(run: Program) -> None:
    assert run("""
        const [header, bytes] = parts("ur5");
        const name = "structure/2302e404-a537-4c63-be02-790364ed395a@1.0.0.yaml";
        const error = thrownBy(() => engine.loadModule(header, bytes, { records: { [name]: "name: 5" } }));
        const outside = thrownBy(() => engine.loadModule(header, bytes, { records: { "../x.yaml": "" } }));
        return [error.name, error.source === name, outside.name];
    """) == ["HeaderError", True, "HeaderError"]
