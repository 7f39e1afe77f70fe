"""G1 and G2 at work: numpy arrays in, numpy arrays out; inputs, padding, batches and what the outputs mean.

The only module that runs the networks for a photo. A backend computes: OpenCV without torch, or torch. Only so many
callers compute at once, so that threads that decode, texture and encode other photos may share it.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.edges import EDGE_THRESHOLD
from inpaint_cli.imaging.harmonic import harmonic_fill
from inpaint_cli.inference.backends import choose_backend
from inpaint_cli.options import MULTIPLE, Backend
from inpaint_cli.weights.checkpoints import Kind
from inpaint_cli.weights.config import ModelConfig
from inpaint_cli.weights.registry import Model

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SMALLEST = 12  # a quarter of it, 3 pixels, is the least that the blocks' reflection padding of 2 takes
_BATCH_PIXELS = 4 * 512 * 512  # at most this many pixels in one forward pass, or one picture if it is larger


class _Backend(Protocol):
    """What runs a generator on N×C×H×W, and where."""

    @property
    def device(self) -> str:
        """`cpu`, `cuda:0`, ..."""

    def run(self, kind: Kind, x: Floats, *, force_float32: bool = False) -> Floats:
        """Return what the last activation gives, N×C×H×W."""


class Networks:
    """Both generators of a model on one device.

    Args:
        model: where the weights lie and what they are.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        dtype: `auto`, `float32`, `bfloat16` or `float16`.
        threads: processor threads, for the whole process; None for all cores.
        backend: what computes (see `inference.backends.choose_backend`).
        max_concurrent: how many callers may compute at once with torch on a processor; they share its threads.

    Attributes:
        model: the model.
        backend: what computes, OpenCV or torch.
        device: where, as torch calls it.

    Raises:
        UsageError: the device, the precision or the backend is not to be had here.
    """

    def __init__(
        self,
        model: Model,
        device: str = "auto",
        dtype: str = "auto",
        threads: int | None = None,
        *,
        backend: Backend = Backend.AUTO,
        max_concurrent: int = 1,
    ) -> None:
        self.model = model
        self.backend = choose_backend(backend, device, dtype, (model.edge, model.inpaint))
        self._backend: _Backend
        if self.backend is Backend.OPENCV:
            from inpaint_cli.inference.opencv_backend import OpenCVBackend  # noqa: PLC0415 - one of the two

            self._backend = OpenCVBackend(model, threads)
        else:
            from inpaint_cli.inference.torch_backend import TorchBackend  # noqa: PLC0415 - torch takes a second

            self._backend = TorchBackend(model, device, dtype, threads, max_concurrent=max_concurrent)
        self.device = self._backend.device

    def edges(
        self, grays: Sequence[Floats], edges: Sequence[Floats], holes: Sequence[Mask], *, force_float32: bool = False
    ) -> list[Floats]:
        """Return C_pred, the edges that G1 sees in each hole.

        Args:
            grays: I_gray, H×W in [0, 1] each.
            edges: C_gt, H×W in {0, 1} each.
            holes: M, H×W each, True = missing.
            force_float32: where the precision was left to us, take float32.

        Returns:
            H×W in [0, 1] each, float32.

        Raises:
            WeightsError: the checkpoint can't be read or does not fit.
        """
        inputs = [edge_input(*each) for each in zip(grays, edges, holes, strict=True)]
        return [prediction[0] for prediction in self._run("edge", inputs, force_float32)]

    def paint(
        self, images: Sequence[Floats], edges: Sequence[Floats], holes: Sequence[Mask], *, force_float32: bool = False
    ) -> list[Floats]:
        """Return I_pred, what G2 paints along the edges.

        Args:
            images: I, H×W×3 in [0, 1] each.
            edges: C_comp, H×W in [0, 1] each.
            holes: M, H×W each, True = missing.
            force_float32: where the precision was left to us, take float32.

        Returns:
            H×W×3 in [0, 1] each, float32.

        Raises:
            WeightsError: the checkpoint can't be read or does not fit.
        """
        config = self.model.config
        inputs = [inpaint_input(*each, config) for each in zip(images, edges, holes, strict=True)]
        activations = self._run("inpaint", inputs, force_float32)
        return [painting(x, y, config) for x, y in zip(inputs, activations, strict=True)]

    def _run(self, kind: Kind, inputs: Sequence[Floats], force_float32: bool) -> list[Floats]:
        """Run a generator on inputs of C×H×W, those of one size together; returns C×H×W each, in their order."""
        by_size: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for position, x in enumerate(inputs):
            by_size[x.shape[1:]].append(position)
        outputs: dict[int, Floats] = {}
        for (height, width), positions in by_size.items():
            size = max(1, _BATCH_PIXELS // (height * width))
            for start in range(0, len(positions), size):
                batch = positions[start : start + size]
                x = _padded(np.stack([inputs[position] for position in batch]))
                y = self._backend.run(kind, x, force_float32=force_float32)[..., :height, :width]
                outputs.update(zip(batch, y, strict=True))
        return [outputs[position] for position in range(len(inputs))]


def edge_input(gray: Floats, edges: Floats, hole: Mask) -> Floats:
    """Return G1's input, 3×H×W: I_gray with a white hole, C_gt with an empty hole, M (see `Networks.edges`)."""
    return np.stack([np.where(hole, 1, gray), np.where(hole, 0, edges), hole]).astype(np.float32)


def inpaint_input(image: Floats, edges: Floats, hole: Mask, config: ModelConfig) -> Floats:
    """Return G2's input, 4×H×W: I with its hole filled as the model was trained, C_comp (see `Networks.paint`)."""
    inside: Floats | float = 1.0
    if config.hole_fill == "harmonic":
        inside = harmonic_fill(image, hole, edges > EDGE_THRESHOLD)
    filled = np.where(hole[..., None], inside, image)
    return np.concatenate([filled.transpose(2, 0, 1), edges[None]]).astype(np.float32)


def painting(x: Floats, y: Floats, config: ModelConfig) -> Floats:
    """Return I_pred, H×W×3 in [0, 1].

    Args:
        x: what `inpaint_input` returned.
        y: what G2's tanh made of it, 3×H×W in [−1, 1].
        config: says whether that is the picture, (y + 1) / 2, or a correction of the filling.
    """
    painted = x[:3] + y if config.output == "correction" else (y + 1) / 2
    return np.clip(painted.transpose(1, 2, 0), 0, 1)


def _padded(x: Floats) -> Floats:
    """Continue the last row and column of N×C×H×W until both sides are multiples of 4 and large enough."""
    height, width = (max(_SMALLEST, -side % MULTIPLE + side) for side in x.shape[-2:])
    return np.pad(x, ((0, 0), (0, 0), (0, height - x.shape[-2]), (0, width - x.shape[-1])), mode="edge")
