"""Lines by good continuation: edges that run into a hole are joined to the edges that leave it.

No training. An edge that meets the rim is traced back for its direction and for the colours on both of its sides.
Two ends belong together when a curve joins them with small turns (the relatability of Kellman and Shipley 1991) and the
same colours lie on the same sides. Pairs are taken greedily, the best first; each end joins at most one other, no
line crosses another, and an end without a partner stops at the rim: a line too few leaves a soft spot, a line too
many a wall where none is.
"""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.distances import distance_to

Vector = NDArray[np.float64]

_REACH = 4.0  # an edge this close to the hole runs into it: masked Canny stops up to three pixels short
_AHEAD = 12  # how far ahead of its end an edge must come to the hole, and
_NEAR = 1.5  # how near
_TRACE = 20  # pixels of an edge that tell its direction at the rim
_FORGET = 16.0  # pixels after which an edge tells a third as much about its direction at the rim
_SHORTEST = 7  # an edge that can't be traced this far has no direction
_SIDES = (2.0, 3.0, 4.0)  # distances from the edge at which its sides are sampled; nearer lies its own blur
_TURN = 0.9  # radians that an end may turn towards the chord
_DEAREST = 0.8  # cost at which a pair is not believed any more: dearer ones showed where they were wrong
_MET = 2.0  # how near an edge of a fill must be to a line that it continues
_FAINTEST = 0.03  # colour difference between the sides below which an edge is not worth a wall


@dataclass(frozen=True)
class End:
    """Where an edge of the photo meets the hole."""

    place: Vector  # x, y
    direction: Vector  # unit vector into the hole
    left: Vector  # RGB in [0, 1], seen along the direction
    right: Vector
    wobble: float  # root mean square distance of the traced pixels from the fitted curve


@dataclass(frozen=True)
class Join:
    """A line across the hole between two ends."""

    points: Vector  # N×2 (x, y), half a pixel apart
    ends: tuple[int, int]
    cost: float  # 0 is a straight line between equal colours; `_DEAREST` is the most that is believed


