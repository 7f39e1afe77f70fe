"""A window at several scales, as patches are searched in it: from the coarsest to its own."""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.resampling import resize_area

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.intp]

RADIUS = 3  # 7×7 patches, those of Barnes et al.
SIDE = 2 * RADIUS + 1
_PATCH = np.ones((SIDE, SIDE), np.uint8)

_DEEPEST = float(SIDE)  # pixels from the rim to the middle of a hole, above which there is a coarser scale
_RIM = 2  # pixels of the photo beside a hole that are its rim
_NARROW = 0.5  # share of what is known beside a hole that is in no whole patch, from which on strips are copied
_BEYOND = 1.5  # Gaussian σ in pixels in which such strips go on beyond their edges
_FEWEST = 50  # patches that a coarser scale must have to copy, and
_LEAST_COPIED = 2 / 3  # the share of the photo's own that they must stand for: what is left is no choice otherwise


@dataclass(frozen=True)
class Scale:
    """One scale of a window; its border is mirrored for the patches that overlap it.

    A pixel is known, in the hole or neither; what is neither has no influence. At coarser scales a pixel is known if a
    part of it is, and has the colour of that part.

    Attributes:
        picture: RGB and a fourth channel for the texture (`patches`), h×w×4; any value where it is not known.
        guide: what is compared along with the patches, h×w×3; None: nothing.
        known: what the fill has to continue, h×w.
        sources: what patches that are copied may hold, h×w.
        hole: what is to be filled, h×w, none of it known.
    """

    picture: Floats
    guide: Floats | None
    known: Mask
    sources: Mask
    hole: Mask

    @classmethod
    def of(cls, picture: Floats, guide: Floats | None, known: Mask, hole: Mask) -> "Scale":
        """Return a scale that may copy what is known, and strips too narrow for a patch where there are many.

        Between strokes and scratches there is hardly anything else. Such strips go on a little beyond their edges.

        Args:
            picture: h×w×4.
            guide: h×w×3; None: nothing.
            known: h×w.
            hole: h×w, none of it known.
        """
        scale = cls(picture, guide, known, known, hole)
        beside = known & scale.within(RADIUS)
        narrow = known & (cv2.morphologyEx(known.astype(np.uint8), cv2.MORPH_OPEN, _PATCH) == 0)
        if (beside & narrow).sum() < _NARROW * beside.sum():
            return scale
        weights = cv2.GaussianBlur(known.astype(np.float32), (0, 0), _BEYOND)[..., None]
        blurred = cv2.GaussianBlur(picture * known[..., None], (0, 0), _BEYOND) / np.maximum(weights, 1e-6)
        return replace(
            scale,
            picture=np.where(known[..., None], picture, blurred),
            sources=known | (cv2.dilate(narrow.astype(np.uint8), _PATCH) > 0),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width with the mirrored border."""
        return self.hole.shape[0] + 2 * RADIUS, self.hole.shape[1] + 2 * RADIUS

    @property
    def offsets(self) -> Places:
        """From a flat place with the border to those of its patch's pixels, side²."""
        steps = np.arange(-RADIUS, RADIUS + 1)
        return np.asarray((steps[:, None] * self.shape[1] + steps).ravel(), np.intp)

    @cached_property
    def copied(self) -> Mask:
        """Whether the patch around each pixel may be copied, with the border, h×w; the pixel itself is known."""
        whole = cv2.erode(_bordered(self.sources), _PATCH) > 0
        return np.asarray(whole & (_bordered(self.known) > 0), np.bool_)

    @cached_property
    def seen(self) -> Mask:
        """Whether each pixel is known, with the border, h×w."""
        return self.mirrored(self.known.astype(np.float32)) > 0

    @cached_property
    def depth(self) -> Floats:
        """The distance of each pixel to what is known, with the border, h×w in pixels."""
        return distance_to(self.seen)

    @cached_property
    def targets(self) -> Places:
        """Flat places, with the border, of the patches that are looked for: all that touch the hole, N."""
        return np.flatnonzero(_bordered(self.within(RADIUS)))

    @cached_property
    def numbers(self) -> Places:
        """The number of the target at each flat place, −1 where there is none."""
        numbers = np.full(self.copied.size, -1, np.intp)
        numbers[self.targets] = np.arange(len(self.targets))
        return numbers

    @cached_property
    def painted(self) -> Places:
        """Flat places, with the border, of the pixels that those patches paint: the hole, and around it the unknown."""
        return np.flatnonzero(_bordered(self.within(2 * RADIUS) & ~self.known))

    @cached_property
    def rim(self) -> Places:
        """Flat places, with the border, of the known pixels beside the hole."""
        return np.flatnonzero(_bordered(self.within(_RIM) & self.known))

    def at(self, places: Places) -> Mask:
        """Return flat places as a mask, with the border, h×w."""
        mask = np.zeros(self.shape, np.bool_)
        mask.flat[places] = True
        return mask

    def within(self, pixels: int) -> Mask:
        """Return what is at most so many pixels from the hole, in rows and in columns, h×w."""
        return cv2.dilate(self.hole.astype(np.uint8), np.ones((2 * pixels + 1,) * 2, np.uint8)) > 0

    def mirrored(self, values: Floats) -> Floats:
        """Return values of the scale's shape, h×w×C, with the border."""
        mirrored = cv2.copyMakeBorder(values, RADIUS, RADIUS, RADIUS, RADIUS, cv2.BORDER_REFLECT_101)
        return np.asarray(mirrored, np.float32)

    def halved(self) -> "Scale":
        """Return the scale of half the size."""
        known, hole = (_means(mask.astype(np.float32)) for mask in (self.known, self.hole))
        colours = _means(self.picture * self.known[..., None])
        return Scale.of(
            picture=np.asarray(colours / np.maximum(known, 1e-6)[..., None], np.float32),
            guide=None if self.guide is None else _means(self.guide),
            known=known > 0,
            hole=(hole > 0) & (known == 0),
        )


def scales(first: Scale) -> list[Scale]:
    """Return a window's scales from its own to the coarsest.

    In that its hole is at most two patches wide, if there is enough to copy: what lies between narrow holes is lost
    from scale to scale.
    """
    found = [first]
    depth, copied = float(distance_to(~first.hole).max()), int(first.copied.sum())
    while depth > _DEEPEST and min(found[-1].hole.shape) > 2 * SIDE:
        half = found[-1].halved()
        depth /= 2
        copied //= 4
        if not half.hole.any() or half.copied.sum() < max(_FEWEST, _LEAST_COPIED * copied):
            break
        found.append(half)
    return found


def patches_at(picture: Floats, places: Places) -> Floats:
    """Return the patches around flat places of a picture, h×w×C with the mirrored border: N×C×side×side."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, (SIDE, SIDE), axis=(0, 1))
    rows, columns = np.divmod(places, picture.shape[1])
    return np.asarray(windows[rows - RADIUS, columns - RADIUS], np.float32)


def _bordered(mask: Mask) -> NDArray[np.uint8]:
    """Return a mask with a border that it leaves out."""
    return np.pad(mask, RADIUS).astype(np.uint8)


def _means(values: Floats) -> Floats:
    """Return the means of squares of two pixels; the last row and column count twice where there is an odd number."""
    height, width = values.shape[:2]
    even = np.pad(values, ((0, height % 2), (0, width % 2), *((0, 0),) * (values.ndim - 2)), mode="edge")
    return resize_area(even, (even.shape[0] // 2, even.shape[1] // 2))
