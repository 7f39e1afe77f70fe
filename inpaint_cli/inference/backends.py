"""What the networks run on: OpenCV, which is loaded anyway, or torch, which takes a second to import. No torch here."""

import ctypes.util
import platform
import sys
from collections.abc import Iterable
from pathlib import Path

import cv2

from inpaint_cli.errors import UsageError
from inpaint_cli.options import Backend, Dtype, check_device, check_dtype

MANY_PHOTOS = 6  # painted by G2: from here on torch, which is faster, has paid for its import (benchmarks/backends.md)

# 4.10 can't read the graph (DepthToSpace of free height and width). 4.11 to 4.14 read it, but miss what torch computes
# by up to 0.001 in the lite generators, and the authors' pictures (tests/test_parity.py) by more than a grey level.
_OLDEST_OPENCV = (5, 0)
# What the drivers of NVIDIA and AMD make on Linux, and of both in Windows' subsystem for Linux.
_GPU_FILES = (Path("/dev/nvidiactl"), Path("/dev/kfd"), Path("/dev/dxg"))


def choose_backend(backend: Backend, device: str, dtype: str, weights: Iterable[Path]) -> Backend:
    """Return OpenCV or torch; of two that could serve, `auto` takes OpenCV, which starts at once.

    Args:
        backend: what the user chose.
        device: where the networks are to run: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        dtype: their arithmetic: `auto`, `float32`, `bfloat16` or `float16`.
        weights: the checkpoints.

    Raises:
        UsageError: OpenCV was chosen and can't do what else was chosen; or there is no such device or precision.
    """
    if backend is Backend.TORCH:
        return backend  # whether it has the device and the precision, torch says
    refusal = _refusal(check_device(device), check_dtype(dtype))
    if backend is Backend.OPENCV:
        if refusal:
            raise UsageError(f"--backend opencv: {refusal}")
        return backend
    if refusal or any(path.suffix == ".pth" for path in weights):  # which torch has to read, and may as well run
        return Backend.TORCH
    if device == "auto" and may_have_gpu():
        from inpaint_cli.devices import choose_device  # noqa: PLC0415 - only torch knows whether it can use it

        return Backend.OPENCV if choose_device(device).type == "cpu" else Backend.TORCH
    return Backend.OPENCV


def choose_for_many(
    backend: Backend, device: str, dtype: str, weights: Iterable[Path], photos: int
) -> tuple[Backend, str]:
    """Return the backend and the precision for a run in which G2 paints so many photos.

    Where `auto` would take OpenCV for one of them, it takes torch for many, in float32: the same arithmetic, so that a
    photo comes out of a folder as it does alone. What was chosen in so many words stays.

    Args:
        backend: what the user chose.
        device: where the networks are to run (see `choose_backend`).
        dtype: their arithmetic.
        weights: the checkpoints.
        photos: how many the run has.
    """
    alone = choose_backend(backend, device, dtype, weights) if backend is Backend.AUTO else backend
    if backend is Backend.AUTO and alone is Backend.OPENCV and photos >= MANY_PHOTOS:
        return Backend.TORCH, Dtype.FLOAT32
    return backend, dtype


def _refusal(device: str, dtype: str) -> str:
    """Return why OpenCV can't run the networks, empty if it can."""
    if device not in {"auto", "cpu"}:
        return f"computes on the processor only; --device {device} needs --backend torch"
    if dtype not in {Dtype.AUTO, Dtype.FLOAT32}:
        return f"computes in float32 only; --dtype {dtype} needs --backend torch"
    if _opencv_version() < _OLDEST_OPENCV:
        return f"needs OpenCV {'.'.join(map(str, _OLDEST_OPENCV))}, and {cv2.__version__} is installed"
    return ""


def _opencv_version() -> tuple[int, int]:
    major, minor = cv2.__version__.split(".")[:2]
    return int(major), int(minor)


def may_have_gpu() -> bool:
    """Whether this machine has the driver of a GPU that torch may know; fast, and sure only where it says no."""
    match sys.platform:
        case "darwin":
            return platform.machine() == "arm64"
        case "win32":
            return ctypes.util.find_library("nvcuda") is not None
        case _:
            return any(path.exists() for path in _GPU_FILES)
