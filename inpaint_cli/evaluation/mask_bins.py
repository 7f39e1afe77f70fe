"""The holes of Table 1: four bins of irregular masks by their share of the picture, and a fixed block in the centre."""

import logging
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.errors import PhotoError, UsageError
from inpaint_cli.evaluation.photos import find
from inpaint_cli.imaging.random_masks import TOLERANCE, irregular
from inpaint_cli.imaging.windows import central_square
from inpaint_cli.io.masks import rescaled
from inpaint_cli.io.reading import load_mask

Mask = NDArray[np.bool_]

BINS = {"10-20": (0.1, 0.2), "20-30": (0.2, 0.3), "30-40": (0.3, 0.4), "40-50": (0.4, 0.5)}
FIXED = "fixed"

_log = logging.getLogger(__name__)


def bin_of(ratio: float) -> str | None:
    """Return the bin that a hole's share of the picture falls into (lower end included), None outside 10 to 50 %."""
    return next((label for label, (low, high) in BINS.items() if low <= ratio < high), None)


def read_hole(path: Path, size: int) -> Mask:
    """Return a mask's central square at size×size, True = missing: what is white in it.

    Raises:
        PhotoError: it can't be read.
    """
    mask = load_mask(path)
    return rescaled(mask[central_square(mask.shape).slices], (size, size))


def sort_masks(folder: Path, size: int) -> dict[str, list[Path]]:
    """Return the masks in a folder and below by the bin that their own ratio falls into.

    Masks that can't be read or are in no bin are left out, with a warning.

    Raises:
        UsageError: no mask is in a bin.
    """
    by_bin: dict[str, list[Path]] = {label: [] for label in BINS}
    outside = 0
    names = find(folder)
    for name in names:
        try:
            label = bin_of(float(read_hole(folder / name, size).mean()))
        except PhotoError as error:
            _log.warning("%s; the mask is left out", error)
            continue
        if label is None:
            outside += 1
        else:
            by_bin[label].append(folder / name)
    if not any(by_bin.values()):
        raise UsageError(
            f"{folder}: none of its {len(names)} pictures is a mask with 10 to 50 % white, which is missing"
        )
    if outside:
        _log.warning("%s: %d of %d masks have less than 10 or more than 50 %% missing", folder, outside, len(names))
    return by_bin


@dataclass(frozen=True)
class Holes:
    """The holes of the photos: the same one for the same photo and bin.

    Attributes:
        size: side of the square pictures in pixels.
        seed: of the irregular masks and of the choice among a folder's.
        folder: the masks of a folder by bin, as `sort_masks` returns them; None makes irregular ones.
    """

    size: int
    seed: int
    folder: dict[str, list[Path]] | None = None

    @property
    def labels(self) -> list[str]:
        """The bins that there are holes for, and the fixed block."""
        return [label for label in BINS if self.folder is None or self.folder[label]] + [FIXED]

    def hole(self, label: str, photo: str) -> Mask:
        """Return a hole, size×size, True = missing.

        Args:
            label: one of `labels`.
            photo: the photo's name. The hole depends on it, the label and the seed alone, so that adding
                photos to a folder does not change the others' holes.
        """
        if label == FIXED:
            hole = np.zeros((self.size, self.size), bool)
            quarter = self.size // 4
            hole[quarter : quarter + self.size // 2, quarter : quarter + self.size // 2] = True
            return hole
        rng = np.random.default_rng([self.seed, crc32(photo.encode()), crc32(label.encode())])
        if self.folder is not None:
            paths = self.folder[label]
            return read_hole(paths[rng.integers(len(paths))], self.size)
        low, high = BINS[label]
        return irregular((self.size, self.size), rng.uniform(low + TOLERANCE, high - TOLERANCE), rng)
