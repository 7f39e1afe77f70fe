"""Requests of the page: JSON, checked whoever sent it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeGuard

import numpy as np

from inpaint_cli.imaging.strokes import MASK_TOOLS, Stroke, Tool

MOST_STROKES = 10_000
MOST_NUMBERS = 1_000_000  # coordinates of all strokes together
_FARTHEST = 1e6  # pixels; OpenCV's fixed-point coordinates end at some hundred millions
_WIDEST = 30_000.0  # pixels; OpenCV's thickest line is 32,767
_LARGEST_SEED = 2**31 - 1
_FEWEST_POINTS = {Tool.BRUSH: 1, Tool.LASSO: 3, Tool.BOX: 2, Tool.CLEAR: 0, Tool.PENCIL: 2, Tool.RUBBER: 1}


class RequestError(Exception):
    """A request of a form that the page does not send."""


class Existing(StrEnum):
    """What saving does with files that exist."""

    ASK = "ask"
    REPLACE = "replace"
    NUMBER = "number"


class Turn(NamedTuple):
    """A request's place in the order of its tab: it replaces older requests of the same tab only.

    Attributes:
        tab: the name that the tab chose.
        number: grows from one request to the next.
    """

    tab: str
    number: int


@dataclass(frozen=True)
class Drawing:
    """A photo's strokes, and which of the possible results is wanted.

    Attributes:
        strokes: in the order in which they were drawn.
        seed: of the fill; None takes that of the command line.
        lines: False paints without lines.
    """

    strokes: tuple[Stroke, ...] = ()
    seed: int | None = None
    lines: bool = True

    @property
    def changes_lines(self) -> bool:
        """Whether anything was drawn or erased on the layer of lines."""
        return any(stroke.tool not in MASK_TOOLS for stroke in self.strokes)


def parse_drawing(body: object) -> Drawing:
    """Return the drawing in a request's JSON: `{"strokes": […], "seed": 1, "lines": true}`.

    Raises:
        RequestError: it has another form, or is larger than any drawing.
    """
    fields = _object(body)
    seed, lines = fields.get("seed"), fields.get("lines", True)
    if seed is not None and not (_is_whole(seed) and 0 <= seed <= _LARGEST_SEED):
        raise RequestError("seed: a whole number from 0 up")
    if not isinstance(lines, bool):
        raise RequestError("lines: true or false")
    listed = fields.get("strokes", [])
    if not isinstance(listed, Sequence) or isinstance(listed, str) or len(listed) > MOST_STROKES:
        raise RequestError(f"strokes: a list of at most {MOST_STROKES}")
    strokes = tuple(_parse_stroke(stroke) for stroke in listed)
    if sum(stroke.points.size for stroke in strokes) > MOST_NUMBERS:
        raise RequestError(f"strokes: at most {MOST_NUMBERS} coordinates")
    return Drawing(strokes, seed, lines)


def parse_existing(body: object) -> Existing:
    """Return what a request to save says about files that exist.

    Raises:
        RequestError: something else than `ask`, `replace` or `number`.
    """
    word = _object(body).get("existing", Existing.ASK)
    if not isinstance(word, str) or word not in set(Existing):
        raise RequestError(f"existing: one of {', '.join(Existing)}")
    return Existing(word)


def parse_turn(body: object) -> Turn:
    """Return whose request it is, and which: `{"tab": "…", "turn": 1}`.

    Raises:
        RequestError: not a short string and a whole number.
    """
    fields = _object(body)
    tab, number = fields.get("tab", ""), fields.get("turn", 0)
    if not isinstance(tab, str) or len(tab) > 64:
        raise RequestError("tab: a short string")
    if not _is_whole(number):
        raise RequestError("turn: a whole number")
    return Turn(tab, number)


def _parse_stroke(value: object) -> Stroke:
    fields = _object(value)
    name, numbers = fields.get("tool"), fields.get("points", [])
    width, erase = fields.get("width", 1.0), fields.get("erase", False)
    if not isinstance(name, str) or name not in set(Tool):
        raise RequestError(f"tool: one of {', '.join(Tool)}")
    if not isinstance(numbers, Sequence) or isinstance(numbers, str) or len(numbers) % 2 or len(numbers) > MOST_NUMBERS:
        raise RequestError("points: a list of x, y, x, y, …")
    if not all(_is_number(number) and abs(number) <= _FARTHEST for number in numbers):
        raise RequestError("points: numbers, in pixels of the photo")
    if not (_is_number(width) and 0 < width <= _WIDEST):
        raise RequestError("width: a number of pixels above 0")
    if not isinstance(erase, bool):
        raise RequestError("erase: true or false")
    if len(numbers) < 2 * _FEWEST_POINTS[Tool(name)]:
        raise RequestError(f"points: too few for {name}")
    return Stroke(Tool(name), np.array(numbers, np.float64).reshape(-1, 2), float(width), erase)


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise RequestError("an object is expected")
    return value


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
