"""From pixels to curves: the one-pixel lines of an edge map as smooth chains of points."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.smoothing import smooth, smooth_curve

Vector = NDArray[np.float64]
Pixel = tuple[int, int]  # row, column

_STEP = 0.5  # pixels between points
_SMOOTHING = 1.5  # Gaussian σ along a chain, in pixels, which removes the staircase of the raster
_SPUR = 4  # pixels: shorter free branches of a crossing are artefacts of thinning
_STRAIGHT = 0.7  # cosine of the turn up to which a line goes straight through a crossing
_AHEAD = 6  # pixels of a chain that determine its direction at a crossing


@dataclass(frozen=True, eq=False)
class Curve:
    """A chain of pixels as a curve.

    Attributes:
        points: N×2 (x, y), about half a pixel apart.
        level: the median of its pixels.
        closed: whether it ends where it starts.
    """

    points: Vector
    level: float
    closed: bool


@dataclass(frozen=True, eq=False)
class _Chain:
    """Pixels in order, and the crossings (their numbers) that the first and the last belong to."""

    pixels: list[Pixel]
    first: int | None = None
    last: int | None = None

    @property
    def closed(self) -> bool:
        return len(self.pixels) > 3 and self.pixels[0] == self.pixels[-1]

    def reversed(self) -> "_Chain":
        return _Chain(self.pixels[::-1], self.last, self.first)

    def direction(self) -> Vector:
        """Return the unit vector from the first pixel onwards."""
        way = np.subtract(self.pixels[min(_AHEAD, len(self.pixels) - 1)], self.pixels[0]).astype(np.float64)
        return np.asarray(way / (np.linalg.norm(way) + 1e-9))


def trace_curves(levels: NDArray[np.float32], threshold: float) -> list[Curve]:
    """Return the curves of a picture's pixels above a threshold; lines wider than a pixel are thinned.

    At a crossing, pieces that continue each other in a straight line are joined; other pieces end there. Single pixels
    are left out.

    Args:
        levels: H×W.
        threshold: a higher level is part of a line.
    """
    pixels = {(int(y), int(x)) for y, x in np.argwhere(_thin(levels > threshold))}
    links = {pixel: _neighbours(pixel, pixels) for pixel in sorted(pixels)}
    return [
        Curve(_smooth(chain), float(np.median([levels[pixel] for pixel in chain.pixels])), chain.closed)
        for chain in _join(_chains(links))
    ]


def _thin(lines: NDArray[np.bool_]) -> NDArray[np.bool_]:
    if not (lines[1:, 1:] & lines[1:, :-1] & lines[:-1, 1:] & lines[:-1, :-1]).any():
        return lines
    from skimage.morphology import skeletonize  # noqa: PLC0415 - only thick lines pay for it

    thinned: NDArray[np.bool_] = skeletonize(lines)
    return thinned


def _neighbours(pixel: Pixel, pixels: set[Pixel]) -> list[Pixel]:
    """Return the next pixels of a chain; a diagonal step only where two straight ones do not lead there."""
    y, x = pixel
    straight = [place for place in ((y, x + 1), (y + 1, x), (y, x - 1), (y - 1, x)) if place in pixels]
    diagonal = [
        (y + dy, x + dx)
        for dy in (-1, 1)
        for dx in (-1, 1)
        if (y + dy, x + dx) in pixels and (y, x + dx) not in pixels and (y + dy, x) not in pixels
    ]
    return straight + diagonal


def _chains(links: dict[Pixel, list[Pixel]]) -> list[_Chain]:
    """Return the chains from crossing to crossing or free end, and the rings, without spurs."""
    crossings = _crossings(links)
    walked: set[Pixel] = set(crossings)
    chains = []
    starts = [pixel for pixel in links if pixel in crossings or len(links[pixel]) == 1]
    for start in [*starts, *links]:  # chains without an end are rings
        if start in walked and start not in crossings:
            continue
        for following in links[start]:
            if following in walked:
                continue
            chain = [start, following]
            while chain[-1] not in crossings and len(links[chain[-1]]) == 2 and chain[-1] != start:
                a, b = links[chain[-1]]
                chain.append(b if a == chain[-2] else a)
            walked.update(chain)
            chains.append(_Chain(chain, crossings.get(chain[0]), crossings.get(chain[-1])))
    return [
        chain
        for chain in chains
        if len(chain.pixels) >= _SPUR or (chain.first is None) == (chain.last is None) or chain.closed
    ]


def _crossings(links: dict[Pixel, list[Pixel]]) -> dict[Pixel, int]:
    """Return the number of the crossing that each pixel with three neighbours or more belongs to."""
    numbers: dict[Pixel, int] = {}
    for pixel, others in links.items():
        if len(others) < 3 or pixel in numbers:
            continue
        numbers[pixel] = number = len(numbers)
        members = [pixel]
        for member in members:
            for other in links[member]:
                if len(links[other]) > 2 and other not in numbers:
                    numbers[other] = number
                    members.append(other)
    return numbers


def _join(chains: list[_Chain]) -> list[_Chain]:
    """Return the chains with those that go straight through a crossing as one."""
    joined = list(chains)
    crossings = {end for chain in chains for end in (chain.first, chain.last) if end is not None}
    for crossing in sorted(crossings):
        while True:
            # Each chain as seen from the crossing: those that end there are reversed.
            here = [(chain, chain) for chain in joined if chain.first == crossing and not chain.closed]
            here += [(chain, chain.reversed()) for chain in joined if chain.last == crossing and not chain.closed]
            pairs = [
                (-float(a.direction() @ b.direction()), i, j)
                for (i, (of_a, a)), (j, (of_b, b)) in combinations(enumerate(here), 2)
                if of_a is not of_b
            ]
            straightness, i, j = max(pairs, default=(-1.0, 0, 0))
            if straightness <= _STRAIGHT:
                break
            (of_a, a), (of_b, b) = here[i], here[j]
            joined = [chain for chain in joined if chain is not of_a and chain is not of_b]
            joined.append(_Chain([*a.pixels[::-1], *b.pixels], a.last, b.last))
    return joined


def _smooth(chain: _Chain) -> Vector:
    """Return a chain as smoothed points half a pixel apart, N×2 (x, y); its two ends stay."""
    points = np.array(chain.pixels, np.float64)[:, ::-1]
    if chain.closed:
        ring = smooth(points[:-1], _SMOOTHING, beyond="wrap")
        course = np.concatenate([ring, ring[:1]])
    else:
        course = smooth_curve(points, _SMOOTHING)
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(course, axis=0), axis=1))])
    at = np.linspace(0, length[-1], max(2, round(length[-1] / _STEP) + 1))
    return np.stack([np.interp(at, length, course[:, axis]) for axis in (0, 1)], axis=1)
