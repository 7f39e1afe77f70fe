"""Blending: the dilated rim in which a painting fades in, and the membrane that fits its border to the photo."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.harmonic import harmonic_fill

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_EXACT = 10_000  # unknowns up to which the membrane is solved directly: some 40 ms
_SMOOTHINGS = 6  # relaxations on each finer level, where only short-wave errors are left


def dilate_mask(mask: Mask, grow: int, feather: int | None = None) -> tuple[Mask, Floats]:
    """Return a mask dilated on every side, and the blend weight of a painting in each pixel.

    Args:
        mask: the object, H×W.
        grow: by how many pixels, 0 or more.
        feather: width in pixels of the blend at the outer end of the growth; None blends the outer half.

    Returns:
        The dilated hole, H×W, and the blend weight, H×W float32 in [0, 1]: 1 on the object, 0 outside the hole.
    """
    if grow == 0:
        return mask.copy(), mask.astype(np.float32)
    distance = distance_to(mask)
    hole = distance <= grow
    width = (grow + 1) // 2 if feather is None else min(feather, grow)
    weight = np.clip((grow + 1 - distance) / (width + 1), 0, 1)
    return hole, np.where(hole, weight, 0).astype(np.float32)


def match_border(painting: Floats, photo: Floats, hole: Mask, walls: Mask | None = None) -> Floats:
    """Return the painting shifted so that it meets the photo at the hole's rim, H×W×3 float32.

    The shift is a membrane: photo − painting at the rim, and inside the solution of Laplace's equation (Pérez et al.
    2003, equation 10, with the painting's own gradients). Rim pixels on a wall are ignored, because an edge that is off
    by a pixel there would smear its colours inwards.

    Args:
        painting: H×W×3, of the photo's range.
        photo: H×W×3; its values in the hole are ignored.
        hole: True = missing, H×W, at least one pixel known.
        walls: True = an edge of the photo or a line of the painting, H×W; no correction crosses it.

    Returns:
        The corrected painting in the hole, the photo elsewhere.
    """
    result = photo.copy()
    if not hole.any():
        return result
    rows, columns = (_span(np.flatnonzero(hole.any(axis=axis))) for axis in (1, 0))
    inner = hole[rows, columns]
    wall = np.zeros_like(inner) if walls is None else walls[rows, columns]
    shift = np.where(inner[..., None], np.float32(0), photo[rows, columns] - painting[rows, columns])
    membrane = _membrane(shift.astype(np.float32), inner, wall)
    result[rows, columns][inner] = painting[rows, columns][inner] + membrane[inner]
    return result


def _span(places: NDArray[np.intp]) -> slice:
    """The range from the first place to the last, with three more pixels on both sides."""
    return slice(max(int(places[0]) - 3, 0), int(places[-1]) + 4)


def _membrane(shift: Floats, hole: Mask, walls: Mask) -> Floats:
    """Spread the rim's shift over the hole: exactly on a coarse grid, then relaxed on each finer one."""
    if hole.sum() <= _EXACT:
        return harmonic_fill(shift, hole, walls)
    height, width = hole.shape
    coarse_size = ((width + 1) // 2, (height + 1) // 2)
    # Rim pixels on a wall are ignored, and a coarse pixel is known if any of its four is.
    known = (~hole & ~walls).astype(np.float32)
    weight = cv2.resize(known, coarse_size, interpolation=cv2.INTER_AREA)
    total = cv2.resize(shift * known[..., None], coarse_size, interpolation=cv2.INTER_AREA)
    coarse_hole = weight == 0
    if coarse_hole.all():
        return shift
    coarse_walls = cv2.resize(walls.astype(np.float32), coarse_size, interpolation=cv2.INTER_AREA) > 0
    means = (total / np.maximum(weight, 1e-6)[..., None]).astype(np.float32)
    coarse = _membrane(means, coarse_hole, coarse_walls)
    fine = np.where(hole[..., None], cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), shift)
    return _relax(fine.astype(np.float32), hole, walls)


def _relax(values: Floats, hole: Mask, walls: Mask) -> Floats:
    """Jacobi iterations: replace values in the hole by the mean of their four neighbours, not across walls."""
    unmoved = ~(hole & ~walls)[..., None]
    open_ = (~walls).astype(np.float32)[..., None]
    cross = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32)
    weight = np.maximum(cv2.filter2D(open_, -1, cross, borderType=cv2.BORDER_CONSTANT), 1e-6)[..., None]
    for _ in range(_SMOOTHINGS):
        sums = cv2.filter2D(values * open_, -1, cross, borderType=cv2.BORDER_CONSTANT)
        values = np.where(unmoved, values, sums / weight)
    return values
