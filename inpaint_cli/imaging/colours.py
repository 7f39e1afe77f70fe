"""The painting's large scales over a fill of patches: removes seams of brightness and keeps texture.

The fine scales are those of the patches. The large ones are those of the painting, as far as the two differ by more
than the photo itself varies around the hole (a Wiener filter's gain): in a smooth sky more than in a meadow. Along
lines that the user drew the painting's colours are kept whatever the texture, because no patch has them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.imaging.sides import Curve

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_BESIDE = 10.0  # distance from a line, in pixels, in which the painting's colours are kept whatever the texture
_LARGE = 4.0  # ratio of the largest scale at which the photo's variation counts to the smallest
_MARGIN = 80  # pixels of the window around a hole that are computed on
_AROUND = 48  # pixels around the hole in which the photo's variation is measured


@dataclass(frozen=True)
class Trust:
    """How far a painting is followed.

    Attributes:
        scale: Gaussian σ in pixels below which the patches' detail stays.
        texture: how much the photo's own variation counts against the painting.
        lines: the painting's colours are kept along the lines whatever the texture.
        mixed: how far beside a line the painting's colours are not to be trusted, in pixels of the painting.
    """

    scale: float
    texture: float
    lines: bool = False
    mixed: float = 0.0


DRAWN = Trust(1.0, 1.0, lines=True)  # the painting's lines are right
GUESSED = Trust(3.0, 2.0, mixed=4.0)  # a guessed line is a wide soft wall, along which colours are mixed
NO_LINES = Trust(6.0, 6.0)


def colour_side(
    fill: Floats, target: Floats, missing: Mask, sources: Mask, curves: Sequence[Curve], blur: float, trust: Trust
) -> Floats:
    """Return the fill of one side of the lines with the painting's large scales, h×w×3.

    Args:
        fill: RGB in [0, 1], h×w×3.
        target: the window with its painting, h×w×3.
        missing: the part of the hole on that side, h×w.
        sources: the side's known pixels, h×w.
        curves: the lines.
        blur: pixels of the window per pixel of the painting.
        trust: how far the painting is followed.
    """
    near = _around(missing)
    result = fill.copy()
    distance = _distance(curves, fill.shape)[near]
    fill, target, missing, sources = fill[near], target[near], missing[near], sources[near]
    # The painting mixes both sides of a line within one of its pixels, so it is sampled a little off the line.
    pure = (missing & (distance > blur)).astype(np.float32)
    scale = trust.scale + blur / 2
    known = sources.astype(np.float32)  # where both agree: the correction fades towards the rim
    weight = _blurred(pure if trust.lines else pure + known, scale)
    means = _blurred((target - fill) * pure[..., None], scale)
    difference = (means / np.maximum(weight, 1e-3)[..., None]).astype(np.float32)
    gain = _gain(difference, trust.texture * _variation(target, missing, sources, trust.scale))
    if trust.lines:
        beside = np.exp(-((distance / _BESIDE) ** 2))
        gain = beside + (1 - beside) * gain
    if trust.mixed:
        gain = gain * (1 - np.exp(-((distance / (trust.mixed * blur)) ** 2)))
    share = np.where(~sources & (weight > 1e-2), gain, 0)
    result[near] = fill + share[..., None] * difference
    return result


def follow_painting(fill: Floats, target: Floats, hole: Mask, sources: Mask, trust: Trust) -> Floats:
    """Return the fill with the painting's large scales where these are significant, h×w×3.

    Args:
        fill: RGB in [0, 1], h×w×3.
        target: the window with its painting, h×w×3.
        hole: True = filled, h×w.
        sources: the known pixels that may be copied, h×w.
        trust: how far the painting is followed.
    """
    near = _around(hole)
    result = fill.copy()
    fill, target, hole, sources = fill[near], target[near], hole[near], sources[near]
    difference = _blurred((target - fill) * hole[..., None].astype(np.float32), trust.scale)
    gain = _gain(difference, trust.texture * _variation(target, hole, sources, trust.scale))
    result[near] = fill + np.where(hole, gain, 0)[..., None] * difference
    return result


def keep_edges(fill: Floats, target: Floats, hole: Mask, curves: Sequence[Curve]) -> Floats:
    """Return the fill with the painting's own edges along lines that no two sides meet at, h×w×3.

    Args:
        fill: RGB in [0, 1], h×w×3.
        target: the window with its painting, h×w×3.
        hole: True = filled, h×w.
        curves: the lines.
    """
    if not curves:
        return fill
    edges = canny(to_gray(np.clip(target, 0, 1))) & hole & (_distance(curves, fill.shape) <= _BESIDE)
    if not edges.any():
        return fill
    distance = distance_to(edges)
    weight = np.where(hole, np.exp(-((distance / _BESIDE) ** 2)), 0)[..., None]
    return (fill + _blurred(((target - fill) * weight).astype(np.float32), DRAWN.scale)).astype(np.float32)


def _around(mask: Mask) -> tuple[slice, slice]:
    """Return the part of the window that a mask and its surroundings need."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(int(rows[0]) - _MARGIN, 0), int(rows[-1]) + 1 + _MARGIN),
        slice(max(int(columns[0]) - _MARGIN, 0), int(columns[-1]) + 1 + _MARGIN),
    )


def _gain(difference: Floats, variation: float) -> Floats:
    """Return the share of a difference that is not the photo's own variation, h×w in [0, 1]."""
    excess = (difference**2).sum(axis=2)
    return np.asarray(excess / (excess + variation + 1e-9), np.float32)


def _variation(target: Floats, part: Mask, sources: Mask, scale: float) -> float:
    """Return how much the photo varies around a part of the hole at and above a scale: a variance."""
    known = sources.astype(np.float32)
    means = [
        _blurred(target * known[..., None], sigma) / np.maximum(_blurred(known, sigma), 1e-3)[..., None]
        for sigma in (scale, _LARGE * scale)
    ]
    near = distance_to(part) <= _AROUND
    here = sources & near
    return float(((means[0] - means[1])[here] ** 2).sum(axis=1).mean()) if here.any() else 0.0


def _distance(curves: Sequence[Curve], shape: tuple[int, ...]) -> Floats:
    """Return each pixel's distance to the nearest line, h×w."""
    away = np.ones(shape[:2], np.uint8)
    for curve in curves:
        cv2.polylines(away, [np.rint(curve.points).astype(np.int32)[:, None]], isClosed=False, color=0)
    return distance_to(away == 0)


def _blurred(values: Floats, sigma: float) -> Floats:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)
