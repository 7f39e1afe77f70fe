"""What a mask means: any picture, in any mode, becomes the set of pixels that are missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.errors import MaskError
from inpaint_cli.io.boxes import Rectangle
from inpaint_cli.io.photo import Photo, eight_bits

Mask = NDArray[np.bool_]

THRESHOLD = 127  # of 255: what is lighter is white, whatever JPEG did to the edge between


@dataclass(frozen=True)
class MaskOptions:
    """How masks are read.

    Attributes:
        invert: black marks what is missing.
        alpha: what is transparent marks what is missing, whatever its colour.
        boxes: rectangles that are missing too.
    """

    invert: bool = False
    alpha: bool = False
    boxes: tuple[Rectangle, ...] = ()


def white(picture: Photo) -> Mask:
    """Return what is white in a picture, H×W; transparent pixels are not."""
    pixels = eight_bits(picture.pixels)
    light = pixels[..., 0] if picture.grey else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    mask: Mask = light > THRESHOLD
    if picture.alpha is not None:
        mask &= eight_bits(picture.alpha) > THRESHOLD
    return mask


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
    """Whether two sizes (H, W) are one picture at two scales: to a pixel of rounding of the smaller."""
    (height, width), (tall, wide) = sorted((size[:2], other[:2]), key=math.prod)
    # Some scale takes the larger to within a pixel of the smaller on both sides: heights and widths cross-multiplied.
    return tall * (width - 1) <= wide * (height + 1) and wide * (height - 1) <= tall * (width + 1)


def rescaled(mask: Mask, shape: tuple[int, int]) -> Mask:
    """Return a mask at another size (H, W)."""
    if mask.shape == shape:
        return mask
    height, width = shape
    # Shrinking, any part counts: a thin scratch must not get lost. Each side for itself, because OpenCV takes means
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
        MaskError: a mask does not fit, a box lies outside, nothing is missing, or everything is.
    """
    hole = np.zeros(photo.size, np.bool_)
    if options.alpha and not masks:
        masks = [photo]
    for picture in masks:
        if not same_aspect(picture.size, photo.size):
            hint = "; turn it by 90°" if same_aspect(picture.size[::-1], photo.size) else ""
            raise MaskError(
                f"{picture.name}: {_size(picture.size)} pixels for a photo of {_size(photo.size)} ({photo.name}){hint}"
            )
        mask = erased(picture) if options.alpha else white(picture)
        hole |= rescaled(mask != options.invert, photo.size)
    for box in options.boxes:
        hole[_inside(box, photo)] = True
    if not hole.any():
        raise MaskError(
            f"{_names(photo, masks)}: the mask is empty, nothing to fill; {_convention(options)} marks what is missing"
        )
    if hole.all():
        raise MaskError(
            f"{_names(photo, masks)}: the mask covers the whole photo, nothing is left to fill from; "
            f"{_convention(options)} marks what is missing"
        )
    return hole


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
