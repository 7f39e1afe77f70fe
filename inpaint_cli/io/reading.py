"""Reading pictures: the one place that opens image files."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from inpaint_cli.errors import PhotoError, reason
from inpaint_cli.io.decoding import BROKEN, decode
from inpaint_cli.io.formats import STREAM, is_picture
from inpaint_cli.io.locations import Location, Url, locate
from inpaint_cli.io.marks import painted, white
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.unknown import why_unknown

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_PIXELS = 178_956_970  # where Pillow too takes a header for a decompression bomb

_UNSUPPORTED = re.compile(r"unsupported|not supported|cannot handle|unrecognized|unknown", re.IGNORECASE)

# This tool reports a broken file in one line; Pillow's warnings about metadata name no file.
warnings.filterwarnings("ignore", module=r"PIL\.")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
logging.getLogger("PIL").addHandler(logging.NullHandler())  # without any, Python would print its errors


def read_photo(source: Location | str) -> Photo:
    """Return the picture in a file, upright, its first frame if there are several.

    Args:
        source: a path, a URL, or `-` for standard input.

    Raises:
        PhotoError: there is no such file, it can't be read, it is no picture or a damaged one, or it is beyond
            `MAX_PIXELS`.
    """
    place = locate(source) if isinstance(source, str) else source
    name = "standard input" if place == STREAM else str(source)
    with _opened(place) as file:
        try:
            with Image.open(file) as picture:
                _check_size(picture.size, name)
                return decode(picture, file, name)
        except Image.DecompressionBombError as error:
            raise PhotoError(
                f"{name}: {str(error).split(',', maxsplit=1)[0].lower()}: too large to be a photo"
            ) from error
        except UnidentifiedImageError as error:
            raise PhotoError(f"{name}: {why_unknown(file)}") from error
        except BROKEN as error:
            if _UNSUPPORTED.search(str(error)):
                raise PhotoError(f"{name}: can't be read ({error}); convert it to PNG or JPEG first") from error
            raise PhotoError(
                f"{name}: damaged or incomplete ({error}); get it again from where it came from"
            ) from error


def load_image(source: Location | str) -> NDArray[np.uint8]:
    """Return the picture in a file as RGB, H×W×3 uint8, upright.

    Raises:
        PhotoError: see `read_photo`.
    """
    return read_photo(source).rgb


def load_draft(source: Location, side: int) -> NDArray[np.uint8]:
    """Return what `load_image` does, but a JPEG at the smallest eighths of its size that still have `side` pixels.

    Several times as fast; nothing is lost if the picture is to be reduced further.

    Raises:
        PhotoError: see `read_photo`.
    """
    if isinstance(source, Url):
        return load_image(source)
    with contextlib.suppress(*BROKEN, Image.DecompressionBombError), Image.open(source) as picture:
        if picture.format in {"JPEG", "MPO"} and picture.mode in {"L", "RGB"}:
            picture.draft("RGB", (side, side))
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    return load_image(source)  # other formats, and broken files, for their error


def load_mask(source: Location | str, *, invert: bool = False) -> NDArray[np.bool_]:
    """Return the mask in a file, H×W, True = missing: what is white in it, or of a colour on black or transparency.

    Args:
        source: a path, a URL, or `-` for standard input.
        invert: black marks what is missing.

    Raises:
        PhotoError: see `read_photo`.
    """
    picture = read_photo(source)
    return ~white(picture) if invert else painted(picture)


def pictures_below(folder: Path) -> list[Path]:
    """Return the pictures in a folder and its sub-folders, by their names, sorted; none if there is no such folder."""
    return sorted(path for path in folder.rglob("*") if is_picture(path) and path.is_file())


@contextlib.contextmanager
def _opened(path: Location) -> Iterator[BinaryIO]:
    """Yield a seekable file to read."""
    try:
        file = _open(path)
    except OSError as error:
        raise PhotoError(f"{'standard input' if path == STREAM else path}: {reason(error)}") from error
    with file:
        if not file.seekable():  # a pipe, such as the shell's <(…)
            yield io.BytesIO(file.read())
        else:
            yield file


def _open(path: Location) -> BinaryIO:
    if path == STREAM:
        return io.BytesIO(sys.stdin.buffer.read())
    if isinstance(path, Url):
        return io.BytesIO(path.read_bytes())
    if path.is_dir():
        raise PhotoError(f"{path}: is a folder, not a picture")
    return path.open("rb")


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise PhotoError(f"{name}: {width}×{height} pixels: too large to be a photo")
