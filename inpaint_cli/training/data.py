"""Photos and holes for training: a sample of a step is the same in every run with the same seed.

Each sample has a random generator of its own and depends on no other. So a run resumes where it stopped, however it
ended, and with any number of worker processes.
"""

import math
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from inpaint_cli.imaging import edges, random_masks
from inpaint_cli.imaging.fillings import fill_along
from inpaint_cli.training.folders import Masks, Photos, Rgb
from inpaint_cli.training.option_values import EdgeChannel, Recipe, Target
from inpaint_cli.training.run_options import TrainOptions
from inpaint_cli.training.shown_lines import Kind, ShownLines, channel_alone, exact_lines, soft_lines

PAPER_LARGEST = 0.6  # of hole to picture, with the paper's recipe; drawn evenly from 0 on
SMALLEST_HOLE, LARGEST_HOLE = 0.04, 0.5  # with the others; drawn evenly in its logarithm
# G2 learns to use its edge channel slowly. It learns much sooner if in most of the first samples the lines are in that
# channel alone (benchmarks/training.md).
ALONE_UNTIL, ALONE_SHARE = 0.3, 0.9  # of the run's steps; of the samples
SOURCES = 20  # steps whose samples are kept to be used again
ZOOM = 5  # photos are kept at this many times the crop's side, so the largest crop shows so many times the smallest

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass
class Batch:
    """N samples on one device, all float32.

    Attributes:
        image: I in [0, 1], N×3×H×W.
        gray: I_gray in [0, 1], N×1×H×W.
        mask: M in {0, 1}, N×1×H×W.
        true_edges: Canny of the whole picture, N×1×H×W.
        known_edges: Canny with the hole excluded, as at inference; 0 in the hole.
        kind: where the lines in the hole come from, N×1×1×1 (`Kind`).
        channel: what G2's edge channel shows in the hole, N×1×H×W in [0, 1]; 0 where the lines are G1's.
        filling: I with the hole filled harmonically, along its walls, N×3×H×W; where the lines are G1's, or the model's
            hole is white, zeros.
        target: what the squared error compares I_pred with, N×3×H×W (`Target`).
        broken: numbers of the photos that were drawn for it but could not be read, and were replaced.
    """

    image: Tensor
    gray: Tensor
    mask: Tensor
    true_edges: Tensor
    known_edges: Tensor
    kind: Tensor
    channel: Tensor
    filling: Tensor
    target: Tensor
    broken: frozenset[int]

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        tensors = {k: v.to(device) for k, v in vars(self).items() if isinstance(v, Tensor)}
        return Batch(**tensors, broken=self.broken)

    def __len__(self) -> int:
        return len(self.image)


class SampleId(NamedTuple):
    """A sample's identity: step, process, place in the batch; the side of its crop; which of its looks."""

    step: int
    rank: int
    place: int
    size: int
    look: int = 0


