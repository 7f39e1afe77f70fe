"""PatchMatch (Barnes et al. 2009, after Wexler et al. 2007) by PyPatchMatch: the one place that calls it."""

import threading
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.errors import InpaintError

RADIUS = 3  # 7×7 patches, those of Barnes et al.


def copy_patches(
    image: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    seed: int,
    *,
    sources: NDArray[np.bool_] | None = None,
    guide: NDArray[np.float32] | None = None,
    weight: float = 0.0,
) -> NDArray[np.uint8]:
    """Return the image with its hole filled by patches of the rest, H×W×3 uint8.

    Args:
        image: RGB, H×W×3 uint8.
        hole: True = missing, H×W.
        seed: of the random search; the same seed gives the same picture.
        sources: True = may be copied, H×W; None: all that is known. What is neither a source nor missing has no
            influence at all and stays as it is.
        guide: what is compared along with the patches, H×W×3; its third channel goes unused.
        weight: of the guide's differences against the patches'.

    Raises:
        InpaintError: PyPatchMatch has no native library on this machine.
    """
    import patchmatch  # noqa: PLC0415 - its library is loaded only where patches are copied

    if not patchmatch.patchmatch_available:
        raise InpaintError("PyPatchMatch's native library can't be loaded: pip install --force-reinstall pypatchmatch")
    mask, excluded = hole, None
    if sources is not None and not (sources | hole).all():
        # Globally masked pixels are neither filled nor copied, but the coarser levels average over them unless they
        # are missing too.
        excluded = ~(sources | hole)
        mask = hole | excluded
    with _turns(max(1, cv2.getNumThreads())):
        # One seed for the whole process, read when a call begins: threads with the same seed do not disturb each other.
        patchmatch.set_random_seed(seed)
        if guide is None:
            return patchmatch.inpaint(image, mask, global_mask=excluded, patch_size=RADIUS)
        return patchmatch.inpaint_regularity(
            image, mask, guide, global_mask=excluded, patch_size=RADIUS, guide_weight=weight
        )


@cache
def _turns(threads: int) -> threading.Semaphore:
    """Return what lets so many searches of this process compute at once: each takes a thread and much memory."""
    return threading.Semaphore(threads)
