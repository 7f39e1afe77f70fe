"""Photos and holes for training: sample number i is the same picture in every run with the same seed.

Nothing random is kept between samples, each draws from a generator of its own. So a run resumes where it was however
it ended, and with any number of worker processes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from inpaint_cli.imaging import edges, random_masks
from inpaint_cli.imaging.harmonic import harmonic_fill
from inpaint_cli.training.folders import Masks, Photos, Rgb
from inpaint_cli.training.options import TrainOptions

LARGEST_RATIO = 0.6  # of hole to picture; drawn evenly from 0 on
ZOOM = 3  # photos are kept at this many times the crop's side, so the largest crop shows so many times the smallest


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
        filling: I with the hole filled harmonically along those lines, N×3×H×W; where they are G1's, or the model's
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


class Samples(Dataset[Batch]):
    """All the samples of a run, by number; each is a batch of one."""

    def __init__(self, options: TrainOptions) -> None:
        self.options = options
        self.photos = Photos(options.data, ZOOM * options.size, options.cache)
        self.masks = Masks(options.masks, (options.size, options.size)) if options.masks else None

    def __getitem__(self, number: int) -> Batch:
        """Return sample `number`."""
        options, size = self.options, self.options.size
        rng = np.random.default_rng((options.seed, number))
        photo, broken = self.photos.pick(rng)
        image = crop(photo, size, rng)
        hole = self.masks.pick(rng) if self.masks else random_hole((size, size), rng)
        kind = int(rng.choice(3, p=line_shares(options)))
        return make_batch(image, hole, kind, harmonic=options.needs_harmonic_fill, broken=broken)


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


def make_batch(
    image: Rgb, hole: NDArray[np.bool_], kind: int, *, harmonic: bool, broken: frozenset[int] = frozenset()
) -> Batch:
    """Return the batch of one sample.

    Args:
        image: RGB, H×W×3.
        hole: True = missing, H×W.
        kind: which lines G2 gets in the hole: NO_LINES, TRUE_LINES or G1_LINES.
        harmonic: whether G2's hole is filled harmonically.
        broken: see `Batch`.
    """
    gray = edges.to_gray(image)
    true, known = edges.canny(gray), edges.canny(gray, hole) & ~hole
    scaled = image.astype(np.float32) / np.float32(255)
    filling = np.zeros_like(scaled)
    if harmonic and kind != G1_LINES:
        filling = harmonic_fill(scaled, hole, np.where(hole, true, known) if kind == TRUE_LINES else known)
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
