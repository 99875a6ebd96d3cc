"""Instances share no state, and guests see nothing of the process and the machine."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ... import values as v
from ..checking import check
from ..expecting import expect, expect_equal
from ..subject import Subject


@check("isolation", uses=["count", "exchange"])
def two_instances_share_no_state(subject: Subject) -> None:
    one, other = subject.load(0), subject.load(1)
    found = [one.count(), one.count(), other.count(), one.exchange(5), other.exchange(6), one.exchange(0)]
    expect_equal(found, [1, 2, 1, 0, 0, 5], "counts and kept values of two instances in one engine")


@check("isolation", uses=["count", "exchange"])
def two_engines_share_no_state(subject: Subject) -> None:
    one, other = subject.load(0), subject.load(0, engine=subject.new_engine())
    found = [one.count(), one.count(), other.count(), one.exchange(5), other.exchange(6), one.exchange(0)]
    expect_equal(found, [1, 2, 1, 0, 0, 5], "counts and kept values of one module in two engines")


@check("isolation", uses=["count", "exchange"])
def a_module_loaded_again_starts_anew(subject: Subject) -> None:
    first = subject.load()
    first.exchange(9)
    subject.engine.unload(first)
    again = subject.load()
    expect_equal([again.exchange(1), again.count()], [0, 1], "the state of a module loaded again")


@check("isolation", uses=["ambient"])
def a_guest_sees_no_arguments_and_no_environment(subject: Subject) -> None:
    arguments, environment, *_ = subject.module.ambient()
    expect_equal(
        (arguments, environment), (0, 0), "the numbers of arguments and environment variables that a guest sees"
    )


@check("isolation", uses=["ambient"])
def a_guest_sees_no_files(subject: Subject) -> None:
    _, _, directory, file, here, _ = subject.module.ambient()
    expect(directory != 0, "a guest has a preopened directory")
    expect(file != 0, "a guest opened /etc/passwd")
    expect(here != 0, "a guest opened the current directory")


@check("isolation", uses=["ambient"])
def a_guest_reads_nothing_from_stdin(subject: Subject) -> None:
    expect_equal(subject.module.ambient()[5], 0, "the number of bytes that a guest read from stdin")


@check("isolation", uses=["fill", "pages"])
def the_memory_of_one_guest_does_not_grow_with_that_of_another(subject: Subject) -> None:
    one, other = subject.load(0), subject.load(1)
    before = other.pages()
    one.fill(1 << 20, 1)
    expect_equal(other.pages(), before, "the pages of a guest after the memory of another one grew")


@check("isolation", uses=["count", "echo_u8s"])
def engines_work_in_threads_of_their_own(subject: Subject) -> None:
    modules = [subject.load(0, engine=subject.new_engine()) for _ in range(4)]
    found: list[list[object]] = [[] for _ in modules]

    def work(index: int) -> None:
        module = modules[index]
        for turn in range(50):
            data = bytes([index, turn]) * 500
            found[index].append((module.count(), module.echo_u8s(data) == data))

    _in_threads(work, len(modules))
    expect_equal(found, [[(turn + 1, True) for turn in range(50)]] * len(modules), "the results in four threads")


@check("isolation", uses=["add", "count"])
def one_executable_loads_in_several_threads(subject: Subject) -> None:
    first = subject.load(0)
    found: list[tuple[int, int]] = []

    def work(index: int) -> None:
        # The first module, still loaded, has the same executable, and was made in another thread.
        module = subject.load(index + 1)
        found.append((module.count(), first.add(index, 1)))

    _in_threads(work, 2)
    expect_equal(sorted(found), [(1, 1), (1, 2)], "the results of modules loaded and called in two threads")


@check("isolation", uses=["indirect"])
def every_thread_gets_the_exception_of_its_own_call(subject: Subject) -> None:
    engines = [subject.new_engine() for _ in range(4)]
    found: list[list[bool]] = [[] for _ in engines]
    together = threading.Barrier(len(engines))

    def work(index: int) -> None:
        current: list[Exception] = []

        def fail() -> v.Value:
            # So that exceptions propagate through several guests at the same time.
            together.wait(timeout=10)
            raise current[-1]

        module = subject.load(0, engine=engines[index])
        callable = engines[index].register_callable(fail)
        for turn in range(30):
            current.append(RuntimeError(f"{turn} of {index}"))
            try:
                module.indirect(callable)
            except RuntimeError as raised:
                found[index].append(raised is current[-1])
            else:
                found[index].append(False)

    _in_threads(work, len(engines))
    expect_equal(found, [[True] * 30] * len(engines), "whether each call in four threads raised its own exception")


def _in_threads(work: Callable[[int], None], count: int) -> None:
    """Run ``work`` with each number below ``count`` in a thread; raise the first exception of any of them."""
    raised: list[BaseException] = []

    def run(index: int) -> None:
        try:
            work(index)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
