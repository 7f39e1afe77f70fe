"""Nearest neighbours by brute force, faster for a few thousand points than the import of a k-d tree."""

import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 1 << 20  # distances that are held in memory
_STEPS = float(1 << 30)  # of a squared distance of 1: finer differences depend on the number of threads


def neighbours(
    wanted: NDArray[np.float32], among: NDArray[np.float32], count: int, weights: NDArray[np.float32] | None = None
) -> NDArray[np.intp]:
    """Return the indices of the nearest points by Euclidean distance, N×count, the nearest first.

    Of equally near points the first comes first, on any number of threads.

    Args:
        wanted: N×D, values up to about 100.
        among: M×D, M ≥ count.
        count: how many for each.
        weights: of the squared differences, N×D; None: 1.
    """
    points = among.astype(np.float64)
    squares = np.square(points).T * _STEPS
    lengths = squares.sum(axis=0)
    points = points.T * (-2 * _STEPS)
    portion = max(1, _AT_ONCE // len(among))
    found = np.empty((len(wanted), count), np.intp)
    for start in range(0, len(wanted), portion):
        part = wanted[start : start + portion].astype(np.float64)
        if weights is None:
            far = part @ points
            far += lengths
        else:
            weight = weights[start : start + portion].astype(np.float64)
            far = (weight * part) @ points
            far += weight @ squares
        np.rint(far, out=far)
        each = np.arange(len(part))
        for k in range(count):  # a pass for each is faster than sorting
            found[start : start + portion, k] = nearest = far.argmin(axis=1)
            far[each, nearest] = np.inf
    return found
