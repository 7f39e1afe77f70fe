"""The first matches of a hole's patches: by what is known of each, from the rim inwards (Criminisi et al. 2004)."""

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.patch_pyramid import Places, Scale
from inpaint_cli.imaging.patch_votes import trust

Floats = NDArray[np.float32]

_LAYER = 2.0  # pixels from the rim that are filled at once
_PAIRS = 8_000_000  # of patches that are compared; where there are more, some of those that may be copied are drawn
_MOST = 20_000  # patches that may be copied and are compared, whose memory that is


def first_matches(scale: Scale, random: np.random.Generator) -> Places:
    """Return where the patch of each target of a scale may be copied from, N.

    Args:
        scale: at least one of its patches may be copied.
        random: draws what is compared, and the matches of patches of which nothing is known.
    """
    copies = np.flatnonzero(scale.copied)
    few = min(_MOST, max(1, _PAIRS // len(scale.targets)))
    if few < len(copies):
        copies = np.sort(random.choice(copies, few, replace=False))
    picture = np.ascontiguousarray(scale.mirrored(scale.picture)[..., :3])
    known = scale.seen.astype(np.float32)[..., None]
    votes = np.zeros((*scale.shape, 4), np.float32)  # sums of colours, and how much they count
    patches = _pixels(scale, picture, copies)
    compared = np.concatenate([np.square(patches).sum(axis=2), -2 * patches.reshape(len(copies), -1)], axis=1).T
    depths = scale.depth.ravel()[scale.targets]
    matches = np.full(len(depths), -1, np.intp)
    reach = 0.0
    while (matches < 0).any():
        reach += _LAYER
        layer = np.flatnonzero((matches < 0) & (depths <= reach))
        targets = scale.targets[layer]
        seen = _pixels(scale, known, targets)
        wanted = seen * _pixels(scale, picture, targets)
        found = (np.concatenate([seen[..., 0], wanted.reshape(len(layer), -1)], axis=1) @ compared).argmin(axis=1)
        unknown = ~seen.any(axis=(1, 2))
        found[unknown] = random.integers(len(copies), size=unknown.sum())
        matches[layer] = copies[found]
        _vote(scale, votes, targets, patches[found], trust(depths[layer]))
        filled = (known[..., 0] == 0) & (votes[..., 3] > 0) & (scale.depth <= reach)
        picture[filled] = votes[filled, :3] / votes[filled, 3:]
        known[filled] = 1
    return matches


def _pixels(scale: Scale, picture: Floats, places: Places) -> Floats:
    """Return the patches around flat places of a picture, h×w×C with the mirrored border: N×side²×C."""
    return picture.reshape(-1, picture.shape[2]).take(places[:, None] + scale.offsets, axis=0)


def _vote(scale: Scale, votes: Floats, targets: Places, patches: Floats, counts: Floats) -> None:
    """Add patches, N×side²×3, that count for more or less, N, to the votes around N distinct targets, h×w×4."""
    flat = votes.reshape(-1, 4)
    weighted = np.concatenate([patches, np.ones_like(patches[..., :1])], axis=2) * counts[:, None, None]
    for k, offset in enumerate(scale.offsets):
        flat[targets + offset] += weighted[:, k]
