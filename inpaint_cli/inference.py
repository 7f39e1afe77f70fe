"""G1 and G2 at work: numpy arrays in, numpy arrays out; device, precision, padding and batches are decided here.

The only module that runs the networks for a photo. It loads each network when it is first asked for, and only so many
callers compute at once, so that threads that decode, texture and encode other photos may share it.
"""

import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inpaint_cli.devices import choose_device, computes_bfloat16
from inpaint_cli.imaging.fillings import fill_along
from inpaint_cli.nn.generators import EdgeGenerator, InpaintGenerator
from inpaint_cli.nn.inputs import finish_inpaint_output, prepare_edge_input, prepare_inpaint_input
from inpaint_cli.options import MULTIPLE, Dtype, check_dtype
from inpaint_cli.weights.checkpoints import read_generator
from inpaint_cli.weights.registry import Model

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

_SMALLEST = 12  # a quarter of it, 3 pixels, is the least that the blocks' reflection padding of 2 takes
_BATCH_PIXELS = 4 * 512 * 512  # at most this many pixels in one forward pass, or one picture if it is larger

_DTYPES: dict[str, torch.dtype] = {str(name): getattr(torch, name) for name in Dtype if name is not Dtype.AUTO}


class Networks:
    """Both generators of a model on one device.

    Args:
        model: where the weights lie and what they are.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        dtype: `auto`, `float32`, `bfloat16` or `float16`.
        threads: processor threads of torch, for the whole process; None for all cores.
        max_concurrent: how many callers may compute at once on a processor; they share its threads.

    Raises:
        UsageError: the device or the precision is not to be had here.
    """

    def __init__(
        self,
        model: Model,
        device: str = "auto",
        dtype: str = "auto",
        threads: int | None = None,
        *,
        max_concurrent: int = 1,
    ) -> None:
        self.model = model
        self.device = choose_device(device)
        self._float32_dtype = torch.float32 if dtype == "auto" else _dtype(dtype, self.device)
        self._dtype = _dtype(dtype, self.device)
        threads = threads or torch.get_num_threads()
        max_concurrent = min(max_concurrent, threads) if self.device.type == "cpu" else 1
        torch.set_num_threads(threads // max_concurrent)
        self._loaded: dict[tuple[str, torch.dtype], nn.Module] = {}
        self._loading = threading.Lock()
        self._free = threading.Semaphore(max_concurrent)

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
        inputs = [
            prepare_edge_input(_tensor(gray), _tensor(edge), _tensor(hole))
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
            force_float32: where the precision was left to us, take float32.

        Returns:
            H×W×3 in [0, 1] each, float32.

        Raises:
            WeightsError: the checkpoint can't be read or does not fit.
        """
        config, prepared = self.model.config, []
        for image, edge, hole in zip(images, edges, holes, strict=True):
            filling = None
            if config.hole_fill == "harmonic":
                filling = fill_along(image, hole, edge, soft=config.edge_channel == "soft")
            prepared.append(
                prepare_inpaint_input(
                    _tensor(image),
                    _tensor(edge),
                    _tensor(hole),
                    None if filling is None else _tensor(filling),
                    contrast=config.contrast,
                    mask_channel=config.mask_channel,
                )
            )
        given = self._run("inpaint", [each.planes for each in prepared], force_float32)
        paintings = [
            finish_inpaint_output(torch.from_numpy(y)[None], each, config.output)[0].numpy()
            for y, each in zip(given, prepared, strict=True)
        ]
        return [np.clip(painting.transpose(1, 2, 0), 0, 1) for painting in paintings]

    def _run(self, kind: Literal["edge", "inpaint"], inputs: list[Tensor], force_float32: bool) -> list[Floats]:
        """Run a generator on inputs of 1×C×H×W, those of one size together; returns C×H×W each, in their order."""
        by_size: dict[tuple[int, int], list[int]] = defaultdict(list)
        for position, x in enumerate(inputs):
            by_size[x.shape[-2], x.shape[-1]].append(position)
        outputs: dict[int, Floats] = {}
        dtype = self._float32_dtype if force_float32 else self._dtype
        with self._loading:
            network = self._network(kind, dtype)
        with self._free, torch.inference_mode():
            for (height, width), positions in by_size.items():
                max_concurrent = max(1, _BATCH_PIXELS // (height * width))
                for start in range(0, len(positions), max_concurrent):
                    batch = positions[start : start + max_concurrent]
                    x = _padded(torch.cat([inputs[position] for position in batch]))
                    y = network(x.to(self.device, dtype))[..., :height, :width].float().cpu().numpy()
                    outputs.update(zip(batch, y, strict=True))
        return [outputs[position] for position in range(len(inputs))]

    def _network(self, kind: Literal["edge", "inpaint"], dtype: torch.dtype) -> nn.Module:
        if (kind, dtype) not in self._loaded:
            config = self.model.config
            path = self.model.edge if kind == "edge" else self.model.inpaint
            state = read_generator(path, kind, config)
            with torch.device("meta"):  # no time spent on random numbers that the weights replace
                network = (
                    EdgeGenerator(config.base_channels, config.residual_blocks)
                    if kind == "edge"
                    else InpaintGenerator(
                        config.base_channels,
                        config.residual_blocks,
                        output=config.output,
                        mask_channel=config.mask_channel,
                    )
                )
            network.load_state_dict(state, assign=True)
            self._loaded[kind, dtype] = network.eval().to(self.device, dtype)
        return self._loaded[kind, dtype]


def _tensor(array: Floats | Mask) -> Tensor:
    """Return H×W or H×W×C as 1×C×H×W float32."""
    planes = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(planes, np.float32))[None]


def _padded(x: Tensor) -> Tensor:
    """Continue the last row and column of N×C×H×W until both sides are multiples of 4 and large enough."""
    height, width = (max(_SMALLEST, -side % MULTIPLE + side) for side in x.shape[-2:])
    return nn.functional.pad(x, (0, width - x.shape[-1], 0, height - x.shape[-2]), mode="replicate")


def _dtype(name: str, device: torch.device) -> torch.dtype:
    if check_dtype(name) in _DTYPES:
        return _DTYPES[name]
    # Measured on both networks: bfloat16 moves the painting by a third of a grey level and takes half the time.
    if computes_bfloat16(device):
        return torch.bfloat16
    return torch.float16 if device.type == "cuda" else torch.float32
