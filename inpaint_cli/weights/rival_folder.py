"""A trained rival as a folder: `config.json` and `generator.safetensors`, which `inpaint evaluate` reads."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from inpaint_cli.errors import WeightsError
from inpaint_cli.fields import FieldError, Limits, from_table
from inpaint_cli.nn.rivals import build_generator
from inpaint_cli.options import Rival
from inpaint_cli.weights.checkpoints import read_state
from inpaint_cli.weights.model_folder import write_state
from inpaint_cli.weights.untrusted import read_object

CONFIG, GENERATOR = "config.json", "generator.safetensors"

_COUNTERS = "num_batches_tracked"  # of batch normalisation; unused at inference


@dataclass(frozen=True)
class RivalConfig:
    """The configuration of a rival.

    Attributes:
        model: which rival.
        base_channels: width of its first layer.
        train_size: side of the training crops in pixels.
    """

    model: Rival
    base_channels: Annotated[int, Limits(min=2, max=1024, multiple=2)]
    train_size: Annotated[int, Limits(min=2, max=4096, multiple=2)]

    @classmethod
    def from_json(cls, path: Path) -> "RivalConfig":
        """Read `config.json`.

        Raises:
            WeightsError: it can't be read or is about something else.
        """
        try:
            return from_table(cls, read_object(path))
        except FieldError as error:
            raise WeightsError(f"{path}: {error}") from error

    def generator(self) -> nn.Module:
        """Return a fresh generator of this kind."""
        return build_generator(self.model, self.base_channels, self.train_size)


def write_rival(folder: Path, config: RivalConfig, state: Mapping[str, ArrayLike], card: str) -> None:
    """Write `config.json`, `generator.safetensors` and `README.md` into an existing folder.

    Args:
        folder: an existing folder, usually that of `model_folder.model_folder`.
        config: what goes into `config.json`.
        state: the generator's weights, arrays or tensors on the CPU; written as float16.
        card: the model card, Markdown.
    """
    table = {"model": config.model, "base_channels": config.base_channels, "train_size": config.train_size}
    (folder / CONFIG).write_text(json.dumps(table, indent=2) + "\n", "utf-8")
    weights = {key: weight for key, weight in state.items() if not key.endswith(_COUNTERS)}
    write_state(folder / GENERATOR, weights, half=True)
    (folder / "README.md").write_text(card, "utf-8")


def read_rival(folder: Path) -> tuple[RivalConfig, nn.Module]:
    """Return a rival of a folder that `write_rival` made: its configuration and generator, in evaluation mode.

    Raises:
        WeightsError: a file is missing, can't be read, or does not fit the other.
    """
    config = RivalConfig.from_json(folder / CONFIG)
    path = folder / GENERATOR
    state = read_state(path)
    with torch.device("meta"):  # no memory is allocated before the shapes are checked
        expected = {k: tuple(w.shape) for k, w in config.generator().state_dict().items() if not k.endswith(_COUNTERS)}
    found = {key: tuple(weight.shape) for key, weight in state.items()}
    if wrong := next((key for key in sorted(expected.keys() | found) if expected.get(key) != found.get(key)), None):
        raise WeightsError(
            f"{path}: {wrong} has shape {found.get(wrong, 'none')}, expected {expected.get(wrong, 'none')} "
            f"for a {config.model} of base_channels {config.base_channels}"
        )
    if not all(np.isfinite(weight).all() for weight in state.values()):
        raise WeightsError(f"{path}: holds values that are not finite; the file is damaged")
    generator = config.generator()
    tensors = {key: torch.from_numpy(weight.astype(np.float32)) for key, weight in state.items()}
    generator.load_state_dict(tensors, strict=False)  # without the counters
    return config, generator.eval()
