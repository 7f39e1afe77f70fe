"""Classical fills without networks or weights: two that spread colours, one that copies patches."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.patches import copy_patches
from inpaint_cli.options import Method

_RADIUS = 3  # pixels around each missing one that OpenCV's fills use; the value of its examples

_OPENCV_FLAGS = {Method.TELEA: cv2.INPAINT_TELEA, Method.NAVIER_STOKES: cv2.INPAINT_NS}


def fill(
    image: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    method: Method,
    seed: int = 0,
    excluded: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Return the image with its hole filled, H×W×3 uint8; known pixels keep their values.

    The cost grows with the whole array: pass a window around the hole, not the photo.

    Args:
        image: RGB, H×W×3 uint8; its values in the hole are ignored.
        hole: True = missing, H×W. At least one pixel must be known.
        method: `telea` (Telea 2004) and `navier-stokes` (Bertalmio et al. 2001) by OpenCV, `patchmatch`
            (Barnes et al. 2009, after Wexler et al. 2007) by PyPatchMatch.
        seed: of PatchMatch's random search; the same seed gives the same picture.
        excluded: True = PatchMatch must not copy it, H×W; None: it may copy all that is known.

    Raises:
        InpaintError: PyPatchMatch has no native library on this machine.
        ValueError: the method is not one of the three.
    """
    if not hole.any():
        return image.copy()
    known = np.where(hole[..., None], np.uint8(0), image)  # in pictures of a few pixels OpenCV reads the hole
    if method == Method.PATCHMATCH:
        filled = copy_patches(known, hole, seed, sources=None if excluded is None else ~hole & ~excluded)
    elif method in _OPENCV_FLAGS:
        filled = cv2.inpaint(known, hole.astype(np.uint8), _RADIUS, _OPENCV_FLAGS[method]).astype(np.uint8, copy=False)
    else:
        raise ValueError(f"{method} is no classical fill")
    return np.where(hole[..., None], filled, image)
