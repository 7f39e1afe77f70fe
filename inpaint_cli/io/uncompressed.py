"""Uncompressed formats that Pillow reads or writes incompletely: PPM, BMP and SGI."""

from __future__ import annotations

import io
import re
import struct
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from inpaint_cli.io.photo import Photo, Pixels

_BMP_HEADER = 14
_V4_HEADER = 108
_BITFIELDS = 3
_MASKS = (0x00FF0000, 0x0000FF00, 0x000000FF, 0xFF000000)
_SRGB = 0x73524742
_SGI_HEADER = 512


def ppm_maxval(picture: ImageFile.ImageFile) -> int:
    """Return the value of white in a PPM or PGM; 0 for other pictures, and for what Pillow reads in full."""
    if picture.format != "PPM" or not picture.tile:
        return 0
    args = picture.tile[0].args
    if isinstance(args, tuple) and len(args) > 1:
        return int(args[1])
    return 65535 if str(args).startswith("I;16") else 0


def read_ppm(picture: ImageFile.ImageFile, file: BinaryIO, maxval: int) -> Pixels:
    """Return the pixels of a PPM or PGM, H×W×C, scaled to the whole range of 8 or 16 bits.

    Raises:
        OSError: there are too few of them, or one is beyond white.
    """
    tile = picture.tile[0]
    file.seek(tile.offset)
    width, height = picture.size
    count = width * height * (3 if picture.mode == "RGB" else 1)
    if tile.codec_name == "ppm_plain":
        stored = np.array(re.sub(rb"#[^\r\n]*", b"", file.read()).split()[:count], np.int64)
    else:
        stored = np.frombuffer(file.read(count * (2 if maxval > 255 else 1)), ">u2" if maxval > 255 else np.uint8)
    if stored.size < count or stored.max() > maxval or stored.min() < 0:
        raise OSError("too few values, or one that is beyond white")
    white = 65535 if maxval > 255 else 255
    pixels = np.asarray(rescale_values(stored, maxval, white), np.uint16 if white > 255 else np.uint8)
    return np.reshape(pixels, (height, width, -1))


def rescale_values(values: NDArray[np.integer], white: int, to: int) -> NDArray[np.integer]:
    """Return values of 0 to `white` as values of 0 to `to`, rounded."""
    return values if white == to else (values.astype(np.uint32) * to + white // 2) // white


def encode_ppm(photo: Photo) -> bytes:
    """Return a PPM or PGM of 8 or 16 bits; white is what it was in the photo's own file, if that was one."""
    height, width = photo.size
    full = int(np.iinfo(photo.pixels.dtype).max)
    white = photo.maxval if photo.maxval and photo.format == "PPM" else full
    values = rescale_values(photo.pixels, full, white).astype(">u2" if white > 255 else np.uint8)
    return f"P{5 if photo.grey else 6}\n{width} {height}\n{white}\n".encode() + values.tobytes()


def bmp_alpha(picture: ImageFile.ImageFile, file: BinaryIO) -> NDArray[np.uint8] | None:
    """Return the unused fourth bytes of an old 32-bit BMP, H×W, if they hold opacity, as many programs write it."""
    if picture.format not in {"BMP", "DIB"} or picture.mode != "RGB" or not picture.tile:
        return None
    offset, args = picture.tile[0].offset, picture.tile[0].args
    if not isinstance(args, tuple) or args[0] != "BGRX":
        return None
    width, height = picture.size
    file.seek(offset)
    stored = np.frombuffer(file.read(4 * width * height), np.uint8)
    if stored.size < 4 * width * height:
        return None  # damaged, as the decoder will say
    fourth = stored.reshape(height, width, 4)[:: args[2], :, 3]
    return fourth.copy() if fourth.min() < fourth.max() else None


def encode_bmp(photo: Photo) -> bytes:
    """Return a BMP of 32 bits whose header says that it has an alpha channel, which Pillow's does not."""
    height, width = photo.size
    colours = np.repeat(photo.pixels, 3, axis=2) if photo.grey else photo.pixels[..., ::-1]
    stored = np.dstack([colours, photo.alpha])[::-1] if photo.alpha is not None else colours
    per_metre = [round(value / 0.0254) for value in photo.dpi or (96, 96)]
    begin, size = _BMP_HEADER + _V4_HEADER, 4 * width * height
    out = io.BytesIO()
    out.write(b"BM" + struct.pack("<IHHI", begin + size, 0, 0, begin))
    out.write(struct.pack("<IiiHHIIiiII", _V4_HEADER, width, height, 1, 32, _BITFIELDS, size, *per_metre, 0, 0))
    out.write(struct.pack("<5I", *_MASKS, _SRGB) + bytes(48))
    out.write(np.ascontiguousarray(stored).data)
    return out.getvalue()


def is_deep_sgi(file: BinaryIO) -> tuple[bool, bool]:
    """Return whether an SGI file has 16 bits per channel, and whether it is compressed."""
    file.seek(2)
    compressed, width = file.read(2)
    return width == 2, bool(compressed)


def read_sgi(picture: ImageFile.ImageFile, file: BinaryIO) -> Pixels:
    """Return the pixels of an uncompressed SGI file of 16 bits, H×W×C.

    Raises:
        OSError: there are too few of them.
    """
    width, height = picture.size
    channels = len(picture.getbands())
    file.seek(_SGI_HEADER)
    stored = np.frombuffer(file.read(2 * width * height * channels), ">u2")
    if stored.size < width * height * channels:
        raise OSError("its end is missing")
    planes = stored.reshape(channels, height, width)[:, ::-1]
    return np.ascontiguousarray(np.moveaxis(planes, 0, -1).astype(np.uint16))
