"""Lines across a hole: one representation for finding, drawing, painting and copying along them.

Lines are found (`find_lines`), written into the hole's part of an edge map (`draw_lines`, with levels that encode their
trust) and read from an edge map (`trace_lines`). Later stages see only the map, so a map that is saved and given back
gives the same picture; a sketch enters in the same way.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.curves import Curve, trace_curves
from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.edges import EDGE_THRESHOLD
from inpaint_cli.imaging.endpoints import Endpoint, Vector, end_at, find_ends, follow, sample
from inpaint_cli.imaging.links import find_links
from inpaint_cli.imaging.ridges import decode_lines

_BEFORE, _AHEAD, _BESIDE = 3.0, 12.0, 3.0  # pixels from the end of an edge to a line that continues it
_AGREEMENT = 0.5  # cosine between a line and the photo's edge beyond which one does not continue the other
_LONGEST_GAP = 16.0  # pixels for which a line may leave the hole and still count as one line
_BRIDGE = 6.0  # pixels ahead of a free end in which it meets a line or the rim
_TANGENT = 12  # points (six pixels) of a line from which its direction at the rim is fitted
_RIDGE = 0.5  # smoothed probability from which a ridge of G1's map counts, and
_RIDGE_TRUST = 0.4  # the share of such ridges that are right (as `links` defines it)
_SHORTEST = 0.05  # share of the picture's diagonal: shorter ridges are left out
_APART = 5.0  # pixels within which a ridge repeats a line
_CONTINUED = 0.75  # level of an edge map from which a line was found by shape alone; below, with G1
_SUREST_GUESS = 0.999  # the largest trust of a guessed line


class LineSource(StrEnum):
    """Who found a line."""

    CONTINUED = "continued"  # good continuation of the photo's edges
    G1 = "g1"  # a continuation that would not have been chosen without G1, or a ridge of its map
    DRAWN = "drawn"  # the user


@dataclass(frozen=True, eq=False)
class Line:
    """A line inside the hole.

    Attributes:
        points: N×2 (x, y) in pixels of the working size, about half a pixel apart, inside the hole.
        start: where it meets the rim at its first point; None where it ends inside the hole.
        end: the same at its last point.
        trust: probability that it is right, in [0, 1]; 1 for a line that the user drew.
        source: who found it.
    """

    points: Vector
    start: Endpoint | None
    end: Endpoint | None
    trust: float
    source: LineSource


def find_lines(
    image: NDArray[np.uint8],
    edges: NDArray[np.bool_],
    hole: NDArray[np.bool_],
    probability: NDArray[np.float32] | None = None,
) -> list[Line]:
    """Return the lines expected in the hole, by falling trust; no two touch.

    Args:
        image: RGB, H×W×3; its values in the hole are ignored.
        edges: Canny's edges of the known part, H×W, one pixel wide.
        hole: True = missing, H×W.
        probability: G1's probability of an edge in each pixel of the hole, H×W in [0, 1]; None: by continuation of the
            photo's edges alone.

    Returns:
        Links between edges of the photo, and after them ridges of the map, whose `start` and `end` are left out.
    """
    lines = []
    for link in find_links(find_ends(image, edges, hole), hole, probability):
        start, end = (_followed(point, edges) for point in (link.start, link.end))
        source = LineSource.CONTINUED if link.by_shape else LineSource.G1
        lines.append(Line(_into(link.points, hole), start, end, link.trust, source))
    if probability is None:
        return lines
    return [*lines, *_unexplained(probability, hole, lines)]


def draw_lines(lines: Sequence[Line], shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return the lines as a part of an edge map, H×W in [0, 1], one pixel wide, 0 where there is none.

    The level is 1 for drawn lines, ¾ to 1 for continued ones and ½ to ¾ for those by G1, in each band by trust.
    """
    levels = np.zeros(shape, np.float32)
    for line in sorted(lines, key=_level):
        cv2.polylines(levels, [np.rint(line.points).astype(np.int32)[:, None]], isClosed=False, color=_level(line))
    return levels


