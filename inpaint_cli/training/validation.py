"""Validation of the averaged generators on photos that they were not trained on: measures and sample pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inpaint_cli.imaging import edges
from inpaint_cli.imaging.line_scores import count_hits, line_score
from inpaint_cli.imaging.ridges import decode_lines
from inpaint_cli.imaging.similarity import ssim
from inpaint_cli.training.data import ZOOM, Batch, collate, crop, make_batch, random_hole
from inpaint_cli.training.folders import find_pictures, none_readable, read_reduced
from inpaint_cli.training.run_options import TrainOptions
from inpaint_cli.training.shown_lines import Kind, ShownLines, channel_alone, exact_lines

MOST_PHOTOS = 48
HOLES = 4  # holes per photo, each in a crop of its own
SHOWN = 8  # pictures in a grid
_TOGETHER = 16 * 128 * 128  # pixels that are painted at once

Mask = NDArray[np.bool_]


@dataclass
class Completion:
    """The averaged generators' outputs for a batch.

    Attributes:
        probability: C_pred, N×1×H×W in [0, 1]; None without G1.
        lines: C_comp, N×1×H×W in [0, 1]; zeros for a method without lines.
        image: I_pred, N×3×H×W; None without G2.
        filled: I with its hole as it stood in G2's input, N×3×H×W; None without G2.
    """

    probability: Tensor | None
    lines: Tensor
    image: Tensor | None
    filled: Tensor | None


class Validation:
    """A folder of photos, each with a few fixed crops and holes.

    Attributes:
        batches: per source of lines the same pictures and holes: `none`, `canny` (the true lines), `channel` (the true
            lines in G2's edge channel, none of them a wall of its filling), `g1`.
        shown: some of them as one batch, to be looked at.

    Args:
        folder: the photos.
        options: the run's, for the size and what the generators need.
        most: how many photos to take; unreadable ones are skipped with a warning.

    Raises:
        TrainingError: there is none that can be read.
    """

    def __init__(self, folder: Path, options: TrainOptions, most: int = MOST_PHOTOS) -> None:
        size = options.val_size or options.largest
        ways = _ways(options)
        singles: dict[str, list[Batch]] = {name: [] for name in ways}
        paths = find_pictures(folder)
        photos = ((number, read_reduced(path, ZOOM * size)) for number, path in enumerate(paths))
        readable = ((number, photo) for number, photo in photos if photo is not None)
        for number, photo in islice(readable, most):
            rng = np.random.default_rng(number)
            for _ in range(HOLES):
                image = crop(photo, size, rng).astype(np.float32) / np.float32(255)
                hole = random_hole((size, size), rng)
                true = edges.canny(edges.to_gray(image))
                for name, lines_of in ways.items():
                    lines = lines_of(true, hole)
                    singles[name].append(make_batch(image, hole, true, lines, harmonic=options.needs_harmonic_fill))
        last = list(ways)[-1]  # along G1's lines if there is a G1
        if not singles[last]:
            raise none_readable(folder, len(paths))
        number = max(1, _TOGETHER // size**2)
        self.batches = {
            name: [collate(batches[i : i + number]) for i in range(0, len(batches), number)]
            for name, batches in singles.items()
        }
        self.shown = collate(singles[last][::HOLES][:SHOWN])

    def measure(self, complete: Callable[[Batch], Completion], device: torch.device) -> dict[str, float]:
        """Return the measures by name.

        Per source of lines (`*` below): the PSNR over the pixels of all holes together, `val/psnr_*`, by how much that
        is more than the filling's, `val/gain_*`, the median of the holes' PSNR, `val/psnr_*_median`, and the mean SSIM
        of the pictures, `val/ssim_*`. Of G1: `val/edge_precision`, `val/edge_recall` and `val/edge_f1` within two
        pixels, decoded by `imaging.ridges`, and `val/edge_bce`, the cross-entropy in the holes: where edges are
        dense, lines drawn at random are often right within two pixels, and only the cross-entropy shows that.

        Args:
            complete: the method.
            device: where it takes its batches.
        """
        measured: dict[str, float] = {}
        for name, batches in self.batches.items():
            done = [(batch, complete(batch.to(device))) for batch in batches]
            if done[0][1].image is not None:
                measured |= _painting_scores(name, done)
            if name == "g1" and done[0][1].probability is not None:
                measured |= _edge_scores(done)
        return measured


def _ways(options: TrainOptions) -> dict[str, Callable[[Mask, Mask], ShownLines]]:
    """Return the sources of lines to measure: functions from the true lines and the hole to lines."""

    def of(kind: Kind) -> Callable[[Mask, Mask], ShownLines]:
        return lambda true, hole: exact_lines(kind, true, hole)

    ways: dict[str, Callable[[Mask, Mask], ShownLines]] = {}
    if options.rival is not None:
        ways["none"] = of(Kind.NONE)
    if options.trains_g2:
        ways |= {"none": of(Kind.NONE), "canny": of(Kind.TRUE)}
        if options.needs_harmonic_fill:
            ways["channel"] = channel_alone
    if options.has_g1:
        ways["g1"] = of(Kind.G1)
    return ways


def _edge_scores(done: list[tuple[Batch, Completion]]) -> dict[str, float]:
    maps, true, holes = [], [], []
    for batch, completion in done:
        assert completion.probability is not None  # noqa: S101 - the caller looked
        maps += list(completion.probability[:, 0].float().cpu().numpy())
        true += list(batch.true_edges[:, 0].numpy() > 0.5)
        holes += list(batch.mask[:, 0].numpy() > 0.5)
    score = line_score(
        count_hits(decode_lines(one, hole), lines, hole) for one, lines, hole in zip(maps, true, holes, strict=True)
    )
    inside = np.stack(holes)
    p = np.clip(np.stack(maps)[inside], 1e-6, 1 - 1e-6)
    entropy = -np.where(np.stack(true)[inside], np.log(p), np.log1p(-p)).mean()
    return {
        "val/edge_precision": score.precision,
        "val/edge_recall": score.recall,
        "val/edge_f1": score.f1,
        "val/edge_bce": float(entropy),
    }


def _painting_scores(name: str, done: list[tuple[Batch, Completion]]) -> dict[str, float]:
    errors, before, pixels, similar = [], [], [], []
    for batch, completion in done:
        assert completion.image is not None  # noqa: S101 - the caller looked
        assert completion.filled is not None  # noqa: S101
        result = composite(batch, completion.image.cpu())
        errors += squared_errors(result, batch)
        before += squared_errors(completion.filled.cpu(), batch)
        pixels += (3 * batch.mask.sum((1, 2, 3))).tolist()
        similar += [_ssim(a, b) for a, b in zip(result, batch.image, strict=True)]
    pooled = psnr(sum(errors) / sum(pixels))
    return {
        f"val/psnr_{name}": pooled,
        f"val/psnr_{name}_median": float(np.median([psnr(e / n) for e, n in zip(errors, pixels, strict=True)])),
        f"val/gain_{name}": pooled - psnr(sum(before) / sum(pixels)),
        f"val/ssim_{name}": float(np.mean(similar)),
    }


def picture_grid(batch: Batch, complete: Callable[[Batch], Completion]) -> NDArray[np.uint8]:
    """Return a picture, one row a sample: input with a white hole, true edges, edges in use, result, truth."""
    completion = complete(batch)
    columns = [batch.image * (1 - batch.mask) + batch.mask, 1 - batch.true_edges, 1 - completion.lines]
    if completion.image is not None:
        columns.append(composite(batch, completion.image))
    columns.append(batch.image)
    wide = torch.cat([column.expand(-1, 3, -1, -1) for column in columns], dim=3)
    tall = torch.cat(list(wide), dim=1)
    return (tall.permute(1, 2, 0).float().cpu().numpy() * 255).round().astype(np.uint8)


def composite(batch: Batch, painting: Tensor) -> Tensor:
    """Return I ⊙ (1 − M) + I_pred ⊙ M, clipped to [0, 1]."""
    return batch.image * (1 - batch.mask) + painting.clamp(0, 1) * batch.mask


def squared_errors(result: Tensor, batch: Batch) -> list[float]:
    """Return the sum of squared errors over the pixels and colours of each hole."""
    return [float(x) for x in ((result - batch.image).square() * batch.mask).sum((1, 2, 3))]


def psnr(squared_error: float) -> float:
    """Return the PSNR in dB of a mean squared error between pictures in [0, 1]; at most 100."""
    return float(-10 * np.log10(max(squared_error, 1e-10)))


def _ssim(result: Tensor, truth: Tensor) -> float:
    return ssim(*(x.permute(1, 2, 0).float().numpy() for x in (result, truth)))
