"""The transition between the sides of a line: as soft as the photo's edge that the line continues.

The fills of both sides of a line overlap. Across it they are joined by the profile that an ideal edge has after a
Gaussian blur, the error function of the distance to the line; its σ is that of the known edge (`contours`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.contours import SHARPEST, blurred_step, normals
from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.sides import Curve, Sides, pixels_of

Floats = NDArray[np.float32]
Points = NDArray[np.float64]
Mask = NDArray[np.bool_]

_USUAL = 1.0  # where the line continues no edge of the photo


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
    def between(cls, sides: Sides, hole: Mask) -> "Transition":
        """Return the transitions along all lines in a hole, each as soft as the photo's edge that the line continues.

        Args:
            sides: the window cut by its lines.
            hole: True = missing, h×w.
        """
        points = np.concatenate([curve.points for curve in sides.curves])
        normal = np.concatenate([normals(curve.points) for curve in sides.curves])
        left, right = (np.concatenate(labels) for labels in zip(*map(sides.beside, sides.curves), strict=True))
        sigma = np.concatenate([_sigmas(curve) for curve in sides.curves])
        # Narrow parts keep their colour.
        sigma = np.minimum(sigma, np.maximum(_gaps(sides.curves, hole.shape) / 4, SHARPEST))
        reach = 3 * float(sigma.max()) + 1

        nearest, rows, columns = _nearest(points, hole, reach + 1)
        places = np.stack([columns, rows], axis=1)
        offset = ((places - points[nearest]) * normal[nearest]).sum(axis=1)
        left, right = left[nearest], right[nearest]
        share = blurred_step(offset / sigma[nearest])
        close = (np.abs(offset) <= 3 * sigma[nearest]) & (left != right)
        kept = (rows[close], columns[close], left[close], right[close], share[close].astype(np.float32))
        return cls(sides.labels, *kept, reach)

    def weight(self, label: int) -> Floats:
        """Return the share of one side in each pixel, h×w in [0, 1]."""
        weight = (self.labels == label).astype(np.float32)
        share = np.where(self.left == label, self.share, 0) + np.where(self.right == label, 1 - self.share, 0)
        weight[self.rows, self.columns] = share
        return np.asarray(weight, np.float32)


def _sigmas(curve: Curve) -> Points:
    """Return σ at each point of a curve: from its continuation at one end to that at the other."""
    before, after = (None if contour is None else contour.softness for contour in (curve.start, curve.end))
    first = before if before is not None else after if after is not None else _USUAL
    last = after if after is not None else first
    return np.linspace(first, last, len(curve.points))


def _nearest(points: Points, hole: Mask, reach: float) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Return the pixels of a hole within reach of a line: each one's nearest point, its row and its column, N each."""
    rows, columns = pixels_of(points, hole.shape)
    away = np.ones(hole.shape, np.uint8)
    away[rows, columns] = 0
    distance, labels = cv2.distanceTransformWithLabels(away, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    point_of = np.zeros(labels.max() + 1, np.intp)
    point_of[labels[rows, columns]] = np.arange(len(points))
    rows, columns = np.nonzero((distance <= reach) & hole)
    # A pixel on a line has about two points: the nearer of the neighbours.
    neighbours = np.clip(point_of[labels[rows, columns]][:, None] + np.arange(-3, 4), 0, len(points) - 1)
    places = np.stack([columns, rows], axis=1)
    apart = ((points[neighbours] - places[:, None]) ** 2).sum(axis=2)
    return neighbours[np.arange(len(rows)), apart.argmin(axis=1)], rows, columns


def _gaps(curves: Sequence[Curve], shape: tuple[int, ...]) -> Points:
    """Return the distance of every point to the nearest other curve, in the order of the curves."""
    if len(curves) < 2:
        return np.full(sum(len(curve.points) for curve in curves), np.inf)
    paths = [np.ravel_multi_index(pixels_of(curve.points, shape), shape[:2]) for curve in curves]
    passing = np.zeros(shape[0] * shape[1], np.int32)  # curves through each pixel: a path counts once where it stays
    for path in paths:
        passing[path] += 1
    gaps = []
    for path in paths:
        others = passing.copy()
        others[path] -= 1
        gaps.append(distance_to(others.reshape(shape[:2]) > 0).ravel()[path].astype(np.float64))
    return np.concatenate(gaps)
