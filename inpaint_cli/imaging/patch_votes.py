"""What overlapping patches give together: every pixel is a mean of what they have there (Wexler et al. 2007)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.patch_pyramid import RADIUS, Places, Scale

Floats = NDArray[np.float32]

_FALLING = 2.0  # times less a patch counts for each pixel farther from what is known
_FARTHEST = 30.0  # pixels from there on which it counts no less
_AT_ONCE = 4096  # pixels for which all patches are held in memory
_FINE = 1.5  # Gaussian σ in pixels below which detail is fine
_GRAIN = 0.8  # share of the fine detail that is of one patch instead of many
_BLUR = 2.0  # Gaussian σ in pixels of the error on the rim, and of its way into the hole


class Votes:
    """The patches that overlap each of some pixels of a scale."""

    def __init__(self, scale: Scale, places: Places) -> None:
        """Find the patches that overlap.

        Args:
            scale: whose targets are the patches.
            places: of the pixels, flat with the scale's mirrored border, P; a target overlaps each of them.
        """
        steps = np.arange(-RADIUS, RADIUS + 1)
        self._offsets = (steps[:, None] * scale.shape[1] + steps).ravel()
        self._targets = scale.numbers.astype(np.int32)[places[:, None] - self._offsets]
        far = distance_to(scale.seen).ravel()[scale.targets]
        trust = np.append(_FALLING ** -np.minimum(far, _FARTHEST), 0).astype(np.float32)  # the last is that of −1
        weights = trust[self._targets]
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


def with_grain(fill: Floats, scale: Scale, matches: Places) -> Floats:
    """Return a fill of a scale with fine detail, which is lost in the mean of many patches, h×w×C.

    Most of it becomes that of the patch around each pixel.
    """
    flat = fill.reshape(-1, fill.shape[2])
    unknown = ~scale.seen.ravel()[scale.targets]
    places = scale.targets[unknown]
    difference = np.zeros_like(flat)
    difference[places] = flat[matches[unknown]] - flat[places]
    smooth = cv2.GaussianBlur(difference.reshape(fill.shape), (0, 0), _FINE).reshape(flat.shape)
    grained = flat.copy()
    grained[places] += _GRAIN * (difference[places] - smooth[places])
    return grained.reshape(fill.shape)


def without_seam(fill: Floats, scale: Scale, matches: Places) -> Floats:
    """Return a fill of a scale whose border with the photo shows less, with the mirrored border, h×w×C.

    The patches that overlap the rim say what they have where the photo is known; by how much the photo differs is added
    to the fill beside it.
    """
    rim = np.zeros(scale.shape, np.float32)
    rim.flat[scale.rim] = 1
    flat = np.zeros((rim.size, fill.shape[2]), np.float32)
    flat[scale.rim] = fill.reshape(flat.shape)[scale.rim] - Votes(scale, scale.rim).of(matches, fill)
    errors = flat.reshape(fill.shape)

    def blurred(values: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), _BLUR), np.float32)

    spread = blurred(errors) / np.maximum(blurred(rim), 1e-4)[..., None]
    fading = np.minimum(2 * blurred(scale.seen.astype(np.float32)), 1)
    fading[scale.seen] = 0
    return np.asarray(fill + fading[..., None] * spread, np.float32)
