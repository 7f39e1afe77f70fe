"""Nearest neighbours by brute force, faster for a few thousand points than the import of a k-d tree."""

import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 1 << 21  # distances that are held in memory
_SPARE = 2  # extra candidates, because rounding in float32 may change their order


def neighbours(wanted: NDArray[np.float32], among: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Return the indices of the nearest points by Euclidean distance, N×count, the nearest first.

    Args:
        wanted: N×D.
        among: M×D, M ≥ count.
        count: how many for each.
    """
    lengths = np.square(among).sum(axis=1)
    candidates = min(count + _SPARE, len(among))
    portion = max(1, _AT_ONCE // len(among))
    found = np.empty((len(wanted), count), np.intp)
    for start in range(0, len(wanted), portion):
        part = wanted[start : start + portion]
        far = part @ (-2 * among.T)
        far += lengths
        each = np.arange(len(part))
        near = np.empty((len(part), candidates), np.intp)
        for k in range(candidates):  # a pass for each is faster than sorting
            near[:, k] = far.argmin(axis=1)
            far[each, near[:, k]] = np.inf
        exact = np.square(among[near].astype(np.float64) - part[:, None]).sum(axis=2)
        found[start : start + portion] = np.take_along_axis(near, exact.argsort(axis=1, kind="stable"), 1)[:, :count]
    return found
