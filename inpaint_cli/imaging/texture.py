"""The last stage: the hole at full resolution in patches of the photo itself, each side of a line from its own side.

Patches are copied by `patches`. Lines cut the window into sides (`sides`), and a part of the hole is filled from known
pixels of its own side alone; along a line, the fills of both sides are joined with the softness of the photo's own edge
(`profiles`). Guesses compete: where a fill along guessed lines, or one led by the painting, is farther from the photo's
patches than patches alone, it is not taken. A window whose hole is too large is filled on a coarser grid (`grid`), so
that time hardly grows with the hole.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.coherence import KnownPatches
from inpaint_cli.imaging.colours import DRAWN, GUESSED, NO_LINES, Trust, colour_side, follow_painting, keep_edges
from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.grid import Grid
from inpaint_cli.imaging.lines import Line, LineSource, bridge_lines
from inpaint_cli.imaging.profiles import Transition
from inpaint_cli.imaging.repeated import fill_by_offsets, prefer_repeated
from inpaint_cli.imaging.resampling import shrink_mask
from inpaint_cli.imaging.selection import Limits, select
from inpaint_cli.imaging.sides import Sides, divide

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Image = NDArray[np.uint8]
_Fill = TypeVar("_Fill")

_OBEYED = 0.35  # trust below which a guessed line is ignored: such lines are wrong more often than right
_LARGEST = 140  # square root of the largest hole's area that is searched at full resolution
_DRAWN_GUIDE = 0.013  # least weight of a painting whose lines the user drew, and
_LOOSE_GUIDE = 0.1  # the same where most of them cut nothing
_LED_WEIGHT = 0.05  # of the painting where it leads patches, for want of lines
_LEAST_KNOWN = 600  # pixels, or
_LEAST_PATCHES = 50  # whole ones, and
_LEAST_SHARE = 0.25  # of what is missing: a side with fewer known pixels has too little to copy from
_NARROW = 0.5  # share of a side's known pixels in the middle of whole patches below which it is a narrow strip, and
_BESIDE_NARROW = 3.0  # pixels beside it may be copied too: half a patch, so that its own edges are among them
_MOSTLY = 0.5  # share of loose lines above which the painting guides the search

# What each kind of fill may lose against patches alone (benchmarks/texture.md).
_ALONG = Limits(1.0, 0.72)
_LED = Limits(1.02, 0.8, detail=0.95)
_REPEATED = Limits(1.1, 0.85)
_PAINTED = Limits(1.04, 0.9)


def texture(  # noqa: PLR0913 - what a window has, not what a user chooses
    photo: Image,
    hole: Mask,
    painting: Floats,
    guide: float,
    *,
    lines: Sequence[Line] = (),
    size: tuple[int, int] | None = None,
    excluded: Mask | None = None,
    seed: int = 0,
    begun: Future[Floats | None] | None = None,
    beside: Executor | None = None,
) -> Floats:
    """Return the window filled with the photo's own texture: RGB in [0, 1], h×w×3 float32, known pixels unchanged.

    Lines that were drawn are obeyed: the painting along them guides the search too. Guessed lines are obeyed as far as
    they are trusted, and where the fill along them is no worse than the one without.

    Args:
        photo: RGB, h×w×3; its values in the hole are ignored.
        hole: True = missing, h×w, at least one pixel known.
        painting: what the hole should look like, RGB in [0, 1], h×w×3.
        guide: weight of the painting's colours against the patches' similarity; 0 ignores the painting.
        lines: those expected in the hole, in pixels of the working size, by falling trust.
        size: the working size (H, W); None: the window's own.
        excluded: True = known but not to be copied, h×w; None: everything may be.
        seed: of the search; the same input and seed give the same output.
        begun: the future result of `fill_without_lines` for this window, if it has been started.
        beside: searches in another thread; None: one is started for this window.
    """
    known = photo.astype(np.float32) / np.float32(255)
    if not hole.any():
        return known
    sources = ~hole if excluded is None else ~hole & ~excluded
    target = np.where(hole[..., None], painting, known).astype(np.float32)
    size = (hole.shape[0], hole.shape[1]) if size is None else size
    drawn = any(line.source is LineSource.DRAWN for line in lines)
    trusted = [line for line in lines if line.source is LineSource.DRAWN or line.trust >= _OBEYED]
    trust, blur = DRAWN if drawn else GUESSED, max(hole.shape) / max(size)
    with ExitStack() as own:
        if beside is None and cv2.getNumThreads() > 1:
            beside = own.enter_context(ThreadPoolExecutor(1))
        search = _Search(known, hole, sources, target, guide, seed, trust, blur, beside)
        fill = _along_drawn(search, trusted, size) if drawn else _along_guessed(search, trusted, size, begun)
    return np.where(hole[..., None], np.clip(fill, 0, 1), known).astype(np.float32)


def fill_without_lines(photo: Image, hole: Mask, excluded: Mask | None = None, seed: int = 0) -> Floats | None:
    """Return the fill by patches alone, with which `texture` compares the others: RGB in [0, 1], h×w×3.

    It can be made before lines are known. None if no patch may be copied.

    Args:
        photo: RGB, h×w×3; its values in the hole are ignored.
        hole: True = missing, h×w, at least one pixel of each kind.
        excluded: True = known but not to be copied, h×w; None: everything may be.
        seed: of the search.
    """
    known = photo.astype(np.float32) / np.float32(255)
    sources = ~hole if excluded is None else ~hole & ~excluded
    return _Search(known, hole, sources, known, 0, seed, NO_LINES, 1).by_patches()


@dataclass(frozen=True)
class _Search:
    """One window's search for patches.

    Attributes:
        known: the window, RGB in [0, 1], h×w×3.
        hole: its hole, h×w.
        sources: what may be copied, h×w.
        target: the window with its painting, which guides the search, h×w×3.
        weight: of the guide; 0 for none.
        seed: of the search.
        trust: how far the painting is followed along lines.
        blur: pixels of the window per pixel of the painting.
        beside: searches in another thread; None: there is none.
    """

    known: Floats
    hole: Mask
    sources: Mask
    target: Floats
    weight: float
    seed: int
    trust: Trust
    blur: float
    beside: Executor | None = None

    def everywhere(self) -> Floats:
        """Return the window filled from all that may be copied, h×w×3; the painting if no patch may be copied."""
        fill = self.by_patches()
        return self.target if fill is None else fill

    def by_patches(self) -> Floats | None:
        """Return the window filled from all that may be copied, h×w×3; None if no patch may be copied."""
        grid = self._grid()
        if not grid.has_patches(self.sources):
            return None
        return self._filled(grid, self.hole, self.sources)

    def repeated(self, alone: Floats) -> Floats:
        """Return a fill with shifted copies where the photo repeats, h×w×3."""
        shifted = fill_by_offsets(self.known, self.hole, self.sources)
        return alone if shifted is None else prefer_repeated(alone, shifted, self.hole, self.sources)

    def by_side(self, sides: Sides) -> Floats:
        """Return the window filled side by side, h×w×3; sides with too little to copy come last, from anywhere."""
        if not sides.part(self.hole):
            return self.everywhere()
        labels = [int(label) for label in np.unique(sides.labels[self.hole])]
        grid = self._grid()
        transition = Transition.between(sides, self.hole)
        total, weight = np.zeros_like(self.known), np.zeros(self.hole.shape, np.float32)

        def add(label: int, fill: Floats) -> None:
            share = np.where(self.hole, transition.weight(label), 0)
            total[...] += share[..., None] * fill
            weight[...] += share

        poor = []
        fill_side = partial(self._fill_side, grid, sides, transition.reach)
        begun = [self.begin(partial(fill_side, label)) for label in labels[1:]]
        for label, side in zip(labels, [None, *begun], strict=True):
            fill = _finished(partial(fill_side, label), side)
            if fill is None:
                poor.append(label)
            else:
                add(label, fill)
        if not weight.any():
            return self.everywhere()
        done = self._mixed(total, weight)
        if poor:
            missing = self.hole & (weight < 1)
            filled = Grid.over(done, grid.factor)
            sources = self.sources | (self.hole & ~missing)
            last = self._filled(filled, missing, sources)
            for label in poor:
                add(label, last)
            done = self._mixed(total, weight)
        return done

    def begin(self, search: Callable[[], _Fill]) -> Future[_Fill] | None:
        """Have a search done in the other thread, if there is one: most of it is done without Python's lock."""
        return None if self.beside is None else self.beside.submit(search)

    def _fill_side(self, grid: Grid, sides: Sides, reach: float, label: int) -> Floats | None:
        """Return the window with one side filled, and so many pixels beyond it; None if it has too little to copy."""
        side = sides.labels == label
        own = side & self.sources
        missing = side & self.hole
        if not grid.has_patches(own, max(_LEAST_PATCHES, round(_NARROW * own.sum() / grid.factor**2))):
            own = _dilated(side, _BESIDE_NARROW) & self.sources
        enough = own.sum() >= max(_LEAST_KNOWN, _LEAST_SHARE * missing.sum())
        if not enough or not grid.has_patches(own, _LEAST_PATCHES):
            return None
        part = self.hole & _dilated(side, reach + 1)
        fill = self._filled(grid, part, own)
        return colour_side(fill, self.target, missing, own, sides.curves, self.blur, self.trust)

    def _grid(self) -> Grid:
        return Grid.for_hole(self.known, self.hole, _LARGEST)

    def _filled(self, grid: Grid, hole: Mask, sources: Mask) -> Floats:
        return grid.filled(hole, sources, self.target if self.weight > 0 else None, self.weight, self.seed)

    def _mixed(self, total: Floats, weight: Floats) -> Floats:
        mixed = total / np.maximum(weight, 1e-6)[..., None]
        return np.where((weight > 0)[..., None], mixed, self.known).astype(np.float32)


