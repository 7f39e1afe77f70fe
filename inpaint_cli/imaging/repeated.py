"""Repeated structure: a hole in slats, bricks or windows, filled by shifted copies of the photo.

Patches lose a period that is large beside them, or that their grid is too coarse for. The few offsets at which the
photo repeats (`offsets`) keep it, a shift map (`shift_map`) says which of them each pixel takes, and the copies are
joined by their gradients, as He and Sun 2012 join theirs (Pérez et al. 2003).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.blending import match_border
from inpaint_cli.imaging.coherence import KnownPatches
from inpaint_cli.imaging.grid import Grid
from inpaint_cli.imaging.offsets import repeats
from inpaint_cli.imaging.shift_map import ShiftMap, label

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_LARGEST = 140  # square root of the largest hole's area in cells
_SPREAD = 3  # times that: the largest box around a hole; patches do thin, spread holes well
_NARROWEST = 12  # pixels: a strip that is narrower shows nothing twice
_EDGE = 0.2  # difference from the photo at the rim above which an edge is out of place: no error of brightness
_FINE = 10.0  # Gaussian σ in pixels below which two fills are compared: joining copies changes their brightness


def prefer_repeated(alone: Floats, repeated: Floats, hole: Mask, sources: Mask) -> Floats:
    """Return a fill of patches with the parts of the hole that repeat filled by offsets, h×w×3.

    A part is filled by offsets where its fine scales are no farther from the photo's patches than those of patches
    alone.

    Args:
        alone: the fill of patches, RGB in [0, 1], h×w×3.
        repeated: what `fill_by_offsets` gives.
        hole: as there.
        sources: the same.
    """
    fine = [np.asarray(fill - cv2.GaussianBlur(fill, (0, 0), _FINE), np.float32) for fill in (alone, repeated)]
    result = alone.copy()
    count, parts = cv2.connectedComponents(hole.astype(np.uint8), connectivity=8)
    for part in range(1, count):
        here = parts == part
        patches = KnownPatches.around(fine[0], here, sources)
        if patches is not None and patches.distance_to(fine[1]) <= patches.distance_to(fine[0]):
            result[here] = repeated[here]
    return result


def fill_by_offsets(photo: Floats, hole: Mask, sources: Mask) -> Floats | None:
    """Return a window filled with shifted copies of itself, RGB in [0, 1], h×w×3; None where it does not repeat.

    Args:
        photo: RGB in [0, 1], h×w×3; what stands in the hole has no influence.
        hole: True = missing, h×w.
        sources: True = may be copied, h×w, none of them in the hole.
    """
    if not hole.any() or min(hole.shape) < _NARROWEST:
        return None
    grid = Grid.for_hole(photo, hole, _LARGEST)
    missing = grid.touched(hole)
    if np.prod([np.ptp(places) + 1 for places in np.nonzero(missing)]) > _SPREAD * _LARGEST**2:
        return None
    allowed = grid.allowed(sources, missing)
    cells = np.where(missing[..., None], np.float32(0), grid.cells(photo))
    offsets = repeats(cells, missing, allowed)
    if offsets is None:
        return None
    shifts = label(cells, missing, allowed, offsets.vectors)
    if not shifts.complete:
        return None
    fill = cells.copy()
    fill[shifts.box] = _joined(shifts, cells[shifts.box])
    edges = ~missing & ((np.abs(fill - cells).max(axis=-1) > _EDGE) | ~allowed)
    fill = np.clip(match_border(fill, cells, missing, edges), 0, 1)
    origins = np.moveaxis(np.indices(missing.shape), 0, -1)
    origins[shifts.box] += np.where(shifts.labels[..., None] < 0, 0, offsets.vectors[shifts.labels])
    return np.where(hole[..., None], grid.enlarged(fill, origins, hole, sources), photo)


def _joined(shifts: ShiftMap, photo: Floats) -> Floats:
    """Return the shift map's picture without seams of brightness, H×W×3.

    Its gradients are those of the copies, at a seam the mean of both copies'. The picture that has them is the solution
    of Poisson's equation with the box's border as it is.
    """
    layers = np.concatenate([shifts.copies, photo[None]])  # label −1 is the photo itself

    rows, columns = np.mgrid[: photo.shape[0], : photo.shape[1]]

    def seen(labels: NDArray[np.int64], at: tuple[slice, slice]) -> Floats:
        return np.asarray(layers[labels, rows[at], columns[at]], np.float32)

    everywhere = np.s_[:, :]
    picture = seen(shifts.labels, everywhere)
    if min(picture.shape[:2]) < 3:  # no pixel but the border
        return picture
    # What the gradients lack to those of the hard-edged picture, as sources of a correction that is 0 at the border.
    divergence = np.zeros_like(picture)
    for ahead, behind in ((np.s_[1:, :], np.s_[:-1, :]), (np.s_[:, 1:], np.s_[:, :-1])):
        one, other = shifts.labels[ahead], shifts.labels[behind]
        wanted = (seen(one, ahead) - seen(one, behind) + seen(other, ahead) - seen(other, behind)) / 2
        excess = wanted - (picture[ahead] - picture[behind])
        divergence[ahead] -= excess
        divergence[behind] += excess
    picture[1:-1, 1:-1] += _poisson(divergence[1:-1, 1:-1])
    return picture


def _poisson(sources: Floats) -> Floats:
    """Return the field whose discrete Laplacian the sources are and that is 0 beyond their border, H×W×C.

    The odd continuation of the sources is periodic, and its Fourier transform has only sines.
    """
    height, width = (side + 1 for side in sources.shape[:2])
    odd = np.zeros((2 * height, 2 * width, sources.shape[2]))
    odd[1:height, 1:width] = sources
    odd[height + 1 :] = -odd[height - 1 : 0 : -1]
    odd[:, width + 1 :] = -odd[:, width - 1 : 0 : -1]
    down = 2 * np.cos(np.pi * np.arange(2 * height) / height) - 2
    across = 2 * np.cos(np.pi * np.arange(width + 1) / width) - 2
    eigenvalues = (down[:, None] + across[None])[..., None]
    eigenvalues[0, 0] = 1  # an odd field has no mean
    field = np.fft.irfft2(np.fft.rfft2(odd, axes=(0, 1)) / eigenvalues, s=odd.shape[:2], axes=(0, 1))
    return field[1:height, 1:width].astype(np.float32)
