"""Links between the ends of edges across the hole: good continuation, weighed with G1's map if that is given.

Two ends belong together when a curve joins them with small turns (the relatability of Kellman and Shipley 1991) and the
same colours lie on the same sides. With G1's map, its prominence along the curve
counts too. A logistic regression combines these into the probability that the link is right: its trust.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.endpoints import REACH, Endpoint, Vector, sample

_CREDIBLE = 0.35  # least trust of a line: below it, lines as walls worsened paintings on average

_TURN = 1.4  # radians that an end may turn towards the chord
_LEAST_INSIDE = 4  # of the samples of a curve
_SAMPLES = 64  # points at which candidates are sampled
_LEAST_MASS = 0.03  # lower limit of the mass of G1's map, so that a single gap does not exclude a line
_TANGENT = 0.45  # length of a curve's tangents at its ends, as a share of its chord: longer ones make a bulge
_BESIDE = 7.0  # pixels from a curve to where G1's map is compared with the map on it


@dataclass(frozen=True)
class _Law:
    """A logistic regression of the probability that a candidate is right.

    Fitted on 7,400 candidates in 240 windows of the training photos (`benchmarks/line_trust.py`). A candidate is right
    if 60 % of it lies within two pixels of an edge of the photo that runs in the same direction. On `val`, candidates
    with a trust of 0.4 to 0.6 are right in 56 %, those with more in 87 %.

    Attributes:
        intercept: the constant.
        weights: of the turns in radians, the mismatch of the side colours as a share of their contrast, the length as a
            share of the hole's extent, the ends' `fit_rmse` in pixels, their contrast, and the prominence in G1's
            map.
    """

    intercept: float
    weights: NDArray[np.float64]


_SHAPE = _Law(1.13, np.array([-1.98, -0.70, -1.30, -0.58, 2.78]))
_JUDGED = _Law(1.18, np.array([-1.94, -0.65, -1.44, -0.56, 2.48, 0.56]))


@dataclass(frozen=True, eq=False)
class Link:
    """A curve across the hole between two ends.

    Attributes:
        start: the end that it leaves.
        end: the end that it enters.
        points: N×2 (x, y), about half a pixel apart.
        trust: the probability that it is right.
        by_shape: shape and side colours alone would have chosen it too.
    """

    start: Endpoint
    end: Endpoint
    points: Vector
    trust: float
    by_shape: bool = True


def find_links(
    ends: list[Endpoint], hole: NDArray[np.bool_], probability: NDArray[np.float32] | None = None
) -> list[Link]:
    """Return the links between ends, by falling trust: no two share an end or cross.

    Args:
        ends: as `find_ends` returns them.
        hole: True = missing, H×W.
        probability: G1's probability of an edge in each pixel of the hole, H×W in [0, 1]; None: shape alone.
    """
    chosen = _compatible(_candidates(ends, hole, probability), hole)
    if probability is None:
        return chosen
    alone = {(link.start, link.end) for link in _compatible(_candidates(ends, hole, None), hole)}
    return [replace(link, by_shape=(link.start, link.end) in alone) for link in chosen]


def _compatible(candidates: list[Link], hole: NDArray[np.bool_]) -> list[Link]:
    """Return the links that share no end with and do not cross one of higher trust; candidates are sorted by trust."""
    occupied = np.zeros(hole.shape, np.uint8)
    taken: set[Endpoint] = set()
    chosen = []
    for link in candidates:
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


@dataclass(frozen=True, eq=False)
class Pairs:
    """The features of pairs of ends that a curve within the hole joins.

    Attributes:
        first: index of the end that each curve leaves.
        second: of the end that it enters.
        curves: pairs×64×2 (x, y).
        inside: which points of the curves lie in the hole, pairs×64.
        features: those that the weights of a law apply to, pairs×5, or ×6 with G1's map.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    curves: Vector
    inside: NDArray[np.bool_]
    features: Vector


def describe_pairs(ends: list[Endpoint], hole: NDArray[np.bool_], probability: NDArray[np.float32] | None) -> Pairs:
    """Return the features of each pair of at least two ends (arguments as in `find_links`)."""
    first, second = np.triu_indices(len(ends), 1)
    features, possible = _shapes(ends, first, second, _extent(hole))
    curves = _curves(ends, first[possible], second[possible], np.linspace(0, 1, _SAMPLES))
    outside = sample(distance_to(hole), curves)  # except the short stretches from the ends to the rim
    crosses = ((outside == 0).sum(axis=1) >= _LEAST_INSIDE) & (outside.max(axis=1) <= REACH + 1)
    kept = np.flatnonzero(possible)[crosses]
    curves, inside, features = curves[crosses], outside[crosses] == 0, features[kept]
    if probability is not None:
        features = np.column_stack([features, _prominence(curves, inside, probability)])
    return Pairs(first[kept], second[kept], curves, inside, features)


