"""Panels for comparison: the input, its hole, the edges and the result side by side."""

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.resampling import resize_area

_GAP = 8  # pixels of white between two pictures
_LONGEST = 800  # pixels
_HOLE = np.array([255, 64, 160], np.uint8)  # a colour that is rare in photos


def mark_hole(image: NDArray[np.uint8], hole: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return an RGB image, H×W×3 uint8, with its hole painted over."""
    result = image.copy()
    result[hole] = _HOLE
    return result


def draw_edges(edges: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return edges, H×W in [0, 1], dark on light, H×W×3 uint8."""
    lines = np.round((1 - edges) * 255).astype(np.uint8)
    return np.repeat(lines[..., None], 3, axis=2)


def side_by_side(pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return pictures, H×W×3 uint8, in a row, each brought to the size of the first; at most 800 pixels a side."""
    height, width = pictures[0].shape[:2]
    scale = min(1.0, _LONGEST / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    gap = np.full((size[0], _GAP, 3), 255, np.uint8)
    tiles = []
    for picture in pictures:
        small = np.round(resize_area(picture.astype(np.float32), size)).astype(np.uint8)
        tiles += [small, gap]
    return np.hstack(tiles[:-1])