def _along_drawn(search: _Search, lines: Sequence[Line], size: tuple[int, int]) -> Floats:
    """Return the window filled along lines of which some are the user's: they are obeyed in any case.

    The painting leads the search a little. Where most lines cut nothing, it leads more; or they do cut once their gaps
    are bridged, and the fill that is nearer to the photo's patches is taken.
    """
    search = replace(search, weight=max(search.weight, _DRAWN_GUIDE))
    sides = divide(search.known, search.hole, lines, size)
    if sides.loose_share() <= _MOSTLY:
        return _by_side_with_edges(search, sides)
    led = _by_side_with_edges(replace(search, weight=max(search.weight, _LOOSE_GUIDE)), sides)
    bridged = divide(search.known, search.hole, bridge_lines(lines, shrink_mask(search.hole, size)), size)
    if bridged.loose_share() > _MOSTLY:
        return led
    fill = _by_side_with_edges(search, bridged)
    photo = KnownPatches.around(search.known, search.hole, search.sources)
    return fill if photo is not None and photo.distance_to(fill) < photo.distance_to(led) else led


def _by_side_with_edges(search: _Search, sides: Sides) -> Floats:
    """Return the window filled side by side, with the painting's edges along lines that cut nothing."""
    loose = [curve for curve in sides.curves if not sides.cuts(curve)]
    return keep_edges(search.by_side(sides), search.target, search.hole, loose)


