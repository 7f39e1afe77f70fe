"""Full-reference measures of a filled picture: those of the paper's Table 1, and PSNR inside the hole.

The paper's are those of the authors' published script: on grey pictures (`edges.to_gray`), over the whole merged
picture, known pixels included. Known pixels raise every method's figures and grey hides errors of colour, so
PSNR inside the hole, in RGB, is given too.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio

from inpaint_cli.imaging.edges import to_gray
from inpaint_cli.imaging.similarity import ssim

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Scores:
    """The measures of one picture.

    Attributes:
        l1: relative l1 in percent, 100 Σ|a − b| / Σ(a + b), grey; 0 is perfect.
        ssim: structural similarity (`imaging.similarity`), grey; 1 is perfect.
        psnr: peak signal-to-noise ratio in dB, grey, of the whole picture; infinite for equal pictures.
        psnr_hole: the same of the missing pixels alone, in RGB.
    """

    l1: float
    ssim: float
    psnr: float
    psnr_hole: float


def compare(truth: Picture, picture: Picture, hole: Mask) -> Scores:
    """Return the measures of a filled picture.

    Args:
        truth: the photo as it was, RGB, H×W×3 uint8, at least 11 pixels on each side.
        picture: the photo with its hole filled, the same shape.
        hole: True = was missing, H×W; not empty.
    """
    a, b = to_gray(truth).astype(np.float64), to_gray(picture).astype(np.float64)
    difference = np.abs(a - b).sum()
    with np.errstate(divide="ignore"):  # equal pictures have an infinite ratio
        psnr = peak_signal_noise_ratio(a, b, data_range=1.0)
        psnr_hole = peak_signal_noise_ratio(truth[hole], picture[hole], data_range=255)
    return Scores(
        l1=float(100 * difference / (a + b).sum()) if difference else 0.0,
        ssim=ssim(truth, picture),
        psnr=float(psnr),
        psnr_hole=float(psnr_hole),
    )
