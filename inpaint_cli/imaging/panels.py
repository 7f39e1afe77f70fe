"""Pictures that show what was done: the input, its hole, the edges and the result side by side."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.windows import Box

_GAP = 8  # pixels of white between two pictures
_LONGEST = 800  # pixels: enough to judge by, small enough to send around
_HOLE = np.array([255, 64, 160], np.uint8)  # no landscape has it


def comparison(
    before: NDArray[np.uint8], hole: NDArray[np.bool_], edges: NDArray[np.float32], after: NDArray[np.uint8], part: Box
) -> NDArray[np.uint8]:
    """Return input, hole, edges and result of one part of a photo in a row, RGB uint8.

    Args:
        before: the photo, H×W×3.
        hole: True = missing, H×W.
        edges: C_comp, H×W in [0, 1].
        after: the result, H×W×3.
        part: what to show of them.
    """
    marked = before[part.slices].copy()
    marked[hole[part.slices]] = _HOLE
    lines = np.round((1 - edges[part.slices]) * 255).astype(np.uint8)  # dark on light, as people draw
    return side_by_side([before[part.slices], marked, np.repeat(lines[..., None], 3, axis=2), after[part.slices]])


def side_by_side(pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return pictures of one size, H×W×3 each, in a row, shrunk to at most 800 pixels a side."""
    height, width = pictures[0].shape[:2]
    scale = min(1.0, _LONGEST / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    tiles = []
    for picture in pictures:
        tiles += [cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.full((size[1], _GAP, 3), 255, np.uint8)]
    return np.hstack(tiles[:-1])
