"""The sides of a window's lines: which known pixels each part of a hole may be filled from.

A line that crosses the hole is continued outwards, along the photo's own edge as far as that goes and then straight on,
until it meets the window's border or another line. So it cuts the window into sides, and what lies on one of them is
filled from that side alone. A line that ends inside the hole cuts nothing: the parts beside it are one side.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.contours import Contour, dense, find_contour, normals
from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.lines import Line, LineSource
from inpaint_cli.imaging.smoothing import smooth_curve

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]
Mask = NDArray[np.bool_]
Points = NDArray[np.float64]

_TAIL = 40.0  # working pixels of a path that tell in which direction it goes on
_SPACING = 0.5  # pixels of the window between the points of a curve
_JOIN = 40.0  # pixels within which a line comes from where the photo's edge meets the rim to its own course
_UNSEEN_OFF = 0.5  # pixels: a step that nobody sees
_DRAWN_OFF = 1.5  # pixels by which a line that was drawn may be moved there
_SMOOTHING = 2.0  # Gaussian σ along a curve, in working pixels: removes the raster's staircase
_BESIDE = 2.5  # pixels beside a line at which the sides that it separates are read
_MOST = 0.8  # share of a line between two sides from which it separates them
_SLIVER = 0.004  # share of the hole below which a part joins its neighbour


@dataclass(frozen=True)
class Curve:
    """A line at the photo's resolution.

    Attributes:
        points: N×2 (x, y) in pixels of the window, inside the hole, about half a pixel apart.
        start: the photo's edge that leads to its first point; None where there is none.
        end: the same at its last point.
        drawn: the user drew it.
    """

    points: Points
    start: Contour | None
    end: Contour | None
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

    def cuts(self, curve: Curve) -> bool:
        """Whether a line separates two sides along most of its length."""
        left, right = self.beside(curve)
        return bool((left != right).mean() > _MOST)

    def loose_share(self) -> float:
        """Return the share of the lines' length that separates no sides."""
        lengths = np.array([len(curve.points) for curve in self.curves])
        cutting = np.array([self.cuts(curve) for curve in self.curves])
        return float(lengths[~cutting].sum() / lengths.sum())

    def _at(self, places: Points) -> Integers:
        labels: Integers = self.labels[pixels_of(places, self.labels.shape)]
        return labels


