"""Structural similarity (Wang et al. 2004), one definition for evaluation, training and benchmarks."""

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.edges import to_gray

Picture = NDArray[np.uint8] | NDArray[np.float32]


def ssim_map(a: Picture, b: Picture) -> NDArray[np.float64]:
    """Return the structural similarity of two pictures around each pixel, H×W, 1 where they are equal.

    On grey pictures, data range 1, Gaussian window of 11×11 with σ = 1.5, population covariance: Wang et al.'s values.

    Args:
        a: RGB, H×W×3, uint8 or in [0, 1], at least 11 pixels on each side.
        b: the same shape.
    """
    from skimage.metrics import structural_similarity  # noqa: PLC0415 - slow to import

    gray = (to_gray(picture).astype(np.float64) for picture in (a, b))
    _, similarity = structural_similarity(
        *gray, data_range=1.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    return np.asarray(similarity, np.float64)


def ssim(a: Picture, b: Picture) -> float:
    """Return the mean structural similarity of two pictures, without the border that has no whole window."""
    border = 5
    return float(ssim_map(a, b)[border:-border, border:-border].mean())
