"""From an opened file to a `Photo`: modes, depths, profiles, orientation."""

from __future__ import annotations

import io
import struct
import zlib
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageFile, JpegImagePlugin

from inpaint_cli.errors import PhotoError
from inpaint_cli.io import exif as exif_block
from inpaint_cli.io.deep import decode_deep
from inpaint_cli.io.jpeg import coding
from inpaint_cli.io.metadata import read_metadata
from inpaint_cli.io.photo import Photo, Pixels, turned
from inpaint_cli.io.tiff import check_strips, silence_libtiff
from inpaint_cli.io.uncompressed import bmp_alpha

# What Pillow's plugins and OpenCV raise for files that are not what they claim to be.
BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, RuntimeError, struct.error,
    zlib.error, cv2.error,
)  # fmt: skip

_ROWS = 512  # copied at a time
# TIFF's tags, and values of theirs.
_PHOTOMETRIC, _X_RESOLUTION, _EXTRA_SAMPLES = 262, 282, 338
_WHITE_IS_ZERO, _ASSOCIATED = 0, (1,)
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_OWN_NAMES = {"MPO": "JPEG", "DIB": "BMP"}


def decode(picture: ImageFile.ImageFile, file: BinaryIO, name: str) -> Photo:
    """Return the first frame of an opened picture.

    Args:
        picture: as `Image.open` returns it, nothing decoded yet.
        file: the file behind it.
        name: for messages.

    Raises:
        PhotoError: pixels of a kind that no photo has.
        OSError, SyntaxError, ValueError, …: the file is damaged (see `BROKEN`).
    """
    format_, mode = picture.format or "PNG", picture.mode
    frames = 1 if format_ == "PSD" else getattr(picture, "n_frames", 1)  # a PSD shows all its layers at once
    tags = dict(getattr(picture, "tag_v2", {}))  # before loading changes them
    compressed = format_ != "TIFF" or picture.info.get("compression") != "raw"
    lossless = format_ != "WEBP" or _is_lossless_webp(file)
    jpeg = coding(picture) if isinstance(picture, JpegImagePlugin.JpegImageFile) else None
    codestream = format_ == "JPEG2000" and getattr(picture, "codec", "") == "j2k"
    dpi = picture.info.get("dpi") if format_ != "TIFF" or _X_RESOLUTION in tags else None  # else Pillow makes it 1
    if format_ == "TIFF":
        silence_libtiff()
        check_strips(file)
    pixels, alpha, maxval = _pixels(picture, file, name, tags)
    about = read_metadata(picture, file)
    if mode in {"CMYK", "LAB"}:
        about.icc = b""  # it described the inks
    if tags.get(_EXTRA_SAMPLES) == _ASSOCIATED:
        mode = "RGBa"
    turn = tags.get(exif_block.ORIENTATION) or exif_block.orientation(about.exif, about.xmp)
    about.exif, about.xmp = exif_block.upright(about.exif, about.xmp)
    if exif_block.ORIENTATION not in tags:  # TIFF decoders apply the orientation themselves
        pixels, alpha = turned(pixels, turn), None if alpha is None else turned(alpha, turn)
    return Photo(
        pixels,
        alpha,
        name=name,
        format="J2K" if codestream else _OWN_NAMES.get(format_, format_),
        mode=mode,
        frames=frames,
        dpi=_resolution(dpi, turn),
        maxval=maxval,
        jpeg=jpeg,
        lossless=lossless,
        compressed=compressed,
        **vars(about),
    )


def _pixels(
    picture: ImageFile.ImageFile, file: BinaryIO, name: str, tags: dict[int, object]
) -> tuple[Pixels, Pixels | None, int]:
    """Return pixels H×W×C, alpha H×W or None, and the value of white in the file if it is an unusual one."""
    deep = decode_deep(picture, file, name)
    if deep is not None:
        pixels, alpha, maxval = deep
        if tags.get(_EXTRA_SAMPLES) == _ASSOCIATED and alpha is not None:
            pixels = _unmultiplied(pixels, alpha)
        return pixels, alpha, maxval
    opacity = bmp_alpha(picture, file)
    negative = picture.mode.startswith("I;16") and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    if picture.tell() != 0 and picture.format != "PSD":
        picture.seek(0)
    picture.load()
    pixels, alpha = _channels(_plain(picture, picture.info.get("icc_profile") or b"", name))
    if negative:
        pixels = np.iinfo(pixels.dtype).max - pixels  # Pillow does so with 8 bits
    return pixels, alpha if opacity is None else opacity, 0


