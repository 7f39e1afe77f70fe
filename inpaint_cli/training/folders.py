"""The folders of training photos and masks. Unusable files are skipped with a warning."""

import logging
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from inpaint_cli.errors import MaskError, PhotoError, TrainingError
from inpaint_cli.io.masks import rescaled
from inpaint_cli.io.reading import load_draft, load_mask, pictures_below

log = logging.getLogger(__name__)

_TRIES = 1000  # attempts in a row that may find unusable files

Rgb = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def find_pictures(folder: Path) -> list[Path]:
    """Return the pictures in a folder and below, sorted.

    Raises:
        TrainingError: there is none.
    """
    paths = pictures_below(folder)
    if not paths:
        raise TrainingError(f"{folder}: no pictures found")
    return paths


def read_reduced(path: Path, short_side: int) -> Rgb | None:
    """Return a photo upright, H×W×3, reduced so that its shorter side is at most `short_side`.

    None, and a warning, if it can't be read.
    """
    try:
        pixels = load_draft(path, 2 * short_side)
    except PhotoError as error:
        log.warning("skipped: %s", error)
        return None
    scale = short_side / min(pixels.shape[:2])
    if scale >= 1:
        return pixels
    height, width = (max(short_side, round(side * scale)) for side in pixels.shape[:2])
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def none_readable(folder: Path, number: int) -> TrainingError:
    """Return the error for a folder whose pictures, so many, are all unreadable."""
    return TrainingError(f"{folder}: none of its {number} pictures can be read")


class Photos:
    """A folder of photos, decoded once into memory as far as the cache reaches.

    Raises:
        TrainingError: there is none that can be read.
    """

    def __init__(self, folder: Path, short_side: int, cache_megabytes: int = 0) -> None:
        self.paths = find_pictures(folder)
        self.short_side = short_side
        self.cache: dict[int, Rgb] = {}
        self.broken: set[int] = set()
        room = cache_megabytes * 2**20
        for index in range(len(self.paths)):
            if (photo := self._read(index)) is None:
                continue
            if room <= 0:
                break
            self.cache[index] = photo
            room -= photo.nbytes
        if len(self.broken) == len(self.paths):
            raise none_readable(folder, len(self.paths))

    def _read(self, index: int) -> Rgb | None:
        photo = read_reduced(self.paths[index], self.short_side)
        if photo is None:
            self.broken.add(index)
        return photo

    def pick(self, rng: Generator) -> tuple[Rgb, frozenset[int]]:
        """Return a photo and the numbers of the broken ones that were drawn before it."""
        broken: set[int] = set()
        for _ in range(_TRIES):
            index = int(rng.integers(len(self.paths)))
            photo = self.cache.get(index)
            if photo is None and index not in self.broken:
                photo = self._read(index)
            if photo is not None:
                return photo, frozenset(broken)
            broken.add(index)
        raise TrainingError(f"{self.paths[0].parent}: hardly any picture can be read")


class Masks:
    """A folder of mask files, white = missing.

    Raises:
        TrainingError: there is none that can be used.
    """

    def __init__(self, folder: Path) -> None:
        self.paths = find_pictures(folder)
        self.useless: set[int] = set()
        shape = (1024, 1024)
        if all(self._read(index, shape) is None for index in range(len(self.paths))):  # up to the first good one
            raise TrainingError(f"{folder}: none of its {len(self.paths)} pictures can be used as a mask")

    def _read(self, index: int, shape: tuple[int, int]) -> Mask | None:
        try:
            return _read_hole(self.paths[index], shape)
        except (PhotoError, MaskError) as error:
            self.useless.add(index)
            log.warning("skipped: %s", error)
            return None

    def pick(self, shape: tuple[int, int], rng: Generator) -> Mask:
        """Return a hole of a shape (H, W), True = missing, resized from its file and perhaps mirrored."""
        for _ in range(_TRIES):
            index = int(rng.integers(len(self.paths)))
            hole = None if index in self.useless else self._read(index, shape)
            if hole is not None:
                return hole[:, ::-1] if rng.random() < 0.5 else hole
        raise TrainingError(f"{self.paths[0].parent}: hardly any mask can be used")


def _read_hole(path: Path, shape: tuple[int, int]) -> Mask:
    """Return the mask in a file at another shape.

    Raises:
        PhotoError: it can't be read.
        MaskError: nothing is missing, or everything; losses are means over the hole, and fills come from around it.
    """
    hole = rescaled(load_mask(path), shape)
    if not hole.any():
        raise MaskError(f"{path}: this mask is empty; white marks what is missing")
    if hole.all():
        raise MaskError(f"{path}: this mask covers the whole picture; white marks what is missing")
    return hole
