"""The sides of a window's lines: which known pixels each part of a hole may be filled from.

A line that crosses the hole is continued outwards, along the photo's own edge as far as that goes and then straight on,
until it meets the window's border or another line. So it cuts the window into sides, and what lies on one of them is
filled from that side alone. A line that ends inside the hole cuts nothing: the parts beside it are one side.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.lines import Line, LineSource
from inpaint_cli.imaging.smoothing import smooth

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]
Mask = NDArray[np.bool_]
Points = NDArray[np.float64]

_TAIL = 40  # pixels of a path that tell in which direction it goes on
_SMOOTHING = 2.0  # Gaussian σ along a curve, in working pixels: takes the raster's steps away
_BESIDE = 2.5  # pixels beside a line that tell which sides it parts
_SLIVER = 0.004  # share of the hole below which a part of it is no side of its own


@dataclass(frozen=True)
class Curve:
    """A line at the photo's resolution.

    Attributes:
        points: N×2 (x, y) in pixels of the window, inside the hole, about half a pixel apart.
        before: the photo's edge that leads to its start, M×2, from the hole outwards; M may be 0.
        after: the same at its end.
        drawn: the user drew it.
    """

    points: Points
    before: Points
    after: Points
    drawn: bool


@dataclass(frozen=True)
class Sides:
    """A window cut by its lines.

    Attributes:
        labels: which side each pixel lies on, h×w, from 1 up.
        curves: the lines that cut it.
    """

    labels: Integers
    curves: tuple[Curve, ...]

    def part(self, hole: Mask) -> bool:
        """Whether more than one side lies in a hole, h×w."""
        labels = self.labels[hole]
        return bool((labels != labels[0]).any())

    def beside(self, curve: Curve) -> tuple[Integers, Integers]:
        """Return the sides to the left and to the right of a curve at each of its points, N each."""
        offset = _BESIDE * normals(curve.points)
        left, right = (self._at(curve.points + way * offset) for way in (1, -1))
        return left, right

    def _at(self, places: Points) -> Integers:
        x, y = (np.clip(np.rint(places[:, k]).astype(int), 0, self.labels.shape[1 - k] - 1) for k in (0, 1))
        labels: Integers = self.labels[y, x]
        return labels


def normals(points: Points) -> Points:
    """Return the unit vectors to the left of a curve at each of its points, N×2 (x, y); y points down."""
    tangent = np.gradient(points, axis=0) if len(points) > 1 else np.zeros_like(points)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9), np.float64)


def divide(hole: Mask, lines: Sequence[Line], size: tuple[int, int]) -> Sides:
    """Return the window cut by lines.

    Args:
        hole: True = missing, h×w at the photo's resolution.
        lines: to cut along, in pixels of the working size; those that are trusted most come first.
        size: the working size (H, W).
    """
    height, width = hole.shape
    scale = np.array([width / size[1], height / size[0]])
    walls = np.zeros(hole.shape, np.uint8)
    curves, rays = [], []
    for line in lines:
        points = _to_window(smooth_curve(line.points), scale)
        _draw(walls, points)
        paths = []
        for end, place in ((line.start, points[0]), (line.end, points[-1])):
            path = np.zeros((0, 2))
            if end is not None:
                path = _to_window(smooth_curve(end.path), scale)
                rays.append((np.concatenate([place[None], path]), _heading(path, -end.direction * scale)))
            paths.append(path)
        curves.append(Curve(points, paths[0], paths[1], line.source is LineSource.DRAWN))
    for path, heading in rays:
        _cast(walls, path, heading)
    return Sides(_regions(walls, hole), tuple(curves))


def _heading(path: Points, default: Points) -> Points:
    """Return the direction in which a path leaves, a unit vector; the default for one too short to tell."""
    if len(path) < 5:
        return default
    last = path[-_TAIL:]
    slope = np.polyfit(np.arange(len(last)), last, 1)[0]
    return np.asarray(slope / max(float(np.linalg.norm(slope)), 1e-9), np.float64)


def _to_window(points: Points, scale: Points) -> Points:
    """Return places of the working size in pixels of the window."""
    return np.asarray((points + 0.5) * scale - 0.5, np.float64)


def smooth_curve(points: Points) -> Points:
    """Return a curve without the steps of its raster, N×2; its ends stay."""
    if len(points) < 3:
        return points
    spacing = float(np.linalg.norm(np.diff(points, axis=0), axis=1).mean())
    # Mirrored at its ends through them, so that they do not move and keep their direction.
    n = min(len(points) - 1, 30)
    padded = np.concatenate([2 * points[0] - points[n:0:-1], points, 2 * points[-1] - points[-2 : -n - 2 : -1]])
    return smooth(padded, _SMOOTHING / max(spacing, 1e-3))[n : n + len(points)]


def _cast(walls: NDArray[np.uint8], path: Points, heading: Points) -> None:
    """Draw a wall along a path and straight on to the border; it ends at the first wall that it meets on the way."""
    height, width = walls.shape
    reach = 2.0 * math.hypot(height, width)
    heading = heading / max(float(np.linalg.norm(heading)), 1e-9)
    ray = path[-1] + heading * np.arange(0.0, reach, 0.5)[:, None]
    course = np.concatenate([_dense(path), ray])
    x, y = np.rint(course).astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    stop = len(course) if inside.all() else int(np.argmin(inside))
    # Its own line lies within the first pixels; what it meets after them is another.
    away = np.hypot(*(course - course[0]).T) > 4
    met = np.flatnonzero(away[:stop] & (walls[y[:stop], x[:stop]] > 0))
    stop = int(met[0]) + 1 if len(met) else stop
    _draw(walls, course[: max(stop, 2)])


def _dense(points: Points) -> Points:
    """Return a polyline with points at most half a pixel apart."""
    if len(points) < 2:
        return points
    steps = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.arange(0.0, steps[-1] + 0.25, 0.5)
    return np.stack([np.interp(at, steps, points[:, axis]) for axis in (0, 1)], axis=1)


def _draw(walls: NDArray[np.uint8], points: Points) -> None:
    cv2.polylines(walls, [np.rint(points).astype(np.int32)[:, None]], isClosed=False, color=1)


def _regions(walls: NDArray[np.uint8], hole: Mask) -> Integers:
    """Return the parts into which walls cut a window, h×w from 1 up; slivers go to what lies next to them."""
    _, labels = cv2.connectedComponents((walls == 0).astype(np.uint8), connectivity=4)
    known = np.bincount(labels[~hole], minlength=labels.max() + 1)
    inside = np.bincount(labels[hole], minlength=labels.max() + 1)
    slivers = (inside + known < max(16.0, _SLIVER * hole.sum()))[labels]
    labels = np.where(slivers, 0, labels)
    if not labels.any():
        return np.ones(hole.shape, np.int32)
    _, nearest = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    label_of = np.zeros(nearest.max() + 1, np.int32)
    label_of[nearest[labels > 0]] = labels[labels > 0]
    return label_of[nearest]
