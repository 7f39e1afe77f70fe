"""Detail transfer: copies the photo's fine detail to a fill that was made on a coarser grid.

A large hole is filled on a grid that is coarser by a whole factor. That fill consists of pieces of the photo, whose
sources are found as the most similar known patches. The photo's fine detail at a source, which the coarse grid does not
hold, is added to the enlarged fill. Because the factor is whole, detail and fill need no alignment.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.blending import match_border
from inpaint_cli.imaging.resampling import resize_bicubic

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

_RADIUS = 4  # of the patches compared, in coarse pixels
_STEP = 4  # between pieces, in coarse pixels
_AXES = 10  # principal components in which patches are compared
_COHERENCE = 1.2  # accept a neighbour's offset up to 1.2 × the SSD: fewer seams


def enlarge(
    coarse: Floats, coarse_hole: Mask, photo: Floats, hole: Mask, factor: int, sources: Mask | None = None
) -> Floats:
    """Return the fill at the photo's resolution, H×W×3; known pixels are the photo's.

    Args:
        coarse: the photo, reduced by the factor by area means, with its hole filled, in [0, 1], h×w×3.
        coarse_hole: the coarse pixels that the hole touches, h×w.
        photo: in [0, 1], H×W×3 with H = h · factor and W = w · factor; its values in the hole are ignored.
        hole: True = missing, H×W.
        factor: how much coarser the fill is, a whole number.
        sources: the coarse pixels whose detail may be copied, and whose border the fill has to meet, h×w; None: all
            that are known.
    """
    if sources is None:
        sources = ~coarse_hole
    height, width = hole.shape
    base = resize_bicubic(coarse, (height, width))
    detail = np.where(hole[..., None], np.float32(0), photo - base).astype(np.float32)
    places, origins = _sources(coarse, coarse_hole, sources)
    fine = base + _lay(detail, places, origins, factor) if len(places) else base
    # The coarse fill meets the rim in means of blocks; the membrane removes the remaining step.
    allowed = cv2.resize(sources.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    foreign = ~hole & ~cv2.dilate(allowed.astype(np.uint8), np.ones((2 * factor + 1,) * 2, np.uint8)).astype(np.bool_)
    return match_border(fine, photo, hole, foreign if foreign.any() else None)


def _sources(coarse: Floats, hole: Mask, allowed: Mask) -> tuple[Integers, Integers]:
    """Return the pieces that cover the hole and where each was copied from: centres (row, column), both N×2."""
    from scipy.spatial import cKDTree  # noqa: PLC0415 - only large holes need it

    blocked = cv2.dilate((~allowed).astype(np.uint8), np.ones((2 * _RADIUS + 1,) * 2, np.uint8), borderValue=1) > 0
    blocked[:_RADIUS] = blocked[-_RADIUS:] = blocked[:, :_RADIUS] = blocked[:, -_RADIUS:] = True
    reached = cv2.dilate(hole.astype(np.uint8), np.ones((2 * _STEP + 1,) * 2, np.uint8)) > 0  # and the rim beyond it
    grid = np.argwhere(reached[_STEP // 2 :: _STEP, _STEP // 2 :: _STEP]) * _STEP + _STEP // 2
    known = np.argwhere(~blocked)
    if not len(known) or not len(grid):
        return np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64)

    padded = np.pad(coarse, ((_RADIUS, _RADIUS), (_RADIUS, _RADIUS), (0, 0)), mode="reflect")
    samples = _patches(padded, known[:: max(1, len(known) // 2000)])
    mean = samples.mean(axis=0)
    centred = samples - mean
    # The principal axes; a singular value decomposition of the samples takes longer.
    axes = np.linalg.eigh(centred.T @ centred)[1][:, -_AXES:].T
    tree = cKDTree(_project(padded, known, mean, axes))
    nearest = tree.query(_project(padded, grid, mean, axes), eps=1.0)[1]
    return grid, _coherent(padded, grid, known[nearest], blocked)


def _coherent(padded: Floats, grid: Integers, sources: Integers, blocked: Mask) -> Integers:
    """Let pieces continue their neighbours' sources where the SSD is at most `_COHERENCE` times larger."""
    height, width = blocked.shape
    wanted = _patches(padded, grid)
    number = {(int(y), int(x)): k for k, (y, x) in enumerate(grid)}
    cost = ((_patches(padded, sources) - wanted) ** 2).sum(axis=1)
    for dy, dx in ((0, -_STEP), (-_STEP, 0), (0, _STEP), (_STEP, 0)) * 2:
        neighbour = np.array([number.get((int(y) + dy, int(x) + dx), k) for k, (y, x) in enumerate(grid)])
        candidate = sources[neighbour] + grid - grid[neighbour]
        inside = ((candidate >= 0) & (candidate < (height, width))).all(axis=1)
        candidate = np.where(inside[:, None], candidate, sources)
        allowed = inside & ~blocked[candidate[:, 0], candidate[:, 1]]
        candidate_cost = ((_patches(padded, candidate) - wanted) ** 2).sum(axis=1)
        better = allowed & (candidate_cost <= _COHERENCE * cost)
        sources = np.where(better[:, None], candidate, sources)
        cost = np.where(better, np.minimum(candidate_cost, cost), cost)
    return sources


def _patches(padded: Floats, centres: Integers) -> Floats:
    """Return the patches around centres of a picture padded by `_RADIUS`, N × (patch · 3)."""
    views = np.lib.stride_tricks.sliding_window_view(padded, (2 * _RADIUS + 1,) * 2, axis=(0, 1))
    return views[centres[:, 0], centres[:, 1]].reshape(len(centres), -1)


def _project(padded: Floats, centres: Integers, mean: Floats, axes: Floats) -> Floats:
    """Return patches in principal components, N×`_AXES`, in portions of limited memory."""
    portions = [
        (_patches(padded, centres[k : k + 20_000]) - mean) @ axes.T for k in range(0, max(len(centres), 1), 20_000)
    ]
    return np.concatenate(portions)


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
