"""Distances to the nearest pixel of a set, identical on any number of threads."""

import cv2
import numpy as np
from numpy.typing import NDArray


def distance_to(places: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the Euclidean distance of every pixel to the nearest of `places`, H×W, in pixels.

    OpenCV's last bit depends on how its threads share the rows. The square of a distance is a whole number, so that
    rounding it (safe up to 2000 pixels) brings the exact value back.

    Args:
        places: H×W.
    """
    near = cv2.distanceTransform((~places).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.sqrt(np.rint(np.square(near, dtype=np.float64))).astype(np.float32)
