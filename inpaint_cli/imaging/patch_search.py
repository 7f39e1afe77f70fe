"""The nearest known patch of every patch in a hole: exactly for a few, by PatchMatch (Barnes et al. 2009) for many."""

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.neighbours import neighbours
from inpaint_cli.imaging.patch_pyramid import RADIUS, Places, Scale

Floats = NDArray[np.float32]

_EXACT = 2_000_000  # pairs of patches up to which all are compared
_PASSES = 3  # of PatchMatch, each time
_NEAR = 20  # pixels around a match that are searched at random
_SHRINKING = 3  # times: that radius from try to try
_LEAP = 0.8  # a patch from elsewhere must be so much nearer: pieces in one keep their fine detail


class PatchSearch:
    """Looks up the patches of one scale, all as flat places with the scale's mirrored border."""

    def __init__(self, scale: Scale, sources: Floats, random: np.random.Generator, *, near: bool) -> None:
        """Prepare a search.

        Args:
            scale: where patches are looked for; at least one may be copied.
            sources: descriptions of the patches around all of its pixels, as `Descriptors.everywhere` gives them.
            random: where to look.
            near: matches come from a coarser scale, so that better ones are near them.
        """
        self._scale = scale
        self._sources = sources
        self._random = random
        self._copied = scale.copied.ravel()
        self._copies = np.flatnonzero(self._copied)
        self._exact = len(scale.targets) * len(self._copies) <= _EXACT
        self._radius = _NEAR if near else max(scale.shape)

    def enlarged(self, coarse: "PatchSearch", matches: Places) -> Places:
        """Return the matches of a search at half the size as matches of this one."""
        (rows, columns), (_, width) = self._inside(self._scale.targets), self._scale.shape
        parents = coarse._scale.numbers[(rows // 2 + RADIUS) * coarse._scale.shape[1] + columns // 2 + RADIUS]
        down, across = coarse._inside(matches[parents])
        places = (2 * down + rows % 2 + RADIUS) * width + 2 * across + columns % 2 + RADIUS
        return self._nearest(np.where(parents >= 0, places, self._scale.targets))

    def improved(self, matches: Places, wanted: Floats) -> Places:
        """Return nearer matches.

        Args:
            matches: those so far.
            wanted: descriptions of the targets, N×D.
        """
        if self._exact:
            return self._copies[neighbours(wanted, self._sources[self._copies], 1)[:, 0]]
        matches, distances = matches.copy(), self._distances(matches, wanted)

        def compare(candidates: Places, share: float) -> None:
            others = np.flatnonzero((candidates != matches) & self._copied[candidates])
            places = candidates[others]
            apart = self._distances(places, wanted.take(others, axis=0))
            nearer = apart < share * distances[others]
            chosen = others[nearer]
            matches[chosen], distances[chosen] = places[nearer], apart[nearer]

        for _ in range(_PASSES):
            for step in (1, -1, self._scale.shape[1], -self._scale.shape[1]):
                compare(self._continued(matches, step), 1)
            radius = self._radius
            while radius > 0:
                compare(self._scattered(matches, radius), _LEAP)
                radius //= _SHRINKING
        return matches

    def _distances(self, places: Places, wanted: Floats) -> Floats:
        differences = self._sources.take(places, axis=0)
        differences -= wanted
        squares: Floats = np.einsum("nd,nd->n", differences, differences)
        return squares

    def _continued(self, matches: Places, step: int) -> Places:
        """Return the places next to the matches of the targets' neighbours: their pieces go on."""
        neighbour = self._scale.numbers[self._scale.targets - step]
        return np.where(neighbour >= 0, matches[neighbour] + step, matches)

    def _scattered(self, matches: Places, radius: int) -> Places:
        """Return places at random around the matches."""
        height, width = self._scale.shape
        rows, columns = np.divmod(matches, width)
        rows = rows + self._random.integers(-radius, radius, len(rows), endpoint=True)
        columns = columns + self._random.integers(-radius, radius, len(rows), endpoint=True)
        return np.asarray(np.clip(rows, 0, height - 1) * width + np.clip(columns, 0, width - 1), np.intp)

    def _nearest(self, places: Places) -> Places:
        """Return the nearest places from which may be copied."""
        beyond = (~self._scale.copied).astype(np.uint8)
        _, labels = cv2.distanceTransformWithLabels(
            beyond, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
        )
        found = np.zeros(labels.max() + 1, np.intp)
        found[labels.flat[self._copies]] = self._copies
        return np.asarray(found[labels.flat[places]], np.intp)

    def _inside(self, places: Places) -> tuple[Places, Places]:
        """Return rows and columns without the border."""
        rows, columns = np.divmod(places, self._scale.shape[1])
        return rows - RADIUS, columns - RADIUS
