"""Channels of more than 8 bits, which Pillow would reduce to 8: decoded by OpenCV, or read as stored."""

from __future__ import annotations

from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from inpaint_cli.errors import PhotoError
from inpaint_cli.io import png
from inpaint_cli.io.exif import ORIENTATION
from inpaint_cli.io.ifd import integers, read_directory
from inpaint_cli.io.isobmff import describe_avif, jp2_depth
from inpaint_cli.io.photo import Pixels, turned
from inpaint_cli.io.tiff import split_planes
from inpaint_cli.io.uncompressed import is_deep_sgi, ppm_maxval, read_ppm, read_sgi, rescale_values

# TIFF's tags and a value.
_BITS, _PLANAR = 258, 284
_APART = 2
_COLOURS = {"RGB", "RGBA", "LA"}

Decoded = tuple[Pixels, Pixels | None, int]


def decode_deep(picture: ImageFile.ImageFile, file: BinaryIO, name: str) -> Decoded | None:
    """Return a picture at its full depth; None where Pillow decodes it in full.

    Args:
        picture: as `Image.open` returns it, nothing decoded yet.
        file: the file behind it.
        name: for messages.

    Returns:
        Pixels H×W×C, uint8 or uint16 of the whole range, alpha H×W of the same type or None, and the value of white in
        the file, 0 if it is that of the type.

    Raises:
        PhotoError: it is compressed in a way that can't be decoded.
        OSError, ValueError, …: the file is damaged.
    """
    if not picture.tile:
        return None
    match picture.format:
        case "TIFF":
            return _decode_tiff(picture, file, name)
        case "PNG":
            return _decode_png(picture, file)
        case "AVIF" | "JPEG2000":
            return _decode_compressed(picture, file)
        case _:
            return _decode_uncompressed(picture, file)


def _decode_tiff(picture: ImageFile.ImageFile, file: BinaryIO, name: str) -> Decoded | None:
    """Decide by the tags: for separate planes the first tile describes one plane only."""
    tags = getattr(picture, "tag_v2", {})
    if picture.mode not in _COLOURS or 16 not in tags.get(_BITS, ()):
        return None
    if tags.get(_PLANAR) == _APART:
        return (*_decode_planes(file, name), 0)
    return (*_decode_with_opencv(_whole(file), grey=False), 0)


def _decode_compressed(picture: ImageFile.ImageFile, file: BinaryIO) -> Decoded | None:
    depth = describe_avif(file).depth if picture.format == "AVIF" else jp2_depth(file)
    if depth <= 8 or picture.mode not in _COLOURS:
        return None
    return _scaled(*_decode_with_opencv(_whole(file), grey=picture.mode == "LA"), depth)


def _decode_uncompressed(picture: ImageFile.ImageFile, file: BinaryIO) -> Decoded | None:
    if maxval := ppm_maxval(picture):
        return read_ppm(picture, file, maxval), None, 0 if maxval in {255, 65535} else maxval
    if picture.format == "SGI" and is_deep_sgi(file) == (True, False):
        return (*_split_alpha(read_sgi(picture, file)), 0)
    return None


def _decode_png(picture: ImageFile.ImageFile, file: BinaryIO) -> Decoded | None:
    if picture.mode not in _COLOURS or ";16" not in str(picture.tile[0].args):
        return None
    file.seek(0)
    with Image.open(file) as again:  # libpng would fill what is missing with black
        again.verify()
    file.seek(0)
    with Image.open(file) as again:
        again.load()  # text chunks may follow the pixels
        picture.info.update(again.info)
    return (*_decode_with_opencv(png.still(file), grey=png.is_grey(file)), 0)


def _decode_with_opencv(data: bytes, *, grey: bool) -> tuple[Pixels, Pixels | None]:
    """Return pixels H×W×C and alpha H×W, uint16; of grey with alpha OpenCV makes four channels."""
    cv2.utils.logging.setLogLevel(0)  # its messages about broken files name no file
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16:
        raise OSError("its 16-bit pixels can't be decoded")
    channels = np.atleast_3d(np.asarray(stored, np.uint16))
    alpha = np.ascontiguousarray(channels[..., 3]) if channels.shape[2] == 4 else None
    colours = channels[..., :1] if grey else channels[..., 2::-1]  # blue comes first
    return np.ascontiguousarray(colours), alpha


def _decode_planes(file: BinaryIO, name: str) -> tuple[Pixels, Pixels | None]:
    order, directory = read_directory(file)
    turn = integers(directory[ORIENTATION], order)[0] if ORIENTATION in directory else 1
    try:
        planes = np.dstack(split_planes(file))
    except UnidentifiedImageError as error:
        raise PhotoError(f"{name}: its planes have a compression that can't be decoded; save it without") from error
    return _split_alpha(turned(planes, turn))


def _whole(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def _split_alpha(channels: Pixels) -> tuple[Pixels, Pixels | None]:
    colours = channels.shape[2] - (channels.shape[2] in {2, 4})
    alpha = np.ascontiguousarray(channels[..., colours]) if colours < channels.shape[2] else None
    return np.ascontiguousarray(channels[..., : min(colours, 3)]), alpha


def _scaled(pixels: Pixels, alpha: Pixels | None, depth: int) -> Decoded:
    """Return channels of `depth` bits scaled to 16."""
    white = 2**depth - 1
    full = rescale_values(pixels, white, 65535).astype(np.uint16)
    return full, None if alpha is None else rescale_values(alpha, white, 65535).astype(np.uint16), white
