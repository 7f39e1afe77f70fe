"""What the user marked: on a transparent layer, on paper of one tone, or on a copy of the photo.

Masks and sketches are read in the same way. Everything here is at the picture's own size.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.io.photo import Photo, eight_bits

Mask = NDArray[np.bool_]

THRESHOLD = 127  # of 255: lighter pixels are white, also at edges that JPEG blurred
_SAMPLES = 500  # pixels a side from which the kind of a picture is told
_DARK, _LIGHT = 48, 207  # of 255: black and white as paint programs and JPEG leave them
_COLOURED = 64  # difference of the strongest and the weakest channel
_FAINT = 26  # of 255: smaller differences from the paper are no strokes
# A copy of the photo: differences of 8-bit values.
_SAME = 24  # the error of most pixels of a JPEG of usual quality
_EXACT = 4  # the error of a change of profile
_SEEDS = 56  # a mark differs somewhere by at least this
_STRUCTURE = 16  # standard deviation below which a picture is too uniform to be recognised as a copy
_SPECK = 2e-5  # share of the picture; JPEG artefacts at sharp edges are smaller, marks are larger


class Paper(NamedTuple):
    """The background of a picture: its most frequent tone.

    Attributes:
        colour: its RGB.
        share: the part of the picture that is about of that colour.
        two_toned: whether nearly everything is black or white.
    """

    colour: NDArray[np.int_]
    share: float
    two_toned: bool

    @property
    def is_black(self) -> bool:
        """Whether it is about black."""
        return bool(self.colour.max() <= _DARK)

    @property
    def is_white(self) -> bool:
        """Whether it is about white."""
        return bool(self.colour.min() >= _LIGHT)


def paper(picture: Photo) -> Paper:
    """Return the background of a picture."""
    height, width = picture.size
    sparse = eight_bits(np.ascontiguousarray(picture.pixels[:: 1 + height // _SAMPLES, :: 1 + width // _SAMPLES]))
    sample = np.broadcast_to(sparse, (*sparse.shape[:2], 3)).reshape(-1, 3).astype(int)
    colour = np.median(sample, axis=0).astype(int)
    share = float((np.abs(sample - colour).max(axis=1) <= _SAME).mean())
    extremes = (sample.max(axis=1) <= _DARK) | (sample.min(axis=1) >= _LIGHT)
    return Paper(colour, share, bool(extremes.mean() > 0.98))


def looks_like_a_photo(picture: Photo) -> bool:
    """Whether a picture has colours and no background of one tone."""
    found = paper(picture)
    return not picture.grey and not found.two_toned and found.share < 0.5


def layer(picture: Photo) -> Mask | None:
    """Return the opaque part of a layer of strokes; None if a picture has no transparency, or is a sheet with holes."""
    if picture.alpha is None or picture.alpha.min() == picture.alpha.max():
        return None
    strokes = _strokes(eight_bits(picture.alpha))
    return strokes if strokes.mean() < 0.5 else None


def _strokes(alpha: NDArray[np.uint8]) -> Mask:
    """Return what is drawn on a layer: each stroke to half of its own opacity.

    One may be faint beside the others. What is fainter than an eighth of the strongest is what an eraser left.
    """
    highest = int(alpha.max())
    least = highest // 8
    _, labels = cv2.connectedComponents((alpha > least).astype(np.uint8), connectivity=8)
    drawn = labels > 0
    strongest = np.zeros(int(labels.max()) + 1, np.uint8)
    np.maximum.at(strongest, labels[drawn].astype(np.intp), alpha[drawn])
    strokes: Mask = drawn & (alpha > strongest[labels] // 2)
    return strokes


def white(picture: Photo) -> Mask:
    """Return what is white in a picture; transparent pixels are not."""
    pixels = eight_bits(picture.pixels)
    light = pixels[..., 0] if picture.grey else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    mask: Mask = light > THRESHOLD
    return mask if picture.alpha is None else mask & (eight_bits(picture.alpha) > THRESHOLD)


def painted(picture: Photo) -> Mask:
    """Return what marks the hole in a picture: white or any colour on black, or a colour on white.

    Black on white is not inverted: white means missing.
    """
    strokes = layer(picture)
    high, low = _extremes(eight_bits(picture.pixels))
    if strokes is not None:
        black_and_white = (high[strokes] <= _DARK).any() and (low[strokes] >= _LIGHT).any()
        return white(picture) if black_and_white else strokes
    found = paper(picture)
    if found.is_black and high.max() >= _FAINT:
        mask: Mask = high > min(THRESHOLD, high.max() // 2)  # by the channel that shows it: pure blue has no luminance
    elif found.is_white and _is_coloured(high, low):
        mask = low <= THRESHOLD
    elif not (found.is_black or found.is_white) and found.share > 0.5:
        distance, _ = _extremes(np.abs(picture.rgb - found.colour.astype(np.int16)).astype(np.uint8))
        mask = distance > max(int(distance.max()) // 2, _FAINT)
    else:
        return white(picture)
    return mask if picture.alpha is None else mask & (eight_bits(picture.alpha) > THRESHOLD)


def _extremes(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the strongest and the weakest channel of each pixel, H×W, of H×W×3 or H×W×1."""
    first, *others = cv2.split(pixels)
    high = low = np.asarray(first, np.uint8)
    for channel in others:
        high, low = np.asarray(cv2.max(high, channel), np.uint8), np.asarray(cv2.min(low, channel), np.uint8)
    return high, low


