"""Reading checkpoints: safetensors, and the authors' `.pth` files in both of torch's formats.

A `.pth` file is a pickle. It is read with `weights_only=True` and never otherwise, so that it can't run code.
"""

import pickle
import re
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from inpaint_cli.errors import WeightsError, reason
from inpaint_cli.nn.generators import EdgeGenerator, InpaintGenerator
from inpaint_cli.weights.config import ModelConfig

Kind = Literal["edge", "inpaint"]
State = dict[str, Tensor]

_ENTRANCE = "encoder.1.weight"  # base_channels × channels in × 7 × 7
_CHANNELS_IN = {"edge": (3,), "inpaint": (4, 5)}
_NAMES = {"edge": "edge generator (G1)", "inpaint": "inpainting generator (G2)"}
# What torch.load was seen to raise for text, for truncated and for altered files of either format.
_DAMAGED = (
    pickle.UnpicklingError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
_FOREIGN = re.compile(
    r"unsupported (?:global: )?GLOBAL ([a-z_][\w.]*)", re.IGNORECASE
)  # in torch's refusal of a pickle

# How spectral norm's three tensors are called: torch.nn.utils.spectral_norm (the authors'), and its successor.
_SPECTRAL_FORMS = (
    ("weight_orig", "weight_u", "weight_v"),
    ("parametrizations.weight.original", "parametrizations.weight.0._u", "parametrizations.weight.0._v"),
)


def read_generator(path: Path, kind: Kind, config: ModelConfig) -> State:
    """Read the weights of G1 or G2 and check each of them.

    Args:
        path: a `.safetensors` or `.pth` file.
        kind: which generator it has to be.
        config: the size it has to have.

    Returns:
        float32 tensors with the keys and shapes of `nn.generators`, spectral norm folded, on the CPU.

    Raises:
        WeightsError: the file can't be read, or is not that generator.
    """
    state = read_state(path)
    check_state(state, path, kind, config)
    return {key: weight.float() for key, weight in state.items()}


def read_state(path: Path) -> State:
    """Read a generator's tensors, with prefixes stripped and spectral norm folded, not yet checked.

    Raises:
        WeightsError: the file can't be read or holds no generator.
    """
    try:
        if path.suffix == ".safetensors":
            return fold_spectral_norm(_strip(load_file(path)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's remarks on how a file was pickled
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise WeightsError(f"{path}: can't be read: {reason(error)}") from error
    except (SafetensorError, *_DAMAGED) as error:
        foreign = _FOREIGN.search(str(error))
        if foreign:
            raise WeightsError(
                f"{path}: not loaded: it asks for {foreign[1]}, which no checkpoint needs; damaged or made to run code"
            ) from error
        raise WeightsError(f"{path}: damaged or not a checkpoint; download or copy it again") from error
    return fold_spectral_norm(_strip(_unwrap(content, path)))


def _unwrap(content: object, path: Path) -> State:
    """Return the state dict in what the authors save (`{'iteration', 'generator'}`) or in a bare state dict."""
    keys = [str(key) for key in content] if isinstance(content, Mapping) else []
    if any(key == "discriminator" or key.removeprefix("module.").startswith("conv1.") for key in keys):
        raise WeightsError(f"{path}: holds a discriminator, needed only in training; use the file ending in _gen.pth")
    state = content.get("generator", content) if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not state or not all(isinstance(weight, Tensor) for weight in state.values()):
        raise WeightsError(f"{path}: holds no generator; expected the authors' *_gen.pth or a state dict")
    return dict(state)


def _strip(state: Mapping[str, Tensor]) -> State:
    """Strip the `module.` that DataParallel puts before each key."""
    return {key.removeprefix("module."): weight for key, weight in state.items()}


def fold_spectral_norm(state: Mapping[str, Tensor]) -> State:
    """Replace each spectral-normalised weight by what it is at inference: W / σ with σ = uᵀ W v (Miyato et al. 2018).

    Args:
        state: a state dict with both, one or none of torch's two ways to save spectral norm.

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


def _sigma(W: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Return uᵀ W v, W's rows being its output channels: the first dimension, but the second of a transposed one."""
    rows = W if u.numel() == W.shape[0] else W.transpose(0, 1)
    if u.numel() != rows.shape[0] or v.numel() * u.numel() != W.numel():
        return torch.ones(())  # wrong shapes, which `check_state` finds and names
    return torch.dot(u, rows.reshape(u.numel(), -1) @ v)


def check_state(state: State, path: Path, kind: Kind, config: ModelConfig) -> None:
    """Compare a folded state dict with the generator that it has to fit.

    Args:
        state: keys and tensors.
        path: the file they come from, for the error.
        kind: which generator.
        config: its size.

    Raises:
        WeightsError: a tensor is missing, is one too many, has another shape, or is not finite.
    """
    _check_kind(state, path, kind)
    expected = _shapes(kind, config)
    size = f"{_NAMES[kind]} of base_channels {config.base_channels} and residual_blocks {config.residual_blocks}"
    for key, shape in expected.items():
        if key not in state:
            raise WeightsError(f"{path}: {key} is missing; expected shape {shape} for an {size}")
        found = tuple(state[key].shape)
        if found != shape:
            raise WeightsError(f"{path}: {key} has shape {found}; expected {shape} for an {size}")
        if not torch.isfinite(state[key]).all():
            raise WeightsError(f"{path}: {key} holds values that are not finite; the file is damaged")
    for key, weight in state.items():
        if key not in expected:
            raise WeightsError(f"{path}: {key} of shape {tuple(weight.shape)} is not part of an {size}")


def _check_kind(state: State, path: Path, kind: Kind) -> None:
    """Name the mistake if this is the other generator."""
    entrance = state.get(_ENTRANCE)
    if entrance is None or entrance.ndim != 4:
        return
    for other, channels in _CHANNELS_IN.items():
        if other != kind and entrance.shape[1] in channels:
            raise WeightsError(
                f"{path}: holds the {_NAMES[other]}, expected the {_NAMES[kind]}; are the two files swapped?"
            )


def _shapes(kind: Kind, config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Return every key and shape of a generator, from the network itself, without memory for its weights."""
    with torch.device("meta"):
        generator = (
            EdgeGenerator(config.base_channels, config.residual_blocks)
            if kind == "edge"
            else InpaintGenerator(config.base_channels, config.residual_blocks, mask_channel=config.mask_channel)
        )
    return {key: tuple(weight.shape) for key, weight in generator.state_dict().items()}


def infer_size(state: State, path: Path) -> tuple[int, int]:
    """Return the base_channels and residual_blocks of a folded state dict.

    Raises:
        WeightsError: it is no generator at all.
    """
    blocks = {key.split(".")[1] for key in state if key.startswith("middle.")}
    if _ENTRANCE not in state or state[_ENTRANCE].ndim != 4 or not blocks:
        raise WeightsError(f"{path}: holds no generator of EdgeConnect ({_ENTRANCE} or middle.* is missing)")
    return state[_ENTRANCE].shape[0], len(blocks)
