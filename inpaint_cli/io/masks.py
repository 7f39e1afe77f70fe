"""The meaning of masks: a picture in any mode becomes the set of missing pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from inpaint_cli.errors import MaskError
from inpaint_cli.io.boxes import Rectangle
from inpaint_cli.io.marks import THRESHOLD, Mask, changed, layer, looks_like_a_photo, painted, white
from inpaint_cli.io.photo import Photo, eight_bits


@dataclass(frozen=True)
class MaskOptions:
    """How masks are read.

    Attributes:
        invert: black marks what is missing.
        alpha: what is transparent marks what is missing, whatever its colour.
        boxes: rectangles that are missing too.
        largest: share of the photo that may be missing.
    """

    invert: bool = False
    alpha: bool = False
    boxes: tuple[Rectangle, ...] = ()
    largest: float = 1.0


def read_mask(picture: Photo, photo: Photo, options: MaskOptions) -> Mask:
    """Return what a picture marks in a photo, H×W of the photo's size, possibly nothing.

    White means missing. Strokes on a transparent layer, colours on black or on white, and a copy of the photo on which
    something was painted or erased are understood as well. With `options.invert` it is what is not white, and with
    `options.alpha` what is transparent.

    Raises:
        MaskError: another aspect ratio than the photo's, no transparent part where there should be one, or a picture
            that marks nothing: another photo.
    """
    if not same_aspect(picture.size, photo.size):
        hint = "; turn it by 90°" if same_aspect(picture.size[::-1], photo.size) else ""
        raise MaskError(
            f"{picture.name}: {_size(picture.size)} pixels for a photo of {_size(photo.size)} ({photo.name}){hint}"
        )
    if options.alpha:
        mask = erased(picture) != options.invert
    elif options.invert:
        mask = ~white(picture)
    else:
        mask = _marked(picture, photo)
    return rescaled(mask, photo.size)


def _marked(picture: Photo, photo: Photo) -> Mask:
    copy = None if layer(picture) is not None else changed(picture, photo)
    if copy is not None:
        return copy
    if picture.alpha is None and looks_like_a_photo(picture):
        raise MaskError(
            f"{picture.name}: is a photo, and no copy of {photo.name} with a mark on it; "
            "a mask is white where something is missing, and black elsewhere"
        )
    return painted(picture)


def erased(picture: Photo) -> Mask:
    """Return what is transparent in a picture, H×W.

    Raises:
        MaskError: it has no alpha channel.
    """
    if picture.alpha is None:
        raise MaskError(f"{picture.name}: has no transparent part for --mask-alpha; save it with an alpha channel")
    mask: Mask = eight_bits(picture.alpha) <= THRESHOLD
    return mask


def same_aspect(size: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether two sizes (H, W) have one aspect ratio, up to rounding by a pixel of the smaller."""
    (height, width), (tall, wide) = sorted((size[:2], other[:2]), key=math.prod)
    # Some scale takes the larger to within a pixel of the smaller on both sides: heights and widths cross-multiplied.
    return tall * (width - 1) <= wide * (height + 1) and wide * (height - 1) <= tall * (width + 1)


def rescaled(mask: Mask, shape: tuple[int, int]) -> Mask:
    """Return a mask at another size (H, W)."""
    if mask.shape == shape:
        return mask
    height, width = shape
    # When shrinking, any part counts, so that thin scratches survive. Each side by itself, because OpenCV averages
    # only where none grows.
    small = min(height, mask.shape[0]), min(width, mask.shape[1])
    resize_area = cv2.resize(mask.astype(np.float32), small[::-1], interpolation=cv2.INTER_AREA) > 0
    result: Mask = cv2.resize(resize_area.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) > 0.5
    return result


