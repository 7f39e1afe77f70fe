"""The photo's own edge where a line goes on outside the hole: where it runs exactly, how soft and how rough it is.

Canny at the working size says where an edge is to a pixel or two of that size. At the photo's resolution it is the
chain of places across which the mean colours of both sides differ most, as smooth as it can be: dynamic programming
over profiles across the edge, as in live-wire and snake methods (Amini et al. 1990). Softness is the σ of the
error function that fits those profiles; roughness is what the edge deviates from its own smooth course.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.smoothing import smooth, smooth_curve

Floats = NDArray[np.float32]
Points = NDArray[np.float64]
Mask = NDArray[np.bool_]

SOFTEST = 5.0  # pixels: a wider transition is a gradient and no edge
SHARPEST = 0.6  # the sharpest edge after demosaicing and compression
_LONGEST = 200  # pixels of an edge that are looked at
_SHORTEST = 24  # pixels of it that tell how rough it is
_STEP = 0.5  # pixels between the samples of a profile
_WIDTH = 3.0  # pixels on each side whose mean colours are compared
_FARTHEST_OFF = 16.0  # pixels
_BEND = 0.15  # cost of a change of one pixel in offset per pixel of the way, as a share of the edge's contrast
_STEEPEST = 3  # steps by which the offset may change from one pixel to the next
_LEAST_CONTRAST = 0.02  # between the sides, as a share of white
_ALONG = 8.0  # Gaussian σ in pixels along the edge within which both sides have one colour
_COURSE = 14.0  # Gaussian σ in pixels of the smooth course; shorter waves are roughness
_SMOOTH = 0.45  # pixels: a root mean square deviation that measuring makes of a straight edge, and
_NOISY = 0.8  # what each share of grain in the contrast adds to it
_SOFT = 1.5  # pixels of σ above which an edge counts as soft
_RIM = 8  # pixels whose median tells where an edge is at the rim
_FADE = 20.0  # pixels after which an edge that is followed no farther is back on its path, to a third
_FLANK = 10.0  # pixels of a profile on each side that tell how soft it is
_LEAST_PROFILES = 5

# The error function as a table: that of scipy costs a tenth of a second of imports.
_PLACES = np.linspace(-5, 5, 1001)
_STEPPED = np.array([0.5 + 0.5 * math.erf(place / math.sqrt(2)) for place in _PLACES])


@dataclass(frozen=True)
class Contour:
    """An edge of the photo that leads away from the hole.

    Attributes:
        points: N×2 (x, y) in pixels of the window, from the rim outwards, about a pixel apart.
        roughness: deviation to the left of its own smooth course in pixels, M from the rim outwards, 0 at the rim; M is
            0 for an edge that is smooth or too short to tell.
        softness: Gaussian σ in pixels; None where too little of it is seen.
    """

    points: Points
    roughness: Points
    softness: float | None


def normals(points: Points) -> Points:
    """Return the unit vectors to the left of a curve at each of its points, N×2 (x, y); y points down."""
    tangent = np.gradient(points, axis=0) if len(points) > 1 else np.zeros_like(points)
    normal = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9), np.float64)


def dense(points: Points, spacing: float) -> Points:
    """Return a polyline with points at most so far apart, N×2; its ends stay."""
    if len(points) < 2:
        return points
    steps = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.linspace(0, steps[-1], max(2, int(np.ceil(steps[-1] / spacing)) + 1))
    return np.stack([np.interp(at, steps, points[:, axis]) for axis in (0, 1)], axis=1)


def blurred_step(t: Points) -> Points:
    """Return a step that a Gaussian of σ = 1 has blurred, at places t in σ from it: from 0 to 1, within 10⁻⁵."""
    return np.asarray(np.interp(t, _PLACES, _STEPPED), np.float64)


def find_contour(photo: Floats, known: Mask, path: Points, uncertainty: float) -> Contour | None:
    """Return the edge of the photo along a path; None where there is none to see.

    Args:
        photo: RGB in [0, 1], h×w×3.
        known: the pixels that may be used, h×w.
        path: about where the edge is, N×2 (x, y), from the rim outwards.
        uncertainty: by about how many pixels the path may be off.
    """
    whole = dense(path, 1.0)
    near, rest = whole[:_LONGEST], whole[_LONGEST:]
    if len(near) < 4:
        return None
    located = _locate(photo, known, near, uncertainty, 1.0)
    if located is None:
        return None
    soft = softness(photo, known, located[0])
    if soft is not None and soft > _SOFT:  # grain would move the place of a soft edge: wider means, stiffer chain
        located = _locate(photo, known, near, uncertainty, soft) or located
        soft = softness(photo, known, located[0])
    points, grain = located
    onwards = rest + np.exp(-np.arange(1, len(rest) + 1) / _FADE)[:, None] * (points[-1] - near[-1])
    roughness = _roughness(points, grain) if len(points) >= _SHORTEST else np.zeros(0)
    return Contour(np.concatenate([points, onwards]), roughness, soft)


def softness(photo: Floats, known: Mask, points: Points) -> float | None:
    """Return σ of an edge in pixels from the profiles across it; None where there are too few of them.

    The median profile is fitted by an error function between two slopes, so that shading on either side is not taken
    for softness.

    Args:
        photo: RGB in [0, 1], h×w×3.
        known: the pixels that may be used, h×w.
        points: where the edge is, N×2 (x, y), about a pixel apart.
    """
    t = np.arange(-_FLANK, _FLANK + 0.125, 0.25)
    grid = points[:, None] + normals(points)[:, None] * t[None, :, None]
    seen = (_sample(known.astype(np.float32), grid) > 0.99).all(axis=1)
    profiles = _sample(photo, grid)[seen].astype(np.float64)
    left, right = profiles[:, t > 2].mean(axis=1), profiles[:, t < -2].mean(axis=1)
    across = left - right
    contrast = np.linalg.norm(across, axis=1)
    clear = contrast > np.sqrt(3) * _LEAST_CONTRAST
    if clear.sum() < _LEAST_PROFILES:
        return None
    axis = (across / np.maximum(contrast, 1e-9)[:, None] ** 2)[clear]
    shares = np.einsum("ntc,nc->nt", profiles[clear] - right[clear, None], axis)
    return _sigma(t, np.median(shares, axis=0))


def _locate(photo: Floats, known: Mask, path: Points, uncertainty: float, sigma: float) -> tuple[Points, float] | None:
    """Return the places of an edge of about this softness along a path, N×2, and the grain as a share of its contrast.

    None where the sides hardly differ.
    """
    width = max(1, round(_WIDTH * sigma / _STEP))
    reach = round(min(2 * uncertainty + 1, _FARTHEST_OFF) / _STEP) * _STEP
    normal = normals(path)
    t = (np.arange(2 * round(reach / _STEP) + 2 * width + 1) - round(reach / _STEP) - width) * _STEP
    grid = path[:, None] + normal[:, None] * t[None, :, None]
    profiles, seen = _sample(photo, grid), _sample(known.astype(np.float32), grid) > 0.99
    score, contrast, grain = _scores(profiles, seen, width)
    if contrast < np.sqrt(3) * _LEAST_CONTRAST:
        return None
    shift = (_best(score, _BEND * sigma**2) - 0.5) * _STEP - reach
    clear = np.flatnonzero(seen.all(axis=1))
    if len(clear):  # at the rim, where little is seen, as a little farther out
        shift[: clear[0]] = np.median(shift[clear[0] : clear[0] + _RIM])
    shift = smooth_curve(shift[:, None], sigma)
    return path + shift * normal, grain


def _sigma(t: Points, profile: Points) -> float:
    """Return σ of the blurred step that fits a profile best; both of its sides may slope."""
    weight = np.exp(-0.5 * (t / (0.6 * _FLANK)) ** 2)
    best, found = np.inf, SHARPEST
    for sigma in np.geomspace(SHARPEST, SOFTEST, 28):
        step = blurred_step(t / sigma)
        design = weight[:, None] * np.stack([1 - step, step, t * (1 - step), t * step], axis=1)
        fitted = design @ np.linalg.lstsq(design, weight * profile, rcond=None)[0]
        error = float(((fitted - weight * profile) ** 2).sum())
        if error < best:
            best, found = error, float(sigma)
    return found


def _scores(profiles: Floats, seen: Mask, width: int) -> tuple[Points, float, float]:
    """Return the difference of both sides at each offset, N×K, the contrast of the edge and the grain in it.

    The difference is measured along the mean difference of the colours there, as a share of it.
    """
    values = np.where(seen[..., None], profiles, 0).astype(np.float64)
    zeros = np.zeros((len(values), 1, 3))
    sums = np.concatenate([zeros, np.cumsum(values, axis=1)], axis=1)
    counts = np.concatenate([np.zeros((len(values), 1)), np.cumsum(seen, axis=1)], axis=1)
    difference = (sums[:, 2 * width :] - 2 * sums[:, width:-width] + sums[:, : -2 * width]) / width
    whole = counts[:, 2 * width :] - counts[:, : -2 * width] == 2 * width
    difference *= whole[..., None]
    middle = difference.shape[1] // 2
    # What both sides differ by on the whole, here: the mean of the differences near the path, along the path.
    near = np.s_[:, max(middle - 2 * width, 0) : middle + 2 * width + 1]
    mean = difference[near].sum(axis=1) / np.maximum(whole[near].sum(axis=1), 1)[:, None]
    seen_here = whole.any(axis=1).astype(np.float64)
    weight = smooth(seen_here[:, None], _ALONG, beyond="constant")
    mean = smooth(mean * seen_here[:, None], _ALONG, beyond="constant") / np.maximum(weight, 1e-3)
    length = np.linalg.norm(mean, axis=1, keepdims=True)
    score = np.einsum("nkc,nc->nk", difference, mean / np.maximum(length, 1e-9))
    peak = score.max(axis=1)
    score = np.where(whole, score, np.maximum(peak, 0)[:, None])  # what is not seen may be as good as what is
    typical = float(np.median(peak[seen_here > 0])) if seen_here.any() else 0.0
    left, right = profiles[:, -width:], profiles[:, :width]
    deviation = np.concatenate([left - left.mean(axis=1, keepdims=True), right - right.mean(axis=1, keepdims=True)])
    grain = float(deviation.std() / max(typical, 1e-6))
    return score / max(typical, 1e-6), typical, grain


def _best(score: Points, bend_cost: float) -> Points:
    """Return the chain of offsets, N in steps, with the largest sum of scores less the cost of its bends."""
    count, width = score.shape
    total = score[0].copy()
    came = np.zeros((count, width), np.int64)
    moves = np.arange(-_STEEPEST, _STEEPEST + 1)
    cost = bend_cost * (moves * _STEP) ** 2
    columns = np.arange(width)
    for row in range(1, count):
        padded = np.pad(total, _STEEPEST, constant_values=-np.inf)
        ways = np.stack([padded[_STEEPEST + move : _STEEPEST + move + width] for move in moves]) - cost[:, None]
        choice = ways.argmax(axis=0)
        came[row] = np.clip(columns + moves[choice], 0, width - 1)
        total = ways[choice, columns] + score[row]
    chain = np.empty(count, np.int64)
    chain[-1] = int(total.argmax())
    for row in range(count - 1, 0, -1):
        chain[row - 1] = came[row, chain[row]]
    # Between the samples: the vertex of the parabola through the best one and its neighbours.
    inner = np.clip(chain, 1, width - 2)
    rows = np.arange(count)
    below, here, above = (score[rows, inner + k] for k in (-1, 0, 1))
    bend = below - 2 * here + above
    vertex = np.where(bend < -1e-6, 0.5 * (below - above) / np.minimum(bend, -1e-6), 0)
    return np.asarray(chain + np.where(inner == chain, np.clip(vertex, -0.5, 0.5), 0), np.float64)


def _roughness(points: Points, grain: float) -> Points:
    """Return how far an edge lies to the left of its smooth course, N; 0 numbers where that is only measuring."""
    once = smooth_curve(points, _COURSE)
    course = once + smooth_curve(points - once, _COURSE)  # twice, so that a round course is not cut short
    deviation = ((points - course) * normals(course)).sum(axis=1)
    power = float((deviation**2).mean())
    share = 1 - (_SMOOTH + _NOISY * grain) ** 2 / max(power, 1e-9)
    return deviation * np.sqrt(share) if share > 0 else np.zeros(0)


def _sample(values: Floats, places: Points) -> Floats:
    x, y = (np.ascontiguousarray(places[..., axis], np.float32) for axis in (0, 1))
    sampled = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(sampled, np.float32)
