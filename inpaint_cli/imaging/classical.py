"""Classical fills without networks or weights, by other people's code: two spread colours, one copies patches."""

import threading
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.errors import InpaintError
from inpaint_cli.options import Method

_RADIUS = 3  # pixels around each missing one that OpenCV's fills use; the value of its examples
_PATCH_RADIUS = 3  # 7×7 patches, those of Barnes et al.

_OPENCV_FLAGS = {Method.TELEA: cv2.INPAINT_TELEA, Method.NAVIER_STOKES: cv2.INPAINT_NS}


def fill(
    image: NDArray[np.uint8],
    hole: NDArray[np.bool_],
    method: Method,
    seed: int = 0,
    excluded: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Return the image with its hole filled, H×W×3 uint8; known pixels keep their values.

    The cost grows with the whole array: pass a window around the hole, not the photo.

    Args:
        image: RGB, H×W×3 uint8; its values in the hole are ignored.
        hole: True = missing, H×W. At least one pixel must be known.
        method: `telea` (Telea 2004) and `navier-stokes` (Bertalmio et al. 2001) by OpenCV, `patchmatch`
            (Barnes et al. 2009, after Wexler et al. 2007) by PyPatchMatch.
        seed: of PatchMatch's random search; the same seed gives the same picture.
        excluded: True = PatchMatch must not copy it, H×W; None: it may copy all that is known.

    Raises:
        InpaintError: PyPatchMatch has no native library on this machine.
        ValueError: the method is not one of the three.
    """
    if not hole.any():
        return image.copy()
    known = np.where(hole[..., None], np.uint8(0), image)  # in pictures of a few pixels OpenCV reads the hole
    if method == Method.PATCHMATCH:
        filled = _copy_patches(known, hole, seed, excluded)
    elif method in _OPENCV_FLAGS:
        filled = cv2.inpaint(known, hole.astype(np.uint8), _RADIUS, _OPENCV_FLAGS[method]).astype(np.uint8, copy=False)
    else:
        raise ValueError(f"{method} is no classical fill")
    return np.where(hole[..., None], filled, image)


def _copy_patches(
    image: NDArray[np.uint8], hole: NDArray[np.bool_], seed: int, excluded: NDArray[np.bool_] | None
) -> NDArray[np.uint8]:
    import patchmatch  # noqa: PLC0415 - its library is loaded only where patches are copied

    if not patchmatch.patchmatch_available:
        raise InpaintError("PyPatchMatch's native library can't be loaded: pip install --force-reinstall pypatchmatch")
    mask, beyond = hole, None
    if excluded is not None and excluded.any():
        # Globally masked pixels are neither filled nor copied, but the coarser levels average over them unless they
        # are missing too.
        beyond = excluded & ~hole
        mask = hole | beyond
    with _turns(max(1, cv2.getNumThreads())):
        # One seed for the whole process, read when a call begins: threads with the same seed do not disturb each other.
        patchmatch.set_random_seed(seed)
        return patchmatch.inpaint(image, mask, global_mask=beyond, patch_size=_PATCH_RADIUS)


@cache
def _turns(threads: int) -> threading.Semaphore:
    """Return what lets so many searches of this process compute at once: each takes a thread and much memory."""
    return threading.Semaphore(threads)
