"""Checks of files from untrusted sources, before anything of them is loaded."""

import json
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from inpaint_cli.errors import WeightsError, reason

if TYPE_CHECKING:
    from torch import Tensor

_LONGEST_TEXT = 2**20  # bytes of a configuration, a registry or a model card
_LONGEST_HEADER = 2**24  # bytes of the table of a safetensors file
_PRECISIONS = ("F16", "BF16", "F32", "F64")  # safetensors' names
_DAMAGED = "{path}: damaged or not a checkpoint; download or copy it again"
_DTYPES = ("float16", "bfloat16", "float32", "float64")  # torch's


def read_text(path: Path) -> str:
    """Return a small text file.

    Raises:
        OSError: it can't be read.
        ValueError: it is not UTF-8, or larger than 1 MiB.
    """
    with path.open("rb") as file:
        data = file.read(_LONGEST_TEXT + 1)
    if len(data) > _LONGEST_TEXT:
        raise ValueError(f"larger than {_LONGEST_TEXT // 2**20} MiB")
    return data.decode("utf-8")


def read_object(path: Path) -> dict[str, object]:
    """Return the JSON object in a small file.

    Raises:
        WeightsError: it can't be read or holds something else.
    """
    try:
        table = json.loads(read_text(path))
    except OSError as error:
        raise WeightsError(f"{path}: can't be read: {reason(error)}") from error
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{path}: not valid JSON ({error})") from error
    if not isinstance(table, dict):
        raise WeightsError(f"{path}: holds no JSON object")
    return table


def check_regular(path: Path) -> None:
    """Check that a path is a regular file: reading a device or a pipe might never end.

    Raises:
        WeightsError: it is something else, or its status can't be read.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise WeightsError(f"{path}: can't be read: {reason(error)}") from error
    if stat.S_ISDIR(mode):
        raise WeightsError(f"{path}: can't be read: is a directory")
    if not stat.S_ISREG(mode):
        raise WeightsError(f"{path}: is a device or a pipe, not a file")


def check_checkpoint(path: Path) -> None:
    """Check a checkpoint by its table of contents: a regular file of uncompressed floating-point weights.

    Raises:
        WeightsError: it is not.
    """
    check_regular(path)
    try:
        if path.suffix == ".safetensors":
            _check_table(path)
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                packed = [entry.filename for entry in archive.infolist() if entry.compress_type != zipfile.ZIP_STORED]
            if packed:  # torch writes no compressed entries; a few bytes could expand to any size
                raise WeightsError(f"{path}: {packed[0]} in it is compressed, which no checkpoint is; not loaded")
    except OSError as error:
        raise WeightsError(f"{path}: can't be read: {reason(error)}") from error
    except (zipfile.BadZipFile, ValueError, RecursionError) as error:
        raise WeightsError(_DAMAGED.format(path=path)) from error


def _check_table(path: Path) -> None:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        table = json.loads(file.read(length)) if length <= _LONGEST_HEADER else None
    if not isinstance(table, dict):
        raise WeightsError(_DAMAGED.format(path=path))
    for key, entry in table.items():
        if key != "__metadata__" and (not isinstance(entry, dict) or entry.get("dtype") not in _PRECISIONS):
            found = entry.get("dtype") if isinstance(entry, dict) else entry
            raise WeightsError(f"{path}: {key[:80]} has values of type {found!s:.20}; {_expected(_PRECISIONS)}")


def check_tensors(state: Mapping[str, "Tensor"], path: Path) -> None:
    """Check that tensors are dense arrays of floating-point values.

    Raises:
        WeightsError: one is of another type, sparse or quantised, or a few values repeated over a large shape.
    """
    for key, weight in state.items():
        dtype = str(weight.dtype).removeprefix("torch.")
        if dtype not in _DTYPES:
            raise WeightsError(f"{path}: {key} has values of type {dtype}; {_expected(_DTYPES)}")
        if str(weight.layout) != "torch.strided" or weight.is_nested or weight.device.type != "cpu":
            raise WeightsError(f"{path}: {key} is no plain tensor; save it dense and with its values")
        if weight.numel() * weight.element_size() > weight.untyped_storage().nbytes():
            raise WeightsError(f"{path}: {key} repeats its values over shape {tuple(weight.shape)}; save it contiguous")


def _expected(types: tuple[str, ...]) -> str:
    return f"expected one of {', '.join(types)}"
