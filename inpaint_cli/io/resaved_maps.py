"""Edge maps that a paint program saved again: in 8 bits, as colours, without the text that told what they are.

They are recognised by their content: Canny's edges around the hole, and blocks of the working size inside it.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.imaging.resampling import upsample_nearest
from inpaint_cli.imaging.windows import Window
from inpaint_cli.io.marks import paper
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.sketches import EdgeMap

_LEVEL = 1.5 / 255  # values at most one 8-bit step apart
_AGREED = 0.98  # share of the edges around the hole that have to be the photo's
_FEWEST = 50  # pixels of edges; fewer are no evidence
_MARGIN = 0.05  # of the photo's longer side: around the hole the map may have been made for a larger one
_BRUSH = 3  # pixels: white strokes of this width outside the grid of blocks were drawn


def as_edge_map(sketch: Photo, photo: Photo, hole: NDArray[np.bool_], sigma: float) -> EdgeMap | None:
    """Return a sketch as the edge map that it was made from, if it was; its hole may have been drawn on.

    Args:
        sketch: of any size.
        photo: the photo.
        hole: True = missing, H×W.
        sigma: of Canny's edges, in pixels.
    """
    if sketch.size != photo.size or (sketch.alpha is not None and sketch.alpha.min() < sketch.alpha.max()):
        return None
    if not paper(sketch).is_black or not _is_grey(sketch):
        return None
    side = 2 * max(1, round(_MARGIN * max(photo.size))) + 1
    around = cv2.dilate(hole.astype(np.uint8), np.ones((side, side), np.uint8)) == 0
    levels = (sketch.pixels[..., 0] / np.float32(np.iinfo(sketch.pixels.dtype).max)).astype(np.float32)
    found, expected = levels[around] > 0.5, canny(to_gray(photo.rgb), hole, sigma)[around]
    agreed = int((found & expected).sum())
    if agreed < _FEWEST or agreed < _AGREED * max(found.sum(), expected.sum()):
        return None
    return EdgeMap(levels)


def is_untouched(edge_map: EdgeMap, crops: Iterable[tuple[Window, NDArray[np.bool_]]]) -> bool:
    """Whether nobody drew on a map: in each hole it consists of blocks, as the tool writes it.

    Args:
        edge_map: of the photo's shape.
        crops: window and hole, at the working size, of each crop of the photo.
    """
    shape = edge_map.edges.shape[0], edge_map.edges.shape[1]
    for window, small_hole in crops:
        size = window.box.height, window.box.width
        inside = upsample_nearest(small_hole.astype(np.float32), size) > 0
        stored = edge_map.edges[window.box.slices]
        if window.size == size:  # every pixel is a block of its own
            full = np.where(inside, stored, 0) >= 1
            if cv2.erode(full.astype(np.uint8), np.ones((_BRUSH, _BRUSH), np.uint8)).any():
                return False
            continue
        blocks = upsample_nearest(edge_map.at(window, shape, 0.0), size)
        if (np.abs(blocks - stored)[inside] > _LEVEL).any():
            return False
    return True


def _is_grey(picture: Photo) -> bool:
    return picture.grey or bool((picture.pixels == picture.pixels[..., :1]).all())
