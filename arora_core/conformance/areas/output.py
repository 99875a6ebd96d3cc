"""The output of guests reaches their host, and only their host."""

from __future__ import annotations

from itertools import product

from ... import buffers
from ... import values as v
from ...executor import Capability
from ..checking import check
from ..expecting import expect_equal
from ..guests import EDITION
from ..scripted_host import ScriptedHost
from ..strategies import texts
from ..subject import NO_LIMITS, Subject

_OUTPUT = [Capability.OUTPUT]
_EBADF = 8


@check("output", needs=_OUTPUT, uses=["print"])
def what_is_written_reaches_the_host_byte_for_byte(subject: Subject) -> None:
    host = ScriptedHost()
    instance, id = subject.instance(host), subject.function_id("print").bytes

    def write(text: str) -> None:
        host.written.clear()
        instance.dispatch(id, subject.argument("print", v.U32(1), v.String(text)))
        expect_equal(b"".join(data for _, data in host.written), text.encode(), "the output that the host received")

    subject.for_all(texts(max_size=200), write)


@check("output", needs=_OUTPUT, uses=["print"])
def stdout_and_stderr_are_told_apart(subject: Subject) -> None:
    host = ScriptedHost()
    instance, id = subject.instance(host), subject.function_id("print").bytes
    for fd in (1, 2, 1):
        instance.dispatch(id, subject.argument("print", v.U32(fd), v.String(f"to {fd}")))
    expect_equal(host.written, [(1, b"to 1"), (2, b"to 2"), (1, b"to 1")], "the output that the host received")


@check("output", needs=_OUTPUT, uses=["print_pieces"])
def pieces_written_at_once_arrive_in_order(subject: Subject) -> None:
    host = ScriptedHost()
    argument = subject.argument("print_pieces", v.U32(1), v.String("first, "), v.String("second"))
    result = subject.instance(host).dispatch(subject.function_id("print_pieces").bytes, argument)
    written = b"".join(data for _, data in host.written)
    # A write may be partial, and then returns the number of bytes written.
    expect_equal(result, subject.result("print_pieces", v.U32(len(written))), "the number of bytes written")
    in_order = b"first, second".startswith(written) and bool(written)
    expect_equal(in_order, True, f"whether {written!r} is the beginning of 'first, second'")


@check("output", needs=_OUTPUT, uses=["print"])
def much_output_arrives_whole(subject: Subject) -> None:
    host, text = ScriptedHost(), "0123456789abcde\n" * 20_000
    argument = subject.argument("print", v.U32(1), v.String(text))
    subject.instance(host).dispatch(subject.function_id("print").bytes, argument)
    expect_equal(
        b"".join(data for _, data in host.written) == text.encode(), True, f"whether {len(text)} bytes arrived"
    )


@check("output", needs=_OUTPUT, uses=["print"])
def other_descriptors_are_closed(subject: Subject) -> None:
    host = ScriptedHost()
    instance, id = subject.instance(host), subject.function_id("print").bytes
    for fd in (0, 3, 4, 1 << 31):
        result = instance.dispatch(id, subject.argument("print", v.U32(fd), v.String("x")))
        expect_equal(result, subject.result("print", v.U32(_EBADF)), f"the error number of a write to {fd}")
    expect_equal(host.written, [], "the output that the host received")


@check("output", needs=_OUTPUT, uses=["print"])
def output_goes_to_the_module_that_wrote_it(subject: Subject) -> None:
    hosts = [ScriptedHost(), ScriptedHost()]
    for number, host in enumerate(hosts):
        argument = subject.argument("print", v.U32(2), v.String(f"guest {number}"))
        subject.instance(host, number=number).dispatch(subject.function_id("print").bytes, argument)
    expect_equal(
        [each.written for each in hosts], [[(2, b"guest 0")], [(2, b"guest 1")]], "the output that each host received"
    )


@check("output", needs=_OUTPUT, uses=["initialised"])
def what_a_guest_writes_while_it_starts_reaches_the_host(subject: Subject) -> None:
    host = ScriptedHost()
    guest = subject.guest.edition(2)
    instance = subject.new_executor().load(guest.definition(), host, NO_LIMITS)
    written = list(host.written)
    instance.close()
    expected = [(fd, EDITION[:-1] + b"2") for fd in (1, 2)]
    expect_equal(written, expected, "the output that the host has received when load returns")


@check("output", needs=_OUTPUT, uses=["write"])
def output_arrives_when_it_is_written_and_as_any_bytes(subject: Subject) -> None:
    host = ScriptedHost()
    instance, id = subject.instance(host), subject.function_id("write").bytes
    seen: list[bytes] = []

    def look() -> bytes:
        seen.append(b"".join(data for _, data in host.written))
        return buffers.encode(v.Unit())

    host.respond = look
    texts = (b"no line end", b"\xff\xfe not UTF-8 \x80", b"\0", b"cut \xf0\x9f", b"a\r\nb\n")
    for fd, data in product((1, 2), texts):
        host.written.clear()
        seen.clear()
        instance.dispatch(id, subject.argument("write", v.U32(fd), v.ArrayU8(data), v.U64(1)))
        expect_equal(seen, [data], "the output that the host had received when the guest called it, after one write")
        expect_equal(b"".join(each for _, each in host.written), data * 2, "the output after the second write")
