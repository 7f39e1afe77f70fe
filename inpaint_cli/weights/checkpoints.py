"""Reading checkpoints as numpy arrays: safetensors without torch, and the authors' `.pth` files with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from inpaint_cli.errors import WeightsError, reason
from inpaint_cli.nn.architecture import Architecture, edge_architecture, inpaint_architecture
from inpaint_cli.weights.config import ModelConfig
from inpaint_cli.weights.untrusted import check_checkpoint

if TYPE_CHECKING:
    from torch import Tensor

    Array = TypeVar("Array", NDArray[Any], Tensor)

Kind = Literal["edge", "inpaint"]
State = dict[str, NDArray[Any]]

_ENTRANCE = "encoder.1.weight"  # base_channels × channels in × 7 × 7
_BY_CHANNELS_IN: dict[int, Kind] = {3: "edge", 4: "inpaint", 5: "inpaint"}
_NAMES: dict[Kind, str] = {"edge": "edge generator (G1)", "inpaint": "inpainting generator (G2)"}

# The names of spectral norm's three tensors in torch.nn.utils.spectral_norm (the authors') and in its successor.
_SPECTRAL_FORMS = (
    ("weight_orig", "weight_u", "weight_v"),
    ("parametrizations.weight.original", "parametrizations.weight.0._u", "parametrizations.weight.0._v"),
)


def read_weights(path: Path, kind: Kind, config: ModelConfig) -> dict[str, NDArray[np.float32]]:
    """Read the weights of G1 or G2 and check each of them.

    Args:
        path: a `.safetensors` or `.pth` file; the latter needs torch.
        kind: which generator it has to be.
        config: the size it has to have.

    Returns:
        float32 arrays with the keys and shapes of `nn.architecture`, spectral norm folded.

    Raises:
        WeightsError: the file can't be read, or is not that generator.
    """
    state = read_state(path)
    check_state(state, path, kind, config)
    return {key: weight.astype(np.float32) for key, weight in state.items()}


def read_generator(path: Path, kind: Kind, config: ModelConfig) -> dict[str, Tensor]:
    """Return what `read_weights` does as tensors on the CPU."""
    import torch  # noqa: PLC0415 - a second, which only torch's users pay

    return {key: torch.from_numpy(weight) for key, weight in read_weights(path, kind, config).items()}


def read_state(path: Path) -> State:
    """Read a generator's tensors, with prefixes stripped and spectral norm folded, not yet checked.

    Raises:
        WeightsError: the file can't be read or holds no generator.
    """
    check_checkpoint(path)
    if path.suffix == ".safetensors":
        return fold_spectral_norm(_strip(_load_safetensors(path)))
    from inpaint_cli.weights.pth import load_pth  # noqa: PLC0415 - torch

    return fold_spectral_norm(_strip(load_pth(path)))


def _load_safetensors(path: Path) -> State:
    """Return the tensors of a safetensors file.

    Raises:
        WeightsError: the file can't be read.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            keys = list(file.keys())
            if not any(file.get_slice(key).get_dtype() == "BF16" for key in keys):
                return {key: file.get_tensor(key) for key in keys}
        from safetensors.torch import load_file  # noqa: PLC0415 - torch

        from inpaint_cli.weights.pth import to_arrays  # noqa: PLC0415

        return to_arrays(load_file(path))  # numpy has no bfloat16
    except OSError as error:
        raise WeightsError(f"{path}: can't be read: {reason(error)}") from error
    except (SafetensorError, ValueError, TypeError) as error:
        raise WeightsError(f"{path}: damaged or not a checkpoint; download or copy it again") from error


def _strip(state: Mapping[str, NDArray[Any]]) -> State:
    """Strip the `module.` that DataParallel puts before each key."""
    return {key.removeprefix("module."): weight for key, weight in state.items()}