def _is_coloured(high: NDArray[np.uint8], low: NDArray[np.uint8]) -> bool:
    """Whether what is not white is mostly of a strong colour."""
    ink = low <= THRESHOLD
    return bool(ink.any() and np.median((high - low)[ink]) > _COLOURED)


def changed(picture: Photo, photo: Photo) -> Mask | None:
    """Return what differs in a copy of the photo, painted over or erased; None if a picture is no copy of it.

    A copy may have been saved as a JPEG or at another size: small differences are none.

    Args:
        picture: of the photo's aspect ratio.
        photo: the photo.
    """
    if paper(picture).two_toned:
        return None
    height, width = picture.size
    copy, original = picture.rgb, photo.rgb
    if picture.size != photo.size:
        method = cv2.INTER_AREA if height < photo.size[0] else cv2.INTER_CUBIC
        original = np.asarray(cv2.resize(original, (width, height), interpolation=method), np.uint8)
    difference, _ = _extremes(np.asarray(cv2.absdiff(copy, original), np.uint8))
    erased = _erased(picture, photo)
    same = (difference <= _SAME) & ~erased
    sparse = np.s_[:: 1 + height // _SAMPLES, :: 1 + width // _SAMPLES]
    if same.mean() < 0.5 or not same[sparse].any() or original[sparse][same[sparse]].std() < _STRUCTURE:
        return None
    if (difference <= _EXACT).mean() > 0.5 and picture.size == photo.size and _is_exact(difference):
        exact: Mask = (difference > _EXACT) | erased
        return exact
    smooth, _ = _extremes(np.asarray(cv2.absdiff(cv2.blur(copy, (3, 3)), cv2.blur(original, (3, 3))), np.uint8))
    return _without_specks(smooth) | erased


def _is_exact(difference: NDArray[np.uint8]) -> bool:
    """Whether a copy was saved without loss: then almost no pixel differs by a small amount."""
    slightly = (difference > 0) & (difference <= _SAME)
    return bool(slightly.mean() < 0.02)


def _erased(picture: Photo, photo: Photo) -> Mask:
    """Return what is transparent in a copy and is not in the photo, if they can be compared pixel by pixel."""
    none = np.zeros(picture.size, np.bool_)
    if picture.alpha is None:
        return none
    transparent: Mask = eight_bits(picture.alpha) <= THRESHOLD
    if photo.alpha is None or picture is photo:
        return transparent
    return transparent & (eight_bits(photo.alpha) > THRESHOLD) if picture.size == photo.size else none


def _without_specks(difference: NDArray[np.uint8]) -> Mask:
    """Return the regions of a difference that reach `_SEEDS` and are larger than specks, with their gaps closed."""
    side = max(3, round(max(difference.shape) / 250)) | 1
    different = (difference > _SAME).astype(np.uint8)
    regions = np.asarray(cv2.morphologyEx(different, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)), np.uint8)
    count, labels, statistics, _ = cv2.connectedComponentsWithStats(regions, connectivity=8)
    seeds = np.bincount(labels[difference >= _SEEDS], minlength=count)
    kept = (statistics[:, cv2.CC_STAT_AREA] >= max(6, _SPECK * regions.size)) & (seeds > 0)
    kept[0] = False
    result: Mask = kept[labels]
    return result