def find_hole(photo: Photo, masks: Sequence[Photo], options: MaskOptions) -> Mask:
    """Return what is missing from a photo, H×W: the union of its masks and boxes.

    Args:
        photo: the photo.
        masks: pictures of its size or of its aspect ratio; with `options.alpha` and none given, the photo itself.
        options: how they are read.

    Raises:
        MaskError: a mask does not fit, a box lies outside, nothing is missing, everything is, or more than
            `options.largest`.
    """
    if options.alpha and not masks:
        masks = [photo]
    hole = unite_masks(photo, masks, options)
    for box in options.boxes:
        hole[_inside(box, photo)] = True
    if not hole.any():
        seen = "; ".join(_seen(picture, photo, options) for picture in masks)
        raise MaskError(
            f"{_names(photo, masks)}: the mask is empty, nothing to fill: {seen}; "
            f"{_convention(options)} marks what is missing"
        )
    if hole.all():
        raise MaskError(
            f"{_names(photo, masks)}: the mask covers the whole photo, nothing is left to fill from; "
            f"{_convention(options)} marks what is missing"
        )
    share = float(hole.mean())
    if share > options.largest:
        raise MaskError(
            f"{_names(photo, masks)}: {share:.0%} of {photo.name} would be missing; {_remedies(share, masks, options)}"
        )
    return hole


def unite_masks(photo: Photo, masks: Sequence[Photo], options: MaskOptions) -> Mask:
    """Return what pictures mark in a photo, H×W: their union, without the boxes of the options.

    Args:
        photo: the photo.
        masks: pictures of its size or of its aspect ratio.
        options: how they are read.

    Raises:
        MaskError: a mask does not fit.
    """
    united = np.zeros(photo.size, np.bool_)
    for picture in masks:
        united |= read_mask(picture, photo, options)
    return united


def _remedies(share: float, masks: Sequence[Photo], options: MaskOptions) -> str:
    """Return the options that help against a mask that covers too much."""
    remedies = []
    if masks and options.invert:
        remedies.append("leave out --invert-mask if white marks what is missing")
    elif masks and options.alpha:
        remedies.append("--invert-mask if what is opaque is missing")
    elif any(mask.alpha is not None and (eight_bits(mask.alpha) <= THRESHOLD).any() for mask in masks):
        remedies.append("--mask-alpha if what is transparent is missing")
    elif masks and share > 0.5:
        remedies.append("--invert-mask if black marks what is missing")
    return ", ".join([*remedies, "--large-hole if that is meant"])


def _seen(picture: Photo, photo: Photo, options: MaskOptions) -> str:
    """Describe a mask that marks nothing."""
    if options.alpha:
        return "it is all transparent" if options.invert else "it is all opaque"
    if picture.alpha is not None and not (picture.alpha > picture.alpha.max() // 2).any():
        return "it is all transparent"
    if not options.invert and changed(picture, photo) is not None:
        return f"it is {photo.name} itself, with no mark on it"
    low, high = int(picture.rgb.min()), int(picture.rgb.max())
    if options.invert:
        return "it is all white" if low == 255 else f"its darkest value is {low} of 255"
    return "it is all black" if high == 0 else f"its lightest value is {high} of 255"


def _inside(box: Rectangle, photo: Photo) -> tuple[slice, slice]:
    """Return the part of a box that lies in the photo, as an index."""
    height, width = photo.size
    if box.x >= width or box.y >= height or box.x + box.width <= 0 or box.y + box.height <= 0:
        raise MaskError(f"--box {box}: outside the photo of {_size(photo.size)} pixels ({photo.name})")
    return slice(max(box.y, 0), box.y + box.height), slice(max(box.x, 0), box.x + box.width)


def _convention(options: MaskOptions) -> str:
    if options.alpha:
        return "what is opaque" if options.invert else "what is transparent"
    return "black (--invert-mask)" if options.invert else "white (or black with --invert-mask)"


def _names(photo: Photo, masks: Sequence[Photo]) -> str:
    return ", ".join(mask.name for mask in masks) or photo.name


def _size(size: tuple[int, int]) -> str:
    return f"{size[1]}×{size[0]}"
