"""Where VGG-19's weights come from: the Hub, a file, or, when the user says so, chance."""

import pickle
from pathlib import Path

import torch
from torch import Tensor

from inpaint_cli.errors import TrainingError
from inpaint_cli.nn.vgg import Vgg19
from inpaint_cli.training.options import TrainOptions

REPO, REVISION, FILE = "timm/vgg19.tv_in1k", "main", "model.safetensors"


def load_vgg(options: TrainOptions, device: torch.device) -> Vgg19 | None:
    """Return VGG-19 as `options.perceptual` says; None where no loss needs it.

    Raises:
        TrainingError: its weights are neither on the Hub nor in the file named.
    """
    source = options.perceptual
    if source == "none" or not options.trains_g2 or not (options.perceptual_weight or options.style_weight):
        return None
    if source == "random":
        return Vgg19.random().to(device)
    path = _fetch() if source == "vgg19" else Path(source)
    network = Vgg19()
    wanted = network.state_dict()
    state = _read(path)
    missing = [key for key, value in wanted.items() if key not in state or state[key].shape != value.shape]
    if missing:
        raise TrainingError(f"{path}: not VGG-19's weights, {missing[0]} is missing or has another shape")
    network.load_state_dict({key: state[key] for key in wanted})
    return network.to(device)


def _fetch() -> Path:
    from huggingface_hub import hf_hub_download  # noqa: PLC0415 - slow to import, and only needed here
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled  # noqa: PLC0415

    try:
        return Path(hf_hub_download(REPO, FILE, revision=REVISION))
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
        raise TrainingError(
            f"VGG-19's weights ({REPO} on the Hub) are not to be had here; name a file with --perceptual FILE, "
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
        raise TrainingError(f"{path}: can't be read as VGG-19's weights; give a .safetensors or .pth file") from error
    return state
