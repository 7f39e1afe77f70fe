"""Checkpoints as the authors of EdgeConnect save them, with every key and shape of theirs and made-up numbers.

The pictures in `data/parity` were computed with these very numbers by the authors' own implementation.
"""

import json
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

SHAPES = Path(__file__).parent / "data" / "parity" / "checkpoint_shapes.json"
FILES = {"EdgeModel": "EdgeModel_gen.pth", "InpaintingModel": "InpaintingModel_gen.pth"}


def original_state(model: str) -> dict[str, Tensor]:
    """Return the state dict of `EdgeModel` (spectral norm unfolded) or `InpaintingModel`, float32."""
    shapes: dict[str, list[int]] = json.loads(SHAPES.read_text("utf-8"))[model]
    return {key: _tensor(f"{model}.{key}", shape) for key, shape in shapes.items()}


def _tensor(name: str, shape: list[int]) -> Tensor:
    a = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape).astype(np.float32)
    if name.endswith(("weight_u", "weight_v")):
        a /= np.linalg.norm(a)
    else:
        a *= np.float32(0.05 if name.endswith("bias") else 0.04)
    return torch.from_numpy(a)


def write_original(folder: Path, *, zip_format: bool = True) -> Path:
    """Write both generators into a folder under the authors' names, as they save them; return the folder.

    Args:
        folder: made if it is not there.
        zip_format: torch's format since 1.6, or the one before, which the authors' own files have.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for model, name in FILES.items():
        content = {"iteration": 2_000_000, "generator": original_state(model)}
        torch.save(content, folder / name, _use_new_zipfile_serialization=zip_format)
    return folder
