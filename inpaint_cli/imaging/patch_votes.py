"""What overlapping patches give together: every pixel is a mean of what they have there (Wexler et al. 2007)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.patch_pyramid import RADIUS, SIDE, Places, Scale
from inpaint_cli.imaging.windows import bounding_box

Floats = NDArray[np.float32]

_FALLING = 2.0  # times less a patch counts for each pixel farther from what is known
_FARTHEST = 30.0  # pixels from there on which it counts no less
_AT_ONCE = 4096  # pixels for which all patches are held in memory
_FINE = 1.5  # Gaussian σ in pixels below which detail is fine
_GRAIN = 0.8  # share of the fine detail that is of one patch instead of many
_AROUND = 4.0  # Gaussian σ in pixels of the surroundings in which the contrast of fine detail is compared
_RAISED = 2.0  # times by which it is raised at most
_FAINT = 1e-9  # energy of fine detail where there is none to raise
_REACH = 16  # pixels around the hole that these surroundings need
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
        steps = np.arange(-RADIUS, RADIUS + 1)
        self._offsets = (steps[:, None] * scale.shape[1] + steps).ravel()
        self._targets = scale.numbers.astype(np.int32)[places[:, None] - self._offsets]
        far = scale.depth.ravel()[scale.targets]
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
    """Return a fill of a scale with fine detail, which is lost in the mean of many patches; h×w×C with the border.

    Most of it becomes that of the patch around each pixel. As the rest is still a mean, its contrast is then raised to
    what it is where those patches come from (after Heitz and Neyret 2018). Both fade towards the rim, where the mean
    continues what is known.
    """
    unknown = ~scale.seen.ravel()[scale.targets]
    places, origins = scale.targets[unknown], matches[unknown]
    inside = scale.at(places)
    box = bounding_box(inside).expanded(_REACH, scale.shape).slices
    inside = inside[box]

    def placed(values: Floats) -> Floats:
        """Return values of those places as a picture of the box, 0 elsewhere."""
        picture = np.zeros((*inside.shape, *values.shape[1:]), np.float32)
        picture[inside] = values
        return picture

    def around(values: Floats) -> Floats:
        return np.asarray(cv2.GaussianBlur(placed(values), (0, 0), _AROUND), np.float32)

    flat = fill.reshape(-1, fill.shape[2])
    share = placed(np.minimum(scale.depth.ravel()[places] / _FADING, 1))[..., None]
    grained = fill[box] + _GRAIN * share * _fine(placed(flat[origins] - flat[places]))
    fine = _fine(grained)
    wanted, found = around(_energy(_fine(fill)).ravel()[origins]), around(_energy(fine)[inside])
    raised = np.clip(np.sqrt(wanted / np.maximum(found, _FAINT)), 1, _RAISED)[..., None]
    result = fill.copy()
    result[box] = grained + share * (raised - 1) * fine
    return result


def _energy(fine: Floats) -> Floats:
    """Return the squares of fine detail, h×w."""
    return np.asarray(np.square(fine).sum(axis=2), np.float32)


def _fine(picture: Floats) -> Floats:
    """Return a picture's fine detail, h×w×C: what is copied shows that of its own patch."""
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
