"""Pairs of ends that belong together across the hole: good continuation, judged by G1 where its map is given.

Two ends belong together when a curve joins them with small turns (the relatability of Kellman and Shipley 1991) and the
same colours lie on the same sides. Shape alone dares little. Where G1 has looked, bolder candidates are taken, and the
mass of its map along a candidate's curve decides.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.endpoints import REACH, Endpoint, Vector, distance_to, sample

_TURN = 0.9  # radians that an end may turn towards the chord, by shape alone
_DEAREST = 0.8  # cost at which a pair is not believed any more by shape alone: dearer ones showed where they were wrong
_TURN_JUDGED = 1.3  # the same where G1 judges
_SHAPE_JUDGED = 2.5  # what the shape of a candidate may cost where G1 judges, and
_DEAREST_JUDGED = 1.2  # what shape and G1's judgement may cost together
_WEIGHT = 0.6  # of G1's judgement
_USUAL = 0.8  # mass of G1's map along a line that it neither supports nor doubts
_LEAST = 0.03  # mass below which a place speaks no more against a line
_SAMPLES = 64  # points of a candidate's curve


@dataclass(frozen=True, eq=False)
class Link:
    """A curve across the hole between two ends.

    Attributes:
        start: the end that it leaves.
        end: the end that it enters.
        points: N×2 (x, y), about half a pixel apart.
        shape: what its shape and side colours cost; 0 is a straight line between equal colours.
        cost: the same, less what G1 says in its favour.
    """

    start: Endpoint
    end: Endpoint
    points: Vector
    shape: float
    cost: float

    @property
    def daring(self) -> bool:
        """Whether shape alone would not have believed it."""
        return self.shape > _DEAREST


def find_links(
    ends: list[Endpoint], hole: NDArray[np.bool_], probability: NDArray[np.float32] | None = None
) -> list[Link]:
    """Return the links between ends that belong together, the surest first: no two share an end or cross.

    Args:
        ends: as `find_ends` returns them.
        hole: True = missing, H×W.
        probability: G1's probability of an edge in each pixel of the hole, H×W in [0, 1]; None: shape alone.
    """
    occupied = np.zeros(hole.shape, np.uint8)
    taken: set[Endpoint] = set()
    chosen = []
    for link in _candidates(ends, hole, probability):
        if link.start in taken or link.end in taken:
            continue
        drawn = np.zeros(hole.shape, np.uint8)
        cv2.polylines(drawn, [np.rint(link.points).astype(np.int32)[:, None]], isClosed=False, color=1)
        if (drawn & occupied).any():
            continue
        occupied |= cv2.dilate(drawn, np.ones((3, 3), np.uint8)).astype(np.uint8)
        taken |= {link.start, link.end}
        chosen.append(link)
    return chosen


def edge_mass(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mass of an edge at each pixel, H×W: 1 where a line is certain to pass within two pixels.

    G1's map is calibrated, so a line that is known to within two pixels has a probability of 0.2 on each.
    """
    return (cv2.boxFilter(probability, -1, (5, 5), normalize=False) / 5).astype(np.float32)


def _candidates(ends: list[Endpoint], hole: NDArray[np.bool_], probability: NDArray[np.float32] | None) -> list[Link]:
    """Return every link that is believed, the cheapest first, whatever others it crosses."""
    if len(ends) < 2:
        return []
    first, second = np.triu_indices(len(ends), 1)
    turn, dearest = (_TURN, _DEAREST) if probability is None else (_TURN_JUDGED, _SHAPE_JUDGED)
    shape = _shape_costs(ends, first, second, hole.shape, turn)
    likely = np.flatnonzero(shape <= dearest)
    first, second, shape = first[likely], second[likely], shape[likely]
    curves = _curves(ends, first, second, np.linspace(0, 1, _SAMPLES))

    outside = sample(distance_to(hole), curves)  # but for the short ways from the ends to the rim
    crosses = (outside == 0).any(axis=1) & (outside.max(axis=1) <= REACH + 1)
    cost = shape.copy()
    if probability is not None:
        mass = np.log(np.maximum(sample(edge_mass(probability), curves), _LEAST))
        inside = outside == 0
        # A geometric mean: one gap speaks against the whole line.
        support = (mass * inside).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
        cost -= _WEIGHT * (support - math.log(_USUAL))
        dearest = _DEAREST_JUDGED
    kept = np.flatnonzero(crosses & (cost <= dearest))
    kept = kept[np.argsort(cost[kept], kind="stable")]
    return [
        Link(ends[i], ends[j], _curve(ends[i], ends[j]), float(shape[k]), float(cost[k]))
        for k, i, j in zip(kept, first[kept], second[kept], strict=True)
    ]


def _shape_costs(
    ends: list[Endpoint], first: NDArray[np.intp], second: NDArray[np.intp], size: tuple[int, ...], turn: float
) -> Vector:
    """Return how little the ends of each pair belong together, from 0; infinite beyond `turn` radians."""
    place, direction, left, right = (
        np.array([getattr(end, name) for end in ends]) for name in ("place", "direction", "left", "right")
    )
    rmse = np.array([end.fit_rmse for end in ends])
    chord = place[second] - place[first]
    length = np.linalg.norm(chord, axis=1)
    along = chord / np.maximum(length, 1e-9)[:, None]
    turns = np.stack(
        [
            np.arccos(np.clip((direction[first] * along).sum(1), -1, 1)),
            np.arccos(np.clip((direction[second] * -along).sum(1), -1, 1)),
        ]
    )
    contrast = np.abs(left - right).mean(1)
    contrast = (contrast[first] + contrast[second]) / 2
    # Seen from the other end, left is right.
    mismatch = (np.abs(left[first] - right[second]).mean(1) + np.abs(right[first] - left[second]).mean(1)) / 2
    cost = (
        turns.sum(0) / 1.2
        + mismatch / (contrast + 0.05)
        + 0.5 * length / math.hypot(size[0], size[1])
        + 0.2 * np.maximum(rmse[first], rmse[second])
    )
    return np.asarray(np.where((turns.max(0) > turn) | (length < 2), np.inf, cost))


def _curves(ends: list[Endpoint], first: NDArray[np.intp], second: NDArray[np.intp], t: Vector) -> Vector:
    """Return the cubics that leave the first ends and enter the second in their directions, pairs×len(t)×2."""
    place, direction = (np.array([getattr(end, name) for end in ends]) for name in ("place", "direction"))
    length = np.linalg.norm(place[second] - place[first], axis=1)[:, None, None]
    t = t[None, :, None]
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * place[first][:, None]
        + (t**3 - 2 * t**2 + t) * length * direction[first][:, None]
        + (3 * t**2 - 2 * t**3) * place[second][:, None]
        - (t**3 - t**2) * length * direction[second][:, None]
    )


def _curve(a: Endpoint, b: Endpoint) -> Vector:
    """Return the cubic from a to b, N×2, points about half a pixel apart or closer."""
    length = float(np.linalg.norm(b.place - a.place))
    (points,) = _curves([a, b], np.array([0]), np.array([1]), np.linspace(0, 1, max(int(3 * length), 2)))
    return np.asarray(points)
