"""Small real pictures in every mode and depth, and the edit that the tests of files make."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inpaint_cli.io.photo import Photo
from inpaint_cli.io.reading import read_photo
from inpaint_cli.io.writing import write_photo

EXAMPLES = Path(__file__).parents[1] / "examples"
HOLE = np.s_[10:30, 20:50]


def small_dune() -> Image.Image:
    """Return a real photo of 120×80 pixels."""
    with Image.open(EXAMPLES / "dune.jpg") as photo:
        return photo.resize((120, 80), Image.Resampling.LANCZOS)


def with_alpha(photo: Image.Image) -> Image.Image:
    photo = photo.copy()
    photo.putalpha(Image.linear_gradient("L").resize(photo.size))
    return photo


def deep(photo: Image.Image, channels: int) -> NDArray[np.uint16]:
    """Return a photo with 16 bits, of which the lower eight say something too; grey, grey and alpha, RGB or RGBA."""
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    pixels = np.asarray(with_alpha(photo.convert("RGB")).convert(mode)).astype(np.uint16) * 257
    noise = np.random.default_rng(0).integers(0, 200, pixels.shape)
    return np.clip(pixels.astype(int) + noise - 100, 0, 65535).astype(np.uint16)


def retouched(source: Path, target: Path) -> Photo:
    """Read a file, paint over a part of it, write it."""
    photo = read_photo(source)
    photo.pixels[HOLE] = photo.pixels[40, 60]
    write_photo(photo, target)
    return photo
