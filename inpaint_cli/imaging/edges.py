"""What an edge map is: 1 on Canny's edges of the known part of a photo, one pixel wide, and 0 beside them.

In the hole its levels say how sure an edge is:

- 1: a line that the user drew;
- above `EDGE_THRESHOLD`: a line that was found, one pixel wide (`lines.draw_lines` says what the level means);
- up to `EDGE_THRESHOLD`: half of G1's probability of an edge, where no line was found.

The paper's own edge map, which the authors' checkpoints and `--plain` use, has G1's output itself in the hole.
"""

import numpy as np
from numpy.typing import NDArray

EDGE_THRESHOLD = 0.5  # an edge this sure is a line that no colour crosses
_SOFTEST = 0.4999  # just below the threshold, with the steps of a 16-bit file to spare

SIGMA = 2.0  # the paper's, section 5.1; the authors' and our own checkpoints were trained with it

_LUMA = np.array([0.2125, 0.7154, 0.0721], np.float32)  # ITU-R BT.709, as scikit-image's rgb2gray


def to_gray(image: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Return I_gray, … in [0, 1], of RGB values, …×3 uint8 or float32 in [0, 1]."""
    scaled = image.astype(np.float32)
    if image.dtype == np.uint8:
        scaled /= np.float32(255)
    return (scaled @ _LUMA).astype(np.float32, copy=False)


def canny(gray: NDArray[np.float32], hole: NDArray[np.bool_] | None = None, sigma: float = SIGMA) -> NDArray[np.bool_]:
    """Return C_gt: Canny's edges of what is known, H×W.

    The hole is excluded by scikit-image's `mask=`, so that its border is not an edge.

    Args:
        gray: I_gray, H×W in [0, 1].
        hole: True = missing, H×W; None for a photo without a hole.
        sigma: standard deviation of the Gaussian, in pixels.
    """
    from skimage import feature  # noqa: PLC0415 - half a second that `--help` must not pay

    edges: NDArray[np.bool_] = feature.canny(gray, sigma=sigma, mask=None if hole is None else ~hole)
    return edges


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
