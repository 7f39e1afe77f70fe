"""Bringing pictures to another size: one place for which interpolation does what."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def shrunk(values: Floats, shape: tuple[int, int]) -> Floats:
    """Return H×W or H×W×C values as the means of the areas that make up a smaller picture of `shape` (H, W).

    In a larger one they stay blocks, and no value goes beyond theirs.
    """
    height, width = shape
    return cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def resized(values: Floats, shape: tuple[int, int]) -> Floats:
    """Return H×W or H×W×C values for a picture of any `shape` (H, W)."""
    return shrunk(values, shape) if shape[0] <= values.shape[0] else smooth(values, shape)


def smooth(values: Floats, shape: tuple[int, int]) -> Floats:
    """Return H×W or H×W×C values for a larger picture of `shape` (H, W), bicubic: smooth, and may overshoot."""
    height, width = shape
    return cv2.resize(values, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32, copy=False)
