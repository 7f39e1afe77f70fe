"""Windows: the part of a photo that a group of holes needs, and its working size.

Cost follows the hole: only windows are ever converted, resized, painted and textured.
"""

from dataclasses import dataclass
from functools import reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.options import MULTIPLE

_LEAST_MARGIN = 16  # pixels of the photo around even the smallest hole


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels: rows top to bottom and columns left to right, the ends excluded."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    @property
    def slices(self) -> tuple[slice, slice]:
        """The index of this part of an H×W or H×W×C array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def union(self, other: "Box") -> "Box":
        """Return the smallest box that holds both."""
        return Box(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )

    def expanded(self, margin: int, shape: tuple[int, int]) -> "Box":
        """Return this box with a margin on each side, as far as a picture of this shape (H, W) goes."""
        height, width = shape
        return Box(
            max(self.top - margin, 0),
            max(self.left - margin, 0),
            min(self.bottom + margin, height),
            min(self.right + margin, width),
        )


@dataclass(frozen=True)
class Window:
    """A group of holes with its context.

    Attributes:
        box: the window in the photo.
        holes: the bounding box of its group of holes in the photo.
        size: the working size (H, W), multiples of 4.
    """

    box: Box
    holes: Box
    size: tuple[int, int]

    @property
    def scale(self) -> float:
        """Pixels of the photo per pixel of the working size, along the window's longer side."""
        return max(self.box.height / self.size[0], self.box.width / self.size[1])


def extent(box: Box) -> int:
    """Return the longer side of a group of holes, the unit of context and growth."""
    return max(box.height, box.width)


def bounding_box(mask: NDArray[np.bool_]) -> Box:
    """Return the smallest box around what is True in a mask with at least one such pixel."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def central_square(shape: tuple[int, ...]) -> Box:
    """Return the largest square in the centre of a picture of this shape (H, W, …)."""
    side = min(shape[:2])
    top, left = ((length - side) // 2 for length in shape[:2])
    return Box(top, left, top + side, left + side)


def working_size(shape: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return the size nearest to `shape` (H, W) whose longer side is at most `longest`; multiples of 4, at least 4.

    Neither side is larger than in `shape` unless that is below 4: an edge map comes back from a photo's pixels exactly
    only where they are not fewer.
    """
    scale = min(1.0, longest / max(shape))
    height, width = (max(MULTIPLE, MULTIPLE * min(round(side * scale / MULTIPLE), side // MULTIPLE)) for side in shape)
    return height, width


def hole_boxes(hole: NDArray[np.bool_]) -> list[Box]:
    """Return the bounding boxes of the hole's 8-connected parts."""
    whole = bounding_box(hole)
    _, _, stats, _ = cv2.connectedComponentsWithStats(hole[whole.slices].astype(np.uint8), connectivity=8)
    return [
        Box(whole.top + int(y), whole.left + int(x), whole.top + int(y + h), whole.left + int(x + w))
        for x, y, w, h, _ in stats[1:]
    ]


def group(boxes: list[Box], context: float) -> list[list[Box]]:
    """Return groups of near holes that share a window: each lies in the context of another.

    Args:
        boxes: the holes.
        context: margin of a window on each side, as a share of the extent of its largest hole.
    """
    # A scratched photo has thousands of holes: each is compared with all that are left at once.
    corners = np.array([(box.top, box.left, -box.bottom, -box.right) for box in boxes])
    margins = np.array([margin([box], context) for box in boxes])
    left = np.ones(len(boxes), bool)
    groups = []
    for first in range(len(boxes)):
        if not left[first]:
            continue
        left[first] = False
        members = [first]
        for member in members:  # grows as near holes are found
            reach = np.maximum(margins, margins[member])
            opposite = -np.roll(corners[member], 2)  # bottom, right, −top, −left
            near = np.flatnonzero(left & (corners < (opposite + reach[:, None])).all(axis=1))
            left[near] = False
            members += near.tolist()
        groups.append([boxes[member] for member in sorted(members)])
    return groups


def margin(holes: list[Box], context: float) -> int:
    """Return the margin of a group's window on each side, in pixels of the photo."""
    return max(_LEAST_MARGIN, round(context * max(map(extent, holes))))


def plan(hole: NDArray[np.bool_], context: float, longest: int) -> list[Window]:
    """Return the windows that fill every hole of a mask, from top to bottom.

    Args:
        hole: True = missing, H×W, at least one pixel missing.
        context: margin around each group of holes, as a share of the extent of its largest.
        longest: longer side of the working size at most, in pixels; a window that is smaller is not enlarged.
    """
    shape = hole.shape[0], hole.shape[1]
    windows = []
    for holes in group(hole_boxes(hole), context):
        around = reduce(Box.union, holes)
        box = around.expanded(margin(holes, context), shape)
        windows.append(Window(box, around, working_size((box.height, box.width), longest)))
    return sorted(windows, key=lambda window: (window.box.top, window.box.left))
