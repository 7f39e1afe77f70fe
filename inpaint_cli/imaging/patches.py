"""A hole filled with patches of the rest (Wexler et al. 2007), found from coarse to fine.

Patches are looked up in few numbers (`patch_descriptors`, `patch_search`) and painted in turn (`patch_votes`), at each
scale of the window (`patch_pyramid`), the coarsest first (`patch_start`). As blur is near to everything, a patch is
compared by its texture as well: the mean gradient around it, which the hole takes over with the colours (Newson et al.
2014).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.edges import to_gray
from inpaint_cli.imaging.patch_descriptors import Descriptors
from inpaint_cli.imaging.patch_pyramid import RADIUS, SIDE, Places, Scale, scales
from inpaint_cli.imaging.patch_search import PatchSearch
from inpaint_cli.imaging.patch_start import first_matches
from inpaint_cli.imaging.patch_votes import Votes, with_grain, without_seam
from inpaint_cli.imaging.windows import bounding_box

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

_ROUNDS = (2, 4, 8)  # of search and painting, from the window's own scale to the coarser ones


def copy_patches(
    photo: Floats, hole: Mask, sources: Mask, seed: int, *, guide: Floats | None = None, weight: float = 0.0
) -> tuple[Floats, Integers]:
    """Return the photo with its hole filled by patches of the rest, in [0, 1], H×W×3, and what was copied, H×W×2.

    That is the pixel (row, column) in the middle of the patch for each pixel of the hole and three around it, and the
    pixel itself elsewhere.

    Args:
        photo: RGB in [0, 1], H×W×3.
        hole: True = missing, H×W.
        sources: True = known and may be copied, H×W, at least one whole patch. Other pixels have no influence and stay
            as they are.
        seed: of the random search; the same seed gives the same picture.
        guide: colours that are compared along with the patches, in [0, 1], H×W×3.
        weight: of their differences against the patches'.
    """
    box = bounding_box(hole | sources).expanded(SIDE, (hole.shape[0], hole.shape[1]))
    here = box.slices
    near, missing, known = photo[here], hole[here], sources[here]
    picture = np.dstack([near, _texture(near, missing, known)])
    scale = Scale.of(picture, None if guide is None else guide[here], known, missing)
    fill, copied = _fill(scale, weight, np.random.default_rng(seed))
    filled, origins = photo.copy(), np.moveaxis(np.indices(hole.shape), 0, -1)
    filled[here] = np.where(missing[..., None], fill, near)
    origins[here] = copied + np.array([box.top, box.left])
    return filled, origins


def _fill(scale: Scale, weight: float, random: np.random.Generator) -> tuple[Floats, Integers]:
    """Return a scale filled, RGB in [0, 1], h×w×3, and what was copied, h×w×2."""
    fill, matches = _searched(scales(scale), weight, random)
    fill = with_grain(fill[..., :3], scale, matches)
    fill = np.clip(without_seam(fill, scale, matches), 0, 1)
    origins = np.arange(scale.copied.size)
    origins[scale.targets] = matches
    pairs = np.stack(np.divmod(origins.reshape(scale.shape), scale.shape[1]), axis=-1) - RADIUS
    inner = np.s_[RADIUS:-RADIUS, RADIUS:-RADIUS]
    return fill[inner], pairs[inner]


def _searched(levels: list[Scale], weight: float, random: np.random.Generator) -> tuple[Floats, Places]:
    """Return the fill of the first of some scales, with the mirrored border, and the matches that it is painted of."""
    coarse, matches = None, np.empty(0, np.intp)
    for level, scale in reversed(list(enumerate(levels))):
        photo = scale.mirrored(scale.picture)
        descriptors = Descriptors.of(scale, weight, random)
        search = PatchSearch(scale, descriptors.everywhere(photo), random, near=coarse is not None)
        votes = Votes(scale, scale.painted)
        matches = first_matches(scale, random) if coarse is None else search.enlarged(coarse, matches)
        fill = _painted(scale, photo, votes, matches)
        for _ in range(_ROUNDS[min(level, len(_ROUNDS) - 1)]):
            matches = search.improved(matches, descriptors.at(fill, scale.targets))
            fill = _painted(scale, photo, votes, matches)
        coarse = search
    return fill, matches


def _painted(scale: Scale, photo: Floats, votes: Votes, matches: Places) -> Floats:
    """Return a scale as the patches paint it, with the mirrored border."""
    painted = photo.copy()
    painted.reshape(-1, photo.shape[2])[scale.painted] = votes.of(matches, photo)
    return scale.mirrored(painted[RADIUS:-RADIUS, RADIUS:-RADIUS])


def _texture(photo: Floats, hole: Mask, sources: Mask) -> Floats:
    """Return the mean gradient around each pixel, H×W, over as many pixels as one of the coarsest scale has."""
    gray = to_gray(photo)
    total, count = np.zeros_like(gray), np.zeros_like(gray)
    for ahead, behind in ((np.s_[1:, :], np.s_[:-1, :]), (np.s_[:, 1:], np.s_[:, :-1])):
        both = sources[ahead] & sources[behind]
        total[ahead] += np.where(both, np.abs(gray[ahead] - gray[behind]), 0)
        count[ahead] += both
    reach = int(np.ceil(distance_to(~hole).max() / SIDE))
    size = (2 * reach + 1,) * 2
    return np.asarray(cv2.blur(total, size) / np.maximum(cv2.blur(count, size), 1e-6), np.float32)
