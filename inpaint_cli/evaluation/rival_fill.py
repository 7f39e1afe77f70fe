"""A trained rival of the paper's table as a method for batches of pictures."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from inpaint_cli.devices import choose_device, choose_dtype
from inpaint_cli.errors import UsageError
from inpaint_cli.imaging.pixels import to_float32, to_uint8
from inpaint_cli.nn.rivals import paint, size_multiple
from inpaint_cli.options import Dtype, Rival
from inpaint_cli.weights.rival_folder import GENERATOR, read_rival

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]


class RivalFill:
    """A rival at work.

    Args:
        rival: which it has to be.
        folder: what `inpaint weights export` made of its training run.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        dtype: its arithmetic.

    Attributes:
        sha256: of its weights.

    Raises:
        UsageError: the folder holds another rival, or the device is not available.
        WeightsError: it holds none, or a damaged one.
    """

    def __init__(self, rival: Rival, folder: Path, device: str, dtype: Dtype) -> None:
        self.config, generator = read_rival(folder)
        if self.config.model is not rival:
            raise UsageError(f"--method {rival}={folder}: holds a {self.config.model}, not a {rival}")
        self.device = choose_device(device)
        self.dtype = choose_dtype(dtype, self.device)
        self.generator = generator.to(self.device, self.dtype)
        self.sha256 = hashlib.sha256((folder / GENERATOR).read_bytes()).hexdigest()

    def __call__(self, images: Sequence[Picture], holes: Sequence[Mask], /) -> list[Picture]:
        """Return pictures of one size with their holes filled, RGB, H×W×3 uint8 each."""
        image = torch.from_numpy(np.stack([to_float32(image) for image in images])).permute(0, 3, 1, 2)
        mask = torch.from_numpy(np.stack(holes).astype(np.float32))[:, None]
        with torch.inference_mode():
            x, m = (self._padded(part).to(self.device, self.dtype) for part in (image, mask))
            painted = paint(self.generator, x, m).float().cpu()
        height, width = image.shape[-2:]
        pictures = painted[..., :height, :width].permute(0, 2, 3, 1).numpy()
        return [
            np.where(hole[..., None], to_uint8(picture), image)
            for image, hole, picture in zip(images, holes, pictures, strict=True)
        ]

    def _padded(self, x: Tensor) -> Tensor:
        """Continue the last row and column of N×C×H×W until both sides are multiples of what the network halves."""
        multiple = size_multiple(self.config.model, self.config.train_size)
        height, width = (-side % multiple for side in x.shape[-2:])
        return F.pad(x, (0, width, 0, height), mode="replicate")
