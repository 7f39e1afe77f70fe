"""The last stage: the hole at full resolution in patches of the photo itself, as far as the painting is to be trusted.

PatchMatch (Barnes et al. 2009, by PyPatchMatch) copies; the painting says where to. A window whose hole is too large
for it is filled on a grid some whole factor coarser, and the octaves that this leaves out are copied from where its
patches came from: they are the same pixels, only all of them.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Image = NDArray[np.uint8]

_PATCH_RADIUS = 3  # 7×7 patches
_LARGEST = 240  # extent of a hole, in pixels, that PatchMatch fills in about a second
_TILE = 8  # side of the pieces that a coarse fill is traced back by, in its pixels
_SEED = 1212


def texture(photo: Image, hole: Mask, painting: Floats | None, guide: float, *, sure: bool) -> Floats:
    """Return the window filled with the photo's own texture, RGB in [0, 1], h×w×3 float32.

    Args:
        photo: RGB, h×w×3; what stands in the hole has no influence.
        hole: True = missing, h×w.
        painting: what the hole should look like, RGB in [0, 1], h×w×3.
        guide: weight of the painting's colours against the patches' likeness; 0 leaves the choice to the patches.
        sure: the painting's lines are right: it gives the structure, and the patches no more than its grain.
    """
    if not hole.any():
        return photo.astype(np.float32) / np.float32(255)
    fill = _fill(photo, hole, painting, guide).astype(np.float32) / np.float32(255)
    if sure and painting is not None:
        grained = painting + fill - cv2.bilateralFilter(fill, 9, 0.1, 3)
        fill[hole] = np.clip(grained[hole], 0, 1)
    return fill


def _fill(photo: Image, hole: Mask, painting: Floats | None, guide: float) -> Image:
    import patchmatch  # noqa: PLC0415

    patchmatch.set_random_seed(_SEED)
    if painting is None or guide == 0:
        return patchmatch.inpaint(photo, hole, patch_size=_PATCH_RADIUS)
    return patchmatch.inpaint_regularity(photo, hole, _guide(painting), patch_size=_PATCH_RADIUS, guide_weight=guide)


def _guide(painting: Floats) -> Floats:
    """Two channels to compare: lightness and the stronger contrast of colours. PyPatchMatch wraps differences above ½."""
    lab = cv2.cvtColor(np.clip(painting, 0, 1).astype(np.float32), cv2.COLOR_RGB2LAB)
    return np.stack([lab[..., 0] / 200, (lab[..., 2] + 128) / 512, np.zeros_like(lab[..., 0])], -1)