def continue_lines(image: NDArray[np.uint8], edges: NDArray[np.bool_], hole: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the lines that continue the photo's edges across its hole: H×W, True only inside the hole.

    Args:
        image: H×W×3 RGB; what stands in the hole has no influence.
        edges: Canny's edges of the known part, H×W, one pixel wide.
        hole: True = missing, H×W.
    """
    lines = np.zeros(hole.shape, np.uint8)
    if not hole.any():
        return lines > 0
    for line in join(find_ends(image, edges, hole), hole):
        _draw(lines, _into(line.points, hole))
    return (lines > 0) & hole


def close_gaps(lines: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the lines with gaps of one pixel bridged, H×W: what a wall must be to keep colours apart."""
    closed = cv2.morphologyEx(lines.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return closed > 0


def breaks(edges: NDArray[np.bool_], lines: NDArray[np.bool_]) -> bool:
    """Whether a fill interrupts one of the lines that it should continue.

    Args:
        edges: Canny's edges of the fill, H×W.
        lines: what `continue_lines` returned, H×W.
    """
    distance = distance_to(edges)
    count, labels = cv2.connectedComponents(lines.astype(np.uint8), connectivity=8)
    met = [float((distance[labels == line] <= _MET).mean()) for line in range(1, count)]
    return min(met, default=1.0) < 0.5


def join(ends: list[End], hole: NDArray[np.bool_]) -> list[Join]:
    """Return the lines between ends that belong together, the surest first: no two share an end or cross."""
    distance = distance_to(hole)
    candidates = []
    for i, j in combinations(range(len(ends)), 2):
        cost = _cost(ends[i], ends[j], hole.shape)
        if cost <= _DEAREST:
            candidates.append(Join(_hermite(ends[i], ends[j]), (i, j), cost))
    candidates.sort(key=lambda line: (line.cost, line.ends))

    taken: set[int] = set()
    occupied = np.zeros(hole.shape, np.uint8)
    chosen = []
    for line in candidates:
        if taken.intersection(line.ends) or not _crosses_hole(line.points, distance):
            continue
        drawn = np.zeros(hole.shape, np.uint8)
        _draw(drawn, line.points)
        if (drawn & occupied).any():
            continue
        occupied = np.maximum(occupied, cv2.dilate(drawn, np.ones((3, 3), np.uint8)).astype(np.uint8))
        taken.update(line.ends)
        chosen.append(line)
    return chosen


def find_ends(image: NDArray[np.uint8], edges: NDArray[np.bool_], hole: NDArray[np.bool_]) -> list[End]:
    """Return where edges run into the hole, in raster order of the places (arguments as in `continue_lines`)."""
    edges = edges & ~hole
    distance = distance_to(hole)
    count, labels = cv2.connectedComponents((edges & (distance <= _REACH)).astype(np.uint8), connectivity=8)
    ends = []
    for label in range(1, count):
        rows, columns = np.nonzero(labels == label)
        nearest = int(np.argmin(distance[rows, columns]))
        path = _trace(edges, (int(rows[nearest]), int(columns[nearest])))
        end = _describe(image, distance, path) if len(path) >= _SHORTEST else None
        if end is not None:
            ends.append(end)
    return ends


def _trace(edges: NDArray[np.bool_], start: tuple[int, int]) -> Vector:
    """Follow an edge from its pixel at the rim: the path to the farthest pixel within `_TRACE` steps, N×2 (x, y)."""
    height, width = edges.shape
    came_from: dict[tuple[int, int], tuple[int, int] | None] = {start: None}
    front = [start]
    for _ in range(_TRACE):
        following = []
        for y, x in front:
            for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
                pixel = (y + dy, x + dx)
                inside = 0 <= pixel[0] < height and 0 <= pixel[1] < width
                if inside and edges[pixel] and pixel not in came_from:
                    came_from[pixel] = (y, x)
                    following.append(pixel)
        if not following:
            break
        front = following
    # Of the pixels that are equally many steps away, the one farthest off: a straight way on, not a hook.
    at: tuple[int, int] | None = max(front, key=lambda p: (p[0] - start[0]) ** 2 + (p[1] - start[1]) ** 2)
    path = []
    while at is not None:
        path.append((at[1], at[0]))
        at = came_from[at]
    return np.array(path[::-1], np.float64)


def _describe(image: NDArray[np.uint8], distance: NDArray[np.float32], path: Vector) -> End | None:
    """Fit direction and side colours to a traced edge; None if it passes by the hole or separates nothing."""
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
    return End(place, direction, left, right, float(np.sqrt(((curve - path) ** 2).sum(1).mean())))


def _meets(distance: NDArray[np.float32], place: Vector, direction: Vector) -> bool:
    """Whether the hole lies ahead, or nearly so: an edge that runs into a corner at a slant may just miss it."""
    ahead = place + direction * np.arange(0, _AHEAD)[:, None]
    return bool(_sample(distance, ahead).min() <= _NEAR)


def _side(image: NDArray[np.uint8], known: NDArray[np.bool_], curve: Vector, normal: Vector) -> Vector | None:
    """The median colour on one side of an edge, RGB in [0, 1]; None if no pixel of it is known."""
    places = np.concatenate([curve + distance * normal for distance in _SIDES])
    x, y = np.rint(places).astype(int).T
    height, width = known.shape
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    x, y = x[inside], y[inside]
    seen = known[y, x]
    if not seen.any():
        return None
    return np.asarray(np.median(image[y[seen], x[seen]], axis=0) / 255, np.float64)


def _cost(a: End, b: End, shape: tuple[int, ...]) -> float:
    """How little two ends belong together, from 0; infinite beyond `_TURN`."""
    chord = b.place - a.place
    length = float(np.linalg.norm(chord))
    if length < 2:
        return np.inf
    along = chord / length
    turns = [float(np.arccos(np.clip(end @ way, -1, 1))) for end, way in ((a.direction, along), (b.direction, -along))]
    if max(turns) > _TURN:
        return np.inf
    contrast = (np.abs(a.left - a.right).mean() + np.abs(b.left - b.right).mean()) / 2
    # Seen from the other end, left is right.
    mismatch = (np.abs(a.left - b.right).mean() + np.abs(a.right - b.left).mean()) / 2
    return float(
        sum(turns) / 1.2
        + mismatch / (contrast + 0.05)
        + 0.5 * length / math.hypot(shape[0], shape[1])
        + 0.2 * max(a.wobble, b.wobble)
    )


def _hermite(a: End, b: End) -> Vector:
    """The cubic that leaves a and enters b in their directions, N×2, points about half a pixel apart."""
    length = float(np.linalg.norm(b.place - a.place))
    t = np.linspace(0, 1, max(int(3 * length), 2))[:, None]
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * a.place
        + (t**3 - 2 * t**2 + t) * length * a.direction
        + (3 * t**2 - 2 * t**3) * b.place
        - (t**3 - t**2) * length * b.direction
    )


def _crosses_hole(points: Vector, distance: NDArray[np.float32]) -> bool:
    """Whether a line stays in the hole but for the short ways from the ends to the rim."""
    outside = _sample(distance, points)
    return bool((outside == 0).any() and outside.max() <= _REACH + 1)


def _into(points: Vector, hole: NDArray[np.bool_]) -> Vector:
    """Move the points of a line that lie outside the hole to its nearest pixel.

    Where a line leaves the hole by a pixel or three it runs along the rim instead: there would be a gap in the wall.
    """
    from scipy.ndimage import distance_transform_edt  # noqa: PLC0415 - as late as everything of scipy

    nearest = distance_transform_edt(~hole, return_distances=False, return_indices=True)
    rows, columns = (_sample(axis, points) for axis in nearest)
    outside = ~_sample(hole, points)
    return np.where(outside[:, None], np.stack([columns, rows], axis=1), points)


def _draw(picture: NDArray[np.uint8], points: Vector) -> None:
    cv2.polylines(picture, [np.rint(points).astype(np.int32)[:, None]], isClosed=False, color=1)


def _sample(picture: NDArray[Any], places: Vector) -> NDArray[Any]:
    """Values at the pixels nearest to places (x, y), those of the border beyond it."""
    x, y = np.rint(places).astype(int).T
    height, width = picture.shape
    values: NDArray[Any] = picture[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    return values
