"""What an edge map is: 1 on Canny's edges of the known part of a photo, one pixel wide, and 0 beside them.

In the hole its levels say how sure an edge is:

- 1: a line that the user drew;
- above `EDGE_THRESHOLD`: a line that was found, one pixel wide (`lines.draw_lines` says what the level means);
- up to `EDGE_THRESHOLD`: half of G1's probability of an edge, where no line was found.

The paper's own edge map, which the authors' checkpoints and `--plain` use, has G1's output itself in the hole.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.smoothing import smooth

EDGE_THRESHOLD = 0.5  # an edge this sure is a line that no colour crosses
_SOFTEST = 0.4999  # just below the threshold, with the steps of a 16-bit file to spare

SIGMA = 2.0  # the paper's, section 5.1; the authors' and our own checkpoints were trained with it

_LOW, _HIGH = np.float32(0.1), np.float32(0.2)  # Canny's thresholds: on an edge, and somewhere on it
_BAND = 1 << 15  # pixels that are smoothed at a time

_LUMA = np.array([0.2125, 0.7154, 0.0721], np.float32)  # ITU-R BT.709, as scikit-image's rgb2gray


def to_gray(image: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Return I_gray, … in [0, 1], of RGB values, …×3 uint8 or float32 in [0, 1]."""
    scaled = image.astype(np.float32)
    if image.dtype == np.uint8:
        scaled /= np.float32(255)
    return (scaled @ _LUMA).astype(np.float32, copy=False)


def canny(gray: NDArray[np.float32], hole: NDArray[np.bool_] | None = None, sigma: float = SIGMA) -> NDArray[np.bool_]:
    """Return C_gt: Canny's edges of what is known, H×W.

    The edges of scikit-image's `feature.canny` with `mask=~hole`, pixel by pixel (Canny 1986; thresholds 0.1 and 0.2),
    without its import. The hole is left out of the smoothing, so that its border is not an edge.

    Args:
        gray: I_gray, H×W in [0, 1].
        hole: True = missing, H×W; None for a photo without a hole.
        sigma: standard deviation of the Gaussian, in pixels.
    """
    known = np.ones(gray.shape, np.bool_) if hole is None else ~hole
    smoothed = _blurred(np.where(known, gray, np.float32(0)), sigma)
    smoothed /= _blurred(known.astype(np.float32), sigma) + np.finfo(np.float32).eps  # by the share that is known
    down, across = _derivative(smoothed, 0), _derivative(smoothed, 1)
    strength = np.sqrt(down * down + across * across)
    whole = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    ridges = _ridges(strength, down, across, (whole > 0) & (strength >= _LOW))
    count, labels = cv2.connectedComponents(ridges.astype(np.uint8), connectivity=8)
    sure = np.zeros(count, np.bool_)
    sure[labels[ridges & (strength >= _HIGH)]] = True
    edges: NDArray[np.bool_] = sure[labels]
    return edges


def _blurred(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Return a picture smoothed, H×W; black beyond its border."""
    blurred = np.empty_like(values)
    reach = int(4 * sigma + 0.5)
    step = max(_BAND // max(values.shape[1], 1), 1)
    for top in range(0, len(values), step):  # in bands that stay in the processor's cache
        above = min(top, reach)
        band = smooth(values[top - above : top + step + reach], sigma, 0, beyond="constant")[above : above + step]
        blurred[top : top + step] = smooth(band, sigma, 1, beyond="constant")
    return blurred


def _derivative(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """Return Sobel's derivative of a picture along an axis, H×W; its border is continued as a mirror image."""
    height, width = values.shape
    wide = np.pad(values, 1, mode="symmetric").astype(np.float64)
    if axis == 0:
        step = (wide[2:] - wide[:-2]).astype(np.float32).astype(np.float64)
        return (step[:, 1:-1] * 2 + (step[:, :width] + step[:, 2:])).astype(np.float32)
    step = (wide[:, 2:] - wide[:, :-2]).astype(np.float32).astype(np.float64)
    return (step[1:-1] * 2 + (step[:height] + step[2:])).astype(np.float32)


def _ridges(
    strength: NDArray[np.float32],
    down: NDArray[np.float32],
    across: NDArray[np.float32],
    candidates: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return the candidates at which no neighbour along the gradient is stronger, H×W.

    The two neighbours lie between pixels and are interpolated: between the diagonal one and the straight one.

    Args:
        strength: the gradient's length, H×W.
        down: the derivative along the rows' axis, H×W.
        across: the derivative along the columns' axis, H×W.
        candidates: the pixels in question, none at the border.
    """
    y, x = np.nonzero(candidates)
    dy, dx, here = down[y, x], across[y, x], strength[y, x]
    steep, flat = np.abs(dy), np.abs(dx)
    share = np.minimum(steep, flat) / np.maximum(steep, flat)  # of the diagonal neighbour
    slope = np.where((dy <= 0) == (dx <= 0), 1, -1)
    upright = steep > flat
    kept = np.ones(len(y), np.bool_)
    for way in (1, -1):
        diagonal = strength[y + way * slope, x + way]
        straight = strength[y + np.where(upright, way * slope, 0), x + np.where(upright, 0, way)]
        # Products and sums in the precisions that scikit-image has them in: ties are decided by the last bit.
        between = (diagonal * share).astype(np.float64) + straight * (1.0 - share.astype(np.float64))
        kept &= between <= here
    ridges = np.zeros_like(candidates)
    ridges[y[kept], x[kept]] = True
    return ridges


def compose(
    known: NDArray[np.bool_] | NDArray[np.float32],
    inside: NDArray[np.bool_] | NDArray[np.float32],
    hole: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """Return C_comp = C_gt ⊙ (1 − M) + C_pred ⊙ M, H×W in [0, 1]."""
    return np.where(hole, inside, known).astype(np.float32)


def soft_levels(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the levels, H×W below `EDGE_THRESHOLD`, that stand for G1's probabilities in [0, 1] where no line is."""
    return np.minimum(probability / 2, np.float32(_SOFTEST)).astype(np.float32)


def soft_probability(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities, H×W in [0, 1], that an edge map's levels stand for, 0 where they stand for a line."""
    return np.where(levels > EDGE_THRESHOLD, 0, 2 * levels).astype(np.float32)
