"""The lines inside the hole that a training sample shows to G2, and those that are walls of its filling.

G2 learns to use its edge channel only where it says more than the filling does. So with `EdgeChannel.SOFT` the
lines shown are true, but only some of them are walls of the filling, and they look as guessed lines do: blurred, of
varying strength, with gaps.
"""

from dataclasses import dataclass
from enum import IntEnum

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


class Kind(IntEnum):
    """Where a sample's lines in the hole come from."""

    NONE = 0
    TRUE = 1
    G1 = 2  # known only once G1 has seen the batch


@dataclass(frozen=True)
class ShownLines:
    """The lines inside a sample's hole.

    Attributes:
        kind: where they come from.
        channel: what G2's edge channel shows in the hole, H×W float32 in [0, 1]; 0 for lines of G1.
        walls: those that are walls of the filling, H×W; none for lines of G1.
    """

    kind: Kind
    channel: NDArray[np.float32]
    walls: Mask


def exact_lines(kind: Kind, true: Mask, hole: Mask) -> ShownLines:
    """Return the true lines as they are, every one a wall; or none, for the other kinds.

    Args:
        kind: where the lines come from.
        true: the true lines, H×W.
        hole: True = missing, H×W.
    """
    inside = true & hole if kind is Kind.TRUE else np.zeros_like(hole)
    return ShownLines(kind, inside.astype(np.float32), inside)


def channel_alone(true: Mask, hole: Mask) -> ShownLines:
    """Return the true lines in the channel, none of them a wall, to measure what G2 itself does with them."""
    return ShownLines(Kind.TRUE, (true & hole).astype(np.float32), np.zeros_like(hole))


def soft_lines(kind: Kind, true: Mask, hole: Mask, rng: Generator) -> ShownLines:
    """Return the true lines as guessed ones look, some of them walls; or none, for the other kinds.

    Args:
        kind: where the lines come from.
        true: the true lines, H×W.
        hole: True = missing, H×W.
        rng: the source of randomness.
    """
    if kind is not Kind.TRUE:
        return exact_lines(kind, true, hole)
    inside = true & hole
    count, pieces = cv2.connectedComponents(inside.astype(np.uint8), connectivity=8)
    walls = inside & _some(count, 0.0 if rng.random() < 0.5 else rng.random(), rng)[pieces]
    shown = inside & _some(count, 1.0 if rng.random() < 0.4 else rng.uniform(0.5, 1), rng)[pieces]
    channel = shown.astype(np.float32)
    if rng.random() < 0.4:
        channel = cv2.GaussianBlur(channel, (0, 0), rng.uniform(0.4, 1.6)).astype(np.float32)
    if rng.random() < 0.3:
        channel *= np.float32(rng.uniform(0.3, 1))
    return ShownLines(kind, np.where(hole, np.maximum(channel, walls), 0).astype(np.float32), walls)


def _some(count: int, share: float, rng: Generator) -> Mask:
    """Return which of so many pieces are taken, each with the same probability."""
    return rng.random(count) < share
