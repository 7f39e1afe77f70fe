"""Which shifted copy of the photo each pixel of a hole shows: a labelling whose seams are hard to see.

He and Sun 2012, section 3.2: an offset costs nothing in itself, a seam between two offsets costs the difference of both
copies on either side of it (Kwatra et al. 2003; Pritch et al. 2009). In the photo's rim around the hole a copy has to
agree with the photo. And an offset has to explain the known surroundings of a place, or flat parts of the photo, whose
seams are cheap, would take the place of what repeats.

The energy is lowered by min-sum belief propagation on blocks (Felzenszwalb and Huttenlocher 2006), then pixel by pixel
along the seams.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

_BLOCK = 4  # side in pixels of the blocks that are labelled first
_BAND = 8  # width in pixels of the rim in which copies are compared with the photo
_INVALID = 1e4  # cost of a pixel that a copy can't fill
_UNKNOWN = 0.3  # cost of a rim pixel for which a copy has none to compare
_SEAM = 0.001  # cost of a seam's pixel however well it fits: no seams without need
_SURROUNDINGS = 0.1  # weight of how badly an offset explains the known surroundings
_WIDTH = 0.2  # Gaussian σ of these surroundings, in sides of the hole
_PRIOR = 0.02  # share of known surroundings that counts half
_SWEEPS = 3  # of belief propagation
_ROUNDS = 6  # of changes along the seams


@dataclass(frozen=True)
class ShiftMap:
    """A labelled hole and the rim around it.

    Attributes:
        box: the rows and columns of the window that it covers.
        labels: which offset each pixel of the box takes, H×W; −1 = what lies beyond the rim.
        copies: the box seen through each offset, K×H×W×3.
        complete: every pixel of the hole has a source.
    """

    box: tuple[slice, slice]
    labels: Integers
    copies: Floats
    complete: bool


def label(photo: Floats, hole: Mask, sources: Mask, vectors: Integers) -> ShiftMap:
    """Return the shift map of a hole.

    Args:
        photo: RGB in [0, 1], h×w×3; what is no source has no influence.
        hole: True = missing, h×w, at least one pixel.
        sources: True = may be copied, h×w, none of them in the hole.
        vectors: the offsets (down, across), K×2.
    """
    box = _box(hole)
    missing, known = hole[box], sources[box]
    copies, valid = _copies(photo, sources, vectors, box)
    rim = np.ones((2 * _BAND + 1,) * 2, np.uint8)
    covered = cv2.dilate(missing.astype(np.uint8), rim) > 0
    covered &= missing | known
    compared = covered & ~missing
    # One copy after the other: the squares of all at once would need as much memory again.
    squares = np.stack([np.square(copy - photo[box]).sum(axis=-1) for copy in copies])
    error = np.where(valid, squares, _UNKNOWN)
    cost = (error * compared + _INVALID * (missing & ~valid)).astype(np.float32)
    prior = _SURROUNDINGS * _surroundings(photo, hole, sources, vectors, box)
    blocks = _propagated(copies, cost, prior, covered)
    height, width = missing.shape
    labels = np.repeat(np.repeat(blocks, _BLOCK, axis=0), _BLOCK, axis=1)[:height, :width]
    labels = _along_seams(labels, copies, cost, covered)
    filled = np.take_along_axis(valid, labels[None], axis=0)[0]
    return ShiftMap(box, np.where(covered, labels, -1), copies, bool(filled[missing].all()))


def _box(hole: Mask) -> tuple[slice, slice]:
    spans = []
    for axis, side in ((1, hole.shape[0]), (0, hole.shape[1])):
        places = np.flatnonzero(hole.any(axis=axis))
        spans.append(slice(max(int(places[0]) - _BAND, 0), min(int(places[-1]) + 1 + _BAND, side)))
    return spans[0], spans[1]


def _copies(photo: Floats, sources: Mask, vectors: Integers, box: tuple[slice, slice]) -> tuple[Floats, Mask]:
    """Return the box seen through each offset, K×H×W×3, and where it sees sources, K×H×W."""
    copies, valid = [], []
    for vector in vectors:
        at, inside = _shifted(sources.shape, vector, np.arange(box[0].start, box[0].stop), _columns(box))
        copies.append(photo[at])
        valid.append(sources[at] & inside)
    return np.stack(copies), np.stack(valid)


def _columns(box: tuple[slice, slice]) -> Integers:
    return np.arange(box[1].start, box[1].stop)


def _shifted(
    shape: tuple[int, ...], vector: Integers, rows: Integers, columns: Integers
) -> tuple[tuple[NDArray[np.intp], ...], Mask]:
    """Return the places an offset away from rows and columns, as an index, and which of them lie in the window."""
    down, across = rows + vector[0], columns + vector[1]
    inside = ((down >= 0) & (down < shape[0]))[:, None] & ((across >= 0) & (across < shape[1]))[None]
    return np.ix_(np.clip(down, 0, shape[0] - 1), np.clip(across, 0, shape[1] - 1)), inside


def _surroundings(photo: Floats, hole: Mask, sources: Mask, vectors: Integers, box: tuple[slice, slice]) -> Floats:
    """Return how badly each offset explains the known pixels around each block: squared differences, K × blocks."""
    sigma = _WIDTH * float(np.sqrt(hole.sum()))
    margin = int(2 * sigma)
    # Every second pixel is compared, and the means are taken on a grid of blocks.
    rows, columns = (
        np.arange(max(span.start - margin, span.start % 2), min(span.stop + margin, side), 2)
        for span, side in zip(box, hole.shape, strict=True)
    )
    here = np.ix_(rows, columns)
    known = sources[here]

    def around(values: Floats) -> Floats:
        coarse = cv2.resize(values, None, fx=2 / _BLOCK, fy=2 / _BLOCK, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.GaussianBlur(coarse, (0, 0), sigma / _BLOCK), np.float32)

    weight = np.maximum(around(known.astype(np.float32)), 1e-4)
    mean = around(photo[here] * known[..., None]) / weight[..., None]
    square = around((photo[here] ** 2).sum(axis=-1) * known) / weight
    unlike = 2 * np.maximum(square - (mean**2).sum(axis=-1), 1e-5)  # what two places picked at random differ by
    errors = []
    for vector in vectors:
        there, inside = _shifted(hole.shape, vector, rows, columns)
        both = (known & sources[there] & inside).astype(np.float32)
        difference = ((photo[there] - photo[here]) ** 2).sum(axis=-1) * both
        errors.append((around(difference) + _PRIOR * unlike) / (around(both) + _PRIOR))
    error = np.stack(errors)
    at = [
        np.minimum(
            (np.arange(-(-(span.stop - span.start) // _BLOCK)) * _BLOCK + span.start - low[0]) // _BLOCK, side - 1
        )
        for span, low, side in zip(box, (rows, columns), error.shape[1:], strict=True)
    ]
    return error[:, at[0][:, None], at[1][None]]


def _propagated(copies: Floats, cost: Floats, prior: Floats, covered: Mask) -> Integers:
    """Return the label of each block."""
    count, height, width = cost.shape
    below, right_of = -height % _BLOCK, -width % _BLOCK
    shape = (height + below) // _BLOCK, (width + right_of) // _BLOCK
    padding = ((0, 0), (0, below), (0, right_of))
    split = (count, shape[0], _BLOCK, shape[1], _BLOCK)
    live = np.asarray(np.pad(covered, padding[1:]).reshape(split[1:]).any(axis=(1, 3)), np.bool_)
    single = np.pad(cost, padding).reshape(split).sum(axis=(2, 4)) + _BLOCK**2 * prior
    single = (single.transpose(1, 2, 0) * live[..., None]).astype(np.float32)
    pixels = np.pad(copies, (*padding, (0, 0)), mode="edge").reshape(*split, 3).transpose(1, 3, 0, 2, 4, 5)
    pixels = np.ascontiguousarray(pixels).reshape(*shape, count, -1)
    products = pixels @ pixels.swapaxes(-1, -2)
    squares = np.einsum("...kk->...k", products)
    difference = np.maximum(squares[..., :, None] + squares[..., None, :] - 2 * products, 0)  # of two copies in a block
    seam = _SEAM * _BLOCK * (1 - np.eye(count, dtype=np.float32))

    def pairs(ahead: tuple[slice, ...], behind: tuple[slice, ...]) -> Floats:
        both = live[ahead] & live[behind]
        mean = (difference[ahead] + difference[behind]) / 2
        return np.asarray((mean + seam) * both[..., None, None], np.float32)

    vertical = pairs(np.s_[:-1, :], np.s_[1:, :])
    # Columns first, so that each step reads what lies together.
    horizontal = np.ascontiguousarray(pairs(np.s_[:, :-1], np.s_[:, 1:]).swapaxes(0, 1))
    down, up, right, left = (np.zeros_like(single) for _ in range(4))
    for _ in range(_SWEEPS):
        for row in range(1, shape[0]):
            before = row - 1
            down[row] = _message(single[before] + down[before] + right[before] + left[before], vertical[before])
        for row in range(shape[0] - 2, -1, -1):
            after = row + 1
            up[row] = _message(single[after] + up[after] + right[after] + left[after], vertical[row])
        for column in range(1, shape[1]):
            at = np.s_[:, column - 1]
            right[:, column] = _message(single[at] + right[at] + up[at] + down[at], horizontal[column - 1])
        for column in range(shape[1] - 2, -1, -1):
            at = np.s_[:, column + 1]
            left[:, column] = _message(single[at] + left[at] + up[at] + down[at], horizontal[column])
    return np.asarray((single + down + up + right + left).argmin(axis=-1), np.int64)


def _message(belief: Floats, pair: Floats) -> Floats:
    """Return what blocks tell their neighbours: N×K from N×K and N×K×K."""
    least: Floats = (belief[..., None] + pair).min(axis=-2)
    lowered: Floats = least - least.min(axis=-1, keepdims=True)
    return lowered


def _along_seams(labels: Integers, copies: Floats, cost: Floats, covered: Mask) -> Integers:
    """Let pixels at seams take a neighbour's label where that is cheaper, even and odd pixels in turn."""
    height, width = labels.shape
    pixels, single = copies.reshape(len(copies), -1, 3), cost.reshape(len(cost), -1)
    odd = np.indices(labels.shape).sum(axis=0) % 2
    steps = np.array([[-1, 0], [1, 0], [0, -1], [0, 1]])
    labels = labels.copy()
    for turn in range(2 * _ROUNDS):
        padded = np.pad(labels, 1, mode="edge")
        around = np.stack([padded[1 + y : height + 1 + y, 1 + x : width + 1 + x] for y, x in steps])
        y, x = np.nonzero((around != labels).any(axis=0) & (odd == turn % 2) & covered)
        here = y * width + x
        there = [np.clip(y + dy, 0, height - 1) * width + np.clip(x + dx, 0, width - 1) for dy, dx in steps]
        theirs = around[:, y, x]
        candidates = np.concatenate([labels[y, x][None], theirs])
        costs = []
        for own in candidates:
            total = single[own, here].copy()
            for place, other in zip(there, theirs, strict=True):
                seam = ((pixels[own, here] - pixels[other, here]) ** 2).sum(axis=-1)
                seam += ((pixels[own, place] - pixels[other, place]) ** 2).sum(axis=-1)
                total += np.where(own == other, 0, seam / 2 + _SEAM)
            costs.append(total)
        labels[y, x] = candidates[np.argmin(costs, axis=0), np.arange(len(y))]
    return labels
