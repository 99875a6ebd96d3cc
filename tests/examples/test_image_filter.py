"""The image filter, the example in Rust, on every executor."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from arora_core import Engine, GuestError, LoadedModule, discover
from examples import build

EXECUTORS: Final = {
    name: kind
    for name, found in discover().executors.items()
    for kind in ("wasm", "native")
    if kind in found.executor.serves and found.executor.unavailable() is None
}
WIDTH: Final = 5
PIXELS: Final = bytes(random.Random(3).randbytes(3 * WIDTH * 4))


@pytest.fixture(scope="module", params=EXECUTORS)
def image_filter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedModule]:
    directory = build.EXAMPLES / "image_filter"
    if EXECUTORS[request.param] == "native":
        missing = build.rust_unavailable(wasm=False)
        if missing is not None:
            pytest.skip(missing)
        directory = build.build_native("image_filter", tmp_path_factory.mktemp("native") / "image_filter")
    with Engine() as engine:
        yield engine.load(directory / "module.yaml", executor=request.param)


def luma(pixel: Sequence[int]) -> int:
    return int((299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2] + 500) // 1000)


def pixels_of(data: bytes) -> list[bytes]:
    return [data[at : at + 3] for at in range(0, len(data), 3)]


def blurred(radius: int) -> bytes:
    """The means along rows, then along columns, computed as slowly as they are defined."""

    def mean(values: Sequence[int], index: int) -> int:
        near = values[max(0, index - radius) : index + radius + 1]
        return (sum(near) + len(near) // 2) // len(near)

    row = 3 * WIDTH
    rows = bytearray(PIXELS)
    for start in range(0, len(PIXELS), row):
        for at in range(row):
            line = [PIXELS[start + each] for each in range(at % 3, row, 3)]
            rows[start + at] = mean(line, at // 3)
    columns = bytearray(rows)
    for at in range(len(rows)):
        columns[at] = mean(rows[at % row :: row], at // row)
    return bytes(columns)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], PIXELS),
        (["invert"], bytes(255 - each for each in PIXELS)),
        (["invert", "invert"], PIXELS),
        (["grayscale"], bytes(luma(each) for each in pixels_of(PIXELS) for _ in range(3))),
        ([{"threshold": 128}], bytes(255 * (luma(each) >= 128) for each in pixels_of(PIXELS) for _ in range(3))),
        ([{"brightness": 2.0}], bytes(min(2 * each, 255) for each in PIXELS)),
        ([{"brightness": -1.0}], bytes(len(PIXELS))),
        ([{"blur": 0}], PIXELS),
        ([{"blur": 1}], blurred(1)),
        ([{"blur": 2**32 - 1}], blurred(99)),
    ],
    ids=lambda each: str(each) if isinstance(each, list) else "pixels",
)
def test_filters(image_filter: LoadedModule, filters: list[Any], expected: bytes) -> None:
    assert image_filter.apply(PIXELS, WIDTH, filters) == expected


def test_a_histogram(image_filter: LoadedModule) -> None:
    counts = [0] * 256
    for pixel in pixels_of(PIXELS):
        counts[luma(pixel)] += 1
    assert list(image_filter.histogram(PIXELS)) == counts


@pytest.mark.parametrize("width", [0, 7, 2**32 - 1])
def test_pixels_that_are_no_rows_are_an_error(image_filter: LoadedModule, width: int) -> None:
    with pytest.raises(GuestError, match=f"60 bytes are no rows of {width} pixels"):
        image_filter.apply(PIXELS, width, [])


def test_an_image_without_pixels(image_filter: LoadedModule) -> None:
    assert image_filter.apply(b"", WIDTH, [{"blur": 1}]) == b""


def test_the_committed_wasm_is_what_the_sources_give(tmp_path: Path) -> None:
    missing = build.rust_unavailable(wasm=True, exactly=build.RUST)
    if missing is not None:
        pytest.skip(missing)
    built = build.build_wasm("image_filter", tmp_path / "image_filter.wasm")
    assert built.read_bytes() == build.wasm_path("image_filter").read_bytes()
