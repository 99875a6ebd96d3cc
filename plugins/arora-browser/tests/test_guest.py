"""``guest.mjs`` by itself, in Node: each test is a script that loads a guest and shows what it does."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from arora_core.guest_symbols import function_symbol
from tests.wasm.guests import ARGUMENT, DISPATCH, ECHO, FD_WRITE, FORWARD, IDS, MEMORY, PRINT, RUN, TEXT, guest, wat

STATIC = Path(__file__).parents[1] / "arora_browser" / "static"
PROC_EXIT = '(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))'

PRELUDE = """
import {{ readFileSync }} from "node:fs";
import {{ compile, compileSync, describe }} from {compilation};
import {{ Guest }} from {guest};
import {{ GuestFailure }} from {guest_failure};
const bytes = new Uint8Array(readFileSync({executable}));
const SYMBOL = {symbol};
const ARGUMENT = Uint8Array.from({argument});
const output = [];
const host = {{
  dispatch: (moduleId, functionId, argument) => argument,
  dispatchIndirect: () => ARGUMENT,
  writeOutput: (fd, data) => {{ output.push([fd, Buffer.from(data).toString()]); }},
}};
const quiet = {{ console: false, initialize: "_initialize" }};
const show = (value) => console.log(JSON.stringify(value));
const started = (with_ = host) => Guest.instantiateSync(compileSync(bytes), with_, quiet);
const failure = (action) => {{
  try {{ return {{ returned: action() }}; }}
  catch (error) {{ return {{ code: error.code, kind: error.kind, message: error.message, exitCode: error.exitCode,
    symbol: error.symbol, ours: error instanceof GuestFailure }}; }}
}};
"""


def _literal_url(name: str) -> str:
    return json.dumps((STATIC / name).as_uri())


class Node:
    """Runs scripts against one guest."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __call__(self, executable: bytes, script: str) -> object:
        """Return what the script shows last."""
        (self._directory / "guest.wasm").write_bytes(executable)
        prelude = PRELUDE.format(
            **{
                each: json.dumps((STATIC / f"{each}.mjs").as_uri())
                for each in ("compilation", "guest", "guest_failure")
            },
            executable=json.dumps(str(self._directory / "guest.wasm")),
            symbol=json.dumps(function_symbol(RUN)),
            argument=list(ARGUMENT),
        )
        (self._directory / "test.mjs").write_text(prelude + script)
        node = shutil.which("node")
        assert node is not None, "the tests need Node.js"
        done = subprocess.run([node, str(self._directory / "test.mjs")], capture_output=True, text=True, timeout=60)
        assert done.stderr == ""
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_a_guest_returns_a_copy_of_its_buffer(node: Node) -> None:
    assert node(guest(), "show([...started().call(SYMBOL, ARGUMENT)]);") == list(ARGUMENT)


def test_names_and_kinds_of_imports_and_exports_are_described(node: Node) -> None:
    found = node(guest(imports=DISPATCH), "show(describe(await compile(bytes)));")
    assert isinstance(found, dict)
    assert found["imports"] == [{"module": "env", "name": "arora_dispatch", "kind": "function"}]
    assert {"name": "memory", "kind": "memory"} in found["exports"]


@pytest.mark.parametrize("way", ["compileSync(bytes)", "await compile(bytes)"])
def test_bytes_that_are_not_a_module_are_malformed(node: Node, way: str) -> None:
    script = f"let code; try {{ {way}; }} catch (error) {{ code = error.code; }} show(code);"
    assert node(b"\0asm\1\0\0\0junk", script) == "malformed"


def test_a_dispatch_reaches_the_host(node: Node) -> None:
    script = """
      const seen = [];
      const dispatch = (...all) => { seen.push(all.map((each) => Buffer.from(each).toString())); return all[2]; };
      started({ ...host, dispatch }).call(SYMBOL, ARGUMENT);
      show(seen);
    """
    found = node(guest(FORWARD, imports=DISPATCH, rest=IDS), script)
    assert found == [["0123456789abcdef", "ABCDEFGHIJKLMNOP", ARGUMENT.decode("latin-1")]]