def _along_guessed(
    search: _Search, lines: Sequence[Line], size: tuple[int, int], begun: Future[Floats | None] | None = None
) -> Floats:
    """Return the window filled along guessed lines where that is no worse than without them.

    Each part of the hole takes the first of these fills that is nearly as much like the photo as patches alone: along
    the lines, patches led by the painting, patches alone with the painting's large scales, shifted copies where the
    photo repeats, patches alone.
    """
    if search.weight > 0:  # a guide was asked for: the painting leads patches alone
        return search.everywhere()
    sides = divide(search.known, search.hole, lines, size) if lines else None
    attempts: list[tuple[Callable[[], Floats], Limits]] = []
    if sides is not None and sides.part(search.hole):
        attempts.append((partial(search.by_side, sides), _ALONG))
    attempts.append((replace(search, weight=_LED_WEIGHT).everywhere, _LED))
    begun = begun or search.begin(search.by_patches)
    first = attempts[0][0]()
    attempts[0] = lambda: first, attempts[0][1]
    found = _finished(search.by_patches, begun)
    alone = search.target if found is None else found
    attempts.append((partial(follow_painting, alone, search.target, search.hole, search.sources, NO_LINES), _PAINTED))
    attempts.append((partial(search.repeated, alone), _REPEATED))
    return select(attempts, alone, search.known, search.hole, search.sources)


def _finished(search: Callable[[], _Fill], begun: Future[_Fill] | None) -> _Fill:
    """Return what a search gives that may have been begun in another thread; one that waits there is done here."""
    return search() if begun is None or begun.cancel() else begun.result()


def _dilated(mask: Mask, radius: float) -> Mask:
    return distance_to(mask) <= radius
