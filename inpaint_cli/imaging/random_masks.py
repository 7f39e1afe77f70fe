"""Holes made from a seed, for training and for measuring: brush strokes, blobs, boxes, half pictures.

Each function draws only from the generator that it is given, so that the seed and the NumPy version determine the mask.
Masks are bool H×W, True = missing; a ratio is the hole's share of the picture.
"""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

TOLERANCE = 0.01  # how far a mask's ratio may lie from the one asked for, as a share of the picture

Mask = NDArray[np.bool_]


def irregular(shape: tuple[int, int], ratio: float, rng: Generator) -> Mask:
    """Return a hole of free-form strokes: random walks of a round brush until the ratio is met.

    They replace the irregular masks of Liu et al. (2018), which the paper uses and which can't be distributed.

    Args:
        shape: (H, W).
        ratio: the hole's share of the picture in (0, 1); met within `TOLERANCE`, in a tiny picture within a pixel.
        rng: the source of randomness.
    """
    height, width = shape
    extent = min(height, width)
    mask = np.zeros(shape, np.uint8)
    wanted, slack = ratio * mask.size, max(TOLERANCE * mask.size, 1)
    thinner = 1.0
    while (missing := np.count_nonzero(mask)) < wanted - slack or not missing:
        painted = mask.copy()
        brush = max(1, round(extent * rng.uniform(0.03, 0.14) * thinner))
        position = rng.uniform((0, 0), (width, height))
        angle = rng.uniform(0, 2 * np.pi)
        for _ in range(rng.integers(2, 9)):
            before = painted.copy()
            angle += rng.normal(0, 0.9)
            reach = extent * rng.uniform(0.05, 0.3) * thinner
            target = position + reach * np.array([np.cos(angle), np.sin(angle)])
            if (target < 0).any() or (target >= (width, height)).any():
                angle += np.pi  # turn back, rather than creep along the border
                continue
            _stroke(painted, position, target, brush)
            if np.count_nonzero(painted) > wanted + slack:
                painted = before
                thinner = max(thinner * 0.7, 1 / extent)  # the last strokes fit into what is left
                break
            position = target
        mask = painted
    return mask.astype(bool)


def _stroke(mask: NDArray[np.uint8], start: NDArray[np.float64], end: NDArray[np.float64], brush: int) -> None:
    (x0, y0), (x1, y1) = start.astype(int), end.astype(int)
    cv2.line(mask, (int(x0), int(y0)), (int(x1), int(y1)), 1, brush)  # cv2's thick lines have round ends


def boxes(shape: tuple[int, int], ratio: float, rng: Generator, most: int = 3) -> Mask:
    """Return a hole of one to `most` rectangles, which may touch but add up to about the ratio.

    Args:
        shape: (H, W).
        ratio: the hole's share of the picture in (0, 1). Overlapping boxes make it smaller, never larger.
        rng: the source of randomness.
        most: the largest number of boxes.
    """
    height, width = shape
    mask = np.zeros(shape, bool)
    shares = rng.dirichlet(np.full(rng.integers(1, most + 1), 2.0)) * ratio
    for share in shares:
        longest = min(1.6, 1 / np.sqrt(share))  # so that neither side leaves the picture
        stretch = np.exp(rng.uniform(-1, 1) * np.log(longest))
        h = min(height, max(1, round(height * np.sqrt(share) * stretch)))
        w = min(width, max(1, round(width * np.sqrt(share) / stretch)))
        top, left = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
        mask[top : top + h, left : left + w] = True
    return mask


def blob(shape: tuple[int, int], ratio: float, rng: Generator) -> Mask:
    """Return a hole like an object that was cut out: one closed, lobed, stretched outline.

    Args:
        shape: (H, W).
        ratio: the hole's share of the picture in (0, 0.5]. What lies outside the picture makes it smaller, never
            larger.
        rng: the source of randomness.
    """
    height, width = shape
    corners = int(rng.integers(6, 12))
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.random()
    radius = rng.uniform(0.6, 1.3, corners)
    stretch = rng.uniform(0.6, 1.6)
    outline = np.stack([radius * np.cos(angle) * stretch, radius * np.sin(angle) / stretch], axis=1)
    area = cv2.contourArea(outline.astype(np.float32))
    outline *= np.sqrt(ratio * height * width / area)
    centre = rng.uniform(0.2, 0.8, 2) * (width, height)
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.rint(outline + centre).astype(np.int32)], (1,))
    if not mask.any():  # in a tiny picture
        mask[int(centre[1]), int(centre[0])] = 1
    return mask.astype(bool)


def half(shape: tuple[int, int], rng: Generator) -> Mask:
    """Return a hole that takes one half of the picture: left, right, top or bottom."""
    mask = np.zeros(shape, bool)
    ahead, across = rng.integers(0, 2, size=2)
    turned = mask.T if across else mask
    middle = turned.shape[1] // 2
    turned[:, slice(middle, None) if ahead else slice(middle)] = True
    return mask