@pytest.mark.parametrize(
    "thrown", ["new Error('host')", "{ plain: 1 }", "7", "new WebAssembly.RuntimeError('unreachable')"]
)
def test_what_the_host_throws_comes_out_as_the_same_value_and_past_the_guests_own_handlers(
    node: Node, thrown: str
) -> None:
    script = f"""
      const thrown = {thrown};
      const guest = started({{ ...host, dispatch: () => {{ throw thrown; }} }});
      try {{ guest.call(SYMBOL, ARGUMENT); show("caught by the guest"); }} catch (error) {{ show(error === thrown); }}
    """
    # The instructions as Node 20 knows them, which the text format has dropped: try, catch_all, end.
    assert node(_catching_guest(), script) is True


def _catching_guest() -> bytes:
    """Return a guest that dispatches inside a ``try``, and returns a null pointer if it catches anything."""
    marker = "(drop (i32.const 123456)) "
    plain = guest(f"{marker} (block (result i32) {FORWARD}) {marker}", imports=DISPATCH, rest=IDS)
    mark = bytes.fromhex("41c0c4071a")
    first = plain.index(mark)
    second = plain.index(mark, first + 1)
    block = plain[first + len(mark) : second]
    assert block[:2] == b"\x02\x7f"
    assert block[-1:] == b"\x0b"
    # try (result i32) ... catch_all (i32.const 0) end, in the room that the block and its markers took.
    inside = b"\x06\x7f" + block[2:-1] + b"\x19\x41\x00\x0b"
    room = second + len(mark) - first
    return plain[:first] + b"\x01" * (room - len(inside)) + inside + plain[second + len(mark) :]


def test_a_trap_has_its_kind(node: Node) -> None:
    found = node(guest("unreachable"), "show(failure(() => started().call(SYMBOL, ARGUMENT)));")
    assert isinstance(found, dict)
    assert (found["code"], found["kind"], found["ours"]) == ("trap", "UNREACHABLE", True)


def test_a_stack_overflow_is_a_trap(node: Node) -> None:
    endless = "(func $deeper (result i32) (i32.add (call $deeper) (i32.const 1)))"
    found = node(guest("(call $deeper)", rest=endless), "show(failure(() => started().call(SYMBOL, ARGUMENT)).kind);")
    assert found == "STACK_OVERFLOW"


def test_a_stack_overflow_in_a_call_to_the_host_is_a_trap(node: Node) -> None:
    script = """
      const dispatch = (module, id, argument) => guest.call(SYMBOL, argument);
      const guest = started({ ...host, dispatch });
      show(failure(() => guest.call(SYMBOL, ARGUMENT)).kind);
    """
    assert node(guest(FORWARD, imports=DISPATCH, rest=IDS), script) == "STACK_OVERFLOW"


def test_an_exit_has_its_code(node: Node) -> None:
    script = "const { kind, exitCode } = failure(() => started().call(SYMBOL, ARGUMENT)); show([kind, exitCode]);"
    assert node(guest("(call $exit (i32.const 3)) unreachable", imports=PROC_EXIT), script) == ["EXIT", 3]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("(i32.const 0)", "returned a null pointer"),
        ("(i32.const -16)", "returned a buffer at 0xfffffff0, outside its 131072 bytes of memory"),
        ("(i32.const 131070)", "returned a buffer at 0x1fffe, outside its 131072 bytes of memory"),
        ("(i32.const 8)", "returned a buffer of 0 bytes at 0x8; the minimum is 5"),
        ("(local.get 0)", "returned its own argument buffer, at 0x1000"),
        (
            "(i32.store (i32.const 8) (i32.const -1)) (i32.const 8)",
            "returned a buffer of 4294967295 bytes at 0x8, outside its 131072 bytes of memory",
        ),
    ],
)
def test_a_result_that_violates_the_abi_is_a_trap(node: Node, body: str, said: str) -> None:
    found = node(guest(body), "show(failure(() => started().call(SYMBOL, ARGUMENT)));")
    assert isinstance(found, dict)
    assert (found["kind"], found["message"]) == ("ABI", said)


