"""What a line looks like: as soft as the photo's own edge is where it goes on, and smooth, without a raster's steps.

The fills of both sides of a line overlap. Across it they are joined by the profile that an ideal edge has after a
Gaussian blur, the error function of the distance to the line; its σ is measured on profiles across the known edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.contours import SHARPEST, normals
from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.sides import Curve, Sides

Floats = NDArray[np.float32]
Points = NDArray[np.float64]
Mask = NDArray[np.bool_]

_USUAL = 1.0  # where no edge of the photo goes on


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
        from scipy.spatial import cKDTree  # noqa: PLC0415 - as late as everything of scipy
        from scipy.special import ndtr  # noqa: PLC0415

        points = np.concatenate([curve.points for curve in sides.curves])
        normal = np.concatenate([normals(curve.points) for curve in sides.curves])
        left, right = (np.concatenate(labels) for labels in zip(*map(sides.beside, sides.curves), strict=True))
        sigma = np.concatenate([_sigmas(curve) for curve in sides.curves])
        sigma = np.minimum(sigma, np.maximum(_gaps(sides.curves) / 4, SHARPEST))  # narrow parts keep their colour
        reach = 3 * float(sigma.max()) + 1

        near = np.ones(hole.shape, np.uint8)
        x, y = np.rint(points).astype(int).T
        near[np.clip(y, 0, hole.shape[0] - 1), np.clip(x, 0, hole.shape[1] - 1)] = 0
        band = (distance_to(near == 0) <= reach + 1) & hole
        rows, columns = np.nonzero(band)
        places = np.stack([columns, rows], axis=1)
        nearest = cKDTree(points).query(places)[1]
        offset = ((places - points[nearest]) * normal[nearest]).sum(axis=1)
        left, right = left[nearest], right[nearest]
        share = ndtr(offset / sigma[nearest])
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


def _gaps(curves: Sequence[Curve]) -> Points:
    """Return the distance of every point to the nearest other curve, in the order of the curves."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - as late as everything of scipy

    gaps = []
    for curve in curves:
        others = [other.points for other in curves if other is not curve]
        if others:
            gaps.append(cKDTree(np.concatenate(others)).query(curve.points)[0])
        else:
            gaps.append(np.full(len(curve.points), np.inf))
    return np.concatenate(gaps)
