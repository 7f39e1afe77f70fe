"""Photos and holes for training: sample number i is the same picture in every run with the same seed.

Nothing random is kept between samples, each draws from a generator of its own. So a run resumes where it was however
it ended, and with any number of worker processes.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from inpaint_cli.errors import PhotoError, TrainingError
from inpaint_cli.imaging import edges, random_masks
from inpaint_cli.imaging.diffusion import diffuse
from inpaint_cli.imaging.files import load_image, load_mask, pictures_below
from inpaint_cli.training.options import TrainOptions

log = logging.getLogger(__name__)

LARGEST_RATIO = 0.6  # of hole to picture; drawn evenly from 0 on
ZOOM = 3  # photos are kept at this many times the crop's side, so the largest crop shows so many times the smallest

Rgb = NDArray[np.uint8]


@dataclass
class Batch:
    """N samples on one device, all float32.

    Attributes:
        image: I in [0, 1], N×3×H×W.
        gray: I_gray in [0, 1], N×1×H×W.
        mask: M in {0, 1}, N×1×H×W.
        true_edges: Canny of the whole picture, N×1×H×W.
        known_edges: Canny with the hole excluded, as it is all that inference has; 0 in the hole.
        lines: which lines G2 gets in the hole, N×1×1×1: 0 none, 1 the true ones, 2 those of G1.
        filling: I with the hole filled by diffusion along those lines, N×3×H×W; where they are G1's, or the model's
            hole is white, zeros.
        broken: numbers of the photos that were drawn for it, could not be read, and were replaced by others.
    """

    image: Tensor
    gray: Tensor
    mask: Tensor
    true_edges: Tensor
    known_edges: Tensor
    lines: Tensor
    filling: Tensor
    broken: frozenset[int]

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        tensors = {k: v.to(device) for k, v in vars(self).items() if isinstance(v, Tensor)}
        return Batch(**tensors, broken=self.broken)


NO_LINES, TRUE_LINES, G1_LINES = range(3)


def find_pictures(folder: Path) -> list[Path]:
    """Return the pictures in a folder and below, sorted.

    Raises:
        TrainingError: there is none.
    """
    paths = pictures_below(folder)
    if not paths:
        raise TrainingError(f"{folder}: no pictures found")
    return paths


def read_reduced(path: Path, short_side: int) -> Rgb:
    """Return a photo upright, H×W×3, reduced so that its shorter side is at most `short_side`.

    Raises:
        PhotoError: it can't be read.
    """
    pixels = _draft(path, 2 * short_side) if path.suffix.lower() in {".jpg", ".jpeg"} else load_image(path)
    scale = short_side / min(pixels.shape[:2])
    if scale >= 1:
        return pixels
    height, width = (max(short_side, round(side * scale)) for side in pixels.shape[:2])
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def _draft(path: Path, side: int) -> Rgb:
    """Return a JPEG decoded at the fraction of its size that still has `side`, which is several times as fast."""
    try:
        with Image.open(path) as file:
            file.draft("RGB", (side, side))
            return np.asarray(ImageOps.exif_transpose(file).convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # what Pillow raises for damage
        raise PhotoError(f"{path}: can't be read ({error})") from error


class Photos:
    """A folder of photos, decoded once into memory as far as the cache reaches."""

    def __init__(self, folder: Path, short_side: int, cache_megabytes: int = 0) -> None:
        self.paths = find_pictures(folder)
        self.short_side = short_side
        self.cache: dict[int, Rgb] = {}
        self.broken: set[int] = set()
        room = cache_megabytes * 2**20
        for index in range(len(self.paths)):
            if room <= 0:
                break
            if (photo := self._read(index)) is not None:
                self.cache[index] = photo
                room -= photo.nbytes
        if len(self.broken) == len(self.paths):
            raise TrainingError(f"{folder}: none of its {len(self.paths)} pictures can be read")

    def _read(self, index: int) -> Rgb | None:
        try:
            return read_reduced(self.paths[index], self.short_side)
        except PhotoError as error:
            self.broken.add(index)
            log.warning("skipped: %s", error)
            return None

    def pick(self, rng: Generator) -> tuple[Rgb, frozenset[int]]:
        """Return a photo and the numbers of the broken ones that were drawn before it."""
        broken: set[int] = set()
        for _ in range(1000):
            index = int(rng.integers(len(self.paths)))
            photo = self.cache.get(index)
            if photo is None and index not in self.broken:
                photo = self._read(index)
            if photo is not None:
                return photo, frozenset(broken)
            broken.add(index)
        raise TrainingError(f"{self.paths[0].parent}: hardly any picture can be read")


class Samples(Dataset[Batch]):
    """All the samples of a run, by number; each is a batch of one."""

    def __init__(self, options: TrainOptions) -> None:
        self.options = options
        self.photos = Photos(options.data, ZOOM * options.size, options.cache)
        self.masks = find_pictures(options.masks) if options.masks else []

    def __getitem__(self, number: int) -> Batch:
        """Return sample `number`."""
        options, size = self.options, self.options.size
        rng = np.random.default_rng((options.seed, number))
        photo, broken = self.photos.pick(rng)
        image = crop(photo, size, rng)
        hole = self._hole(rng)
        kind = int(rng.choice(3, p=line_shares(options)))
        return make_batch(image, hole, kind, diffusion=options.diffuses, broken=broken)

    def _hole(self, rng: Generator) -> NDArray[np.bool_]:
        shape = (self.options.size, self.options.size)
        if self.masks:
            return _mask_from_file(self.masks[rng.integers(len(self.masks))], shape, rng)
        return random_hole(shape, rng)


def line_shares(options: TrainOptions) -> tuple[float, float, float]:
    """Return how often G2 gets no lines, the true ones, and G1's."""
    if not options.trains_g2:
        return 0.0, 0.0, 1.0
    if options.has_g1:
        return options.blank_share, options.canny_share, 1 - options.blank_share - options.canny_share
    return options.blank_share, 1 - options.blank_share, 0.0