class Samples(Dataset[Batch]):
    """All the samples of a run; each is a batch of one."""

    def __init__(self, options: TrainOptions) -> None:
        self.options = options
        self.photos = Photos(options.data, ZOOM * options.largest, options.cache)
        self.masks = Masks(options.masks) if options.masks else None
        self._kept: dict[SampleId, Batch] = {}

    def __getitem__(self, sample: SampleId) -> Batch:
        """Return a sample."""
        if self.options.reuse == 1:
            return self._make(sample)
        upright = sample._replace(look=0)
        if upright not in self._kept:
            block = _block(self.options, sample.step)
            self._kept = {k: v for k, v in self._kept.items() if _block(self.options, k.step) == block}
            self._kept[upright] = self._make(upright)
        kept = self._kept[upright]
        return turned(kept, np.random.default_rng((self.options.seed, *sample))) if sample.look else kept

    def _make(self, sample: SampleId) -> Batch:
        """Return a sample as its photo stands."""
        options, size = self.options, sample.size
        rng = np.random.default_rng((options.seed, sample.step, sample.rank, sample.place, size))
        photo, broken = self.photos.pick(rng)
        image = crop(photo, size, rng).astype(np.float32) / np.float32(255)
        if options.recipe is not Recipe.PAPER:
            image = jitter(image, rng)
        shape = size, size
        hole = self.masks.pick(shape, rng) if self.masks else random_hole(shape, rng, options.recipe)
        true = edges.canny(edges.to_gray(image))
        lines = self._lines(sample.step, true, hole, rng)
        fills = options.trains_g2 and options.target is Target.LINES
        batch = make_batch(
            image,
            hole,
            true,
            lines,
            harmonic=options.needs_harmonic_fill,
            target=Target.LINES if fills else Target.PHOTO,
            broken=broken,
        )
        if fills and options.photo_share:
            batch.target = torch.lerp(batch.target, batch.image, options.photo_share)
        return batch

    def _lines(self, step: int, true: Mask, hole: Mask, rng: Generator) -> ShownLines:
        """Return the lines that G2 gets in the hole of a sample of a step."""
        options = self.options
        kind = Kind(int(rng.choice(len(Kind), p=line_shares(options))))
        if options.edge_channel is EdgeChannel.BINARY:
            return exact_lines(kind, true, hole)
        if options.trains_g2 and step <= ALONE_UNTIL * options.steps and rng.random() < ALONE_SHARE:
            return channel_alone(true, hole)
        return soft_lines(kind, true, hole, rng)


def line_shares(options: TrainOptions) -> tuple[float, float, float]:
    """Return how often G2 gets no lines, the true ones, and G1's (the order of `Kind`)."""
    if options.rival is not None:
        return 1.0, 0.0, 0.0
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


def jitter(image: Floats, rng: Generator) -> Floats:
    """Return a picture in [0, 1], three times in ten with another contrast and brightness."""
    if rng.random() >= 0.3:
        return image
    changed = image * rng.uniform(0.6, 1.3) + rng.uniform(-0.1, 0.1)
    return np.asarray(np.clip(changed, 0, 1), np.float32)


def random_hole(shape: tuple[int, int], rng: Generator, recipe: Recipe = Recipe.SHORT) -> Mask:
    """Return a random hole: strokes, object-like blobs or boxes; in the paper's recipe strokes, boxes or halves.

    Args:
        shape: (H, W).
        rng: the source of randomness.
        recipe: which holes, and how large.
    """
    kind = rng.random()
    if recipe is Recipe.PAPER:
        ratio = rng.uniform(0, PAPER_LARGEST)
        if kind < 0.7:
            return random_masks.irregular(shape, ratio, rng)
        return random_masks.boxes(shape, ratio, rng) if kind < 0.95 else random_masks.half(shape, rng)
    ratio = math.exp(rng.uniform(math.log(SMALLEST_HOLE), math.log(LARGEST_HOLE)))
    if kind < 0.5:
        return random_masks.irregular(shape, ratio, rng)
    return random_masks.blob(shape, ratio, rng) if kind < 0.85 else random_masks.boxes(shape, ratio, rng)


def make_batch(
    image: Floats,
    hole: Mask,
    true: Mask,
    lines: ShownLines,
    *,
    harmonic: bool,
    target: Target = Target.PHOTO,
    broken: frozenset[int] = frozenset(),
) -> Batch:
    """Return the batch of one sample.

    Args:
        image: RGB in [0, 1], H×W×3.
        hole: True = missing, H×W.
        true: Canny of the whole picture, H×W.
        lines: those that G2 gets in the hole.
        harmonic: whether G2's hole is filled harmonically.
        target: what the squared error compares with.
        broken: see `Batch`.
    """
    gray = edges.to_gray(image)
    known = edges.canny(gray, hole) & ~hole
    filling = np.zeros_like(image)
    if harmonic and lines.kind is not Kind.G1:
        filling = fill_along(image, hole, (known | lines.walls).astype(np.float32), soft=False)
    wanted = image
    if target is Target.LINES:
        wanted = fill_along(image, hole, np.where(hole, true, known).astype(np.float32), soft=False)
    return Batch(
        image=_tensor(image),
        gray=_tensor(gray),
        mask=_tensor(hole),
        true_edges=_tensor(true),
        known_edges=_tensor(known),
        kind=torch.full((1, 1, 1, 1), int(lines.kind)),
        channel=_tensor(lines.channel),
        filling=_tensor(filling),
        target=_tensor(wanted),
        broken=broken,
    )