def _candidates(ends: list[Endpoint], hole: NDArray[np.bool_], probability: NDArray[np.float32] | None) -> list[Link]:
    """Return every link of sufficient trust, by falling trust, crossing ones included."""
    if len(ends) < 2:
        return []
    pairs = describe_pairs(ends, hole, probability)
    law = _SHAPE if probability is None else _JUDGED
    trust = 1 / (1 + np.exp(-(law.intercept + pairs.features @ law.weights)))
    return [
        Link(a, b, _curve(a, b), float(trust[k]))
        for k in np.argsort(-trust, kind="stable")
        if trust[k] >= _CREDIBLE
        for a, b in [(ends[pairs.first[k]], ends[pairs.second[k]])]
    ]


def _shapes(
    ends: list[Endpoint], first: NDArray[np.intp], second: NDArray[np.intp], extent: float
) -> tuple[Vector, NDArray[np.bool_]]:
    """Return the first five features, pairs×5, and whether each pair is a candidate."""
    place, direction, left, right = (
        np.array([getattr(end, name) for end in ends]) for name in ("place", "direction", "left", "right")
    )
    rmse = np.array([end.fit_rmse for end in ends])
    chord = place[second] - place[first]
    length = np.linalg.norm(chord, axis=1)
    along = chord / np.maximum(length, 1e-9)[:, None]
    cosines = (direction[first] * along).sum(1), (direction[second] * -along).sum(1)
    turns = np.arccos(np.clip(cosines, -1, 1))
    contrast = np.abs(left - right).mean(1)
    contrast = (contrast[first] + contrast[second]) / 2
    # Seen from the other end, left is right.
    mismatch = (np.abs(left[first] - right[second]).mean(1) + np.abs(right[first] - left[second]).mean(1)) / 2
    features = [
        turns.sum(0),
        mismatch / (contrast + 0.05),
        length / extent,
        np.maximum(rmse[first], rmse[second]),
        contrast,
    ]
    return np.stack(features, axis=1), (turns.max(0) <= _TURN) & (length > 2)


def _extent(hole: NDArray[np.bool_]) -> float:
    """Return the longer side of the rectangle around a hole."""
    rows, columns = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
    return float(max(np.ptp(rows), np.ptp(columns)) + 1)


def _prominence(curves: Vector, inside: NDArray[np.bool_], probability: NDArray[np.float32]) -> Vector:
    """Return the prominence of each curve in G1's map: the difference of the logarithms along it and beside it.

    The mean logarithm of the mass penalises gaps. A diffuse region of the map has as much mass beside the curve as on
    it.
    """
    logarithm = np.log(np.maximum(edge_mass(probability), _LEAST_MASS))
    tangents = np.gradient(curves, axis=1)
    tangents /= np.linalg.norm(tangents, axis=2, keepdims=True) + 1e-9
    normals = np.stack([-tangents[..., 1], tangents[..., 0]], axis=-1)
    count = np.maximum(inside.sum(axis=1), 1)
    on, left, right = (
        (sample(logarithm, curves + offset * normals) * inside).sum(axis=1) / count for offset in (0, -_BESIDE, _BESIDE)
    )
    return np.asarray(on - np.maximum(left, right))


def _curves(ends: list[Endpoint], first: NDArray[np.intp], second: NDArray[np.intp], t: Vector) -> Vector:
    """Return the cubics that leave the first ends and enter the second in their directions, pairs×len(t)×2."""
    place, direction = (np.array([getattr(end, name) for end in ends]) for name in ("place", "direction"))
    tangent = _TANGENT * np.linalg.norm(place[second] - place[first], axis=1)[:, None, None]
    t = t[None, :, None]
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * place[first][:, None]
        + (t**3 - 2 * t**2 + t) * tangent * direction[first][:, None]
        + (3 * t**2 - 2 * t**3) * place[second][:, None]
        - (t**3 - t**2) * tangent * direction[second][:, None]
    )


def _curve(a: Endpoint, b: Endpoint) -> Vector:
    """Return the cubic from a to b, N×2, points about half a pixel apart or closer."""
    length = float(np.linalg.norm(b.place - a.place))
    (points,) = _curves([a, b], np.array([0]), np.array([1]), np.linspace(0, 1, max(int(3 * length), 2)))
    return np.asarray(points)
