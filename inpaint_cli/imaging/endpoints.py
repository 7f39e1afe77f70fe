"""Where edges of the photo run into its hole: place, direction, and the colours on both sides.

An edge that meets the rim is traced back to measure its direction and the colours on both sides. All lengths are in
pixels of the given picture, usually the working size.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.distances import distance_to

Vector = NDArray[np.float64]

REACH = 4.0  # edges this close to the hole run into it: masked Canny stops up to three pixels before it

_AHEAD = 12  # how far ahead of its end an edge must come to the hole, and
_NEAR = 1.5  # how near
_TRACE = 20  # pixels of an edge from which its direction at the rim is fitted
_FORGET = 16.0  # pixels after which the weight of a pixel in that fit has fallen to a third
_SHORTEST = 7  # an edge that can't be traced this far has no direction
_SIDES = (2.0, 3.0, 4.0)  # distances from the edge at which its sides are sampled, outside its blur
_FAINTEST = 0.03  # colour difference between the sides below which an edge is ignored
_LONGEST = 400  # pixels that an edge is followed outwards
_HEADING = 6  # pixels of a path that determine its direction


@dataclass(frozen=True, eq=False)
class Endpoint:
    """Where a line meets the rim of the hole.

    Attributes:
        place: x, y.
        direction: unit vector into the hole (x, y).
        left: RGB in [0, 1] on the left, seen along the direction (y points down).
        right: the same on the right.
        fit_rmse: root mean square distance in pixels of the traced edge from the fitted straight line.
        path: the pixels of the photo's edge from the rim outwards, N×2 (x, y); 0×2 where a line reaches the rim and no
            edge goes on.
    """

    place: Vector
    direction: Vector
    left: Vector
    right: Vector
    fit_rmse: float
    path: Vector


def find_ends(image: NDArray[np.uint8], edges: NDArray[np.bool_], hole: NDArray[np.bool_]) -> list[Endpoint]:
    """Return where edges run into the hole, in raster order of the places; `path` is what the direction was fitted to.

    Args:
        image: RGB, H×W×3; its values in the hole are ignored.
        edges: Canny's edges of the known part, H×W, one pixel wide.
        hole: True = missing, H×W.
    """
    if not hole.any():
        return []
    edges = edges & ~hole
    distance = distance_to(hole)
    count, labels = cv2.connectedComponents((edges & (distance <= REACH)).astype(np.uint8), connectivity=8)
    rows, columns = np.nonzero(labels)
    component = labels[rows, columns]
    ends = []
    for label in range(1, count):
        mine = np.flatnonzero(component == label)
        nearest = mine[int(np.argmin(distance[rows[mine], columns[mine]]))]
        path = _trace(edges, (int(rows[nearest]), int(columns[nearest])))
        end = _describe(image, distance, path) if len(path) >= _SHORTEST else None
        if end is not None:
            ends.append(end)
    return ends


def end_at(image: NDArray[np.uint8], hole: NDArray[np.bool_], place: Vector, direction: Vector) -> Endpoint:
    """Return the end of a line that reaches the rim where the photo has no edge to continue.

    Args:
        image: RGB, H×W×3.
        hole: True = missing, H×W.
        place: x, y of the line's last pixel in the hole.
        direction: unit vector into the hole.
    """
    outwards = place - direction * np.arange(REACH, 3 * REACH)[:, None]
    leftwards = np.array([direction[1], -direction[0]])
    sides = [_side(image, ~hole, outwards, normal) for normal in (leftwards, -leftwards)]
    left, right = (np.full(3, 0.5) if side is None else side for side in sides)
    return Endpoint(place, direction, left, right, 0.0, np.empty((0, 2)))


def follow(edges: NDArray[np.bool_], path: Vector) -> Vector:
    """Return a path along an edge, continued as far as the edge goes: N×2 (x, y).

    Where an edge forks, the branch that turns least is taken.

    Args:
        edges: one pixel wide, H×W.
        path: its first pixels, N×2.
    """
    height, width = edges.shape
    pixels = [(int(x), int(y)) for x, y in path]
    seen = set(pixels)
    while pixels and len(pixels) < _LONGEST:
        x, y = pixels[-1]
        back = pixels[max(0, len(pixels) - 1 - _HEADING)]
        heading = (x - back[0], y - back[1])
        # Neighbours of the previous pixel are skipped: a corner of the staircase is no fork.
        ways = [
            (dx * heading[0] + dy * heading[1], (x + dx, y + dy))
            for dx, dy in _NEIGHBOURS
            if 0 <= x + dx < width and 0 <= y + dy < height and edges[y + dy, x + dx] and (x + dx, y + dy) not in seen
        ]
        if not ways or max(ways)[0] < 0:
            break
        seen.update(pixel for _, pixel in ways)
        pixels.append(max(ways)[1])
    return np.array(pixels, np.float64).reshape(-1, 2)


def sample(picture: NDArray[Any], places: Vector) -> NDArray[Any]:
    """Return the values at the pixels nearest to places, …×2 (x, y); those of the border beyond it."""
    nearest = np.rint(places).astype(int)
    height, width = picture.shape[:2]
    values: NDArray[Any] = picture[np.clip(nearest[..., 1], 0, height - 1), np.clip(nearest[..., 0], 0, width - 1)]
    return values


_NEIGHBOURS = ((1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))  # x, y


def _trace(edges: NDArray[np.bool_], start: tuple[int, int]) -> Vector:
    """Follow an edge from its pixel at the rim: the path to the farthest pixel within `_TRACE` steps, N×2 (x, y)."""
    height, width = edges.shape
    came_from: dict[tuple[int, int], tuple[int, int] | None] = {start: None}
    front = [start]
    for _ in range(_TRACE):
        following = []
        for y, x in front:
            for dx, dy in _NEIGHBOURS:
                pixel = (y + dy, x + dx)
                inside = 0 <= pixel[0] < height and 0 <= pixel[1] < width
                if inside and edges[pixel] and pixel not in came_from:
                    came_from[pixel] = (y, x)
                    following.append(pixel)
        if not following:
            break
        front = following
    # Of the pixels equally many steps away, the farthest one: a straight continuation, not a hook.
    at: tuple[int, int] | None = max(front, key=lambda p: (p[0] - start[0]) ** 2 + (p[1] - start[1]) ** 2)
    path = []
    while at is not None:
        path.append((at[1], at[0]))
        at = came_from[at]
    return np.array(path[::-1], np.float64)


def _describe(image: NDArray[np.uint8], distance: NDArray[np.float32], path: Vector) -> Endpoint | None:
    """Fit direction and side colours to a traced edge; None if it misses the hole or both sides have one colour."""
    # A line, not a parabola: the end of a fitted bend follows the noise of the last pixels.
    t = np.arange(len(path), dtype=np.float64)
    slope, place = np.polyfit(t, path, 1, w=np.exp(-t / _FORGET))
    curve = place + t[:, None] * slope
    direction = -slope / (np.linalg.norm(slope) + 1e-9)
    if not _meets(distance, place, direction):
        return None

    leftwards = np.array([direction[1], -direction[0]])  # in a picture, whose y points down
    left = _side(image, distance > 0, curve, leftwards)
    right = _side(image, distance > 0, curve, -leftwards)
    if left is None or right is None or np.abs(left - right).mean() < _FAINTEST:
        return None
    return Endpoint(place, direction, left, right, float(np.sqrt(((curve - path) ** 2).sum(1).mean())), path)


def _meets(distance: NDArray[np.float32], place: Vector, direction: Vector) -> bool:
    """Whether the hole lies ahead, or nearly so: an edge that runs into a corner at a slant may just miss it."""
    ahead = place + direction * np.arange(0, _AHEAD)[:, None]
    return bool(sample(distance, ahead).min() <= _NEAR)


def _side(image: NDArray[np.uint8], known: NDArray[np.bool_], curve: Vector, normal: Vector) -> Vector | None:
    """Return the median colour on one side of an edge, RGB in [0, 1]; None if no pixel of it is known."""
    places = np.concatenate([curve + distance * normal for distance in _SIDES])
    x, y = np.rint(places).astype(int).T
    height, width = known.shape
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    x, y = x[inside], y[inside]
    seen = known[y, x]
    if not seen.any():
        return None
    return np.asarray(np.median(image[y[seen], x[seen]], axis=0) / 255, np.float64)
