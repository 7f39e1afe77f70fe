"""What an edge map is: Canny's for the known part of a photo, one pixel wide, 1 on an edge and 0 elsewhere."""

import numpy as np
from numpy.typing import NDArray

EDGE_THRESHOLD = 0.5  # an edge this sure is a line that no colour crosses
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