def _unmultiplied(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Return colours that were stored times their opacity, rounded; what is wholly transparent stays."""
    share = np.maximum(alpha, 1)[..., None] / np.float64(np.iinfo(alpha.dtype).max)
    return np.where(alpha[..., None] > 0, np.minimum(np.round(pixels / share), 65535), pixels).astype(pixels.dtype)


def _plain(picture: Image.Image, icc: bytes, name: str) -> Image.Image:
    """Return a picture in one of the modes L, LA, I;16, RGB and RGBA."""
    mode = picture.mode
    if mode == "F":
        raise PhotoError(f"{name}: a floating-point picture; convert it to 8 or 16 bit first")
    if mode == "I":
        low, high = picture.getextrema()
        if not 0 <= low <= high <= 65535:  # type: ignore[operator] # one channel: two numbers
            raise PhotoError(f"{name}: a 32-bit picture; convert it to 8 or 16 bit first")
        return picture.convert("I;16")
    if mode in {"CMYK", "LAB"}:
        return _from_inks(picture, icc)
    clear = "transparency" in picture.info
    wanted = {"1": "LA" if clear else "L", "L": "LA" if clear else "L", "RGB": "RGBA" if clear else "RGB", "La": "LA"}
    wanted |= {"P": "RGBA" if picture.has_transparency_data else "RGB", "PA": "RGBA", "RGBa": "RGBA"}
    to = wanted.get(mode, mode if mode in {"LA", "RGBA"} or mode.startswith("I;16") else "RGB")
    return picture if to == mode else picture.convert(to)


def _from_inks(picture: Image.Image, icc: bytes) -> Image.Image:
    """Return CMYK or Lab as sRGB, through the profile if there is a usable one."""
    if picture.mode == "LAB":
        profile = ImageCms.createProfile("LAB")
    elif icc:
        try:
            profile = ImageCms.getOpenProfile(io.BytesIO(icc)).profile
        except (OSError, ImageCms.PyCMSError):
            return picture.convert("RGB")
    else:
        return picture.convert("RGB")
    try:
        converted = ImageCms.profileToProfile(
            picture, ImageCms.ImageCmsProfile(profile), ImageCms.createProfile("sRGB"), _INTENT, "RGB"
        )
    except ImageCms.PyCMSError:
        return picture.convert("RGB")
    return converted if converted is not None else picture.convert("RGB")


def _channels(picture: Image.Image) -> tuple[Pixels, Pixels | None]:
    """Return a picture's pixels, H×W×C, and its alpha, H×W; copied in strips so that there is never a second copy."""
    width, height = picture.size
    deep = picture.mode.startswith("I;16")
    stored: Pixels = np.empty((height, width, len(picture.getbands())), np.uint16 if deep else np.uint8)
    for top in range(0, height, _ROWS):
        strip = picture.crop((0, top, width, min(top + _ROWS, height)))
        stored[top : top + _ROWS] = np.atleast_3d(np.asarray(strip))
    key = picture.info.get("transparency") if deep else None
    if key is not None:
        return stored, np.where(stored[..., 0] == key, 0, 65535).astype(np.uint16)
    if picture.mode in {"LA", "RGBA"}:
        return np.ascontiguousarray(stored[..., :-1]), np.ascontiguousarray(stored[..., -1])
    return stored, None


def _resolution(dpi: tuple[float, float] | None, orientation: int) -> tuple[float, float] | None:
    if not dpi or not all(0 < float(value) < 1e6 for value in dpi):
        return None
    across, down = float(dpi[0]), float(dpi[1])
    return (down, across) if orientation >= 5 else (across, down)


def _is_lossless_webp(file: BinaryIO) -> bool:
    """Whether the picture chunk of a WebP is VP8L."""
    file.seek(12)
    while len(header := file.read(8)) == 8:
        kind, length = header[:4], int.from_bytes(header[4:], "little")
        if kind in {b"VP8 ", b"VP8L"}:
            return kind == b"VP8L"
        if kind == b"ANMF":
            length = 16  # the frame's own chunks follow its header
        file.seek(length + length % 2, io.SEEK_CUR)
    return False
