"""The last stage: the hole at full resolution in patches of the photo itself, as far as the painting is to be trusted.

PatchMatch (Barnes et al. 2009, after Wexler et al. 2007; by PyPatchMatch) copies, the painting says where to: colours
on both sides are compared with the patches. Where the painting is sure of a line, patches alone would follow it only
to within their size, and the painting's own edge is laid over them. A window whose hole is too large is filled on a
coarser grid (`octaves`), so that time hardly grows with the hole.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.detail_transfer import enlarge
from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.imaging.lines import breaks
from inpaint_cli.imaging.patches import copy_patches
from inpaint_cli.imaging.resampling import resize_area

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Image = NDArray[np.uint8]

_LARGEST = 140  # square root of the largest hole's area that PatchMatch fills at full resolution
_LARGEST_GUIDED = 90  # the same with a guide, which costs three times as much and needs less of a search
_SURE = 0.1  # least weight of a painting whose lines are known
_SMOOTH = 5.0  # Gaussian σ of the guide: the painting has no texture, so the photo must be compared without its own
_BESIDE = 8.0  # how far from its edges a sure painting is laid over the patches, and
_GRAIN = 1.5  # Gaussian σ below which the patches' detail stays there


def texture(
    photo: Image,
    hole: Mask,
    painting: Floats,
    guide: float,
    *,
    trusted: bool,
    lines: Mask | None = None,
    seed: int = 0,
) -> Floats:
    """Return the window filled with the photo's own texture: RGB in [0, 1], h×w×3 float32, known pixels unchanged.

    Lines that are only guessed have to earn their place. Patches alone carry most lines across a hole, and then theirs
    is the better picture; the painting is followed where they interrupt a line.

    Args:
        photo: RGB, h×w×3; what stands in the hole has no influence.
        hole: True = missing, h×w, at least one pixel known.
        painting: what the hole should look like, RGB in [0, 1], h×w×3.
        guide: weight of the painting's colours against the patches' likeness; 0 leaves the choice to the patches.
        trusted: the painting's lines are right, as a user's sketch is: it guides whatever `guide` says,
            and its edges stay.
        lines: the guessed lines that an unguided fill must not interrupt, True inside the hole, H×W at the working
            size; None where there are none, or where they are not guesses.
        seed: of the search; the same input and seed give the same output.

    Raises:
        InpaintError: PyPatchMatch has no native library on this machine.
    """
    known = photo.astype(np.float32) / np.float32(255)
    if not hole.any():
        return known
    target = np.where(hole[..., None], painting, known).astype(np.float32)
    if not trusted:
        grid = _Grid.over(known, hole, _LARGEST if guide == 0 else _LARGEST_GUIDED)
        fill = grid.search(target if guide > 0 else None, guide, seed)
        if guide > 0 or lines is None or not _interrupts(fill, lines):
            return _finish(grid.enlarge(fill), known, hole)
    grid = _Grid.over(known, hole, _LARGEST_GUIDED)
    result = grid.enlarge(grid.search(target, max(guide, _SURE), seed))
    return _finish(_keep_edges(result, target, hole), known, hole)


def _interrupts(fill: Floats, lines: Mask) -> bool:
    return breaks(canny(to_gray(resize_area(fill, (lines.shape[0], lines.shape[1])))), lines)


def _finish(fill: Floats, known: Floats, hole: Mask) -> Floats:
    return np.where(hole[..., None], np.clip(fill, 0, 1), known).astype(np.float32)


@dataclass(frozen=True)
class _Grid:
    """A window at the resolution at which patches are searched: its own, or coarser where the hole is large.

    Attributes:
        photo: the window padded to whole cells, RGB in [0, 1], H×W×3.
        hole: its hole, H×W.
        factor: side of a cell in pixels.
        shape: of the window without padding (H, W).
    """

    photo: Floats
    hole: Mask
    factor: int
    shape: tuple[int, int]

    @classmethod
    def over(cls, photo: Floats, hole: Mask, largest: int) -> "_Grid":
        """Return the finest grid on which the hole is no larger than a square of `largest` cells."""
        factor = max(1, math.ceil(math.sqrt(hole.sum()) / largest))
        height, width = hole.shape
        padding = ((0, -height % factor), (0, -width % factor))
        whole = np.pad(photo, (*padding, (0, 0)), mode="edge")
        return cls(whole, np.pad(hole, padding, mode="edge"), factor, (height, width))

    @property
    def coarse_hole(self) -> Mask:
        """Every cell that the hole touches."""
        return self._coarse(self.hole.astype(np.float32)) > 0

    def search(self, target: Floats | None, weight: float, seed: int) -> Floats:
        """Return PatchMatch's fill of the cells, guided by a target of the window's shape if there is one."""
        if target is not None:
            below, right = (padded - side for padded, side in zip(self.hole.shape, self.shape, strict=True))
            target = self._coarse(np.pad(target, ((0, below), (0, right), (0, 0)), mode="edge"))
        photo = np.round(self._coarse(self.photo) * 255).astype(np.uint8)
        guide = None if target is None else _guide(target)
        return copy_patches(photo, self.coarse_hole, seed, guide, weight).astype(np.float32) / np.float32(255)

    def enlarge(self, fill: Floats) -> Floats:
        """Return a fill of the cells at the window's own resolution."""
        if self.factor == 1:
            return fill
        large = enlarge(fill, self.coarse_hole, self.photo, self.hole, self.factor)
        return large[: self.shape[0], : self.shape[1]]

    def _coarse(self, values: Floats) -> Floats:
        if self.factor == 1:
            return values
        return resize_area(values, (values.shape[0] // self.factor, values.shape[1] // self.factor))


def _guide(target: Floats) -> Floats:
    """Return what PyPatchMatch compares at each pixel: lightness, and blue against yellow; a third channel goes unused.

    Differences are wrapped at ½ there, as those of angles, so both channels stay within half a unit.
    """
    smooth = cv2.GaussianBlur(np.clip(target, 0, 1), (0, 0), _SMOOTH)
    lab = cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB)
    return np.stack([lab[..., 0] / 200, (lab[..., 2] + 128) / 512, np.zeros_like(lab[..., 0])], axis=-1)


def _keep_edges(fill: Floats, target: Floats, hole: Mask) -> Floats:
    """Return the fill with the painting's edges: near them the painting's large scales and the fill's small ones."""
    edges = canny(to_gray(np.clip(target, 0, 1))) & hole
    if not edges.any():
        return fill
    distance = distance_to(edges)
    near = np.where(hole, np.exp(-((distance / _BESIDE) ** 2)), 0)[..., None]
    correction = cv2.GaussianBlur(((target - fill) * near).astype(np.float32), (0, 0), _GRAIN)
    return (fill + correction).astype(np.float32)
