"""What a line looks like: as soft as the photo's own edge is where it goes on, and smooth, without a raster's steps.

The fills of both sides of a line overlap. Across it they are joined by the profile that an ideal edge has after a
Gaussian blur, the error function of the distance to the line; its σ is measured on profiles across the known edge.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.neighbours import distances, nearest_within
from inpaint_cli.imaging.sides import Curve, Sides, normals

Floats = NDArray[np.float32]
Points = NDArray[np.float64]
Mask = NDArray[np.bool_]

SOFTEST = 5.0  # pixels: a wider transition is a gradient and no edge
_SHARPEST = 0.6  # what demosaicing and compression leave of the sharpest edge
_USUAL = 1.0  # where no edge of the photo goes on
_NEAREST, _FARTHEST = 3.0, 60.0  # pixels of the continuation that are measured, counted from the rim
_STEP = 0.25  # pixels between the samples of a profile
_LEAST_CONTRAST = 0.02  # of a profile, as a share of white
_LEAST_PROFILES = 5
_AT_ONCE = 1 << 21  # distances between curves that are held in memory


@dataclass(frozen=True)
class Transition:
    """How the fills of neighbouring sides share the pixels along the lines between them.

    Attributes:
        labels: which side each pixel lies on, h×w.
        rows, columns: the pixels along lines, N each.
        left, right: the sides to the left and to the right of the nearest line there, N each.
        share: of the left one, N in [0, 1].
        reach: how far beyond its line a side is needed, in pixels.
    """

    labels: NDArray[np.int32]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    share: Floats
    reach: float

    @classmethod
    def between(cls, sides: Sides, photo: Floats, hole: Mask) -> "Transition":
        """Return the transitions along all lines in a hole, each as soft as the photo's edge that the line continues.

        Args:
            sides: the window cut by its lines.
            photo: RGB in [0, 1], h×w×3.
            hole: True = missing, h×w.
        """
        points = np.concatenate([curve.points for curve in sides.curves])
        normal = np.concatenate([normals(curve.points) for curve in sides.curves])
        left, right = (np.concatenate(labels) for labels in zip(*map(sides.beside, sides.curves), strict=True))
        sigma = np.concatenate([_sigmas(photo, ~hole, curve) for curve in sides.curves])
        sigma = np.minimum(sigma, np.maximum(_gaps(sides.curves) / 4, _SHARPEST))  # narrow parts keep their colour
        reach = 3 * float(sigma.max()) + 1

        near = np.ones(hole.shape, np.uint8)
        x, y = np.rint(points).astype(int).T
        near[np.clip(y, 0, hole.shape[0] - 1), np.clip(x, 0, hole.shape[1] - 1)] = 0
        band = (distance_to(near == 0) <= reach + 1) & hole
        rows, columns = np.nonzero(band)
        places = np.stack([columns, rows], axis=1)
        nearest = nearest_within(places, points, reach + 3)
        offset = ((places - points[nearest]) * normal[nearest]).sum(axis=1)
        left, right = left[nearest], right[nearest]
        share = _risen(offset / sigma[nearest])
        close = (np.abs(offset) <= 3 * sigma[nearest]) & (left != right)
        kept = (rows[close], columns[close], left[close], right[close], share[close].astype(np.float32))
        return cls(sides.labels, *kept, reach)

    def weight(self, label: int) -> Floats:
        """Return the share of one side in each pixel, h×w in [0, 1]."""
        weight = (self.labels == label).astype(np.float32)
        share = np.where(self.left == label, self.share, 0) + np.where(self.right == label, 1 - self.share, 0)
        weight[self.rows, self.columns] = share
        return np.asarray(weight, np.float32)


def softness(photo: Floats, known: Mask, path: Points) -> float | None:
    """Return σ of an edge, in pixels, from the profiles across it; None where there are too few of them.

    Args:
        photo: RGB in [0, 1], h×w×3.
        known: what may be looked at, h×w.
        path: the edge, N×2 (x, y).
    """
    if len(path) < 4:
        return None
    reach = 3 * SOFTEST
    t = np.arange(-reach, reach + _STEP / 2, _STEP)
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    places = np.flatnonzero((along >= _NEAREST) & (along <= _FARTHEST))
    grid = path[places, None] + normals(path)[places, None] * t[None, :, None]
    sampled = _sample(photo, grid)
    seen = _sample(known.astype(np.float32), grid).min(axis=1) > 0.99
    profiles = [profile for profile in map(_aligned, sampled[seen]) if profile is not None]
    if len(profiles) < _LEAST_PROFILES:
        return None
    return float(np.clip(_sigma(np.median(profiles, axis=0)), _SHARPEST, SOFTEST))


def _sigmas(photo: Floats, known: Mask, curve: Curve) -> Points:
    """Return σ at each point of a curve: from its continuation at one end to that at the other."""
    before, after = (softness(photo, known, path) for path in (curve.before, curve.after))
    first = before if before is not None else after if after is not None else _USUAL
    last = after if after is not None else first
    return np.linspace(first, last, len(curve.points))


def _gaps(curves: Sequence[Curve]) -> Points:
    """Return the distance of every point to the nearest other curve, in the order of the curves."""
    gaps = []
    for curve in curves:
        others = [other.points for other in curves if other is not curve]
        if others:
            beside = np.concatenate(others)
            portions = np.array_split(curve.points, 1 + len(curve.points) * len(beside) // _AT_ONCE)
            gaps.append(np.concatenate([distances(portion, beside).min(axis=1) for portion in portions]))
        else:
            gaps.append(np.full(len(curve.points), np.inf))
    return np.concatenate(gaps)


def _sample(values: Floats, places: Points) -> Floats:
    x, y = (np.ascontiguousarray(places[..., axis], np.float32) for axis in (0, 1))
    sampled = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(sampled, np.float32)


def _aligned(profile: Floats) -> Points | None:
    """Return a profile from 0 on one side to 1 on the other, its middle in the middle; None if it shows no edge."""
    count = len(profile)
    third = count // 3
    low, high = np.median(profile[:third], axis=0), np.median(profile[-third:], axis=0)
    contrast = float(((high - low) ** 2).sum())
    if contrast < 3 * _LEAST_CONTRAST**2:
        return None
    shares = np.clip((profile - low) @ (high - low) / contrast, 0, 1)
    # The step that has the same mean lies `shift` samples off the middle.
    shift = round(count / 2 - float(shares.sum()))
    if abs(shift) > third:
        return None
    return np.asarray(np.interp(np.arange(count) + shift, np.arange(count), shares), np.float64)


def _sigma(profile: Points) -> float:
    """Return σ of a blurred step from how far it rises within a pixel at its steepest place.

    The whole profile would count the shading of both sides as softness.
    """
    pixel = round(1 / _STEP)
    low, high = np.median(profile[: len(profile) // 4]), np.median(profile[-len(profile) // 4 :])
    rise = float((profile[pixel:] - profile[:-pixel]).max() / max(high - low, 1e-3))
    return 0.5 / NormalDist().inv_cdf((1 + min(max(rise, 0.01), 0.99)) / 2)


def _risen(offsets: Points) -> Points:
    """Return how far a blurred step has risen, N in [0, 1]: the normal distribution's share below each offset in σ."""
    return np.array([math.erfc(-offset / math.sqrt(2)) / 2 for offset in offsets.tolist()], np.float64)
