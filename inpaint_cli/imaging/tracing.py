"""From pixels to paths: the lines of an edge map as separate sequences of points."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Pixel = tuple[int, int]

_AROUND = ((-1, 0), (0, 1), (1, 0), (0, -1), (-1, 1), (1, 1), (1, -1), (-1, -1))  # the nearest first


def outlines(picture: NDArray[np.bool_]) -> list[Points]:
    """Return the closed contours of the areas of a mask, H×W; of a line one pixel wide, along both sides.

    Returns:
        The pixels' centres, N×2 (x, y), for each contour; holes have contours of their own.
    """
    contours, _ = cv2.findContours(picture.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    return [contour[:, 0].astype(np.float64) + 0.5 for contour in contours]


def trace_lines(lines: NDArray[np.bool_]) -> list[Points]:
    """Return the lines of an edge map, H×W: paths between ends and junctions, and closed ones that have neither.

    Thick lines are thinned first. Every line pixel is part of a path, junctions of several.

    Returns:
        The pixels' centres, N×2 (x, y), for each line, in raster order of where they begin.
    """
    if not lines.any():
        return []
    from skimage.morphology import skeletonize  # noqa: PLC0415 - only a hole with lines in it pays for it

    rows, columns = np.nonzero(skeletonize(lines))
    pixels = {(int(row), int(column)) for row, column in zip(rows, columns, strict=True)}
    neighbours = {pixel: _neighbours(pixel, pixels) for pixel in sorted(pixels)}
    steps = {frozenset((pixel, other)) for pixel, near in neighbours.items() for other in near}
    ends = [pixel for pixel, near in neighbours.items() if len(near) != 2]
    paths = [[pixel] for pixel in ends if not neighbours[pixel]]
    for start in (*ends, *neighbours):  # after all ends and junctions only rings are left
        onward = (other for other in neighbours[start] if frozenset((start, other)) in steps)
        paths += [_walk(start, other, neighbours, steps) for other in onward]
    return [np.array(path, np.float64)[:, ::-1] + 0.5 for path in paths]


def _neighbours(pixel: Pixel, pixels: set[Pixel]) -> list[Pixel]:
    """Return the line pixels around one, without diagonal ones that a straight one also leads to."""
    row, column = pixel
    near = []
    for down, right in _AROUND:
        other = (row + down, column + right)
        corner = down and right and ((row + down, column) in pixels or (row, column + right) in pixels)
        if other in pixels and not corner:
            near.append(other)
    return near


def _walk(start: Pixel, step: Pixel, neighbours: dict[Pixel, list[Pixel]], steps: set[frozenset[Pixel]]) -> list[Pixel]:
    """Follow a line until it ends or meets others, and remove its steps."""
    path = [start, step]
    steps.remove(frozenset(path))
    while len(neighbours[path[-1]]) == 2:
        onward = [other for other in neighbours[path[-1]] if frozenset((path[-1], other)) in steps]
        if not onward:  # a ring is closed
            break
        steps.remove(frozenset((path[-1], onward[0])))
        path.append(onward[0])
    return path
