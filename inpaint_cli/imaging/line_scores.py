"""Scores of lines: compared with the true ones inside the hole, within two pixels.

The measure of boundary detection (Martin et al. 2004) with the simplest matching: a pixel is right if a true one lies
within the tolerance, and met if a found one does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

TOLERANCE = 2.0  # pixels

Mask = NDArray[np.bool_]


class Hits(NamedTuple):
    """Pixels inside a hole: lines found, those of them that are right, true lines, and those of them that are met."""

    right: int
    found: int
    met: int
    true: int


@dataclass(frozen=True)
class LineScore:
    """Precision, recall and F1, from 0 to 1, over all holes together."""

    precision: float
    recall: float
    f1: float


def count_hits(lines: Mask, true: Mask, hole: Mask, tolerance: float = TOLERANCE) -> Hits:
    """Return how many pixels of lines are right, and of true lines met, within a tolerance, inside the hole.

    Args:
        lines: those found, H×W.
        true: the true lines of the whole picture, H×W; those outside the hole can make a pixel right.
        hole: True = missing, H×W.
        tolerance: in pixels.
    """
    lines, inside = lines & hole, true & hole
    right, met = lines & _near(true, tolerance), inside & _near(lines, tolerance)
    return Hits(int(right.sum()), int(lines.sum()), int(met.sum()), int(inside.sum()))


def _near(pixels: Mask, tolerance: float) -> Mask:
    if not pixels.any():
        return np.zeros(pixels.shape, bool)
    near: Mask = cv2.distanceTransform((~pixels).astype(np.uint8), cv2.DIST_L2, 5) <= tolerance
    return near


def line_score(hits: Iterable[Hits]) -> LineScore:
    """Return the score of many holes together: each pixel counts the same, 0 where there is nothing to divide by."""
    right, found, met, true = (sum(column) for column in zip(*hits, strict=True))
    precision, recall = right / max(found, 1), met / max(true, 1)
    return LineScore(precision, recall, 2 * precision * recall / max(precision + recall, 1e-9))
