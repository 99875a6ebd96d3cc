"""The YAML and JSON of module headers: the accepted syntax, and mistakes in it."""

from __future__ import annotations

from uuid import UUID

import pytest
import yaml

from arora_core.errors import HeaderError
from arora_core.header import Header
from arora_core.types import ScalarRef

from .sample_header import HIGH, POSE_TYPE, REGISTRY


@pytest.fixture(autouse=True, params=["libyaml", "PyYAML"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Reads YAML with libyaml, and with PyYAML alone as in Pyodide."""
    if request.param == "PyYAML":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    elif not hasattr(yaml, "CSafeLoader"):
        pytest.skip("this PyYAML was built without libyaml")
    return str(request.param)


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("", "", "expected a mapping, got nothing"),
        ("name: [", "", "line 1, column 8: "),
        ("name: a\n  b: c", "", "line 2, column 4: mapping values are not allowed here"),
        ("name: a\nname: b", "name", "line 2, column 1: duplicate key 'name'"),
        ("exports:\n- {id: 1, id: 2}", "exports[0].id", "line 2, column 11: duplicate key 'id'"),
        ("name: *a", "", "line 1, column 7: found undefined alias 'a'"),
        ("exports: &a [*a]", "exports[0]", "an alias refers to a node that contains it"),
        ("name: &a x\nauthor: &a y", "", "line 2, column 9: found duplicate anchor 'a'"),
        ("? [a]\n: b", "", "line 1, column 3: a key has to be a scalar"),
        ("id: &a [b]\n*a : c", "", "line 2, column 1: a key has to be a scalar"),
        ("a: &b c\n*b : d\nc: e", "c", "line 3, column 1: duplicate key 'c'"),
        ("name: !!set [a]", "name", "line 1, column 7: the tag tag:yaml.org,2002:set is not allowed on a list"),
        ("name: &a !!map x", "name", "line 1, column 7: the tag tag:yaml.org,2002:map is not allowed on a scalar"),
        ("name: x\n\t y: z\n", "", "line 2, column 1: found character"),
        ("%YAML 1.2\n", "", "expected '<document start>'"),
        ("name: \ud800", "", "special characters are not allowed"),
        ("name: !!python/name:os.system", "name", "is not allowed"),
        ("name: !!int x", "name", "line 1, column 7: invalid value for its tag"),
        ("name: \x00", "", "special characters are not allowed"),
        ("a: 1\n---\na: 2", "", "line 2, column 1: but found another document"),
        (b"name: \xff", "", "not UTF-8 text: invalid start byte at byte 6"),
        ('{"name": "a", "exports": [{"id": 1, "id": 2}]}', "exports[0].id", "duplicate key 'id'"),
        ("{name: a, name: b}", "name", "duplicate key 'name'"),
        ('{"name": ]}', "", "line 1, column 10: invalid JSON: Expecting value"),
        ('{"name": "a"', "", "invalid JSON"),
        ("[" * 100_000, "", "nested too deeply"),
        ('{"exports": ' + "[" * 100_000, "", "nested too deeply"),
    ],
)
def test_a_mistake_in_the_text_is_reported_with_its_line(text: str | bytes, path: str, message: str) -> None:
    with pytest.raises(HeaderError) as caught:
        Header.parse(text)
    assert message in caught.value.message
    assert caught.value.path == path


def test_aliases_that_expand_to_too_much_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(HeaderError, match="aliases expand to more than"):
        Header.parse("\n".join(lines))


def test_aliases_may_be_used() -> None:
    text = HIGH.replace("type: {kind: scalar, id: ur5.Pose}", "type: &pose {kind: scalar, id: ur5.Pose}")
    header = Header.parse(text.replace("ret: {kind: option, id: ur5.Pose}", "ret: *pose"), REGISTRY)
    assert header.exports[0].ret == ScalarRef(UUID(POSE_TYPE))


@pytest.mark.parametrize(
    ("written", "read"),
    [("no", "no"), ("on", "on"), ("2024-01-01", "2024-01-01"), ("012", "012"), ("1:30", "1:30"), ("'5'", "5")],
)
def test_yaml_is_read_as_yaml_1_2(written: str, read: str) -> None:
    assert Header.parse(HIGH.replace("name: ur5\n", f"name: {written}\n"), REGISTRY).name == read
