"""How near a filled hole comes to the truth, and how well it belongs to the photo around it."""

from dataclasses import astuple, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.coherence import coherence
from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.imaging.similarity import ssim_map

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_TOLERANCE = 2  # pixels that a line may be off
_RING = 40  # width in pixels of the surroundings that a fill's detail is compared with
_SAMPLES = 1500  # patches of a fill that are looked up
_CANDIDATES = 40_000  # patches of the photo that they are compared with


@dataclass(frozen=True)
class Measures:
    """One fill's figures.

    Attributes:
        psnr: peak signal to noise in the hole, dB.
        ssim: structural similarity, mean over the hole.
        gradient: mean absolute error of the grey gradient in the hole, in grey levels of 255.
        detail: standard deviation of the high frequencies in the hole, as a share of that around it; 1 is right.
        jump: mean gradient across the rim, as a share of the untouched photo's at the same place; 1 is right.
        precision: share of the fill's edges in the hole that lie within 2 pixels of one of the truth's.
        recall: share of the truth's edges in the hole that lie within 2 pixels of one of the fill's.
        coherence: root mean square distance of the fill's 7×7 patches to their nearest patches of the known part, in
            grey levels of 255: the coherence half of Simakov et al. 2008. Speckle, blur and seams all raise it.
    """

    psnr: float
    ssim: float
    gradient: float
    detail: float
    jump: float
    precision: float
    recall: float
    coherence: float


def measure(fill: NDArray[np.uint8], truth: NDArray[np.uint8], hole: Mask) -> Measures:
    """Compare a filled window with the truth, RGB uint8 H×W×3 both; nan where there is no edge to compare."""
    error = ((fill[hole].astype(np.float64) - truth[hole]) ** 2).mean()
    filled, true = 255 * to_gray(fill), 255 * to_gray(truth)
    gradient = np.mean([np.abs(np.gradient(filled - true, axis=axis))[hole].mean() for axis in (0, 1)])
    found, wanted = canny(to_gray(fill)) & hole, canny(to_gray(truth)) & hole
    return Measures(
        psnr=float(10 * np.log10(255**2 / max(error, 1e-3))),
        ssim=float(ssim_map(fill, truth)[hole].mean()),
        gradient=float(gradient),
        detail=_detail(filled, hole),
        jump=_across(filled, hole) / max(_across(true, hole), 0.1),
        precision=_met(found, wanted),
        recall=_met(wanted, found),
        coherence=coherence(fill, hole, ~hole, samples=_SAMPLES, candidates=_CANDIDATES),
    )


def medians(figures: list[Measures]) -> Measures:
    """Return the median of each figure over those that are not nan."""
    return Measures(*np.nanmedian([astuple(one) for one in figures], axis=0))


def _detail(gray: Floats, hole: Mask) -> float:
    fine = gray - cv2.GaussianBlur(gray, (0, 0), 1.5)
    ring = cv2.dilate(hole.astype(np.uint8), np.ones((2 * _RING + 1,) * 2, np.uint8)) > 0
    return float(fine[hole].std() / max(fine[ring & ~hole].std(), 0.1))


def _across(gray: Floats, hole: Mask) -> float:
    """Mean absolute difference of the pairs of neighbours of which one is in the hole and one is not."""
    steps = []
    for axis in (0, 1):
        border = np.diff(hole.astype(np.int8), axis=axis) != 0
        steps.append(np.abs(np.diff(gray, axis=axis))[border])
    return float(np.concatenate(steps).mean())


def _met(edges: Mask, others: Mask) -> float:
    if not edges.any():
        return float("nan")
    distance = cv2.distanceTransform((~others).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return float((distance[edges] <= _TOLERANCE).mean())
