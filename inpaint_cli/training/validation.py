"""How good the averaged generators are on photos that they never saw, and what that looks like."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inpaint_cli.imaging import random_masks
from inpaint_cli.imaging.windows import central_square
from inpaint_cli.training.data import G1_LINES, NO_LINES, TRUE_LINES, Batch, collate, make_batch
from inpaint_cli.training.folders import find_pictures, none_readable, read_reduced
from inpaint_cli.training.networks import TrainingNetworks
from inpaint_cli.training.options import TrainOptions

RATIOS = (0.15, 0.25, 0.35, 0.45)  # of hole to picture, taken in turn
LINES = {"none": NO_LINES, "canny": TRUE_LINES, "g1": G1_LINES}
SHOWN = 8  # pictures in a grid


class Validation:
    """A folder of photos, each with a fixed hole.

    Attributes:
        shown: some of them as one batch, to be looked at.

    Args:
        folder: the photos; each is cut to its central square.
        options: the run's, for the size and what the generators need.
        most: how many photos to take; those that can't be read are passed over, with a warning.

    Raises:
        TrainingError: there is none that can be read.
    """

    def __init__(self, folder: Path, options: TrainOptions, most: int = 48) -> None:
        size = options.val_size or options.size
        kinds = [kind for kind in LINES.values() if options.has_g1 or kind != G1_LINES]
        if not options.trains_g2:
            kinds = [G1_LINES]
        self.batches: dict[int, list[Batch]] = {kind: [] for kind in kinds}
        paths = find_pictures(folder)
        photos = ((number, read_reduced(path, size)) for number, path in enumerate(paths))
        readable = ((number, photo) for number, photo in photos if photo is not None)
        for number, photo in islice(readable, most):
            image = _square(photo, size)
            hole = random_masks.irregular((size, size), RATIOS[number % len(RATIOS)], np.random.default_rng(number))
            for kind in kinds:
                self.batches[kind].append(make_batch(image, hole, kind, harmonic=options.needs_harmonic_fill))
        if not self.batches[kinds[0]]:
            raise none_readable(folder, len(paths))
        self.shown = collate(self.batches[kinds[-1]][:SHOWN])  # along G1's lines if there is a G1

    @torch.no_grad()
    def measure(self, networks: TrainingNetworks, device: torch.device) -> dict[str, float]:
        """Return means over the photos: PSNR in the hole and SSIM per source of lines, G1's precision and recall."""
        values: dict[str, list[float]] = {}
        g1 = networks.g1_average or networks.g1
        for name, kind in LINES.items():
            for batch in self.batches.get(kind, []):
                on_device = batch.to(device)
                predicted, edges = networks.lines(on_device, g1 if kind == G1_LINES else None)
                if networks.g2_average is not None:
                    result = composite(on_device, networks.paint(on_device, edges, networks.g2_average))
                    values.setdefault(f"val/psnr_{name}", []).append(hole_psnr(result, on_device))
                    values.setdefault(f"val/ssim_{name}", []).append(_ssim(result, on_device))
                if predicted is not None:
                    precision, recall = precision_and_recall(predicted, on_device)
                    values.setdefault("val/edge_precision", []).append(precision)
                    values.setdefault("val/edge_recall", []).append(recall)
        measured = {name: np.array(of_photos) for name, of_photos in values.items()}
        return {name: float(v[np.isfinite(v)].mean()) for name, v in measured.items() if np.isfinite(v).any()}


@torch.no_grad()
def picture_grid(batch: Batch, networks: TrainingNetworks) -> NDArray[np.uint8]:
    """Return a picture, one row a sample: input with a white hole, true edges, edges in use, result, truth."""
    g1 = networks.g1_average or networks.g1
    _, edges = networks.lines(batch, g1)
    columns = [batch.image * (1 - batch.mask) + batch.mask, 1 - batch.true_edges, 1 - edges]
    if networks.g2_average is not None:
        columns.append(composite(batch, networks.paint(batch, edges, networks.g2_average)))
    columns.append(batch.image)
    wide = torch.cat([column.expand(-1, 3, -1, -1) for column in columns], dim=3)
    tall = torch.cat(list(wide), dim=1)
    return (tall.permute(1, 2, 0).cpu().numpy() * 255).round().astype(np.uint8)


def _square(photo: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Return the central square of a photo at size×size×3."""
    square = photo[central_square(photo.shape).slices]
    return cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA).astype(np.uint8)


def composite(batch: Batch, painting: Tensor) -> Tensor:
    """Return I ⊙ (1 − M) + I_pred ⊙ M, clipped to [0, 1]."""
    return batch.image * (1 - batch.mask) + painting.clamp(0, 1) * batch.mask


def hole_psnr(result: Tensor, batch: Batch) -> float:
    """Return the PSNR over the pixels of the hole, in dB."""
    error = ((result - batch.image).square() * batch.mask).sum() / (3 * batch.mask.sum())
    return float(-10 * torch.log10(error.clamp_min(1e-10)))


def _ssim(result: Tensor, batch: Batch) -> float:
    from skimage.metrics import structural_similarity  # noqa: PLC0415 - slow to import

    a, b = (x[0].permute(1, 2, 0).cpu().numpy() for x in (result, batch.image))
    return float(structural_similarity(a, b, channel_axis=2, data_range=1.0))


def precision_and_recall(predicted: Tensor, batch: Batch) -> tuple[float, float]:
    """Return the precision and recall of C_pred > 0.5 in the hole; NaN where there is nothing to divide by."""
    found, true = (predicted > 0.5) & (batch.mask > 0.5), (batch.true_edges > 0.5) & (batch.mask > 0.5)
    hits = (found & true).sum().double()
    return float(hits / found.sum()), float(hits / true.sum())
