"""A window at the resolution at which patches are searched: its own, or coarser where the hole is large."""

import math
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.detail_transfer import enlarge
from inpaint_cli.imaging.patch_pyramid import SIDE
from inpaint_cli.imaging.patches import copy_patches
from inpaint_cli.imaging.resampling import resize_area

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
_Value = TypeVar("_Value", bound=np.generic)

_SMOOTH = 5.0  # Gaussian σ of the guide: the painting has no texture, so the photo is compared without texture too


@dataclass(frozen=True)
class Grid:
    """A window in cells.

    Attributes:
        photo: the window padded to whole cells, RGB in [0, 1], H×W×3.
        factor: side of a cell in pixels.
        shape: of the window without padding (h, w).
    """

    photo: Floats
    factor: int
    shape: tuple[int, int]

    @classmethod
    def over(cls, photo: Floats, factor: int) -> "Grid":
        """Return a window in cells of `factor` pixels; the window is RGB in [0, 1], h×w×3."""
        height, width = photo.shape[:2]
        padding = ((0, -height % factor), (0, -width % factor), (0, 0))
        return cls(np.pad(photo, padding, mode="edge"), factor, (height, width))

    @classmethod
    def for_hole(cls, photo: Floats, hole: Mask, largest: int) -> "Grid":
        """Return the finest grid on which the hole is no larger than a square of `largest` cells."""
        return cls.over(photo, max(1, math.ceil(math.sqrt(hole.sum()) / largest)))

    def filled(self, hole: Mask, sources: Mask, target: Floats | None, weight: float, seed: int) -> Floats:
        """Return the window filled with patches, RGB in [0, 1], h×w×3.

        Args:
            hole: True = to be filled, h×w.
            sources: True = may be copied, h×w.
            target: the window with the colours that guide the search, in [0, 1], h×w×3; None for no guide.
            weight: of the guide.
            seed: of the search.
        """
        missing = self.touched(hole)
        guide = None
        if target is not None:
            guide = self.cells(np.asarray(cv2.GaussianBlur(target, (0, 0), _SMOOTH), np.float32))
        allowed = self.allowed(sources, missing)
        fill, origins = copy_patches(self._cells(self.photo), missing, allowed, seed, guide=guide, weight=weight)
        return self.enlarged(fill, origins, hole, sources)

    def enlarged(self, fill: Floats, origins: Integers, hole: Mask, sources: Mask) -> Floats:
        """Return a fill of the cells at the window's own resolution, h×w×3.

        Args:
            fill: in [0, 1], cells×3.
            origins: the cells (row, column) from which those of the hole and two around it were copied, cells×2.
            hole: True = to be filled, h×w.
            sources: True = may be copied, h×w.
        """
        if self.factor == 1:
            return fill
        missing = self.touched(hole)
        allowed = self.allowed(sources, missing)
        large = enlarge(fill, origins, missing, self.photo, self._padded(hole), allowed, self.factor)
        return large[: self.shape[0], : self.shape[1]]

    def has_patches(self, sources: Mask, least: int = 1) -> bool:
        """Whether at least so many whole patches may be copied from sources, h×w."""
        allowed = (~self.touched(~sources)).astype(np.uint8)
        whole = cv2.erode(allowed, np.ones((SIDE, SIDE), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
        return int(whole.sum()) >= least

    def cells(self, values: Floats) -> Floats:
        """Return values of the window's shape, h×w×C, as the mean of each cell."""
        return self._cells(self._padded(values))

    def touched(self, mask: Mask) -> Mask:
        """Return every cell that a mask of the window's shape touches."""
        return self._cells(self._padded(mask).astype(np.float32)) > 0

    def allowed(self, sources: Mask, missing: Mask) -> Mask:
        """Return the cells that may be copied: all source, h×w, and not missing, cells."""
        return ~self.touched(~sources) & ~missing

    def _padded(self, values: NDArray[_Value]) -> NDArray[_Value]:
        below, right = (padded - side for padded, side in zip(self.photo.shape, self.shape, strict=False))
        padded: NDArray[_Value] = np.pad(values, ((0, below), (0, right), *((0, 0),) * (values.ndim - 2)), mode="edge")
        return padded

    def _cells(self, values: Floats) -> Floats:
        if self.factor == 1:
            return values
        return resize_area(values, (values.shape[0] // self.factor, values.shape[1] // self.factor))
