"""Detail transfer: copies the photo's fine detail to a fill that was made on a coarser grid.

A large hole is filled on a grid that is coarser by a whole factor. That fill consists of pieces of the photo. The fine
detail of the photo where a piece comes from, which the coarse grid does not hold, is added to the enlarged fill.
Because the factor is whole, detail and fill need no alignment.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.blending import match_border
from inpaint_cli.imaging.resampling import resize_bicubic

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

_STEP = 4  # between pieces, in coarse pixels


def enlarge(
    coarse: Floats, origins: Integers, coarse_hole: Mask, photo: Floats, hole: Mask, sources: Mask, factor: int
) -> Floats:
    """Return the fill at the photo's resolution, H×W×3; known pixels are the photo's.

    Args:
        coarse: the photo, reduced by the factor by area means, with its hole filled, in [0, 1], h×w×3.
        origins: where its pixels were copied from (row, column), for the hole and two pixels around it, h×w×2.
        coarse_hole: the coarse pixels that the hole touches, h×w.
        photo: in [0, 1], H×W×3 with H = h · factor and W = w · factor; its values in the hole are ignored.
        hole: True = missing, H×W.
        sources: the coarse pixels whose border the fill has to meet, h×w.
        factor: how much coarser the fill is, a whole number.
    """
    height, width = hole.shape
    base = resize_bicubic(coarse, (height, width))
    detail = np.where(hole[..., None], np.float32(0), photo - base).astype(np.float32)
    fine = base + _lay(detail, *_pieces(coarse_hole, origins), factor)
    # The coarse fill meets the rim in means of blocks; the membrane removes the remaining step.
    allowed = cv2.resize(sources.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    foreign = ~hole & ~cv2.dilate(allowed.astype(np.uint8), np.ones((2 * factor + 1,) * 2, np.uint8)).astype(np.bool_)
    return match_border(fine, photo, hole, foreign if foreign.any() else None)


def _pieces(hole: Mask, origins: Integers) -> tuple[Integers, Integers]:
    """Return the pieces that cover the hole and where each was copied from: centres (row, column), both N×2."""
    reached = cv2.dilate(hole.astype(np.uint8), np.ones((_STEP + 1,) * 2, np.uint8)) > 0
    places = np.argwhere(reached[_STEP // 2 :: _STEP, _STEP // 2 :: _STEP]) * _STEP + _STEP // 2
    return places, origins[places[:, 0], places[:, 1]]


def _lay(detail: Floats, places: Integers, sources: Integers, factor: int) -> Floats:
    """Add each piece's detail at its place, cross-fading along the borders between pieces."""
    height, width = detail.shape[:2]
    side, fade = _STEP * factor, factor
    ramp = np.clip((np.arange(side + fade) + 0.5) / fade, 0, 1)
    ramp = np.minimum(ramp, ramp[::-1]).astype(np.float32)
    window = np.outer(ramp, ramp)[..., None]
    total = np.zeros_like(detail)
    weight = np.full((height, width, 1), 1e-6, np.float32)
    half = (side + fade) // 2
    for place, source in zip(places * factor + factor // 2, sources * factor + factor // 2, strict=True):
        # A piece at the border of the picture, or copied from there, is cropped to what both places have.
        low = np.maximum(-half, -np.minimum(place, source))
        high = np.minimum(side + fade - half, np.array([height, width]) - np.maximum(place, source))
        (y0, x0), (y1, x1) = place + low, place + high
        (v0, u0), (v1, u1) = source + low, source + high
        if y1 <= y0 or x1 <= x0:
            continue
        part = window[low[0] + half : high[0] + half, low[1] + half : high[1] + half]
        total[y0:y1, x0:x1] += part * detail[v0:v1, u0:u1]
        weight[y0:y1, x0:x1] += part
    return total / weight
