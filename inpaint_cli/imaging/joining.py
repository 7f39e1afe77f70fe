"""Joining the edges of two pictures where a half of one meets a half of the other (the paper's figure 10).

The second picture's edges are moved along the border, as a whole, to where most of the strong ones meet edges of the
first. Near the border they are then bent a little, so that those that belong together meet exactly.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.curves import trace_curves
from inpaint_cli.imaging.endpoints import Vector, find_ends, follow

_STRONGEST = 24  # edges on each side of the border that count
_LONG = 60  # pixels: an edge as long as that is as strong as its contrast makes it
_FLATTEST = 0.25  # cosine to the border's normal below which an edge runs along the border and meets nothing
_FARTHEST = 0.25  # of the border's length: how far the second picture is moved at most
_MEETING = 0.015  # of the border's length: how near two edges must come to count as meeting while it is moved
_BENT = 0.06  # of the border's length: how far one edge is bent at most
_STAY = 0.2  # of the gain by which a move as far as can be must be better than none
_SLANT = 8.0  # pixels away from the border in which a bend by one pixel fades

Image = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Crossings:
    """Where edges of one picture meet the border, from top to bottom.

    Attributes:
        place: the row of each.
        angle: of its direction to the border's normal, in radians.
        strength: how much it counts.
        nearest: x, y of its pixel that is nearest to the border, N×2.
    """

    place: Vector
    angle: Vector
    strength: Vector
    nearest: Vector


def join_edges(first: tuple[Image, Mask], second: tuple[Image, Mask], half: Mask) -> NDArray[np.float32]:
    """Return the second picture's edges in one half, moved and bent so that they go on from the first one's.

    Args:
        first: a picture, RGB H×W×3, and Canny's edges of all of it, H×W; it keeps the other half.
        second: another of the same size, and its edges.
        half: True = the half of the second picture: all the columns, or rows, on one side of a border.

    Returns:
        1 on an edge, H×W, one pixel wide. Outside the half lies only what the first picture's edges lack to the border,
        a few pixels at most.
    """
    upright = half[:, 0].any() and half[:, -1].any()  # the border runs from left to right
    mirrored = bool(half[0, 0])

    def facing(values: NDArray[np.generic]) -> NDArray[np.generic]:
        """Turn the half to the right side."""
        values = values.swapaxes(0, 1) if upright else values
        return np.ascontiguousarray(values[:, ::-1] if mirrored else values)

    hole = facing(half).astype(np.bool_)
    image, edges, other, lines = (facing(values) for values in (*first, *second))
    joined = _continued(
        _crossings(image.astype(np.uint8), edges.astype(np.bool_), hole),
        _crossings(other.astype(np.uint8), lines.astype(np.bool_), ~hole),
        lines.astype(np.bool_),
        hole,
    )
    joined = joined[:, ::-1] if mirrored else joined
    return np.ascontiguousarray(joined.swapaxes(0, 1) if upright else joined)


def _crossings(image: Image, edges: Mask, beyond: Mask) -> _Crossings:
    """Return where a picture's edges meet the border to what lies beyond it."""
    border = int(np.flatnonzero(np.diff(beyond[0].astype(np.int8)))[0]) + 0.5
    found = []
    for end in find_ends(image, edges, beyond):
        if abs(end.direction[0]) < _FLATTEST:
            continue
        slope = end.direction[1] / end.direction[0]
        x, y = end.path[0]
        place = y + slope * (border - x) if abs(border - x) > 1 else y
        length = min(len(follow(edges & ~beyond, end.path)), _LONG) / _LONG
        found.append((place, np.arctan(slope), length * np.abs(end.left - end.right).mean(), x, y))
    strongest = sorted(sorted(found, key=lambda crossing: -crossing[2])[:_STRONGEST])
    place, angle, strength, x, y = np.array(strongest, np.float64).reshape(-1, 5).T
    return _Crossings(place, angle, strength, np.stack([x, y], axis=1))


def _continued(first: _Crossings, second: _Crossings, lines: Mask, hole: Mask) -> NDArray[np.float32]:
    """Return the second picture's lines in the hole, on the right, so that they go on from the first one's."""
    height, width = hole.shape
    border = int(np.argmax(hole[0]))
    gains = np.outer(first.strength, second.strength)
    gains *= np.maximum(np.cos(first.angle[:, None] - second.angle), 0)
    apart = first.place[:, None] - second.place
    move = _best_move(gains, apart, height)
    pairs = _pairs(gains * np.maximum(1 - np.abs(apart - move) / max(_BENT * height, 2), 0))
    here, there = first.place[[i for i, _ in pairs]], second.place[[j for _, j in pairs]] + move
    residuals = here - there
    reach = min(_SLANT * float(np.abs(residuals).max(initial=0)) + 1, width - border)

    def moved(points: Vector) -> Vector:
        """Return where points of the second picture, N×2, come to lie."""
        x, y = points[:, 0], points[:, 1] + move
        if not pairs:
            return np.stack([x, y], axis=1)
        fading = np.clip(1 - (x - border) / reach, 0, 1)
        fading = fading**2 * (3 - 2 * fading)
        return np.stack([x, y + fading * np.interp(y, there, residuals)], axis=1)

    curves = [curve.points for curve in trace_curves((lines & hole).astype(np.float32), 0.5)]
    joined = _drawn([moved(points) for points in curves], hole.shape) * hole
    bridges = [
        np.concatenate([first.nearest[i : i + 1], [[border, row]], moved(second.nearest[j : j + 1])])
        for (i, j), row in zip(pairs, here, strict=True)
    ]
    return np.maximum(joined, _drawn(bridges, hole.shape)).astype(np.float32)


def _drawn(strokes: list[Vector], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return 1 along paths of points, H×W, one pixel wide, 0 beside them."""
    drawn = np.zeros(shape, np.uint8)
    for points in strokes:
        cv2.polylines(drawn, [np.rint(points).astype(np.int32)[:, None]], isClosed=False, color=1)
    return drawn


def _best_move(gains: Vector, apart: Vector, height: int) -> float:
    """Return by how many rows the second picture moves so that most of what is strong meets; 0 if nothing would."""
    farthest = int(_FARTHEST * height)
    moves = np.arange(-farthest, farthest + 1)
    near = max(_MEETING * height, 2)
    meeting = np.array([(gains * np.maximum(1 - np.abs(apart - move) / near, 0)).sum() for move in moves])
    meeting *= 1 - _STAY * np.abs(moves) / max(farthest, 1)
    best = int(np.lexsort((np.abs(moves), -meeting))[0])
    return float(moves[best])


def _pairs(gains: Vector) -> list[tuple[int, int]]:
    """Return the pairs of rows and columns with the largest sum of gains in which no two cross."""
    best = np.zeros((gains.shape[0] + 1, gains.shape[1] + 1))
    for i, j in np.ndindex(*gains.shape):
        best[i + 1, j + 1] = max(best[i, j + 1], best[i + 1, j], best[i, j] + gains[i, j])
    pairs = []
    i, j = gains.shape
    while i and j:
        if best[i, j] == best[i - 1, j]:
            i -= 1
        elif best[i, j] == best[i, j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]
