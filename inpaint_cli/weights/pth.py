"""The authors' `.pth` files, in both of torch's formats.

Such a file is a pickle. It is only read with `weights_only=True`, so that it can't run code.
"""

import pickle
import re
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from inpaint_cli.errors import WeightsError, reason
from inpaint_cli.weights.untrusted import check_tensors

# Exceptions of torch.load observed for text, truncated and altered files of either format.
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
)  # part of torch's message for an unsafe pickle


def load_pth(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a generator, under their names in the file; bfloat16 as float32.

    Raises:
        WeightsError: the file can't be read or holds no generator.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's warnings about the pickle protocol
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise WeightsError(f"{path}: can't be read: {reason(error)}") from error
    except _DAMAGED as error:
        foreign = _FOREIGN.search(str(error))
        if foreign:
            raise WeightsError(
                f"{path}: not loaded: it asks for {foreign[1]}, which no checkpoint needs; damaged or made to run code"
            ) from error
        raise WeightsError(f"{path}: damaged or not a checkpoint; download or copy it again") from error
    return to_arrays(_unwrap(content, path))


def to_arrays(state: Mapping[str, Tensor]) -> dict[str, NDArray[Any]]:
    """Return tensors as arrays of the same precision; bfloat16, which numpy does not have, as float32."""
    plain = {key: weight.float() if weight.dtype == torch.bfloat16 else weight for key, weight in state.items()}
    return {key: weight.detach().numpy() for key, weight in plain.items()}


def _unwrap(content: object, path: Path) -> dict[str, Tensor]:
    """Return the state dict in what the authors save (`{'iteration', 'generator'}`) or in a bare state dict."""
    keys = [str(key) for key in content] if isinstance(content, Mapping) else []
    if any(key == "discriminator" or key.removeprefix("module.").startswith("conv1.") for key in keys):
        raise WeightsError(f"{path}: holds a discriminator, needed only in training; use the file ending in _gen.pth")
    state = content.get("generator", content) if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not state or not all(isinstance(weight, Tensor) for weight in state.values()):
        raise WeightsError(f"{path}: holds no generator; expected the authors' *_gen.pth or a state dict")
    state = {str(key): weight for key, weight in state.items()}
    check_tensors(state, path)
    return state
