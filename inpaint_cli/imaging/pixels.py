"""Conversion between 8-bit pixels and floating-point values."""

import numpy as np
from numpy.typing import NDArray


def to_float32(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return 8-bit values as float32 in [0, 1]."""
    return image.astype(np.float32) / np.float32(255)


def to_uint8(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return values in [0, 1] as 8 bits, rounded and clipped."""
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
