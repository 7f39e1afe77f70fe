"""How much a fill is made of the photo: the distance of its patches to the photo's (Simakov et al. 2008)."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_RADIUS = 3  # 7×7 patches
_AXES = 12  # principal components in which neighbours are searched
_NEIGHBOURS = 4  # of which the best by all values counts


def coherence(
    picture: Floats,
    hole: Mask,
    known: Mask,
    *,
    reach: int = 200,
    samples: int = 800,
    candidates: int = 20_000,
) -> float:
    """Return the root mean square distance of a fill's 7×7 patches to their nearest known ones.

    The coherence half of bidirectional similarity (Simakov et al. 2008, equation 1), on samples: speckle, blur and
    seams all raise it.

    Args:
        picture: filled, H×W×3 of any range.
        hole: where it is filled, H×W.
        known: the pixels of the photo that it is compared with, H×W.
        reach: how far from the hole they may lie, in pixels.
        samples: patches of the fill that are looked up.
        candidates: patches of the photo that they are compared with.

    Returns:
        The mean over the samples, in the picture's range; 0 where there is nothing to compare.
    """
    from scipy.spatial import cKDTree  # noqa: PLC0415 - as late as everything of scipy

    rows, columns = np.nonzero(hole)
    near = np.s_[
        max(0, rows.min() - reach) : rows.max() + reach + 1, max(0, columns.min() - reach) : columns.max() + reach + 1
    ]
    pixels = picture[near].astype(np.float32)
    side = 2 * _RADIUS + 1
    if min(pixels.shape[:2]) < side:
        return 0.0
    patches = np.lib.stride_tricks.sliding_window_view(pixels, (side, side), axis=(0, 1))
    inner = np.s_[_RADIUS : _RADIUS + patches.shape[0], _RADIUS : _RADIUS + patches.shape[1]]
    touched = cv2.dilate((~known[near]).astype(np.uint8), np.ones((side, side), np.uint8))[inner] > 0
    sources = np.random.default_rng(0).permutation(np.argwhere(~touched))[:candidates]
    places = np.argwhere(hole[near][inner])
    places = places[:: max(1, len(places) // samples)]
    if len(sources) <= _NEIGHBOURS or not len(places):
        return 0.0
    photo = patches[sources[:, 0], sources[:, 1]].reshape(len(sources), -1)
    wanted = patches[places[:, 0], places[:, 1]].reshape(len(places), -1)
    mean = photo.mean(axis=0)
    centred = photo[::7] - mean
    axes = np.linalg.eigh(centred.T @ centred)[1][:, -_AXES:]
    _, nearest = cKDTree((photo - mean) @ axes).query((wanted - mean) @ axes, k=_NEIGHBOURS)
    distances = ((photo[nearest] - wanted[:, None]) ** 2).mean(axis=2).min(axis=1)
    return float(np.sqrt(distances).mean())
