"""The executor inside the page that Python itself runs in: Pyodide, here on Node's WebAssembly."""

from __future__ import annotations

import asyncio

import pytest
from arora_browser.module_expression import module_expression

from arora_core import Engine, Header

from .node_page import REPOSITORY, NodePage, node_page

__all__ = ["node_page"]


def test_arora_core_is_importable_and_finds_the_executor(node_page: NodePage) -> None:
    assert node_page.python("list(Engine().plugins.executors)") == ["browser"]


def test_a_module_is_loaded_and_called_synchronously(node_page: NodePage) -> None:
    answer = node_page.python("""
        with Engine() as engine:
            arm = engine.load("/files/ur5/module.yaml")
            pose = arm.forward([0, -1.57, 1.57, 0, 1.57, 0])
        [arm.executor, pose.position.x, pose.position.y, pose.position.z]
    """)
    assert answer == ["browser", -0.4748884127573516, -0.10921553768829334, 0.4195088652460297]


def test_an_exception_of_a_callable_comes_out_as_the_same_object(node_page: NodePage) -> None:
    assert node_page.python("""
        failure = ZeroDivisionError("mine")
        def fail(): raise failure
        with Engine() as engine:
            probe = engine.load("/files/probe/module.yaml")
            try:
                probe.indirect(engine.register_callable(fail))
            except ZeroDivisionError as error:
                same = error is failure
            again = probe.add(1, 2)
        [same, again]
    """) == [True, 3]


def test_an_exception_crosses_several_guests_and_others_raised_on_the_way(node_page: NodePage) -> None:
    assert node_page.python("""
        from arora_core import buffers
        failure = KeyboardInterrupt()
        def handled():
            try:
                probe.indirect(inner)
            except ValueError:
                pass
            raise failure
        def fail(): raise ValueError
        with Engine() as engine:
            probe = engine.load("/files/probe/module.yaml")
            inner = engine.register_callable(fail)
            try:
                probe.indirect(engine.register_callable(handled))
            except KeyboardInterrupt as error:
                same = error is failure
        same
    """)


def test_an_exception_of_a_host_module_comes_out_as_the_same_object(node_page: NodePage) -> None:
    assert node_page.python("""
        failure = RuntimeError("mine")
        header = Header.from_data({**Header.load("/files/probe/module.yaml").to_data(), "id": str(UUID(int=7)),
                                   "name": "host", "exports": [
            {"type": "function", "id": str(UUID(int=8)), "name": "fail"}]})
        host = HostModule(header)
        @host.function("fail")
        def fail(): raise failure
        with Engine() as engine:
            probe = engine.load("/files/probe/module.yaml")
            engine.register(host)
            from arora_core import buffers, values as v
            argument = buffers.encode(v.Structure(UUID(int=8), []))
            try:
                probe.forward(UUID(int=7), UUID(int=8), argument)
            except RuntimeError as error:
                same = error is failure
        same
    """)


def test_a_call_error_reaches_the_calling_guest(node_page: NodePage) -> None:
    assert node_page.python("""
        from arora_core.buffers import error_message, decode
        def fail(): raise GuestError("out of reach")
        with Engine() as engine:
            probe = engine.load("/files/probe/module.yaml")
            answer = probe.indirect(engine.register_callable(fail))
        b"out of reach" in answer
    """)


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        (0, "UNREACHABLE"),
        (1, "MEMORY_OUT_OF_BOUNDS"),
        (2, "INTEGER_DIVISION_BY_ZERO"),
        (3, "INTEGER_OVERFLOW"),
        (4, "BAD_CONVERSION"),
        (6, "STACK_OVERFLOW"),
        (7, "EXIT"),
    ],
)
def test_a_crash_is_a_trap_with_its_kind_and_the_page_goes_on(node_page: NodePage, how: int, kind: str) -> None:
    answer = node_page.python(f"""
        with Engine() as engine:
            probe = engine.load("/files/probe/module.yaml")
            probe.print(2, "my last words\\n")
            try:
                probe.crash({how})
            except Trap as error:
                told = [error.kind.name, error.module, error.function, error.executor, error.stderr.strip()]
            other = engine.load("/files/ur5/module.yaml")
            pose = other.forward([0.0] * 6)
        told
    """)
    assert answer == [kind, "probe", "crash", "browser", "my last words"]


def test_an_exit_has_its_code(node_page: NodePage) -> None:
    assert (
        node_page.python("""
        with Engine() as engine:
            try:
                engine.load("/files/probe/module.yaml").crash(7)
            except Trap as error:
                code = error.exit_code
        code
    """)
        == 3
    )


