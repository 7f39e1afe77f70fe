"""G1 and G2 at work: numpy arrays in, numpy arrays out; inputs, padding, batches and what the outputs mean.

The only module that runs the networks for a photo, by OpenCV or by torch. At most `max_concurrent` callers compute at
once; threads that decode, texture and encode other photos may share it.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.fillings import fill_along
from inpaint_cli.inference.backends import choose_backend
from inpaint_cli.nn.inputs import InpaintInput, finish_inpaint_output, prepare_edge_input, prepare_inpaint_input
from inpaint_cli.options import MULTIPLE, Backend
from inpaint_cli.weights.checkpoints import Kind
from inpaint_cli.weights.config import ModelConfig
from inpaint_cli.weights.registry import Model

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SMALLEST = 12  # a quarter of it, 3 pixels, is the least that the blocks' reflection padding of 2 takes
_BATCH_PIXELS = 4 * 512 * 512  # at most this many pixels in one forward pass, or one picture if it is larger


class _Backend(Protocol):
    """What runs a generator on N×C×H×W inputs."""

    @property
    def device(self) -> str:
        """`cpu`, `cuda:0`, ..."""

    def run(self, kind: Kind, x: Floats, *, force_float32: bool = False) -> Floats:
        """Return the generator's output after its last activation, N×C×H×W."""


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
        UsageError: the device, the precision or the backend is not available.
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
            force_float32: where the precision is `auto`, take float32.

        Returns:
            H×W in [0, 1] each, float32.

        Raises:
            WeightsError: the checkpoint can't be read or does not fit.
        """
        inputs = [
            prepare_edge_input(_planes(gray), _planes(edge), _planes(hole))[0]
            for gray, edge, hole in zip(grays, edges, holes, strict=True)
        ]
        return [prediction[0] for prediction in self._run("edge", inputs, force_float32)]

    def paint(
        self, images: Sequence[Floats], edges: Sequence[Floats], holes: Sequence[Mask], *, force_float32: bool = False
    ) -> list[Floats]:
        """Return I_pred, what G2 paints along the edges.

        Args:
            images: I, H×W×3 in [0, 1] each.
            edges: C_comp, H×W in [0, 1] each.
            holes: M, H×W each, True = missing.
            force_float32: where the precision is `auto`, take float32.

        Returns:
            H×W×3 in [0, 1] each, float32.

        Raises:
            WeightsError: the checkpoint can't be read or does not fit.
        """
        config = self.model.config
        inputs = [prepare(*each, config) for each in zip(images, edges, holes, strict=True)]
        given = self._run("inpaint", [each.planes[0] for each in inputs], force_float32)
        paintings = [
            finish_inpaint_output(y[None], each, config.output)[0] for y, each in zip(given, inputs, strict=True)
        ]
        return [np.clip(painting.transpose(1, 2, 0), 0, 1) for painting in paintings]

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


def prepare(image: Floats, edges: Floats, hole: Mask, config: ModelConfig) -> InpaintInput:
    """Return G2's input for one picture, its hole filled as the model was trained (see `Networks.paint`)."""
    filling = None
    if config.hole_fill == "harmonic":
        filling = _planes(fill_along(image, hole, edges, soft=config.edge_channel == "soft"))
    return prepare_inpaint_input(
        _planes(image),
        _planes(edges),
        _planes(hole),
        filling,
        contrast=config.contrast,
        mask_channel=config.mask_channel,
    )


def _planes(array: Floats | Mask) -> Floats:
    """Return H×W or H×W×C as 1×C×H×W float32."""
    planes = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    return planes[None].astype(np.float32)


def _padded(x: Floats) -> Floats:
    """Continue the last row and column of N×C×H×W until both sides are multiples of 4 and large enough."""
    height, width = (max(_SMALLEST, -side % MULTIPLE + side) for side in x.shape[-2:])
    return np.pad(x, ((0, 0), (0, 0), (0, height - x.shape[-2]), (0, width - x.shape[-1])), mode="edge")
