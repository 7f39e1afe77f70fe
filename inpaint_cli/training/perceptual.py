"""The weights of a VGG: from the Hub, from a file, or random if the user asks for it."""

import pickle
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from inpaint_cli.errors import TrainingError
from inpaint_cli.nn.vgg import Vgg16, Vgg19
from inpaint_cli.training.run_options import TrainOptions

V = TypeVar("V", Vgg16, Vgg19)

REVISION, FILE = "main", "model.safetensors"


def load_vgg(options: TrainOptions, device: torch.device) -> Vgg19 | None:
    """Return the VGG-19 of EdgeConnect's losses as `options.perceptual` says; None where no loss needs it.

    Raises:
        TrainingError: its weights are neither on the Hub nor in the file named.
    """
    if not options.trains_g2 or not (options.perceptual_weight or options.style_weight):
        return None
    return _load(Vgg19, "vgg19", options.perceptual, device)


def load_vgg16(options: TrainOptions, device: torch.device) -> Vgg16 | None:
    """Return the VGG-16 of PConv's losses as `options.perceptual` says; None if it says `none`.

    Raises:
        TrainingError: its weights are neither on the Hub nor in the file named.
    """
    return _load(Vgg16, "vgg16", options.perceptual, device)


def _load(kind: type[V], name: str, source: str, device: torch.device) -> V | None:
    """Return a VGG with the weights of the Hub (its own name), of a file, random ones, or None."""
    if source == "none":
        return None
    if source == "random":
        return kind.random().to(device)
    path = _fetch(name) if source == name else Path(source)
    network = kind()
    wanted = network.state_dict()
    state = _read(path)
    missing = [key for key, value in wanted.items() if key not in state or state[key].shape != value.shape]
    if missing:
        raise TrainingError(f"{path}: not the weights of {name}, {missing[0]} is missing or has another shape")
    network.load_state_dict({key: state[key] for key in wanted})
    return network.to(device)


def _fetch(name: str) -> Path:
    from huggingface_hub import hf_hub_download  # noqa: PLC0415 - slow to import, and only needed here
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled  # noqa: PLC0415

    repo = f"timm/{name}.tv_in1k"
    try:
        return Path(hf_hub_download(repo, FILE, revision=REVISION))
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
        raise TrainingError(
            f"the weights of {name} ({repo} on the Hub) are not to be had here; name a file with --perceptual FILE, "
            "or choose --perceptual random or --perceptual none"
        ) from error


def _read(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.torch import load_file  # noqa: PLC0415

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError, pickle.UnpicklingError, RuntimeError) as error:
        raise TrainingError(f"{path}: can't be read as a VGG's weights; give a .safetensors or .pth file") from error
    return state
