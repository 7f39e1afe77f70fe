"""Resampling: which interpolation is used for what."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def resize_area(values: Floats, shape: tuple[int, int]) -> Floats:
    """Return H×W or H×W×C values resampled to `shape` (H, W) by area means.

    A larger picture consists of blocks. No value exceeds the range of the input.
    """
    height, width = shape
    return cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)


def resize(values: Floats, shape: tuple[int, int]) -> Floats:
    """Return H×W or H×W×C values for a picture of any `shape` (H, W)."""
    return resize_area(values, shape) if shape[0] <= values.shape[0] else resize_bicubic(values, shape)


def resize_bicubic(values: Floats, shape: tuple[int, int]) -> Floats:
    """Return H×W or H×W×C values for a larger picture of `shape` (H, W), bicubic: smooth, may overshoot."""
    height, width = shape
    return cv2.resize(values, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32, copy=False)


def upsample_nearest(values: Floats, shape: tuple[int, int]) -> Floats:
    """Return H×W values as blocks of a larger picture of `shape` (H, W): each pixel has the value under its centre."""
    height, width = values.shape
    rows = np.minimum((np.arange(shape[0]) + 0.5) * height / shape[0], height - 1).astype(int)
    columns = np.minimum((np.arange(shape[1]) + 0.5) * width / shape[1], width - 1).astype(int)
    return values[np.ix_(rows, columns)]


def shrink_mask(mask: NDArray[np.bool_], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return every pixel of a smaller picture of `shape` (H, W) that a mask touches.

    Where that is all of them, the pixels with the smallest masked share are left out.
    """
    share = resize_area(mask.astype(np.float32), shape)
    touched: NDArray[np.bool_] = share > 0
    if touched.all() and not mask.all():
        touched = share > share.min()
    return touched