def turned(sample: Batch, rng: Generator) -> Batch:
    """Return a sample turned by quarters, perhaps mirrored, its colours in another order; its grey values stay."""
    quarters, mirrored, order = int(rng.integers(4)), bool(rng.random() < 0.5), torch.from_numpy(rng.permutation(3))

    def look(name: str, planes: Tensor) -> Tensor:
        planes = torch.rot90(planes, quarters, (2, 3))
        planes = planes.flip(3) if mirrored else planes
        return planes[:, order] if name in {"image", "filling", "target"} else planes

    tensors = {name: look(name, value) for name, value in vars(sample).items() if isinstance(value, Tensor)}
    return Batch(**tensors, broken=sample.broken)


def _tensor(array: NDArray[np.generic]) -> Tensor:
    planes = array[None] if array.ndim == 2 else np.moveaxis(array, 2, 0)
    return torch.from_numpy(np.ascontiguousarray(planes, dtype=np.float32))[None]


def collate(samples: list[Batch]) -> Batch:
    """Join batches into one."""
    names = [name for name, value in vars(samples[0]).items() if isinstance(value, Tensor)]
    tensors = {name: torch.cat([getattr(sample, name) for sample in samples]) for name in names}
    return Batch(**tensors, broken=frozenset().union(*(sample.broken for sample in samples)))


def step_samples(options: TrainOptions, step: int, rank: int) -> list[SampleId]:
    """Return the samples of a step, all of one size and about as many pixels as any other step's.

    Args:
        options: the run's.
        step: counted from 1.
        rank: the process's number.
    """
    source, look = _source(options, step)
    size = options.size[0]
    if len(options.size) > 1:
        size = int(np.random.default_rng((options.seed, source)).choice(options.size))  # the same in all processes
    number = max(1, round(options.batch * (options.size[0] / size) ** 2))
    return [SampleId(source, rank, place, size, look) for place in range(number)]


def _source(options: TrainOptions, step: int) -> tuple[int, int]:
    """Return the step whose samples a step takes, and which of their looks: in each block of steps in another order."""
    if options.reuse == 1:
        return step, 0
    block, length = _block(options, step), SOURCES * options.reuse
    order = np.random.default_rng((options.seed, block, options.reuse)).permutation(length)
    look, source = divmod(int(order[step - 1 - block * length]), SOURCES)
    return block * length + source + 1, look


def _block(options: TrainOptions, step: int) -> int:
    """Return the block of a step, counted from 1: within it samples are used again."""
    return (step - 1) // (SOURCES * options.reuse)


def batches(options: TrainOptions, start: int, rank: int = 0) -> Iterator[Batch]:
    """Yield the batches from step `start` on, those of one process of several.

    Args:
        options: the run's.
        start: number of steps already done.
        rank: this process's number.
    """
    cv2.setNumThreads(1)  # before the fork: a worker would wait for its parent's threads
    yield from DataLoader(
        Samples(options),
        batch_sampler=(step_samples(options, step, rank) for step in range(start + 1, options.steps + 1)),
        num_workers=options.workers,
        collate_fn=collate,
        prefetch_factor=4 if options.workers else None,
        worker_init_fn=_begin_worker,
        generator=torch.Generator(),  # torch's global generator, used by losses, would be out of step after a resume
    )


def _begin_worker(_: int) -> None:
    """Ignore signals, which the training process handles by ending its workers after the step; use one core."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
