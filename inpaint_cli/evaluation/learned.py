"""The two measures that need a pretrained network: FID (Inception) and LPIPS (AlexNet), both by torchmetrics.

Their weights are downloads of some 100 and 240 MB that torch.hub keeps; FID also takes a TorchScript Inception in a
file, which needs neither torch-fidelity nor torchvision. Where weights or packages are not available, the measure is
reported as missing, with the reason. The packages of the extra `evaluate` are imported here and only
when such a measure is asked for: torchvision is built for one torch, and beside another its import fails.
"""

import hashlib
import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inpaint_cli.errors import WeightsError, install_command, reason
from inpaint_cli.weights.untrusted import check_regular

Picture = NDArray[np.uint8]
Features = NDArray[np.float32]

_FEATURES = 2048  # of Inception's last pooling layer


@dataclass(frozen=True)
class Learned:
    """The networks that are available.

    Attributes:
        inception: N×3×H×W uint8 to N×2048, or None.
        alexnet: torchmetrics' LPIPS, or None.
        missing: the reasons, by the measure's name, `fid` and `lpips`.
        device: where both run.
        fid_sha256: of the file that Inception comes from, if the user named one.
    """

    inception: nn.Module | None
    alexnet: Any
    missing: dict[str, str]
    device: torch.device
    fid_sha256: str | None = None

    def features(self, pictures: Sequence[Picture]) -> Features:
        """Return Inception's features of RGB pictures of one size, N×2048, for `frechet_distance`."""
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


def load(device: torch.device, *, offline: bool, fid_weights: Path | None = None) -> Learned:
    """Return the measures that are available.

    Args:
        device: where they are to run.
        offline: take only weights that torch.hub has on this machine.
        fid_weights: a TorchScript Inception for FID, uint8 N×3×H×W to N×2048; None takes torch-fidelity's.

    Raises:
        WeightsError: the file named can't be read or is no such network.
    """
    missing: dict[str, str] = {}
    modules: dict[str, Any] = {}
    for name in ("fid", "lpips"):
        try:
            if name == "lpips":
                modules[name] = _alexnet(offline).to(device)
            elif fid_weights is None:
                modules[name] = _inception(offline).to(device)
            else:
                modules[name] = _scripted(fid_weights, device)
        except _MissingError as why:
            modules[name] = None
            missing[name] = f"not available: {why}"
    sha256 = hashlib.sha256(fid_weights.read_bytes()).hexdigest() if fid_weights else None
    return Learned(modules["fid"], modules["lpips"], missing, device, sha256)


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
    """The reason why a network is not available, in a few words."""


class _Given(nn.Module):
    """Replaces Inception where the features have been computed already."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


class _Scripted(nn.Module):
    """A TorchScript Inception.

    The usual file, `inception-2015-12-05.pt`, gives class scores unless it is asked for features.
    """

    def __init__(self, network: torch.jit.ScriptModule) -> None:
        super().__init__()
        self.network = network
        names = {argument.name for argument in network.forward.schema.arguments}  # type: ignore[attr-defined]
        self._options = {"return_features": True} if "return_features" in names else {}

    def forward(self, pictures: Tensor) -> Tensor:
        features: Tensor = self.network(pictures, **self._options)
        return features


def _scripted(path: Path, device: torch.device) -> nn.Module:
    """Return the Inception in a file after a trial.

    Raises:
        WeightsError: it can't be read, or does not turn N×3×H×W uint8 into N×F.
    """
    _optional("torchmetrics.image.fid", "torchmetrics")
    wanted = "expected a TorchScript network, uint8 N×3×H×W to N×2048, such as inception-2015-12-05.pt"
    check_regular(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript itself is deprecated
            network = torch.jit.load(path, map_location=device)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise WeightsError(f"{path}: can't be read: {reason(error)}") from error
    except RuntimeError as error:
        raise WeightsError(f"{path}: {wanted}") from error
    inception = _Scripted(network).eval()
    try:
        with torch.inference_mode():
            features = inception(torch.zeros(2, 3, 64, 64, dtype=torch.uint8, device=device))
    except RuntimeError as error:
        raise WeightsError(f"{path}: fails for a picture; {wanted}") from error
    if not isinstance(features, Tensor) or features.ndim != 2 or len(features) != 2:
        raise WeightsError(f"{path}: gives no row of features for each picture; {wanted}")
    return inception


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
    """Import a module of the extra `evaluate`.

    Raises:
        _MissingError: it is not installed, or it, or what it imports itself, does not fit the installed torch.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or package).partition(".")[0]
        raise _MissingError(f"{missing} is not installed ({install_command('evaluate')})") from error
    except (
        ImportError,
        RuntimeError,
    ) as error:  # RuntimeError is torchvision's for another torch
        raise _MissingError(
            f"importing {package} fails ({error}); torch and torchvision have to be of one version and one build"
        ) from error


def _weights(url: str, offline: bool) -> Path:
    """Return where torch.hub keeps the file of a URL ending in `-<start of its sha256>.pth`; download it if need be."""
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if path.exists():
        return path
    if offline:
        raise _MissingError(f"--offline, and {path.name} is not in torch.hub's cache ({_shown(path.parent)})")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        torch.hub.download_url_to_file(url, str(path), path.stem.rpartition("-")[2], progress=False)
    except (OSError, RuntimeError) as error:  # no network, or a wrong sha256
        raise _MissingError(
            f"{path.name} can't be downloaded ({error}); get it from {url} and keep it in {_shown(path.parent)}"
        ) from error
    return path


def _shown(folder: Path) -> str:
    """Return a folder of torch.hub as the report shows it, relative to the home folder if possible."""
    for sign, start in (("$TORCH_HOME", os.environ.get("TORCH_HOME")), ("~", str(Path.home()))):
        if start and folder.is_relative_to(start):
            return f"{sign}/{folder.relative_to(start).as_posix()}"
    return str(folder)


def _tensor(pictures: Sequence[Picture]) -> Tensor:
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
