"""How a photo repeats around a hole: the few offsets at which what surrounds the hole looks like the rest.

After He and Sun 2012, *Statistics of Patch Offsets for Image Completion*: slats, façades and tiles are similar to
themselves at few offsets, and a hole in them is best filled by copies shifted by these. He and Sun count the offsets
of nearest patches; here they are the peaks of a normalised correlation of the local contrast in which the hole has no
part (Padfield 2012), of the window with itself and of what lies on each side of the hole with the window.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.edges import to_gray
from inpaint_cli.imaging.resampling import resize_area

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

_SIDE = 256  # largest side of the window where it is compared
_LOCAL = 6.0  # Gaussian σ of what is local, in compared pixels
_FAINT = 0.012  # contrast that counts half: noise is not structure
_NEAREST = 6  # length of the shortest offset in compared pixels: below it every smooth picture is like itself
_OVERLAP = 0.25  # least share of the window's contrast that takes part in a comparison
_PART_OVERLAP = 0.5  # the same for what lies on one side of the hole
_CLEAR = 0.2  # height of a peak from which a photo repeats
_LEVELS = 0.4, 0.32, 0.25, 0.2, 0.15, 0.1  # at which peaks are told apart
_APART = 2  # between two peaks in compared pixels
_USEFUL = 0.1  # least share of the hole that an offset fills
_EVERYWHERE, _EACH = 10, 4  # peaks of the whole window, and of each side of the hole,
_LEAST, _LEAST_EACH = 0.3, 0.6  # as a share of the highest
_SIDES = 8  # of the hole
_REACH = 0.6  # half the width of what lies on one side, in halves of the hole's


@dataclass(frozen=True)
class Offsets:
    """The offsets at which a window is like itself.

    Attributes:
        vectors: (down, across) in pixels of the window, K×2, no two of them neighbours: a pixel of the hole may look
            like the one that lies there from it.
        clearness: how clearly the window repeats, a correlation in [0, 1].
    """

    vectors: Integers
    clearness: float


def repeats(photo: Floats, hole: Mask, sources: Mask) -> Offsets | None:
    """Return the offsets at which a window is like itself; None where it does not repeat clearly.

    A window repeats where its correlation with itself has a peak that a valley half as deep parts from offset 0. One
    edge has a ridge there but no such peak, and leaves or grass have many that are low.

    Args:
        photo: RGB in [0, 1], h×w×3; what is no source has no influence.
        hole: True = missing, h×w.
        sources: True = may be copied, h×w, none of them in the hole.
    """
    height, width = hole.shape
    factor = -(-max(height, width) // _SIDE)
    shape = -(-height // factor), -(-width // factor)

    def compared(values: Floats) -> Floats:
        padding = ((0, shape[0] * factor - height), (0, shape[1] * factor - width))
        return resize_area(np.pad(values, padding, mode="edge"), shape)

    known = compared(sources.astype(np.float32)) > 0.999
    missing = compared(hole.astype(np.float32)) > 0
    if not missing.any() or not known.any():
        return None
    likeness = _Likeness(compared(to_gray(photo)), known, missing)
    itself = likeness.with_itself()
    clearness = _clearness(itself)
    if clearness < _CLEAR:
        return None
    found = [_peaks(itself, likeness.useful, _EVERYWHERE, _LEAST)]
    found += [
        _peaks(likeness.of(part), likeness.useful, _EACH, _LEAST_EACH)
        for part in _parts(missing)
        if (part & known).any()
    ]
    vectors = np.rint(np.concatenate(found) * factor).astype(np.int64)
    distinct: list[Integers] = []
    for vector in vectors:
        if all(np.abs(vector - other).max() > 1 for other in distinct):
            distinct.append(vector)
    return Offsets(np.array(distinct), clearness) if distinct else None


class _Likeness:
    """Correlations of a window's local contrast at all offsets, (2h−1)×(2w−1) with offset 0 in the middle.

    Attributes:
        useful: the offsets that are long enough and fill enough of the hole.
    """

    def __init__(self, gray: Floats, known: Mask, hole: Mask) -> None:
        self._known = known.astype(np.float32)
        around = np.maximum(_blurred(self._known), 1e-3)
        centred = (gray - _blurred(gray * self._known) / around) * self._known
        contrast = centred / np.sqrt(_blurred(np.square(centred)) / around + _FAINT**2)
        self._contrast: Floats = contrast.astype(np.float32)
        height, width = gray.shape
        self._size = tuple(cv2.getOptimalDFTSize(2 * side - 1) for side in gray.shape)
        self._spectra = [self._spectrum(values) for values in (self._contrast, np.square(self._contrast), self._known)]
        cover = self._correlated(self._spectrum(hole.astype(np.float32)), self._spectra[2]) / hole.sum()
        down, across = np.mgrid[1 - height : height, 1 - width : width]
        self.useful: Mask = (np.hypot(down, across) >= _NEAREST) & (cover > _USEFUL)

    def with_itself(self) -> Floats:
        """Return the window's correlation with itself; 0 where too little takes part."""
        contrast, energy, known = self._spectra
        here = self._correlated(energy, known)
        there = here[::-1, ::-1]
        enough = np.minimum(here, there) >= _OVERLAP * (self._contrast**2).sum()
        return _normalised(self._correlated(contrast, contrast), here * there, enough)

    def of(self, part: Mask) -> Floats:
        """Return the correlation of a part of the window, h×w, with the window."""
        contrast, energy, known = self._spectra
        own = np.where(part, self._contrast, np.float32(0))
        here = self._correlated(self._spectrum(np.square(own)), known)
        there = self._correlated(self._spectrum(self._known * part), energy)
        enough = here >= _PART_OVERLAP * max(float((np.square(own)).sum()), 1e-6)
        return _normalised(self._correlated(self._spectrum(own), contrast), here * there, enough)

    def _spectrum(self, values: Floats) -> Floats:
        height, width = values.shape
        padded = np.zeros(self._size, np.float32)
        padded[:height, :width] = values
        return np.asarray(cv2.dft(padded, nonzeroRows=height), np.float32)

    def _correlated(self, one: Floats, other: Floats) -> Floats:
        """Return Σ one(x) · other(x + offset) for all offsets."""
        height, width = self._known.shape
        product = cv2.mulSpectrums(other, one, 0, conjB=True)
        sums = cv2.idft(product, flags=cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT)
        rolled: Floats = np.roll(sums, (height - 1, width - 1), (0, 1))
        return rolled[: 2 * height - 1, : 2 * width - 1]


