"""What overlapping patches give together: every pixel is a mean of what they have there (Wexler et al. 2007)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.patch_pyramid import RADIUS, SIDE, Places, Scale
from inpaint_cli.imaging.windows import bounding_box

Floats = NDArray[np.float32]

_FALLING = 1.7  # times less a patch counts for each pixel farther from what is known
_FARTHEST = 30.0  # pixels from there on which it counts no less
_AT_ONCE = 4096  # pixels for which all patches are held in memory
_FINE = 2.0  # Gaussian σ in pixels below which detail is fine
_FADING = 3.0  # pixels from the rim within which fine detail fades
_BLUR = 2.0  # Gaussian σ in pixels of the error on the rim, and of its way into the hole


class Votes:
    """The patches that overlap each of some pixels of a scale."""

    def __init__(self, scale: Scale, places: Places) -> None:
        """Find the patches that overlap.

        Args:
            scale: whose targets are the patches.
            places: of the pixels, flat with the scale's mirrored border, P; a target overlaps each of them.
        """
        self._offsets = scale.offsets
        self._targets = scale.numbers.astype(np.int32)[places[:, None] - self._offsets]
        counts = np.append(trust(scale.depth.ravel()[scale.targets]), np.float32(0))  # the last is that of −1
        weights = counts[self._targets]
        self._weights = weights / weights.sum(axis=1, keepdims=True)

    def of(self, matches: Places, picture: Floats) -> Floats:
        """Return the mean of the patches for each pixel, P×C.

        Args:
            matches: where the patch of each target of the scale is copied from.
            picture: with the border, h×w×C.
        """
        values = picture.reshape(-1, picture.shape[2])
        copied = np.append(matches, 0)  # any place for −1, which does not count
        mean = np.empty((len(self._targets), picture.shape[2]), np.float32)
        for start in range(0, len(mean), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            sources = copied.take(self._targets[part]) + self._offsets
            mean[part] = (self._weights[part, None] @ values.take(sources, axis=0, mode="wrap"))[:, 0]
        return mean


def trust(depths: Floats) -> Floats:
    """Return how much patches count by the distance of their centres to what is known, in pixels."""
    return np.asarray(_FALLING ** -np.minimum(depths, _FARTHEST), np.float32)


def with_grain(fill: Floats, scale: Scale, matches: Places) -> Floats:
    """Return a fill of a scale with fine detail, which is lost in the mean of many patches; h×w×C with the border.

    It becomes that of the patch around each pixel. It fades towards the rim, where the mean continues what is known.
    """
    unknown = ~scale.seen.ravel()[scale.targets]
    places, origins = scale.targets[unknown], matches[unknown]
    inside = scale.at(places)
    box = bounding_box(inside).expanded(RADIUS, scale.shape).slices
    flat = fill.reshape(-1, fill.shape[2])
    lost = np.zeros_like(fill)
    lost[inside] = flat[origins] - flat[places]
    share = np.minimum(scale.depth[box] / _FADING, 1) * inside[box]
    result = fill.copy()
    result[box] += share[..., None] * _fine(lost[box])
    return result


def _fine(picture: Floats) -> Floats:
    """Return a picture's fine detail, h×w×C, as it is within one patch."""
    return np.asarray(picture - cv2.GaussianBlur(picture, (SIDE, SIDE), _FINE), np.float32)


def without_seam(fill: Floats, scale: Scale, matches: Places) -> Floats:
    """Return a fill of a scale whose border with the photo shows less, with the mirrored border, h×w×C.

    The patches that overlap the rim say what they have where the photo is known; by how much the photo differs is added
    to the fill beside it.
    """
    rim = scale.at(scale.rim).astype(np.float32)
    flat = np.zeros((rim.size, fill.shape[2]), np.float32)
    flat[scale.rim] = fill.reshape(flat.shape)[scale.rim] - Votes(scale, scale.rim).of(matches, fill)
    errors = flat.reshape(fill.shape)

    def blurred(values: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), _BLUR), np.float32)

    spread = blurred(errors) / np.maximum(blurred(rim), 1e-4)[..., None]
    fading = np.minimum(2 * blurred(scale.seen.astype(np.float32)), 1)
    fading[scale.seen] = 0
    return np.asarray(fill + fading[..., None] * spread, np.float32)