def trace_lines(
    edge_map: NDArray[np.float32],
    image: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    found_by: LineSource | None = None,
) -> list[Line]:
    """Return the lines in the hole of an edge map, by falling trust: those of `draw_lines`, or strokes that were drawn.

    Args:
        edge_map: C_comp, H×W in [0, 1] (`imaging.edges`).
        image: RGB, H×W×3; its values in the hole are ignored.
        hole: True = missing, H×W.
        found_by: the source of all lines but the user's, if the levels are G1's output itself, which is then the trust;
            None: the levels are those of `draw_lines`.
    """
    curves = _rejoin(trace_curves(np.where(hole, edge_map, 0), EDGE_THRESHOLD), hole)
    if not curves:
        return []
    edges = (edge_map > EDGE_THRESHOLD) & ~hole
    ends = find_ends(image, edges, hole)
    rim = distance_to(~hole) <= 1.5
    free = list(ends)
    lines = []
    for curve in sorted(curves, key=lambda curve: (-curve.level, -len(curve.points))):
        start, end = None, None
        if not curve.closed:
            start = _end_of(curve.points, free, rim, image, hole)
            free = [point for point in free if point is not start]
            end = _end_of(curve.points[::-1], free, rim, image, hole)
            free = [point for point in free if point is not end]
        start, end = (None if point is None else _followed(point, edges) for point in (start, end))
        lines.append(Line(curve.points, start, end, *_meaning(curve, found_by)))
    return lines


def bridge_lines(lines: Sequence[Line], hole: NDArray[np.bool_]) -> list[Line]:
    """Return the lines with each free end led on to the line or the rim that it all but reaches.

    Canny's edges and drawn strokes stop a few pixels short of each other where three regions meet.

    Args:
        lines: in a hole.
        hole: True = missing, H×W.
    """
    bridged = []
    for line in lines:
        others = [other.points for other in lines if other is not line]
        before = _bridge(line.points, others, hole) if line.start is None else line.points[:0]
        after = _bridge(line.points[::-1], others, hole) if line.end is None else line.points[:0]
        bridged.append(replace(line, points=np.concatenate([before[::-1], line.points, after])))
    return bridged