def test_an_allocator_that_returns_null_is_a_trap(node: Node) -> None:
    symbol = function_symbol(RUN)
    nothing = wat(
        f"""{MEMORY} (func (export "arora_buffer_alloc") (param i32) (result i32) (i32.const 0))
        (func (export "arora_buffer_free") (param i32))
        (func (export "{symbol}") (param i32) (result i32) unreachable)"""
    )
    found = node(nothing, "show(failure(() => started().call(SYMBOL, ARGUMENT)).message);")
    assert found == f"arora_buffer_alloc({len(ARGUMENT) + 8}) returned null: the guest is out of memory"


def test_a_thousand_calls_take_no_memory_and_a_large_buffer_makes_it_grow(node: Node) -> None:
    script = """
      const guest = started();
      const before = guest.memoryBytes;
      for (let i = 0; i < 1000; i++) guest.call(SYMBOL, ARGUMENT);
      const after = guest.memoryBytes;
      const large = new Uint8Array(1 << 20);
      new DataView(large.buffer).setUint32(0, large.length, true);
      show([after - before, guest.call(SYMBOL, large).length, guest.memoryBytes > after]);
    """
    assert node(guest(), script) == [0, 1 << 20, True]


def test_output_goes_to_the_host_and_to_the_console(node: Node) -> None:
    script = """
      const lines = [];
      console.error = (line) => lines.push(line);
      Guest.instantiateSync(compileSync(bytes), host).call(SYMBOL, ARGUMENT);
      show([output, lines]);
    """
    found = node(guest(PRINT.format(fd=2) + ECHO, imports=FD_WRITE, rest=TEXT), script)
    assert found == [[[2, "hello\n"]], ["hello"]]


def test_a_closed_guest_refuses_calls_and_a_running_one_cannot_be_closed(node: Node) -> None:
    script = """
      const guest = started({ ...host, dispatch: () => { guest.close(); } });
      const busy = failure(() => guest.call(SYMBOL, ARGUMENT)).code;
      guest.close();
      guest.close();
      show([busy, failure(() => guest.call(SYMBOL, ARGUMENT)).code, guest.memoryBytes]);
    """
    assert node(guest(FORWARD, imports=DISPATCH, rest=IDS), script) == ["busy", "closed", 0]


def test_an_import_that_no_host_offers_is_named(node: Node) -> None:
    found = node(guest(imports='(import "env" "other" (func))'), "show(failure(() => started()));")
    assert isinstance(found, dict)
    assert (found["code"], found["symbol"]) == ("link", "env.other")


@pytest.mark.parametrize(
    ("module", "name"),
    [("env", "constructor"), ("env", "__proto__"), ("constructor", "name"), ("__proto__", "toString")],
)
def test_properties_that_objects_inherit_are_no_imports(node: Node, module: str, name: str) -> None:
    found = node(guest(imports=f'(import "{module}" "{name}" (func))'), "show(failure(() => started()));")
    assert isinstance(found, dict)
    assert (found["code"], found["symbol"]) == ("link", f"{module}.{name}")


def test_exports_may_have_the_names_of_such_properties(node: Node) -> None:
    names = ("then", "__proto__", "constructor", "toString", "call")
    exports = "".join(f'(func (export "{each}") (param i32) (result i32) unreachable)' for each in names)
    script = (
        "const guest = await Guest.instantiate(await compile(bytes), host); show([...guest.call(SYMBOL, ARGUMENT)]);"
    )
    assert node(guest(rest=exports), script) == list(ARGUMENT)


def test_initialize_is_called_once_and_first(node: Node) -> None:
    initialize = '(func (export "_initialize") (call $fd_write_hello))'
    hello = f"(func $fd_write_hello {PRINT.format(fd=1)})"
    script = "const guest = started(); guest.call(SYMBOL, ARGUMENT); show(output);"
    assert node(guest(imports=FD_WRITE, rest=TEXT + hello + initialize), script) == [[1, "hello\n"]]
