"""The evaluation's photos: square, of one size, named by their path inside their folder."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpaint_cli.errors import UsageError
from inpaint_cli.imaging.windows import central_square
from inpaint_cli.io.reading import load_image, pictures_below


def find(folder: Path) -> list[str]:
    """Return the photos in a folder and below, as sorted relative paths with forward slashes.

    Raises:
        UsageError: there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: not a folder")
    found = sorted(path.relative_to(folder).as_posix() for path in pictures_below(folder))
    if not found:
        raise UsageError(f"{folder}: no pictures in it")
    return found


def load(path: Path, size: int) -> NDArray[np.uint8]:
    """Return a photo's central square at size×size, RGB uint8 H×W×3.

    Raises:
        PhotoError: it can't be read.
    """
    rgb = load_image(path)
    square = Image.fromarray(np.ascontiguousarray(rgb[central_square(rgb.shape).slices]))
    return np.asarray(square.resize((size, size), Image.Resampling.LANCZOS))