def test_calls_nest_as_deep_as_the_engine_allows(node_page: NodePage) -> None:
    deepest = node_page.python("""
        depth = deepest = 0
        refusals = []
        def again():
            global depth, deepest
            depth += 1
            deepest = max(deepest, depth)
            try:
                probe.indirect(itself)
            except LimitExceeded as error:
                refusals.append(error.limit)
            depth -= 1
        with Engine() as engine:
            probe = engine.load("/files/probe/module.yaml")
            itself = engine.register_callable(again)
            probe.indirect(itself)
        [deepest, refusals]
    """)
    # Each round is two calls: the guest's function, and the callable.
    assert deepest == [32, ["depth"]]


def test_what_a_guest_writes_reaches_the_log_of_its_host(node_page: NodePage) -> None:
    assert node_page.python("""
        seen = []
        class Seen(logging.Handler):
            def emit(self, record): seen.append([record.name, record.levelname, record.getMessage()])
        handler = Seen()
        logging.getLogger("arora").addHandler(handler)
        with Engine() as engine:
            probe = engine.load("/files/probe/module.yaml")
            probe.print(1, "out\\n")
            probe.print(2, "err\\n")
        logging.getLogger("arora").removeHandler(handler)
        seen
    """) == [["arora.module.probe", "INFO", "out"], ["arora.module.probe", "WARNING", "err"]]


def test_a_malformed_executable_is_refused(node_page: NodePage) -> None:
    assert (
        node_page.python("""
        header = Header.load("/files/probe/module.yaml")
        good = open("/files/probe/probe.wasm", "rb").read()
        names = []
        with Engine() as engine:
            for bad in (b"", b"nonsense", good[:100], good[:-40]):
                try:
                    engine.load_module_from_parts(header, bad)
                except LoadError as error:
                    names.append(type(error).__name__)
        names
    """)
        == ["MalformedExecutable"] * 4
    )


def test_an_error_of_javascript_with_a_code_of_its_own_is_no_failure_of_the_guest(node_page: NodePage) -> None:
    assert node_page.python("""
        from pyodide.code import run_js
        fail = run_js("(function () { throw new DOMException('no room', 'QuotaExceededError'); })")
        replace = run_js("(to) => { const { Module } = WebAssembly; WebAssembly.Module = to; return Module; }")
        module = replace(fail)
        try:
            with Engine() as engine:
                engine.load("/files/ur5/module.yaml")
        except BaseException as error:
            told = [type(error).__name__, error.message.partition("executor 'browser': ")[2]]
        finally:
            replace(module)
        told
    """) == ["PluginError", "load raised JsException: QuotaExceededError: no room"]


def test_limits_that_a_page_cannot_enforce_are_refused(node_page: NodePage) -> None:
    assert (
        node_page.python("""
        with Engine() as engine:
            try:
                engine.load("/files/ur5/module.yaml", limits=Limits(deadline=1.0))
            except UnsupportedLimit as error:
                limit = error.limit
        limit
    """)
        == "deadline"
    )


def test_loading_uses_what_was_prepared_from_the_same_parts(node_page: NodePage) -> None:
    assert node_page.python("""
        header = Header.load("/files/ur5/module.yaml")
        executable = open("/files/ur5/ur5.wasm", "rb").read()
        with Engine() as engine:
            await engine.prepare(header, executable)
            prepared = next(iter(engine._executors["browser"].executor._runtime._prepared.values()))
            arm = engine.load_module_from_parts(header, executable)
            taken = engine._modules[header.id.bytes].instance.instance is prepared
            answer = arm.forward([0.0] * 6).position.z
        [taken, answer]
    """) == [True, -0.005490999999999996]


def test_a_restart_uses_what_was_prepared(node_page: NodePage) -> None:
    assert node_page.python("""
        async def run():
            with Engine() as engine:
                header = Header.load("/files/probe/module.yaml", engine.types)
                executable = open("/files/probe/probe.wasm", "rb").read()
                probe = engine.load_module_from_parts(header, executable)
                before = [probe.count(), probe.count()]
                await engine.prepare(header, executable)
                prepared = next(iter(engine._executors["browser"].executor._runtime._prepared.values()))
                probe.restart()
                return [*before, engine._modules[header.id.bytes].instance.instance is prepared, probe.count()]
        await run()
    """) == [1, 2, True, 1]


