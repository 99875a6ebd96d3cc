"""What a test does to the Node process that all tests share."""

from __future__ import annotations

import pytest

from .node_page import NodePage, node_page, shared_page

__all__ = ["node_page"]


def test_what_a_program_writes_to_stdout_is_not_taken_for_its_result(node_page: NodePage) -> None:
    assert node_page.javascript('process.stdout.write("a line\\n, the start of one: "); return 1;') == 1
    assert node_page.python('import os; os.write(1, b"a line\\n, the start of one: "); 2') == 2


def test_a_program_that_ends_python_or_node_fails_and_the_next_test_has_another_page(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page = shared_page(pytestconfig, tmp_path_factory)
    with pytest.raises(AssertionError, match="memory access out of bounds"):
        page.javascript('pyodide.runPython("import ctypes; ctypes.string_at(-16, 8)");')
    assert not page.is_usable
    with pytest.raises(pytest.fail.Exception, match="Node ended with code 3"):
        page.javascript("process.exit(3);")
    another = shared_page(pytestconfig, tmp_path_factory)
    assert another is not page
    assert another.python("1 + 1") == 2
    assert shared_page(pytestconfig, tmp_path_factory) is another
