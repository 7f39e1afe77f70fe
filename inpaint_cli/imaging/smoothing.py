"""Gaussian smoothing, bit-identical to SciPy's: same kernel, same sums in the same order, in float64.

`import scipy.ndimage` takes a fifth of the time of `import torch`; a run that smooths a few lines and one small picture
does without it.
"""

from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

_Float = TypeVar("_Float", np.float32, np.float64)

_TRUNCATE = 4.0  # σ at which the kernel ends, as in SciPy


def smooth(
    values: NDArray[_Float],
    sigma: float,
    axis: int = 0,
    *,
    beyond: Literal["constant", "edge", "symmetric", "wrap"] = "symmetric",
) -> NDArray[_Float]:
    """Return an array smoothed along one axis, of the same shape and type: `scipy.ndimage.gaussian_filter1d`.

    Args:
        values: any shape.
        sigma: standard deviation of the Gaussian, in samples; 0 changes nothing.
        axis: the one that is smoothed.
        beyond: the padding, as in `numpy.pad`: zeros (`constant`), the last value (`edge`), a mirror image
            (`symmetric`, SciPy's `reflect`) or the other end (`wrap`).
    """
    radius = int(_TRUNCATE * sigma + 0.5)
    if radius == 0:
        return values.copy()
    offsets = np.arange(-radius, radius + 1)
    weights = np.exp(-0.5 / (sigma * sigma) * offsets**2)
    weights /= weights.sum()
    padding = [(0, 0)] * values.ndim
    padding[axis] = radius, radius
    count = values.shape[axis]
    wide = np.moveaxis(np.pad(values, padding, mode=beyond).astype(np.float64), axis, 0)
    total = wide[radius : radius + count] * weights[radius]
    for k in range(radius):  # the outermost pair first
        far = 2 * radius - k
        total += (wide[k : k + count] + wide[far : far + count]) * weights[k]
    smoothed: NDArray[_Float] = np.moveaxis(total, 0, axis).astype(values.dtype)
    return smoothed


def smooth_curve(points: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Return a curve smoothed along its length, N×D; it is continued by point reflection at its ends, which stay.

    Args:
        points: N×D, evenly spaced, N ≥ 1.
        sigma: standard deviation of the Gaussian, in points.
    """
    reach = min(len(points) - 1, int(_TRUNCATE * sigma + 0.5))
    before, after = 2 * points[0] - points[reach:0:-1], 2 * points[-1] - points[-2 : -2 - reach : -1]
    return smooth(np.concatenate([before, points, after]), sigma, beyond="edge")[reach : reach + len(points)]
