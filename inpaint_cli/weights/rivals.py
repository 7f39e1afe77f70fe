"""A trained rival as a folder: `config.json` and `generator.safetensors`, which `inpaint evaluate` reads."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike
from safetensors.numpy import save
from torch import nn

from inpaint_cli.errors import WeightsError, reason
from inpaint_cli.nn.rivals import build_generator
from inpaint_cli.options import Rival
from inpaint_cli.weights.checkpoints import read_state
from inpaint_cli.weights.untrusted import read_text

CONFIG, GENERATOR = "config.json", "generator.safetensors"

_LARGEST = {"base_channels": 1024, "train_size": 4096}
_COUNTERS = "num_batches_tracked"  # of batch normalisation; needed by nobody


@dataclass(frozen=True)
class RivalConfig:
    """What has to be known of a rival beside its weights.

    Attributes:
        model: which rival.
        base_channels: width of its first layer.
        train_size: side of the training crops in pixels.
    """

    model: Rival
    base_channels: int
    train_size: int

    @classmethod
    def from_json(cls, path: Path) -> "RivalConfig":
        """Read `config.json`.

        Raises:
            WeightsError: it can't be read or is about something else.
        """
        try:
            table = json.loads(read_text(path))
        except OSError as error:
            raise WeightsError(f"{path}: can't be read: {reason(error)}; `inpaint weights export` makes it") from error
        except ValueError as error:
            raise WeightsError(f"{path}: not valid JSON ({error})") from error
        model = table.get("model") if isinstance(table, dict) else None
        if model not in set(Rival):
            raise WeightsError(f'{path}: "model" is {model!r}; expected one of {", ".join(Rival)}')
        for key, largest in _LARGEST.items():
            value = table.get(key)
            if isinstance(value, bool) or not isinstance(value, int) or not 2 <= value <= largest or value % 2:
                raise WeightsError(f"{path}: {key} = {value!r}; expected an even number from 2 to {largest}")
        return cls(Rival(model), table["base_channels"], table["train_size"])

    def generator(self) -> nn.Module:
        """Return a fresh generator of this kind."""
        return build_generator(self.model, self.base_channels, self.train_size)


def write_rival(folder: Path, config: RivalConfig, state: Mapping[str, ArrayLike], card: str) -> None:
    """Write `config.json`, `generator.safetensors` and `README.md` into a folder that is there.

    Args:
        folder: best that of `export.model_folder`.
        config: what goes into `config.json`.
        state: the generator's weights, arrays or tensors on the CPU; written as float16.
        card: the model card, Markdown.
    """
    table = {"model": config.model, "base_channels": config.base_channels, "train_size": config.train_size}
    (folder / CONFIG).write_text(json.dumps(table, indent=2) + "\n", "utf-8")
    weights = {k: np.asarray(w, np.float16) for k, w in state.items() if not k.endswith(_COUNTERS)}
    contiguous = {key: np.ascontiguousarray(weight) for key, weight in weights.items()}
    (folder / GENERATOR).write_bytes(save(contiguous, metadata={"format": "pt"}))
    (folder / "README.md").write_text(card, "utf-8")


def read_rival(folder: Path) -> tuple[RivalConfig, nn.Module]:
    """Return a rival of a folder that `write_rival` made: its configuration and generator, in evaluation mode.

    Raises:
        WeightsError: a file is missing, can't be read, or does not fit the other.
    """
    config = RivalConfig.from_json(folder / CONFIG)
    path = folder / GENERATOR
    state = read_state(path)
    with torch.device("meta"):  # no memory before the shapes are known to fit
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
