"""Photos as the page shows them: a preview of limited size, and details at full resolution."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpaint_cli.draw.session import Result
from inpaint_cli.imaging.windows import Box
from inpaint_cli.io.photo import Photo, eight_bits

PREVIEW = 2048  # pixels, the longer side of a preview
THUMBNAIL = 256  # pixels, the longer side of a picture in the film strip
MOST_DETAIL = 4096  # pixels, the longer side of a detail: a large screen's
_QUALITY = 92  # of JPEGs for display


@dataclass(frozen=True)
class Picture:
    """An encoded picture and its media type."""

    data: bytes
    type: str


def preview_scale(size: tuple[int, int], longest: int = PREVIEW) -> float:
    """Return pixels of the preview per pixel of a photo of this size (H, W), at most 1."""
    return min(1.0, longest / max(size))


def show(photo: Photo, box: Box, scale: float) -> Picture:
    """Return part of a photo, with 8 bits, in its own colours: a JPEG, or a PNG where it is not opaque.

    Args:
        photo: the photo.
        box: the part, inside the photo.
        scale: pixels of the picture per pixel of the photo, at most 1.
    """
    pixels = scaled(eight_bits(photo.pixels[box.slices]), scale)
    if photo.alpha is None:
        return encode_preview(pixels, None, photo.icc)
    return encode_preview(pixels, scaled(eight_bits(photo.alpha[box.slices]), scale), photo.icc)


def show_result(result: Result, box: Box, scale: float) -> Picture:
    """Return part of a result as a PNG of the painted pixels; with transparency, the whole part as it will be saved.

    Args:
        result: of a fill.
        box: the part of the photo, inside the part that changed.
        scale: as of `show`.
    """
    top, left = box.top - result.box.top, box.left - result.box.left
    part = slice(top, top + box.height), slice(left, left + box.width)
    pixels = scaled(eight_bits(result.pixels[part]), scale)
    opacity = result.photo.alpha
    if opacity is None:
        return encode_preview(pixels, scaled(opaque(result.covered[part]), scale), result.photo.icc)
    return encode_preview(pixels, scaled(eight_bits(opacity[box.slices]), scale), result.photo.icc)


def show_mask(mask: NDArray[np.bool_], scale: float) -> Picture:
    """Return a mask as a PNG that is transparent where nothing is missing."""
    alpha = scaled(opaque(mask), scale)
    return encode_preview(np.full((*alpha.shape, 1), 255, np.uint8), alpha, b"")


def opaque(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return a mask as opacity: 255 where it is True."""
    return mask.astype(np.uint8) * np.uint8(255)


def encode_preview(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, icc: bytes) -> Picture:
    """Return pixels, H×W×3 or H×W×1, as a file that browsers show."""
    grey = pixels.shape[2] == 1
    out = io.BytesIO()
    if alpha is None:
        Image.fromarray(pixels[..., 0] if grey else pixels).save(out, "JPEG", quality=_QUALITY, icc_profile=icc or None)
        return Picture(out.getvalue(), "image/jpeg")
    stacked = Image.fromarray(np.dstack([pixels, alpha]))
    stacked.save(out, "PNG", compress_level=1, icc_profile=icc or None)
    return Picture(out.getvalue(), "image/png")


def scaled(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Return pixels, H×W or H×W×C, made smaller by a factor below 1."""
    if scale >= 1:
        return pixels
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8).reshape(height, width, *pixels.shape[2:])
