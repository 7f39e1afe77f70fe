"""A photo's windows as the pipeline looks at them: cropped, their holes grown, brought to the working size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.errors import MaskError, PhotoError
from inpaint_cli.imaging.blending import grown
from inpaint_cli.imaging.resampling import shrunk
from inpaint_cli.imaging.windows import Box, Window, bounding_box, extent, plan
from inpaint_cli.options import FillOptions

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Image = NDArray[np.uint8]

_GROWTH = 0.04  # of the object's extent: how loosely masks are drawn
_GROWTH_WORKING = 3  # and at least this many pixels of the working size


@dataclass(frozen=True)
class View:
    """One window as it is looked at.

    Attributes:
        window: where it lies and its working size.
        image: the window of the photo, RGB uint8 h×w×3.
        hole: the grown hole, h×w.
        cover: share of the painting in each pixel, h×w in [0, 1].
        small: the window at the working size, RGB in [0, 1], H×W×3.
        small_hole: every working pixel that the hole touches, H×W.
    """

    window: Window
    image: Image
    hole: Mask
    cover: Floats
    small: Floats
    small_hole: Mask


def check(image: Image, mask: Mask) -> None:
    """Raise unless there is something to fill, and something to fill it from.

    Raises:
        PhotoError: the image is not H×W×3 uint8.
        MaskError: the mask is not H×W bool, is empty, or covers everything.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise PhotoError(f"an image of shape {image.shape} and type {image.dtype} instead of H×W×3 uint8")
    if mask.shape != image.shape[:2] or mask.dtype != np.bool_:
        raise MaskError(
            f"a mask of shape {mask.shape} and type {mask.dtype} for an image of {image.shape[:2]}; needs bool"
        )
    if not mask.any():
        raise MaskError("the mask is empty: nothing to fill")
    if mask.all():
        raise MaskError("the mask covers the whole image: nothing is left to fill from")


def look(image: Image, mask: Mask, options: FillOptions, longest: int) -> list[View]:
    """Return the windows of a photo, looked at; the working size is at most `longest` pixels."""
    if options.plain:
        height, width = mask.shape
        window = Window(Box(0, 0, height, width), bounding_box(mask), (height, width))
        return [View(window, image, mask, mask.astype(np.float32), unit(image), mask)]
    return [_look_at(image, mask, window, options) for window in plan(mask, options.context, longest)]


def _look_at(image: Image, mask: Mask, window: Window, options: FillOptions) -> View:
    """Return a window of the photo with its hole grown, both at the photo's resolution and at the working size."""
    object_ = mask[window.box.slices]
    grow = options.grow
    if grow is None:
        grow = max(round(_GROWTH * extent(window.holes)), round(_GROWTH_WORKING * window.scale))
    hole, cover = grown(object_, grow, options.feather)
    if hole.all():  # nothing would be left to fill from
        hole, cover = object_, object_.astype(np.float32)
    crop = np.ascontiguousarray(image[window.box.slices])
    small = shrunk(unit(crop), window.size)
    # Every working pixel that the hole touches is missing: what is left of the object's colour must not be known.
    small_hole = shrunk(hole.astype(np.float32), window.size) > 0
    if small_hole.all():  # a tiny window: then what is best known has to do
        share = shrunk(hole.astype(np.float32), window.size)
        small_hole = share > share.min()
    return View(window, crop, hole, cover, small, small_hole)


def unit(image: Image) -> Floats:
    """Return 8-bit values in [0, 1]."""
    return image.astype(np.float32) / np.float32(255)


def as_bytes(image: Floats) -> Image:
    """Return values in [0, 1] as 8 bits, rounded."""
    return np.round(image * 255).astype(np.uint8)
