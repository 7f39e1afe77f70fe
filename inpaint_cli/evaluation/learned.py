"""The two measures that need somebody else's network: FID (Inception) and LPIPS (AlexNet), both by torchmetrics.

Their weights are downloads of some 100 and 240 MB that torch.hub keeps. Where they or the packages around them are not
at hand, a measure is missing, with a reason, and everything else goes on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Picture = NDArray[np.uint8]
Features = NDArray[np.float32]

_FEATURES = 2048  # of Inception's last pooling layer


@dataclass(frozen=True)
class Learned:
    """What is at hand.

    Attributes:
        inception: N×3×H×W uint8 to N×2048, or None.
        alexnet: torchmetrics' LPIPS, or None.
        missing: the reasons, by the measure's name, `fid` and `lpips`.
        device: where both run.
    """

    inception: nn.Module | None
    alexnet: Any
    missing: dict[str, str]
    device: torch.device

    def features(self, pictures: Sequence[Picture]) -> Features:
        """Return Inception's features of RGB pictures, N×2048, for `frechet_distance`."""
        if self.inception is None:
            raise ValueError(self.missing["fid"])
        with torch.inference_mode():
            features: Tensor = self.inception(_tensor(pictures).to(self.device))
        return features.cpu().numpy()

    def lpips(self, truths: Sequence[Picture], pictures: Sequence[Picture]) -> list[float]:
        """Return LPIPS (Zhang et al. 2018, AlexNet) of each pair, 0 for equal pictures."""
        if self.alexnet is None:
            raise ValueError(self.missing["lpips"])
        a, b = (_tensor(batch).to(self.device).float() / 255 for batch in (truths, pictures))
        with torch.inference_mode():
            self.alexnet.update(a, b)
            distances = self.alexnet.compute().reshape(-1).tolist()
        self.alexnet.reset()  # it would keep the scores of the whole run
        return [float(distance) for distance in distances]


def load(device: torch.device, *, offline: bool) -> Learned:
    """Return the measures that can be had.

    Args:
        device: where they are to run.
        offline: take only weights that torch.hub has on this machine.
    """
    missing: dict[str, str] = {}
    modules: dict[str, Any] = {}
    for name, make in {"fid": _inception, "lpips": _alexnet}.items():
        try:
            modules[name] = make(offline).to(device)
        except _MissingError as why:
            modules[name] = None
            missing[name] = f"not available: {why}"
    return Learned(modules["fid"], modules["lpips"], missing, device)


def frechet_distance(truths: Iterable[Features], pictures: Iterable[Features]) -> float:
    """Return FID (Heusel et al. 2017) between two sets of features, given in batches of N×2048.

    Raises:
        RuntimeError: a set has fewer than two pictures.
    """
    from torchmetrics.image.fid import FrechetInceptionDistance  # noqa: PLC0415 - of the extra

    metric: Any = None
    for batches, real in ((truths, True), (pictures, False)):
        for batch in batches:
            if metric is None:
                metric = FrechetInceptionDistance(feature=_Given(batch.shape[1]))
            metric.update(torch.from_numpy(batch), real=real)
    return float(metric.compute())


class _MissingError(Exception):
    """Why a network can't be had, in a few words."""


class _Given(nn.Module):
    """Stands in Inception's place where the features are there already."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def _inception(offline: bool) -> nn.Module:
    extractor = _optional("torch_fidelity.feature_extractor_inceptionv3", "torch-fidelity")
    fid = _optional("torchmetrics.image.fid", "torchmetrics")
    path = _weights(extractor.URL_INCEPTION_V3, offline)
    inception: nn.Module = fid.NoTrainInceptionV3(
        "inception-v3-compat", [str(_FEATURES)], feature_extractor_weights_path=str(path)
    )
    return inception


def _alexnet(offline: bool) -> Any:
    models = _optional("torchvision.models", "torchvision")
    lpip = _optional("torchmetrics.image.lpip", "torchmetrics")
    _weights(models.AlexNet_Weights.DEFAULT.url, offline)  # to where torchvision looks for them
    return lpip.LearnedPerceptualImagePatchSimilarity("alex", reduction="none", normalize=True)


def _optional(module: str, package: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise _MissingError(f"{package} is not installed (pip install {package})") from error
    except RuntimeError as error:  # what torchvision raises beside a torch that it was not built for
        raise _MissingError(f"importing {package} fails ({error})") from error


def _weights(url: str, offline: bool) -> Path:
    """Return where torch.hub keeps the file of a URL ending in `-<start of its sha256>.pth`; download it if need be."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if path.exists():
        return path
    if offline:
        raise _MissingError(f"--offline, and {path.name} is not in torch.hub's cache")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        torch.hub.download_url_to_file(url, str(path), path.stem.rpartition("-")[2], progress=False)
    except (OSError, RuntimeError) as error:  # no network; or not the file that its name promises
        raise _MissingError(f"{path.name} can't be downloaded ({error})") from error
    return path


def _tensor(pictures: Sequence[Picture]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