def pixels_of(points: Points, shape: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows and columns of the pixels of a window nearest to points, N×2 (x, y)."""
    x, y = (np.clip(np.rint(points[:, axis]).astype(np.intp), 0, shape[1 - axis] - 1) for axis in (0, 1))
    return y, x


def divide(photo: Floats, hole: Mask, lines: Sequence[Line], size: tuple[int, int]) -> Sides:
    """Return the window cut by lines.

    A line begins and ends where the photo's edge meets the rim, and one that was guessed is as rough as that edge is.

    Args:
        photo: RGB in [0, 1], h×w×3; its values in the hole are ignored.
        hole: True = missing, h×w at the photo's resolution.
        lines: to cut along, in pixels of the working size, by falling trust.
        size: the working size (H, W).
    """
    height, width = hole.shape
    scale = np.array([width / size[1], height / size[0]])
    courses = [_to_border(_to_window(_smoothed(line.points), scale), 2 * scale, hole.shape) for line in lines]
    courses = [dense(course, _SPACING) for course in courses]
    walls = np.zeros(hole.shape, np.uint8)
    curves, rays = [], []
    for number, (line, course) in enumerate(zip(lines, courses, strict=True)):
        contours: list[Contour | None] = []
        outwards = []
        for end, place in ((line.start, course[0]), (line.end, course[-1])):
            contour = None
            if end is not None:
                path = np.concatenate([place[None], _to_window(_smoothed(end.path), scale)])
                contour = find_contour(photo, ~hole, path, float(scale.max())) if len(end.path) else None
                way = path if contour is None else contour.points
                outwards.append((-len(contours), way, -end.direction * scale))  # 0 or −1: the line's point there
            contours.append(contour)
        curve = Curve(course, contours[0], contours[1], line.source is LineSource.DRAWN)
        others = [other for k, other in enumerate(courses) if k != number]
        points = _joined(curve, others, hole.shape)
        curves.append(replace(curve, points=points))
        _draw(walls, points)
        for at, way, direction in outwards:
            heading = _heading(way[-round(_TAIL * float(scale.max())) :], direction)
            # From the line's own end: a drawn line is hardly moved, and a gap before the photo's edge would be a leak.
            rays.append((np.concatenate([points[at][None], way]), heading))
    for path, heading in rays:
        _cast(walls, path, heading)
    return Sides(_regions(walls, hole), tuple(curves))


def _joined(curve: Curve, others: Sequence[Points], shape: tuple[int, ...]) -> Points:
    """Return a curve's points moved to where the photo's edge meets its ends and, if it is a guess, as rough as that.

    Roughness is that of the edge at the nearer end, mirrored at the rim. Next to other lines there is less of it.
    """
    points, normal = curve.points, normals(curve.points)
    if len(points) < 3:
        return points
    way = np.arange(len(points)) * (np.linalg.norm(np.diff(points, axis=0), axis=1).sum() / (len(points) - 1))
    length = float(way[-1])
    moved, rough = np.zeros(len(points)), np.zeros(len(points))
    for contour, first, inwards, from_end in (
        (curve.start, 0, -1.0, way),
        (curve.end, -1, 1.0, length - way),
    ):
        if contour is None:
            continue
        offset = float((contour.points[0] - points[first]) @ normal[first])
        offset = math.copysign(max(abs(offset) - _UNSEEN_OFF, 0), offset)
        offset = float(np.clip(offset, -_DRAWN_OFF, _DRAWN_OFF)) if curve.drawn else offset
        moved += offset * (0.5 + 0.5 * np.cos(np.pi * np.minimum(from_end / min(_JOIN, length / 2), 1)))
        if not curve.drawn and len(contour.roughness):
            mirrored = np.pad(contour.roughness, (0, math.ceil(length)), mode="reflect")
            share = np.cos(np.pi / 2 * from_end / length)  # the squares of both shares are 1: as rough everywhere
            rough += inwards * share * np.interp(from_end, np.arange(len(mirrored)), mirrored)
    largest = float(np.abs(rough).max())
    if others and largest > 0:
        taken = np.zeros(shape[:2], np.bool_)
        for other in others:
            taken[pixels_of(other, shape)] = True
        rough *= np.minimum(distance_to(taken)[pixels_of(points, shape)] / (4 * largest), 1)
    return np.asarray(points + (moved + rough)[:, None] * normal, np.float64)


def _heading(tail: Points, default: Points) -> Points:
    """Return the direction in which a path leaves by its last part, a unit vector; the default for one too short."""
    if len(tail) < 5:
        return default
    slope = np.polyfit(np.arange(len(tail)), tail, 1)[0]
    return np.asarray(slope / max(float(np.linalg.norm(slope)), 1e-9), np.float64)


def _to_window(points: Points, scale: Points) -> Points:
    """Return places of the working size in pixels of the window."""
    return np.asarray((points + 0.5) * scale - 0.5, np.float64)


def _to_border(points: Points, reach: Points, shape: tuple[int, ...]) -> Points:
    """Return a curve in a window with its ends led on to the window's border if they are within reach of it, N×2.

    Args:
        points: N×2 (x, y).
        reach: in pixels, (x, y).
        shape: of the window (h, w).
    """
    last = np.array([shape[1] - 1, shape[0] - 1], np.float64)
    for _ in range(2):  # one end, then the other
        place = points[-1]
        gaps = np.concatenate([place / reach, (last - place) / reach])  # to the left, top, right and bottom
        side = int(gaps.argmin())
        if 0 < gaps[side] <= 1:
            onto = place.copy()
            onto[side % 2] = 0 if side < 2 else last[side % 2]
            points = np.concatenate([points, onto[None]])
        points = points[::-1]
    return points


def _smoothed(points: Points) -> Points:
    """Return a curve at the working size without the steps of its raster, N×2; its ends stay."""
    if len(points) < 3:
        return points
    spacing = float(np.linalg.norm(np.diff(points, axis=0), axis=1).mean())
    return smooth_curve(points, _SMOOTHING / max(spacing, 1e-3))


def _cast(walls: NDArray[np.uint8], path: Points, heading: Points) -> None:
    """Draw a wall along a path and straight on to the border; it ends at the first wall that it meets on the way."""
    height, width = walls.shape
    reach = 2.0 * math.hypot(height, width)
    heading = heading / max(float(np.linalg.norm(heading)), 1e-9)
    ray = path[-1] + heading * np.arange(0.0, reach, 0.5)[:, None]
    course = np.concatenate([dense(path, 0.5), ray])
    x, y = np.rint(course).astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    stop = len(course) if inside.all() else int(np.argmin(inside))
    # Its own line lies within the first pixels; what it meets later is another wall.
    away = np.hypot(*(course - course[0]).T) > 4
    met = np.flatnonzero(away[:stop] & (walls[y[:stop], x[:stop]] > 0))
    stop = int(met[0]) + 1 if len(met) else stop
    _draw(walls, course[: max(stop, 2)])


def _draw(walls: NDArray[np.uint8], points: Points) -> None:
    cv2.polylines(walls, [np.rint(points).astype(np.int32)[:, None]], isClosed=False, color=1)


def _regions(walls: NDArray[np.uint8], hole: Mask) -> Integers:
    """Return the parts into which walls cut a window, h×w from 1 up; slivers join their neighbours."""
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