def close_gaps(lines: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the lines with gaps of one pixel closed, H×W, as walls need to be."""
    closed = cv2.morphologyEx(lines.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return closed > 0


def _unexplained(probability: NDArray[np.float32], hole: NDArray[np.bool_], lines: Sequence[Line]) -> list[Line]:
    """Return the distinct ridges of G1's map that none of the lines explains."""
    ridges = np.zeros(hole.shape, np.bool_)
    around = _around(hole)
    ridges[around] = decode_lines(probability[around], hole[around], _RIDGE)
    if not ridges.any():
        return []
    ridges &= distance_to(draw_lines(lines, (hole.shape[0], hole.shape[1])) > 0) > _APART if lines else True
    curves = trace_curves(ridges.astype(np.float32), EDGE_THRESHOLD)
    shortest = _SHORTEST * math.hypot(*hole.shape)
    lengths = [np.linalg.norm(np.diff(curve.points, axis=0), axis=1).sum() for curve in curves]
    return [
        Line(curve.points, None, None, _RIDGE_TRUST, LineSource.G1)
        for curve, length in zip(curves, lengths, strict=True)
        if length >= shortest
    ]


def _around(hole: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the rectangle around a hole, a little larger."""
    rows, columns = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
    return slice(max(rows[0] - 8, 0), rows[-1] + 9), slice(max(columns[0] - 8, 0), columns[-1] + 9)


def _level(line: Line) -> float:
    if line.source is LineSource.DRAWN:
        return 1.0
    lowest = _CONTINUED if line.source is LineSource.CONTINUED else EDGE_THRESHOLD
    return lowest + 0.25 * float(np.clip(line.trust, 0.01, _SUREST_GUESS))  # above the threshold, below the next band


def _rejoin(curves: Sequence[Curve], hole: NDArray[np.bool_]) -> list[Curve]:
    """Return the curves, those joined that are one found line which leaves the hole for a few pixels.

    Such curves have the same level, and most pixels between them are known.
    """
    whole: list[Curve] = []
    for curve in curves:
        points = curve.points
        for other in [] if curve.closed or curve.level >= 1 else list(whole):
            if other.level != curve.level or other.closed:
                continue
            ways = [(a, b) for a in (points, points[::-1]) for b in (other.points, other.points[::-1])]
            a, b = min(ways, key=lambda way: float(np.linalg.norm(way[1][0] - way[0][-1])))
            gap = float(np.linalg.norm(b[0] - a[-1]))
            between = a[-1] + np.linspace(0, 1, int(gap) + 2)[1:-1, None] * (b[0] - a[-1])
            if gap <= _LONGEST_GAP and (gap < 3 or sample(hole, between).mean() < 0.5):
                points = np.concatenate([a, between, b])
                whole.remove(other)
        whole.append(replace(curve, points=points))
    return whole


def _meaning(curve: Curve, found_by: LineSource | None) -> tuple[float, LineSource]:
    """Return the trust and the source that a level encodes."""
    if curve.level >= 1:
        return 1.0, LineSource.DRAWN
    if found_by is not None:
        return curve.level, found_by
    if curve.level >= _CONTINUED:
        return 4 * (curve.level - _CONTINUED), LineSource.CONTINUED
    return 4 * (curve.level - EDGE_THRESHOLD), LineSource.G1


def _end_of(
    points: Vector,
    free: Sequence[Endpoint],
    rim: NDArray[np.bool_],
    image: NDArray[np.uint8],
    hole: NDArray[np.bool_],
) -> Endpoint | None:
    """Return where a line meets the rim at its first point: a free end of the photo's edges, or one of its own."""
    place, ahead = points[0], points[min(_TANGENT, len(points) - 1)] - points[0]
    direction = ahead / (np.linalg.norm(ahead) + 1e-9)
    if free:
        places, directions = (np.array([getattr(end, name) for end in free]) for name in ("place", "direction"))
        offsets = place - places
        along = (offsets * directions).sum(axis=1)
        beside = np.linalg.norm(offsets - along[:, None] * directions, axis=1)
        continues = (
            (along >= -_BEFORE) & (along <= _AHEAD) & (beside <= _BESIDE) & (directions @ direction > _AGREEMENT)
        )
        if continues.any():
            return free[int(np.where(continues, np.linalg.norm(offsets, axis=1), np.inf).argmin())]
    return end_at(image, hole, place, direction) if sample(rim, place) else None


def _followed(end: Endpoint, edges: NDArray[np.bool_]) -> Endpoint:
    """Return an end with the path of its edge as far as that goes."""
    return replace(end, path=follow(edges, end.path))


def _bridge(points: Vector, others: Sequence[Vector], hole: NDArray[np.bool_]) -> Vector:
    """Return the way from a line's first point to the nearest line ahead or straight on to the rim, N×2; N may be 0."""
    place, behind = points[0], points[min(_TANGENT, len(points) - 1)]
    ahead = (place - behind) / (np.linalg.norm(place - behind) + 1e-9)
    offsets = np.concatenate([np.zeros((0, 2)), *others]) - place
    distance = np.linalg.norm(offsets, axis=1)
    met = (distance <= _BRIDGE) & (offsets @ ahead >= _AGREEMENT * distance)
    if met.any():
        target = place + offsets[np.where(met, distance, np.inf).argmin()]
    else:
        onwards = place + ahead * np.arange(0.5, _BRIDGE + 0.5, 0.5)[:, None]
        outside = np.flatnonzero(~sample(hole, onwards))
        if not len(outside):
            return points[:0]
        target = onwards[outside[0]]
    count = max(2, round(2 * float(np.linalg.norm(target - place))) + 1)
    return np.linspace(place, target, count)[1:]


def _into(points: Vector, hole: NDArray[np.bool_]) -> Vector:
    """Return a line from its first to its last point in the hole, N×2.

    Where it leaves the hole by up to three pixels, it runs along the rim instead, so that the wall has no gap.
    """
    inside = np.flatnonzero(sample(hole, points))
    points = points[inside[0] : inside[-1] + 1]
    outside = ~sample(hole, points)
    if not outside.any():
        return points
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415 - as late as everything of scipy

    nearest = distance_transform_edt(~hole, return_distances=False, return_indices=True)
    rows, columns = (sample(axis, points) for axis in nearest)
    return np.where(outside[:, None], np.stack([columns, rows], axis=1), points)
