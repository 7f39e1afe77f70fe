"""How much a fill is made of the photo: the distance of its patches to the photo's (Simakov et al. 2008)."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.neighbours import neighbours

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_RADIUS = 3  # 7×7 patches
_SIDE = 2 * _RADIUS + 1
_REACH = 200  # pixels from the hole to the farthest patches of the photo
_SAMPLES = 800  # patches of a fill
_CANDIDATES = 20_000  # patches of the photo
_AXES = 12  # principal components in which neighbours are searched
_NEIGHBOURS = 4  # of which the best by all values counts


@dataclass(frozen=True)
class KnownPatches:
    """A photo's patches around a hole, for the fills of that hole to be compared with.

    Attributes:
        window: the part of the picture that is looked at.
        places: where the fill is looked at: the top left corners of its patches in the window, N×2.
        patches: those of the photo, M×D.
        mean: of them, D.
        axes: the principal components in which neighbours are searched, D×`_AXES`.
    """

    window: tuple[slice, slice]
    places: NDArray[np.intp]
    patches: Floats
    mean: Floats
    axes: Floats

    @classmethod
    def around(
        cls, photo: Floats, hole: Mask, known: Mask, *, samples: int = _SAMPLES, candidates: int = _CANDIDATES
    ) -> "KnownPatches | None":
        """Return the patches around a hole, None where there is nothing to compare.

        Args:
            photo: H×W×3 of any range; only the values of known pixels count.
            hole: where fills are looked at, H×W.
            known: the pixels of the photo that they are compared with, H×W.
            samples: patches of a fill that are looked up.
            candidates: patches of the photo that they are compared with.
        """
        rows, columns = np.nonzero(hole)
        window = np.s_[
            max(0, rows.min() - _REACH) : rows.max() + _REACH + 1,
            max(0, columns.min() - _REACH) : columns.max() + _REACH + 1,
        ]
        if min(photo[window].shape[:2]) < _SIDE:
            return None
        patches = _patches(photo[window])
        inner = np.s_[_RADIUS : _RADIUS + patches.shape[0], _RADIUS : _RADIUS + patches.shape[1]]
        touched = cv2.dilate((~known[window]).astype(np.uint8), np.ones((_SIDE, _SIDE), np.uint8))[inner] > 0
        sources = np.random.default_rng(0).permutation(np.argwhere(~touched))[:candidates]
        places = np.argwhere(hole[window][inner])
        places = places[:: max(1, len(places) // samples)]
        if len(sources) <= _NEIGHBOURS or not len(places):
            return None
        chosen = patches[sources[:, 0], sources[:, 1]].reshape(len(sources), -1)
        mean = chosen.mean(axis=0)
        centred = chosen[::7] - mean
        axes = np.linalg.eigh(centred.T @ centred)[1][:, -_AXES:]
        return cls(window, places, chosen, mean, axes)

    def distance_to(self, fill: Floats) -> float:
        """Return the root mean square distance of a fill's patches to their nearest known ones.

        Args:
            fill: the photo with its hole filled, H×W×3 of its range.
        """
        wanted = _patches(fill[self.window])[self.places[:, 0], self.places[:, 1]].reshape(len(self.places), -1)
        nearest = neighbours(self._projected(wanted), self._sources, _NEIGHBOURS)
        distances = ((self.patches[nearest] - wanted[:, None]) ** 2).mean(axis=2).min(axis=1)
        return float(np.sqrt(distances).mean())

    @cached_property
    def _sources(self) -> Floats:
        return self._projected(self.patches)

    def _projected(self, patches: Floats) -> Floats:
        return np.asarray((patches - self.mean) @ self.axes, np.float32)


def coherence(
    picture: Floats, hole: Mask, known: Mask, *, samples: int = _SAMPLES, candidates: int = _CANDIDATES
) -> float:
    """Return how far a fill is from the photo: the coherence half of bidirectional similarity, on samples.

    Simakov et al. 2008, equation 1; speckle, blur and seams all raise it.

    Args:
        picture: filled, H×W×3 of any range.
        hole: where it is filled, H×W.
        known: the pixels of the photo that it is compared with, H×W.
        samples: patches of the fill that are looked up.
        candidates: patches of the photo that they are compared with.

    Returns:
        The mean over the samples, in the picture's range; 0 where there is nothing to compare.
    """
    around = KnownPatches.around(picture, hole, known, samples=samples, candidates=candidates)
    return 0.0 if around is None else around.distance_to(picture)


def _patches(picture: Floats) -> Floats:
    """Return a view of all patches of a picture, h×w×3×side×side."""
    return np.lib.stride_tricks.sliding_window_view(picture.astype(np.float32, copy=False), (_SIDE, _SIDE), axis=(0, 1))