def _blurred(values: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), _LOCAL), np.float32)


def _normalised(sums: Floats, energies: Floats, enough: Mask) -> Floats:
    return np.where(enough, sums / np.sqrt(np.maximum(energies, 1e-6)), 0).astype(np.float32)


def _clearness(correlation: Floats) -> float:
    """Return the highest peak that lies beyond a valley half as high or lower, seen from offset 0; 0 if none does."""
    centre = correlation.shape[0] // 2, correlation.shape[1] // 2
    best = 0.0
    for level in _LEVELS:
        if 2 * level <= best:
            break
        _, labels = cv2.connectedComponents((correlation > level).astype(np.uint8), connectivity=8)
        highest = float(correlation[labels != labels[centre]].max(initial=0.0))
        if highest >= 2 * level:
            best = max(best, highest)
    return best


def _parts(hole: Mask) -> list[Mask]:
    """Return what lies on each side of the hole, squares that reach a little into it."""
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    half = np.array([rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]]) / 2
    middle = np.array([rows[0], columns[0]]) + half
    side = max(12.0, float(half.mean()))
    parts = []
    for angle in np.arange(_SIDES) * (2 * np.pi / _SIDES):
        y, x = middle + np.array([np.sin(angle), np.cos(angle)]) * (half + side / 4)
        low, high = (np.maximum(np.array([y, x]) + way * _REACH * side, 0).astype(int) for way in (-1, 1))
        part = np.zeros(hole.shape, np.bool_)
        part[low[0] : high[0], low[1] : high[1]] = True
        parts.append(part)
    return parts


def _peaks(correlation: Floats, useful: Mask, count: int, least: float) -> NDArray[np.float64]:
    """Return the highest peaks among useful offsets, N×2, to a fraction of a compared pixel."""
    height, width = correlation.shape
    score = np.where(useful, correlation, 0)
    highest = cv2.dilate(score, np.ones((2 * _APART + 1,) * 2, np.uint8))
    at = np.argwhere((score == highest) & (score > least * score.max()) & (score > 0))
    at = at[np.argsort(-score[at[:, 0], at[:, 1]], kind="stable")[:count]]
    y, x = np.clip(at[:, 0], 1, height - 2), np.clip(at[:, 1], 1, width - 2)
    here = correlation[y, x]
    fractions = np.stack(
        [
            _vertex(correlation[y - 1, x], here, correlation[y + 1, x]),
            _vertex(correlation[y, x - 1], here, correlation[y, x + 1]),
        ],
        axis=1,
    )
    return np.asarray(at - (height // 2, width // 2) + fractions, np.float64)


def _vertex(before: Floats, here: Floats, after: Floats) -> Floats:
    """Return where the parabola through three equidistant values is highest, in steps from the middle one."""
    bend = np.minimum(before - 2 * here + after, -1e-9)
    steps: Floats = np.clip((before - after) / (2 * bend), -0.5, 0.5)
    return steps
