"""The generators on torch: any device, any precision that the device supports."""

import threading

import numpy as np
import torch
from numpy.typing import NDArray

from inpaint_cli.devices import choose_device, choose_dtype
from inpaint_cli.nn.generators import EdgeGenerator, InpaintGenerator
from inpaint_cli.weights.checkpoints import Kind, read_generator
from inpaint_cli.weights.registry import Model

Floats = NDArray[np.float32]


class TorchBackend:
    """Both generators of a model on one device. Threads may share it.

    Args:
        model: where the weights lie and what they are.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        dtype: `auto`, `float32`, `bfloat16` or `float16`.
        threads: processor threads of torch, for the whole process; None for all cores.
        max_concurrent: how many callers may compute at once on a processor; they share its threads.

    Raises:
        UsageError: the device or the precision is not available.
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
        self._model = model
        self._device = choose_device(device)
        self._float32_dtype = torch.float32 if dtype == "auto" else choose_dtype(dtype, self._device)
        self._dtype = choose_dtype(dtype, self._device)
        threads = threads or torch.get_num_threads()
        max_concurrent = min(max_concurrent, threads) if self._device.type == "cpu" else 1
        torch.set_num_threads(threads // max_concurrent)
        self._loaded: dict[tuple[Kind, torch.dtype], EdgeGenerator | InpaintGenerator] = {}
        self._loading = threading.Lock()
        self._free = threading.Semaphore(max_concurrent)

    @property
    def device(self) -> str:
        """The device's name, as torch has it."""
        return str(self._device)

    def run(self, kind: Kind, x: Floats, *, force_float32: bool = False) -> Floats:
        """Return a generator's output after its last activation, N×C×H×W float32.

        Args:
            kind: which generator.
            x: its input, N×C×H×W, H and W multiples of 4 from 12 up.
            force_float32: where the precision is `auto`, take float32.

        Raises:
            WeightsError: the checkpoint can't be read or does not fit.
        """
        dtype = self._float32_dtype if force_float32 else self._dtype
        with self._loading:
            network = self._network(kind, dtype)
        with self._free, torch.inference_mode():
            y = network(torch.from_numpy(x).to(self._device, dtype))
            return np.asarray(y.float().cpu().numpy())

    def _network(self, kind: Kind, dtype: torch.dtype) -> EdgeGenerator | InpaintGenerator:
        if (kind, dtype) not in self._loaded:
            config = self._model.config
            path = self._model.edge if kind == "edge" else self._model.inpaint
            state = read_generator(path, kind, config)
            size = config.base_channels, config.residual_blocks
            with torch.device("meta"):  # no random initialisation that the weights would replace
                network = (
                    EdgeGenerator(*size)
                    if kind == "edge"
                    else InpaintGenerator(*size, mask_channel=config.mask_channel)
                )
            network.load_state_dict(state, assign=True)
            self._loaded[kind, dtype] = network.eval().to(self._device, dtype)
        return self._loaded[kind, dtype]
