"""Object-like holes in real photos where the truth is known: on texture, or across strong lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from inpaint_cli.imaging.edges import canny, to_gray

WINDOW = 448  # side in pixels
EXTENT = 150  # of the holes, about
_TRIES = 60  # places looked at in each photo


@dataclass(frozen=True)
class Cut:
    """A window of a photo and the hole in its middle.

    Attributes:
        name: the photo's file name and the window's corner.
        subset: `lines` or `texture`.
        truth: RGB uint8, H×W×3.
        hole: True = missing, H×W.
    """

    name: str
    subset: str
    truth: NDArray[np.uint8]
    hole: NDArray[np.bool_]


def cuts(folder: Path, each: int, seed: int = 0) -> list[Cut]:
    """Return `each` cuts of both subsets, every photo at most once in each; the same seed gives the same cuts.

    In each photo the place where one strong line crosses the hole most clearly, and the one with the most texture and
    the least line, are candidates; the best candidates of all photos are taken.
    """
    candidates: dict[str, list[tuple[float, Cut]]] = {"lines": [], "texture": []}
    for number, path in enumerate(sorted(folder.glob("*.jpg"))):
        photo = cv2.imread(str(path))[..., ::-1]
        best: dict[str, tuple[float, Cut]] = {}
        for subset, score, cut in _candidates(photo, path.name, np.random.default_rng((seed, number))):
            if subset not in best or score > best[subset][0]:
                best[subset] = score, cut
        for subset, found in best.items():
            candidates[subset].append(found)
    chosen = []
    for found in candidates.values():
        found.sort(key=lambda pair: -pair[0])
        chosen += [cut for _, cut in found[:each]]
    return sorted(chosen, key=lambda cut: (cut.subset, cut.name))


def _candidates(photo: NDArray[np.uint8], name: str, rng: Generator) -> Iterator[tuple[str, float, Cut]]:
    gray = to_gray(photo)
    strong = canny(gray, sigma=4.0)
    grain = np.abs(gray - cv2.GaussianBlur(gray, (0, 0), 2))
    height, width = gray.shape
    for _ in range(_TRIES):
        top, left = rng.integers(0, height - WINDOW + 1), rng.integers(0, width - WINDOW + 1)
        window = np.s_[top : top + WINDOW, left : left + WINDOW]
        hole = _blob(rng)
        truth = np.ascontiguousarray(photo[window])
        name_here = f"{Path(name).stem}-{left}-{top}"
        crossing = _crossing(strong[window], hole)
        yield "lines", crossing, Cut(name_here, "lines", truth, hole)
        lined = strong[window][hole].mean()
        yield "texture", float(grain[window][hole].mean() - lined), Cut(name_here, "texture", truth, hole)


def _blob(rng: Generator) -> NDArray[np.bool_]:
    """A hole like an object's outline: an ellipse with a few waves, in the middle of a window."""
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = np.ones_like(angle)
    for wave in range(2, 6):
        radius += rng.normal(0, 0.22 / wave) * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    stretch = np.exp(rng.normal(0, 0.15))
    x, y = np.cos(angle) * radius * stretch, np.sin(angle) * radius / stretch
    points = np.stack([x, y], 1) * EXTENT / 2 + WINDOW / 2
    hole = np.zeros((WINDOW, WINDOW), np.uint8)
    cv2.fillPoly(hole, [np.rint(points).astype(np.int32)], 1)
    return hole > 0


def _crossing(edges: NDArray[np.bool_], hole: NDArray[np.bool_]) -> float:
    """How clearly one line runs through the hole.

    The chord of the best edge that goes on beyond both of its ends, less half of all other edges.
    """
    _, labels = cv2.connectedComponents(edges.astype(np.uint8), connectivity=8)
    near = cv2.dilate(hole.astype(np.uint8), np.ones((61, 61), np.uint8)) > 0
    clutter = float((edges & hole).sum())
    best = -clutter
    for label in np.unique(labels[hole & (labels > 0)]):
        edge = labels == label
        inside = np.argwhere(edge & hole)
        beyond, _ = cv2.connectedComponents((edge & near & ~hole).astype(np.uint8), connectivity=8)
        if beyond > 2:
            chord = float(np.hypot(*np.ptp(inside, axis=0)))
            best = max(best, chord - (clutter - chord) / 2)
    return best