def crop(photo: Rgb, size: int, rng: Generator) -> Rgb:
    """Return a random square of a photo, size×size×3: any scale from the photo's own to all of its shorter side."""
    height, width = photo.shape[:2]
    short = min(height, width)
    extent = short if short <= size else round(size * (short / size) ** rng.random())
    top, left = rng.integers(height - extent + 1), rng.integers(width - extent + 1)
    square = photo[top : top + extent, left : left + extent]
    if rng.random() < 0.5:
        square = square[:, ::-1]
    method = cv2.INTER_AREA if extent >= size else cv2.INTER_CUBIC
    return cv2.resize(square, (size, size), interpolation=method).astype(np.uint8)


def random_hole(shape: tuple[int, int], rng: Generator) -> NDArray[np.bool_]:
    """Return a hole made on the fly: mostly strokes, some boxes, now and then half of the picture."""
    ratio = rng.uniform(0, LARGEST_RATIO)
    kind = rng.random()
    if kind < 0.7:
        return random_masks.irregular(shape, ratio, rng)
    return random_masks.boxes(shape, ratio, rng) if kind < 0.95 else random_masks.half(shape, rng)


def _mask_from_file(path: Path, shape: tuple[int, int], rng: Generator) -> NDArray[np.bool_]:
    mask = load_mask(path)
    if rng.random() < 0.5:
        mask = mask[:, ::-1]
    hole = cv2.resize(mask.astype(np.uint8), shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    if hole.all():
        raise TrainingError(f"{path}: this mask covers the whole picture; remove it from the folder of masks")
    return hole


def make_batch(
    image: Rgb, hole: NDArray[np.bool_], kind: int, *, diffusion: bool, broken: frozenset[int] = frozenset()
) -> Batch:
    """Return the batch of one sample.

    Args:
        image: RGB, H×W×3.
        hole: True = missing, H×W.
        kind: which lines G2 gets in the hole: NO_LINES, TRUE_LINES or G1_LINES.
        diffusion: whether G2's hole is filled by diffusion.
        broken: see `Batch`.
    """
    gray = edges.to_gray(image)
    true, known = edges.canny(gray), edges.canny(gray, hole) & ~hole
    scaled = image.astype(np.float32) / np.float32(255)
    filling = np.zeros_like(scaled)
    if diffusion and kind != G1_LINES:
        filling = diffuse(scaled, hole, np.where(hole, true, known) if kind == TRUE_LINES else known)
    return Batch(
        image=_tensor(scaled),
        gray=_tensor(gray),
        mask=_tensor(hole),
        true_edges=_tensor(true),
        known_edges=_tensor(known),
        lines=torch.full((1, 1, 1, 1), kind),
        filling=_tensor(filling),
        broken=broken,
    )


def _tensor(array: NDArray[np.generic]) -> Tensor:
    planes = array[None] if array.ndim == 2 else np.moveaxis(array, 2, 0)
    return torch.from_numpy(np.ascontiguousarray(planes, dtype=np.float32))[None]


def collate(samples: list[Batch]) -> Batch:
    """Join batches into one."""
    names = [name for name, value in vars(samples[0]).items() if isinstance(value, Tensor)]
    tensors = {name: torch.cat([getattr(sample, name) for sample in samples]) for name in names}
    return Batch(**tensors, broken=frozenset().union(*(sample.broken for sample in samples)))


def batches(options: TrainOptions, start: int, seen: int, rank: int = 0, processes: int = 1) -> Iterator[Batch]:
    """Yield the batches from step `start` on, those of one process of several.

    Args:
        options: the run's.
        start: number of steps already done.
        seen: number of samples that these took, all processes together.
        rank: this process's number.
        processes: how many processes share each step; every one takes `options.batch` samples.
    """
    firsts = [seen + (step * processes + rank) * options.batch for step in range(options.steps - start)]
    yield from DataLoader(
        Samples(options),
        batch_sampler=[list(range(first, first + options.batch)) for first in firsts],
        num_workers=options.workers,
        collate_fn=collate,
        prefetch_factor=4 if options.workers else None,
    )