def test_what_was_prepared_but_not_loaded_is_closed_with_the_engine(node_page: NodePage) -> None:
    assert node_page.python("""
        header = Header.load("/files/ur5/module.yaml")
        executable = open("/files/ur5/ur5.wasm", "rb").read()
        engine = Engine()
        await engine.prepare(header, executable)
        await engine.prepare(header, executable)
        prepared = next(iter(engine._executors["browser"].executor._runtime._prepared.values()))
        engine.close()
        prepared._proxies == [] and prepared._guest is None
    """)


def test_preparing_raises_the_errors_of_loading(node_page: NodePage) -> None:
    assert node_page.python("""
        header = Header.load("/files/ur5/module.yaml")
        with Engine() as engine:
            try:
                await engine.prepare(header, open("/files/probe/probe.wasm", "rb").read())
            except MissingExport as error:
                told = [error.module, error.executor]
        told
    """) == ["ur5", "browser"]


def test_what_was_prepared_for_another_header_is_closed(node_page: NodePage) -> None:
    assert node_page.python("""
        header = Header.load("/files/ur5/module.yaml")
        other = Header.from_data({**header.to_data(), "author": "another"}, header.types)
        executable = open("/files/ur5/ur5.wasm", "rb").read()
        with Engine() as engine:
            await engine.prepare(other, executable)
            prepared = next(iter(engine._executors["browser"].executor._runtime._prepared.values()))
            arm = engine.load_module_from_parts(header, executable)
            used = engine._modules[header.id.bytes].instance.instance is prepared
        [used, prepared._guest is None, prepared._proxies == []]
    """) == [False, True, True]


def test_preparing_fails_when_the_engine_is_closed_meanwhile(node_page: NodePage) -> None:
    assert (
        node_page.python("""
        header = Header.load("/files/ur5/module.yaml")
        executable = open("/files/ur5/ur5.wasm", "rb").read()
        engine = Engine()
        preparing = asyncio.ensure_future(engine.prepare(header, executable))
        await asyncio.sleep(0)
        engine.close()
        try:
            await preparing
        except EngineClosed as error:
            name = type(error).__name__
        name
    """)
        == "EngineClosed"
    )


def test_preparing_does_nothing_for_an_executor_without_preparation() -> None:
    header = Header.load(REPOSITORY / "examples" / "ur5" / "module.yaml")
    executable = (REPOSITORY / "examples" / "ur5" / "ur5.wasm").read_bytes()
    with Engine() as engine:
        asyncio.run(engine.prepare(header, executable, executor="wasmtime"))
        arm = engine.load_module_from_parts(header, executable, executor="wasmtime")
        assert arm.clamp([9]).ret == 1


def test_a_module_cannot_be_unloaded_from_inside_its_own_call(node_page: NodePage) -> None:
    assert node_page.python("""
        def unload(): engine.unload(probe)
        with Engine() as engine:
            probe = engine.load("/files/probe/module.yaml")
            answer = probe.indirect(engine.register_callable(unload))
            still = probe.add(1, 1)
        [b"own calls" in answer, still]
    """) == [True, 2]


def test_a_closed_module_refuses_calls(node_page: NodePage) -> None:
    assert (
        node_page.python("""
        engine = Engine()
        arm = engine.load("/files/ur5/module.yaml")
        engine.close()
        try:
            arm.forward([0.0] * 6)
        except EngineClosed as error:
            name = type(error).__name__
        name
    """)
        == "EngineClosed"
    )


def test_a_thousand_loads_leave_neither_proxies_nor_memory_behind(node_page: NodePage) -> None:
    before, after = node_page.javascript("""
        const round = `
header = Header.load("/files/ur5/module.yaml")
executable = open("/files/ur5/ur5.wasm", "rb").read()
with Engine() as engine:
    for _ in range(ROUNDS):
        arm = engine.load_module_from_parts(header, executable)
        arm.forward([0.0] * 6)
        engine.unload(arm)
del engine, arm
gc.collect()
`;
        const measured = (rounds) => {
          const globals = pyodide.globals.copy();
          pyodide.runPython(round.replace("ROUNDS", rounds), { globals });
          globals.destroy();
          pyodide.runPython("gc.collect()");
          return {
            proxies: pyodide._module.pyproxy_alloc_map.size,
            references: pyodide._module._hiwire_num_refs(),
            heap: pyodide._module.HEAPU8.length,
          };
        };
        pyodide._module.enable_pyproxy_allocation_tracing();
        try {
          return [measured(600), measured(1000)];
        } finally {
          pyodide._module.disable_pyproxy_allocation_tracing();
        }
    """)
    assert after == before


def test_a_module_expression_has_no_module_syntax() -> None:
    joined = module_expression("in_page.mjs")
    assert "compileSync" in joined
    assert not any(line.startswith(("import ", "export ")) for line in joined.splitlines())
