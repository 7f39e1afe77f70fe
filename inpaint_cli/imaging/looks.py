"""Multi-scale input of G1: smaller pictures of the window than the painter's, because G1 was trained on small ones.

Its map is the mean of its outputs ("looks") at several sizes, resampled to the working size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.imaging.pixels import to_float32
from inpaint_cli.imaging.resampling import resize_area, shrink_mask
from inpaint_cli.imaging.windows import working_size

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Look:
    """G1's input at one size.

    Attributes:
        gray: I_gray, H×W in [0, 1].
        edges: Canny's edges of the known part, H×W in {0, 1}.
        hole: True = missing, H×W.
    """

    gray: Floats
    edges: Floats
    hole: Mask


def look_at(window: NDArray[np.uint8], hole: Mask, sizes: Sequence[int], sigma: float) -> list[Look]:
    """Return G1's inputs for a window of the photo, one for each size.

    Args:
        window: RGB, h×w×3; its values in the hole are ignored.
        hole: True = missing, h×w, at least one pixel known.
        sizes: the longer side of each look in pixels; a window that is smaller is not enlarged.
        sigma: Canny's σ in pixels of a look.
    """
    picture = to_float32(window)
    looks = []
    shapes = dict.fromkeys(working_size((hole.shape[0], hole.shape[1]), size) for size in sizes)
    for shape in shapes:  # each once
        small_hole = shrink_mask(hole, shape)
        gray = to_gray(resize_area(picture, shape))
        edges = canny(gray, small_hole, sigma) & ~small_hole
        looks.append(Look(gray, edges.astype(np.float32), small_hole))
    return looks


def merge_looks(probabilities: Sequence[Floats], hole: Mask) -> Floats:
    """Return G1's map at the working size: the mean of its maps of each look, H×W in [0, 1], 0 outside the hole.

    Args:
        probabilities: G1's output for each look.
        hole: True = missing, H×W at the working size.
    """
    height, width = hole.shape
    maps = [cv2.resize(p.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) for p in probabilities]
    return np.where(hole, np.clip(np.mean(maps, axis=0), 0, 1), 0).astype(np.float32)