def fold_spectral_norm(state: Mapping[str, Array]) -> dict[str, Array]:
    """Replace each spectral-normalised weight W by W / σ, σ = uᵀ W v, its value at inference (Miyato et al. 2018).

    Args:
        state: arrays or tensors with both, one or none of torch's two ways to save spectral norm.

    Returns:
        The same with plain `weight` keys; everything else unchanged.
    """
    folded = dict(state)
    for original, left, right in _SPECTRAL_FORMS:
        for key in [key for key in state if key.endswith("." + original)]:
            layer = key.removesuffix(original)
            if layer + left in folded and layer + right in folded:
                W, u, v = folded.pop(key), folded.pop(layer + left), folded.pop(layer + right)
                folded[layer + "weight"] = W / _sigma(W, u, v)
    return folded


def _sigma(W: Array, u: Array, v: Array) -> Array | float:
    """Return σ = uᵀ W v, W's rows its output channels: the first dimension, the second of a transposed convolution."""
    if W.ndim < 2 or u.ndim != 1 or v.ndim != 1 or u.shape[0] * v.shape[0] != math.prod(W.shape):
        return 1.0  # wrong shapes, which `check_state` reports
    rows = W if u.shape[0] == W.shape[0] else W.swapaxes(0, 1)
    if u.shape[0] != rows.shape[0] or u.shape[0] == 0:
        return 1.0
    sigma: Array = u @ (rows.reshape(u.shape[0], -1) @ v)
    return sigma


def check_state(state: State, path: Path, kind: Kind, config: ModelConfig) -> None:
    """Compare a folded state dict with the generator that it has to fit.

    Args:
        state: keys and tensors.
        path: the file they come from, for the error.
        kind: which generator.
        config: its size.

    Raises:
        WeightsError: a tensor is missing, unexpected, of another shape, or not finite.
    """
    _check_kind(state, path, kind)
    expected = architecture(kind, config).shapes()
    size = f"{_NAMES[kind]} of base_channels {config.base_channels} and residual_blocks {config.residual_blocks}"
    for key, shape in expected.items():
        if key not in state:
            raise WeightsError(f"{path}: {key} is missing; expected shape {shape} for an {size}")
        found = tuple(state[key].shape)
        if found != shape:
            raise WeightsError(f"{path}: {key} has shape {found}; expected {shape} for an {size}")
        if not _is_finite(state[key]):
            raise WeightsError(f"{path}: {key} holds values that are not finite; the file is damaged")
    for key, weight in state.items():
        if key not in expected:
            raise WeightsError(f"{path}: {key} of shape {tuple(weight.shape)} is not part of an {size}")


def _is_finite(weight: NDArray[Any]) -> bool:
    """Whether all values are finite in the precision that they are used in."""
    with np.errstate(over="ignore"):  # what float32 does not hold becomes infinite
        return bool(np.isfinite(weight.astype(np.float32)).all())


def _check_kind(state: State, path: Path, kind: Kind) -> None:
    """Raise an error of its own if this is the other generator."""
    entrance = state.get(_ENTRANCE)
    if entrance is None or entrance.ndim != 4:
        return
    found = _BY_CHANNELS_IN.get(entrance.shape[1], kind)
    if found != kind:
        raise WeightsError(
            f"{path}: holds the {_NAMES[found]}, expected the {_NAMES[kind]}; are the two files swapped?"
        )


def architecture(kind: Kind, config: ModelConfig) -> Architecture:
    """Return the layers of a model's G1 or G2."""
    if kind == "edge":
        return edge_architecture(config.base_channels, config.residual_blocks)
    return inpaint_architecture(config.base_channels, config.residual_blocks, 5 if config.mask_channel else 4)


def infer_size(state: State, path: Path) -> tuple[int, int]:
    """Return the base_channels and residual_blocks of a folded state dict.

    Raises:
        WeightsError: it is no generator at all.
    """
    blocks = {key.split(".")[1] for key in state if key.startswith("middle.")}
    if _ENTRANCE not in state or state[_ENTRANCE].ndim != 4 or not blocks:
        raise WeightsError(f"{path}: holds no generator of EdgeConnect ({_ENTRANCE} or middle.* is missing)")
    return state[_ENTRANCE].shape[0], len(blocks)
