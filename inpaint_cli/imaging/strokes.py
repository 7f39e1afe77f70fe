"""Strokes drawn over a photo, as vectors, and the masks and lines that they rasterise to.

Coordinates are in pixels of the photo, x to the right and y down; (0, 0) is the top left corner of the first pixel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Points = NDArray[np.float64]

_BITS = 3  # fractional bits of OpenCV's coordinates
_PEN = 640  # the longer side of a photo in widths of a drawn line, which is then visible in a paint program


class Tool(StrEnum):
    """What draws a stroke; the first four work on the mask, the others on the lines."""

    BRUSH = "brush"
    LASSO = "lasso"
    BOX = "box"
    CLEAR = "clear"  # empties the mask
    PENCIL = "pencil"
    RUBBER = "rubber"  # rubs out drawn ink, and whole lines of those that the tool expects


MASK_TOOLS = frozenset({Tool.BRUSH, Tool.LASSO, Tool.BOX, Tool.CLEAR})


@dataclass(frozen=True, eq=False)
class Stroke:
    """One movement of a tool.

    Attributes:
        tool: what draws.
        points: where it went, N×2 (x, y); of a box two opposite corners; none to clear.
        width: of the brush or the rubber, in pixels.
        erase: take away from the mask instead of adding to it.
    """

    tool: Tool
    points: Points
    width: float = 1.0
    erase: bool = False


def paint_mask(mask: Mask, strokes: Iterable[Stroke]) -> Mask:
    """Return a mask, H×W, after the strokes of the mask's tools; those of other tools are ignored."""
    pixels = mask.astype(np.uint8)
    for stroke in strokes:
        value = 0 if stroke.erase else 1
        match stroke.tool:
            case Tool.BRUSH:
                _sweep(pixels, stroke.points, stroke.width, value)
            case Tool.LASSO:
                cv2.fillPoly(pixels, [_fixed(stroke.points)], value, shift=_BITS)
            case Tool.BOX:
                left, top = np.maximum(np.rint(stroke.points.min(axis=0)), 0).astype(int)
                right, bottom = np.maximum(np.rint(stroke.points.max(axis=0)), 0).astype(int)
                pixels[top:bottom, left:right] = value
            case Tool.CLEAR:
                pixels[:] = 0
    return pixels > 0


def keep_lines(lines: Sequence[Points], strokes: Iterable[Stroke], shape: tuple[int, int]) -> list[bool]:
    """Return which lines no rubber has touched.

    Args:
        lines: paths over the photo, N×2 each, their points not more than a few pixels apart.
        strokes: of any tools.
        shape: of the photo (H, W).
    """
    rubbed = np.zeros(shape, np.uint8)
    for stroke in strokes:
        if stroke.tool is Tool.RUBBER:
            _sweep(rubbed, stroke.points, stroke.width, 1)
    last = np.array([shape[1] - 1, shape[0] - 1])
    kept = []
    for line in lines:
        columns, rows = np.clip(line.astype(int), 0, last).T
        kept.append(not rubbed[rows, columns].any())
    return kept


def draw_lines(lines: Iterable[Points], strokes: Iterable[Stroke], shape: tuple[int, int]) -> Mask:
    """Return the ink of a sketch, H×W, True = line: some lines, edited by pencil and rubber.

    Args:
        lines: paths over the photo, N×2 each.
        strokes: of any tools, in the order in which they were drawn.
        shape: of the photo (H, W).
    """
    ink = np.zeros(shape, np.uint8)
    width = max(1, round(max(shape) / _PEN))
    for line in lines:
        _sweep(ink, line, width, 1)
    for stroke in strokes:
        if stroke.tool is Tool.PENCIL:
            _sweep(ink, stroke.points, width, 1)
        elif stroke.tool is Tool.RUBBER:
            _sweep(ink, stroke.points, stroke.width, 0)
    return ink > 0


def _sweep(pixels: NDArray[np.uint8], points: Points, width: float, value: int) -> None:
    """Draw a path with round ends and joints, in place."""
    fixed = _fixed(points)
    thickness = max(1, round(width))
    if thickness > 1:  # OpenCV rounds a thick line's ends, but draws nothing of a line without length
        for x, y in fixed[[0, -1], 0]:
            centre, radius = (int(x), int(y)), round(width / 2 * 2**_BITS)
            cv2.circle(pixels, centre, radius, value, cv2.FILLED, shift=_BITS)
    cv2.polylines(pixels, [fixed], False, value, thickness, shift=_BITS)


def _fixed(points: Points) -> NDArray[np.int32]:
    """Return points as OpenCV takes them: N×1×2, fixed-point, with (0, 0) in the centre of the first pixel."""
    fixed: NDArray[np.int32] = np.rint((points - 0.5) * 2**_BITS).astype(np.int32)[:, None]
    return fixed
