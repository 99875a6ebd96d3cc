"""A tree as SVG: a box for each node, in the colour of its status."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from py_trees.behaviour import Behaviour
from py_trees.common import Status

WIDTH, HEIGHT, GAP, LEVEL = 120, 34, 16, 74
"""Pixels: the size of a box, the space between boxes, and the distance between levels."""

_COLOURS = {
    Status.SUCCESS: "#2e9e5b",
    Status.FAILURE: "#cf4a3c",
    Status.RUNNING: "#d9a21b",
    Status.INVALID: "#9aa3ad",
}


@dataclass(frozen=True)
class _Box:
    node: Behaviour
    x: float
    y: float
    children: tuple[_Box, ...]


def svg(root: Behaviour, caption: str) -> str:
    """Return a picture of the tree as it stands, as the text of an SVG file."""
    top, width = _laid_out(root, GAP, GAP)
    body = "\n".join(_drawn(top))
    height = GAP + _depth(root) * LEVEL + 24
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" font-family="sans-serif">\n'
        f"<title>{escape(caption)}</title>\n{body}\n"
        f'<text x="{GAP}" y="{height - 12:g}" font-size="13" fill="#555">{escape(caption)}</text>\n</svg>\n'
    )


def _depth(node: Behaviour) -> int:
    return 1 + max((_depth(child) for child in node.children), default=0)


def _laid_out(node: Behaviour, x: float, y: float) -> tuple[_Box, float]:
    """Return the box of a node, above the middle of its children, and where the space to its right begins."""
    boxes, right = [], x
    for child in node.children:
        box, right = _laid_out(child, right, y + LEVEL)
        boxes.append(box)
    if not boxes:
        return _Box(node, x, y, ()), x + WIDTH + GAP
    return _Box(node, (boxes[0].x + boxes[-1].x) / 2, y, tuple(boxes)), max(right, x + WIDTH + GAP)


def _drawn(box: _Box) -> list[str]:
    middle, colour = box.x + WIDTH / 2, _COLOURS[box.node.status]
    lines = [
        f'<path d="M{middle:g} {box.y + HEIGHT:g}L{each.x + WIDTH / 2:g} {each.y:g}" stroke="#888" fill="none"/>'
        for each in box.children
    ]
    lines += [
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{colour}"/>',
        f'<text x="{middle:g}" y="{box.y + 22:g}" font-size="14" fill="white" text-anchor="middle">'
        f"{escape(box.node.name)}</text>",
    ]
    return lines + [line for child in box.children for line in _drawn(child)]
