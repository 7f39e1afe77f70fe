"""The rim of a hole: masks are drawn loosely, so a hole is grown and the grown part blended."""

import cv2
import numpy as np
from numpy.typing import NDArray


def grown(
    hole: NDArray[np.bool_], grow: int, feather: int | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Return the hole grown by a number of pixels, and the share of the painting in each pixel.

    The hole itself is all painting. In the rim the share falls in equal steps over the outermost `feather` pixels, so
    that what the mask missed of an object is covered and the photo takes over gently.

    Args:
        hole: True = missing, H×W.
        grow: Euclidean distance in pixels by which it grows, at least 0.
        feather: width of the blend in pixels, at most `grow`; None blends the outer half.

    Returns:
        The grown hole, H×W, and its cover, H×W in [0, 1]; if nothing would be left known, the hole as it is.
    """
    distance = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    larger = distance <= grow
    if larger.all():
        return hole, hole.astype(np.float32)
    width = grow / 2 if feather is None else min(feather, grow)
    cover = np.clip((grow + 1 - distance) / (width + 1), 0, 1)
    return larger, np.where(larger, cover, 0).astype(np.float32)
