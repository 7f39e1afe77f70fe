"""Which of several fills each part of a hole takes: guesses compete with patches alone.

A fill is taken where it is nearly as much like the photo as patches alone: its own patches are hardly farther from the
photo's (`coherence`), and it has hardly less structure or fine detail.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.coherence import KnownPatches
from inpaint_cli.imaging.edges import to_gray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_STRUCTURE = 2.0  # Gaussian σ in pixels of what counts as structure
_FINE = 1.5  # Gaussian σ in pixels below which detail is fine
_UNSEEN = 0.3 / 255  # a distance to the photo's patches that nobody sees


class Limits(NamedTuple):
    """What a fill may lose against patches alone."""

    distance: float  # to the photo's patches: at most so many times theirs
    structure: float  # at least this share of theirs
    detail: float = 0.0  # the same of the fine detail: the mean of many patches is blurred


def select(
    attempts: Iterable[tuple[Callable[[], Floats], Limits]], alone: Floats, photo: Floats, hole: Mask, sources: Mask
) -> Floats:
    """Return the window in which each connected part of the hole has the first fill that keeps to its limits, h×w×3.

    Args:
        attempts: fills, h×w×3, made only if a part is left for them, with the limits of each.
        alone: the window filled by patches alone, RGB in [0, 1], h×w×3; what parts have that no attempt suits.
        photo: RGB in [0, 1], h×w×3; what stands in the hole has no influence.
        hole: True = missing, h×w.
        sources: True = may be copied, h×w.
    """
    result = alone.copy()
    count, labels = cv2.connectedComponents(hole.astype(np.uint8), connectivity=8)
    parts = [_Part.of(labels == label, alone, photo, sources) for label in range(1, count)]
    for make, limits in attempts:
        if not parts:
            break
        fill = make()
        left = []
        for part in parts:
            if part.takes(fill, limits):
                result[part.here] = fill[part.here]
            else:
                left.append(part)
        parts = left
    return result


@dataclass(frozen=True)
class _Part:
    """A connected part of the hole, for which fills compete.

    Attributes:
        here: the part, h×w.
        alone: the window filled by patches alone, h×w×3.
        known: the photo's patches around the part; None where there are none.
        distance: of `alone` to them.
        structure: of `alone`.
        detail: of `alone`.
    """

    here: Mask
    alone: Floats
    known: KnownPatches | None
    distance: float
    structure: float
    detail: float

    @classmethod
    def of(cls, here: Mask, alone: Floats, photo: Floats, sources: Mask) -> "_Part":
        known = KnownPatches.around(photo, here, sources)
        return cls(here, alone, known, _distance(known, alone), _structure(alone, here), _detail(alone, here))

    def takes(self, fill: Floats, limits: Limits) -> bool:
        """Whether a fill differs from patches alone and keeps to its limits.

        A smear is like much of a photo, so a fill must not lose structure either. One that is nearer to the photo may
        lose more of that: patches alone had put clutter there.
        """
        if (fill[self.here] == self.alone[self.here]).all():
            return False
        distance = _distance(self.known, fill)
        nearer = min(1.0, distance / max(self.distance, _UNSEEN))
        return (
            distance <= limits.distance * self.distance + _UNSEEN
            and _structure(fill, self.here) >= limits.structure * nearer * self.structure
            and _detail(fill, self.here) >= limits.detail * self.detail
        )


def _distance(known: KnownPatches | None, fill: Floats) -> float:
    """Return the distance of a fill to the photo's patches, 0 where there are none."""
    return 0.0 if known is None else known.distance_to(fill)


def _structure(fill: Floats, here: Mask) -> float:
    """Return the structure in a part of the hole: the mean gradient of its smoothed grey values."""
    gray = cv2.GaussianBlur(to_gray(fill), (0, 0), _STRUCTURE)
    down, across = (cv2.Sobel(gray, cv2.CV_32F, *axis, ksize=1, scale=0.5) for axis in ((0, 1), (1, 0)))
    return float(np.hypot(down, across)[here].mean())


def _detail(fill: Floats, here: Mask) -> float:
    """Return the fine detail in a part of the hole: the standard deviation of its grey values' fine scales."""
    gray = to_gray(fill)
    return float((gray - cv2.GaussianBlur(gray, (0, 0), _FINE))[here].std())
