"""The photos that are measured on: square, of one size, named by their path inside their folder."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpaint_cli.errors import UsageError
from inpaint_cli.imaging.files import read_photo


def find(folder: Path) -> list[str]:
    """Return the photos in a folder and below, as sorted relative paths with forward slashes.

    Raises:
        UsageError: there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: not a folder")
    Image.init()
    found = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix.lower() in Image.EXTENSION and path.is_file()
    )
    if not found:
        raise UsageError(f"{folder}: no pictures in it")
    return found


def load(path: Path, size: int) -> NDArray[np.uint8]:
    """Return a photo's central square at size×size, RGB uint8 H×W×3.

    Raises:
        PhotoError: it can't be read.
    """
    rgb = read_photo(path).rgb
    side = min(rgb.shape[:2])
    top, left = ((length - side) // 2 for length in rgb.shape[:2])
    square = Image.fromarray(np.ascontiguousarray(rgb[top : top + side, left : left + side]))
    return np.asarray(square.resize((size, size), Image.Resampling.LANCZOS))
