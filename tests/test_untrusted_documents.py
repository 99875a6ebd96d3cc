"""Headers and records that anyone may have written: whatever is in them, reading them ends soon, in a HeaderError."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from arora_core import Header, HeaderError, records
from arora_core.documents import yaml_events
from arora_core.documents.files import MAX_BYTES
from arora_core.types import record_files

from .test_records import POINT, good, written

SECRET = "root:$6$salt$digest:20228:0:99999:7:::\n"
POSIX = pytest.mark.skipif(os.name != "posix", reason="named pipes, devices and links of POSIX")

BARE = """
id: 00000000-0000-4000-8000-000000000001
name: small
author: ""
license: ""
version: 1.2.3
executor: {name: wasm}
"""


def record(directory: Path, suffix: str = ".json") -> Path:
    """Return the path of the record of Point, after removing it from a good directory of records."""
    path = written(directory, good()) / "structure" / f"{POINT}@1.0.0.json"
    path.unlink()
    return path.with_suffix(suffix)


def refused(directory: Path, path: Path | None = None) -> str:
    with pytest.raises(HeaderError) as caught:
        records.load(directory)
    if path is not None:
        assert caught.value.source == str(path)
    return caught.value.message


# --- files ---------------------------------------------------------------------------------------


@POSIX
def test_a_named_pipe_among_the_records_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    path = record(tmp_path)
    os.mkfifo(path)
    assert refused(tmp_path, path) == "cannot be read: it is a named pipe, not a regular file"


@POSIX
def test_a_socket_among_the_records_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = record(tmp_path)
    monkeypatch.chdir(path.parent)  # The path of a socket has 107 characters at most.
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path.name)
        assert refused(tmp_path, path) == "cannot be read: it is a socket, not a regular file"


@POSIX
def test_a_link_out_of_the_records_is_refused_and_nothing_of_its_target_is_said(tmp_path: Path) -> None:
    target = tmp_path / "shadow"
    target.write_text(SECRET)
    path = record(tmp_path / "records", ".yaml")
    path.symlink_to(target)
    message = refused(tmp_path / "records", path)
    assert message == "cannot be read: it is a symbolic link out of its directory"


@POSIX
def test_a_link_to_a_device_is_refused(tmp_path: Path) -> None:
    path = record(tmp_path)
    path.symlink_to("/dev/zero")
    assert "a symbolic link out of its directory" in refused(tmp_path, path)


@POSIX
def test_a_linked_folder_of_records_is_refused_before_its_files_are_named(tmp_path: Path) -> None:
    elsewhere = tmp_path / "private"
    elsewhere.mkdir()
    (elsewhere / "salaries.json").write_text("{}")
    directory = written(tmp_path / "records", good())
    (directory / "enumeration").rename(tmp_path / "moved")
    (directory / "enumeration").symlink_to(elsewhere)
    message = refused(directory, directory / "enumeration")
    assert message == "cannot be read: it is a symbolic link out of its directory"


@POSIX
@pytest.mark.parametrize("target", ["missing.json", f"{POINT}@1.0.0.json", ".."])
def test_a_link_that_leads_nowhere_or_to_a_directory_is_refused(tmp_path: Path, target: str) -> None:
    path = record(tmp_path)
    path.symlink_to(target)
    assert refused(tmp_path, path).startswith("cannot be read: ")


@POSIX
def test_a_link_from_one_record_to_another_inside_the_directory_is_followed(tmp_path: Path) -> None:
    directory = written(tmp_path, good())
    newer = directory / "structure" / f"{POINT}@1.1.0.json"
    newer.symlink_to(f"{POINT}@1.0.0.json")
    assert len(records.load(directory)) == 4


@POSIX
def test_the_directory_of_records_itself_may_be_a_link(tmp_path: Path) -> None:
    written(tmp_path / "shared", good())
    (tmp_path / "records").symlink_to("shared")
    assert len(records.load(tmp_path / "records")) == 3


@POSIX
@pytest.mark.skipif(os.name == "posix" and os.geteuid() == 0, reason="root may read any directory")
def test_a_directory_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    folder = written(tmp_path, good()) / "structure"
    folder.chmod(0)
    try:
        assert refused(tmp_path, folder) == "cannot be read: Permission denied"
    finally:
        folder.chmod(0o700)


@POSIX
def test_a_record_that_becomes_a_pipe_after_it_was_looked_at_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, good()) / "structure" / f"{POINT}@1.0.0.json"
    real_open = os.open

    def exchanged(name: str, *args: object, **kwargs: object) -> int:
        if str(name).endswith(path.name):
            path.unlink()
            os.mkfifo(path)
        return real_open(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", exchanged)
    assert refused(tmp_path, path) == "cannot be read: it is a named pipe, not a regular file"


@POSIX
def test_a_record_that_becomes_a_link_after_it_was_looked_at_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "shadow"
    secret.write_text(SECRET)
    directory = written(tmp_path / "records", good())
    path = directory / "structure" / f"{POINT}@1.0.0.json"
    real_open = os.open

    def exchanged(name: str, *args: object, **kwargs: object) -> int:
        if str(name).endswith(path.name):
            path.unlink()
            path.symlink_to(secret)
        return real_open(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", exchanged)
    message = refused(directory, path)
    assert message.startswith("cannot be read: ")
    assert "root" not in message


def test_a_record_larger_than_the_bound_is_refused_without_reading_all_of_it(tmp_path: Path) -> None:
    path = record(tmp_path)
    with path.open("wb") as file:
        file.truncate(1 << 40)  # a sparse file
    assert refused(tmp_path, path) == f"cannot be read: it is larger than {MAX_BYTES:,} bytes"


def test_a_header_larger_than_the_bound_is_refused(tmp_path: Path) -> None:
    text = f"description: {'x' * MAX_BYTES}"
    with pytest.raises(HeaderError, match=f"larger than {MAX_BYTES:,} bytes"):
        Header.parse(text)
    path = tmp_path / "module.yaml"
    path.write_text(text)
    with pytest.raises(HeaderError, match=f"larger than {MAX_BYTES:,} bytes") as caught:
        Header.load(path)
    assert caught.value.source == str(path)


@POSIX
@pytest.mark.parametrize("name", ["pipe", "\0", "directory", "x" * 5000])
def test_a_path_that_leads_to_no_file_is_a_header_error(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    with pytest.raises(HeaderError, match="cannot be read: "):
        Header.load(tmp_path / name)


def test_the_number_of_records_in_a_directory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, good())
    monkeypatch.setattr(record_files, "_MOST_RECORDS", 5)
    assert refused(tmp_path, tmp_path) == "more than 5 records"
    monkeypatch.setattr(record_files, "_MOST_RECORDS", 1)
    assert refused(tmp_path, tmp_path) == "more than 1 files"
    monkeypatch.setattr(record_files, "_MOST_RECORDS", 6)
    assert len(records.load(tmp_path)) == 3


def test_the_bytes_of_all_records_in_a_directory_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, good())
    size = sum(path.stat().st_size for path in tmp_path.glob("*/*"))
    monkeypatch.setattr(record_files, "_MOST_BYTES", size - 1)
    assert refused(tmp_path, tmp_path) == f"records of more than {size - 1:,} bytes in all"
    monkeypatch.setattr(record_files, "_MOST_BYTES", size)
    assert len(records.load(tmp_path)) == 3


@POSIX
def test_a_header_may_be_a_link_to_a_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "module.yaml").write_text(BARE)
    (tmp_path / "module.yaml").symlink_to("store/module.yaml")
    assert Header.load(tmp_path / "module.yaml").name == "small"


@POSIX
@pytest.mark.parametrize("content", [SECRET, "password: hunter2", "version: hunter2", "- *hunter2", "\thunter2"])
def test_nothing_is_quoted_of_a_file_elsewhere_that_is_no_header(tmp_path: Path, content: str) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "shadow").write_text(content)
    path = tmp_path / "module.yaml"
    path.symlink_to("private/shadow")
    with pytest.raises(HeaderError, match="a link out of its directory leads to no valid header") as caught:
        Header.load(path)
    assert caught.value.source == str(path)
    assert not {"root", "hunter2", "password"} & set(str(caught.value).replace("'", " ").split())
    assert caught.value.path == ""


# --- text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("!!float 1" + ":1" * 1000, "invalid value for its tag"),
        ("!!int 1" + ":1" * 50_000, "invalid value for its tag"),
        ("!!int " + "9" * 100_000, "an integer of 100000 digits"),
        ("9" * 100_000, "an integer of 100000 digits"),
        ("0x" + "f" * 100_000, "an integer of 100002 digits"),
        ("!!int ''", "invalid value for its tag"),
        ("!!int _", "invalid value for its tag"),
        ("!!int '0b1'", "invalid value for its tag"),
        ("!!bool maybe", "invalid value for its tag"),
        ("!!null x", "invalid value for its tag"),
        ("!!timestamp 2024-99-99", "is not allowed"),
        ("!!binary '='", "is not allowed"),
        ("!!set {a, b}", "is not allowed"),
        ("!!omap [a: 1]", "is not allowed"),
        ("!!str [a]", "is not allowed on a list"),
        ("!!map a", "is not allowed on a scalar"),
        ("!!seq {a: b}", "is not allowed on a mapping"),
        ("!!merge '<<'", "expected a UUID, got '<<'"),
        ("<<", "expected a UUID, got '<<'"),
        ('"\\UFFFFFFFF"', "invalid YAML"),
        ("{<<: 5}", "expected a mapping to merge"),
        ("{<<: [5]}", "expected a mapping to merge"),
        ("{[a]: b}", "a key has to be a scalar"),
        ("{? {a: b} : c}", "a key has to be a scalar"),
        ("[" * 301 + "]" * 301, "nested too deeply"),
        ("x" * 100_000, "expected a UUID, got 'xxx"),
    ],
    ids=lambda text: text[:20],
)
def test_a_scalar_or_a_tag_that_cannot_be_read_is_a_header_error(written: str, message: str) -> None:
    with pytest.raises(HeaderError) as caught:
        Header.parse(BARE.replace("00000000-0000-4000-8000-000000000001", written))
    assert message in caught.value.message
    assert len(str(caught.value)) < 3000


def test_a_percent_directive_with_many_digits_is_a_header_error() -> None:
    with pytest.raises(HeaderError):
        Header.parse(f"%YAML {'9' * 10_000}.1\n---\nid: x")


@pytest.mark.parametrize(
    "opened", ["[" + "x," * 1000, "[" + "[]," * 600, "".join(f"k{n}: 1\n" for n in range(600))], ids=len
)
def test_yaml_of_more_parts_than_can_be_read_in_seconds_is_refused(
    opened: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_events, "MAX_EVENTS", 1000)
    with pytest.raises(HeaderError, match=r"line \d+, column \d+: more than 1,000 parts: write it as JSON"):
        Header.parse(opened)


def test_mappings_are_merged_with_the_entries_beside_the_key_first() -> None:
    text = BARE.replace("executor: {name: wasm}", "executor: {<<: [{name: native}, {name: x}]}")
    assert Header.parse(text).executor.name == "native"
    assert Header.parse(text.replace("{<<:", "{name: wasm, <<:")).executor.name == "wasm"


@pytest.mark.parametrize("opened", ['{"id": ' + "[" * 400 + "]" * 400 + "}", "{id: " + "[" * 400 + "]" * 400 + "}"])
def test_nesting_has_one_bound_in_json_and_in_yaml(opened: str) -> None:
    with pytest.raises(HeaderError, match="nested too deeply"):
        Header.parse(opened)


def test_a_long_key_above_many_items_takes_no_time_for_paths_that_nobody_asks_for() -> None:
    long = "k" * 200_000
    with pytest.raises(HeaderError) as caught:
        Header.parse(f'{{"{long}": [{"[]," * 20_000} []]}}')
    assert len(caught.value.path) < 100
    with pytest.raises(HeaderError, match="unknown key"):
        Header.parse(f"? {long}\n: [{'x,' * 5000} x]")


def test_folders_nest_as_deep_as_a_dotted_path_may_be_long(tmp_path: Path) -> None:
    def folder(n: int) -> str:
        return f"00000000-0000-4000-8000-{n:012x}"

    chain = {f"folder/{folder(n)}.json": {"name": f"d{n}", "parent": folder(n - 1)} for n in range(2, 600)}
    first = {f"folder/{folder(1)}.json": {"name": "d1", "parent": "00000000-0000-0000-0000-000001000000"}}
    written(tmp_path, {**first, **chain})
    assert refused(tmp_path).endswith("characters, at most 1000 are allowed")


if sys.platform == "linux":

    def test_reading_records_leaves_no_descriptor_open(tmp_path: Path) -> None:
        written(tmp_path, good())
        path = tmp_path / "structure" / f"{POINT}@1.1.0.json"
        path.symlink_to("/etc/passwd")
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            refused(tmp_path, path)
        path.unlink()
        for _ in range(3):
            records.load(tmp_path)
        assert len(os.listdir("/proc/self/fd")) == before
