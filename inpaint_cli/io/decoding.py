"""From an opened file to a `Photo`: modes, depths, profiles, orientation. Pillow reads all but 16-bit colour."""

from __future__ import annotations

import io
import logging
import struct
import zlib
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageFile, JpegImagePlugin

from inpaint_cli.errors import PhotoError
from inpaint_cli.io import exif as exif_block
from inpaint_cli.io.photo import JpegCoding, Photo, Pixels

# What Pillow's plugins raise for files that are not what they claim to be.
BROKEN = (OSError, SyntaxError, ValueError, TypeError, IndexError, EOFError, struct.error, zlib.error)

_ROWS = 512  # copied at a time
# TIFF's tags, and values of theirs.
_BITS, _PHOTOMETRIC, _PLANAR, _EXTRA_SAMPLES = 258, 262, 284, 338
_WHITE_IS_ZERO, _APART, _ASSOCIATED = 0, 2, (1,)
_XMP_KEY = "XML:com.adobe.xmp"
_OLD_EXIF_KEY = "Raw profile type exif"
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
# Tags that say how a TIFF's pixels are stored (baseline and extension); the rest is about the photo.
_STORAGE_TAGS = {*range(254, 260), *range(262, 267), 273, *range(277, 280), 284, *range(288, 294), 317}
_STORAGE_TAGS |= {*range(320, 336), *range(338, 342), 347, *range(512, 522), *range(529, 533)}
_ELSEWHERE = {282, 283, 296, 700, 34675}  # resolution, XMP, profile: a `Photo` has them apart


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
    format_, mode, frames = picture.format or "PNG", picture.mode, getattr(picture, "n_frames", 1)
    tags = dict(getattr(picture, "tag_v2", {}))  # before loading changes them
    compressed = format_ != "TIFF" or picture.info.get("compression") != "raw"
    lossless = format_ != "WEBP" or _is_lossless_webp(file)
    jpeg = _jpeg_coding(picture)
    dpi = picture.info.get("dpi")
    icc: bytes = picture.info.get("icc_profile") or b""
    if format_ == "TIFF":
        _check_strips(picture, file)
    if _is_deep_colour(picture):
        pixels, alpha = _decode_deep(picture, file, name)
        if tags.get(_EXTRA_SAMPLES) == _ASSOCIATED and alpha is not None:
            pixels = _unmultiplied(pixels, alpha)
    else:
        picture.seek(0)
        picture.load()
        pixels, alpha = _channels(_plain(picture, icc, name))
        if mode.startswith("I;16") and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
            pixels = np.iinfo(pixels.dtype).max - pixels  # Pillow does so with 8 bits
        if mode in {"CMYK", "LAB"}:
            icc = b""  # it described the inks
    if tags.get(_EXTRA_SAMPLES) == _ASSOCIATED:
        mode = "RGBa"
    exif, xmp, text = _metadata(picture)
    turn = tags.get(exif_block.ORIENTATION) or exif_block.orientation(exif, xmp)
    exif, xmp = exif_block.upright(exif, xmp)
    if exif_block.ORIENTATION not in tags:  # whoever decodes a TIFF turns it by its tag
        pixels, alpha = _turned(pixels, turn), None if alpha is None else _turned(alpha, turn)
    return Photo(
        pixels,
        alpha,
        name=name,
        format="JPEG" if format_ == "MPO" else format_,
        mode=mode,
        frames=frames,
        icc=icc,
        exif=exif,
        xmp=xmp,
        text=text,
        dpi=_resolution(dpi, turn),
        colour=_png_colour(picture),
        jpeg=jpeg,
        lossless=lossless,
        compressed=compressed,
    )


def _is_deep_colour(picture: ImageFile.ImageFile) -> bool:
    """Whether there are several channels with 16 bits each, of which Pillow would keep 8."""
    if not picture.tile:
        return False
    if picture.format == "TIFF":  # of planes that lie apart the first tile says too little
        return picture.mode in {"RGB", "RGBA", "LA"} and 16 in getattr(picture, "tag_v2", {}).get(_BITS, ())
    arguments = picture.tile[0].args
    if picture.format == "PPM":
        return isinstance(arguments, tuple) and len(arguments) > 1 and arguments[1] == 65535
    rawmode = arguments[0] if isinstance(arguments, tuple) else arguments
    return picture.mode in {"RGB", "RGBA", "LA"} and ";16" in str(rawmode)


def _check_strips(picture: ImageFile.ImageFile, file: BinaryIO) -> None:
    """Raise for a TIFF that was cut off; libtiff would say so on standard error."""
    tags = getattr(picture, "tag_v2", {})
    ends = [
        offset + length
        for starts, lengths in ((273, 279), (324, 325))  # of strips, of tiles
        for offset, length in zip(tags.get(starts, ()), tags.get(lengths, ()), strict=False)
    ]
    if max(ends, default=0) > file.seek(0, io.SEEK_END):
        raise OSError("its end is missing")


def _decode_deep(picture: ImageFile.ImageFile, file: BinaryIO, name: str) -> tuple[Pixels, Pixels | None]:
    """Return pixels H×W×C and alpha H×W, uint16."""
    if picture.format == "PNG":
        file.seek(0)
        with Image.open(file) as again:  # libpng would fill what is missing with black
            again.verify()
        file.seek(0)
        with Image.open(file) as again:
            again.load()  # text chunks may follow the pixels
            picture.info.update(again.info)
    if getattr(picture, "tag_v2", {}).get(_PLANAR) == _APART:
        return _decode_planes(file, name)
    cv2.utils.logging.setLogLevel(0)  # its remarks on broken files would be lines without a file
    file.seek(0)
    stored = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint16:
        raise OSError("its 16-bit pixels can't be decoded")
    channels = np.atleast_3d(np.asarray(stored, np.uint16))
    alpha = np.ascontiguousarray(channels[..., 3]) if channels.shape[2] == 4 else None
    colours = channels[..., :1] if _is_grey_png(picture, file) else channels[..., 2::-1]  # blue comes first
    return np.ascontiguousarray(colours), alpha


def _decode_planes(file: BinaryIO, name: str) -> tuple[Pixels, Pixels | None]:
    """Return pixels H×W×C and alpha H×W of a TIFF that stores its channels apart, which OpenCV mixes up."""
    import tifffile  # noqa: PLC0415 - for a rare kind of file

    logging.getLogger("tifffile").disabled = True  # its remarks on stray tags would be lines without a file
    file.seek(0)
    try:
        with tifffile.TiffFile(file) as tiff:
            page = tiff.pages.first
            planes: Pixels = page.asarray()
            turn = page.tags.valueof(exif_block.ORIENTATION, 1)
    except (ValueError, tifffile.TiffFileError) as error:  # damaged, or a compression that wants a package more
        raise PhotoError(f"{name}: its 16-bit planes can't be decoded; save it with interleaved channels") from error
    channels = _turned(np.moveaxis(planes, 0, -1), int(turn))
    return np.ascontiguousarray(channels[..., :3]), channels[..., 3].copy() if channels.shape[2] == 4 else None


def _unmultiplied(pixels: Pixels, alpha: Pixels) -> Pixels:
    """Return colours that were stored times their opacity, rounded; what is wholly transparent stays."""
    share = np.maximum(alpha, 1)[..., None] / np.float64(np.iinfo(alpha.dtype).max)
    return np.where(alpha[..., None] > 0, np.minimum(np.round(pixels / share), 65535), pixels).astype(pixels.dtype)


def _is_grey_png(picture: ImageFile.ImageFile, file: BinaryIO) -> bool:
    """Whether the header says grey with alpha, which OpenCV spreads to four channels."""
    if picture.format != "PNG":
        return False
    file.seek(25)  # the colour type in IHDR
    return file.read(1) in {b"\0", b"\4"}


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


def _metadata(picture: ImageFile.ImageFile) -> tuple[bytes, bytes, dict[str, str]]:
    """Return the EXIF block, the XMP packet and the texts of a picture that has been loaded."""
    text = dict(getattr(picture, "text", {})) if picture.format == "PNG" else {}
    xmp = picture.info.get("xmp") or text.pop(_XMP_KEY, "")
    text.pop(_XMP_KEY, None)
    comment = picture.info.get("comment")
    if comment:
        text["Comment"] = comment.decode("utf-8", "replace") if isinstance(comment, bytes) else str(comment)
    exif = exif_block.body(picture.info.get("exif") or b"")
    if picture.format == "TIFF" or _OLD_EXIF_KEY in text:
        exif = _collected_exif(picture)
        text.pop(_OLD_EXIF_KEY, None)
    return exif, xmp.encode() if isinstance(xmp, str) else xmp, text


def _collected_exif(picture: Image.Image) -> bytes:
    """Return what a TIFF's tags say about the photo, or an old PNG's text, as an EXIF block."""
    exif = picture.getexif()
    for tag in (_STORAGE_TAGS | _ELSEWHERE) & set(exif):
        if tag != exif_block.ORIENTATION:
            del exif[tag]
    return exif_block.body(exif.tobytes()) if exif else b""


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """Return an array upright, given EXIF's orientation of it."""
    if orientation == 1:
        return pixels
    if orientation >= 5:  # rows and columns are exchanged: 5 is the transpose
        pixels = pixels.swapaxes(0, 1)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _resolution(dpi: tuple[float, float] | None, orientation: int) -> tuple[float, float] | None:
    if not dpi or not all(0 < float(value) < 1e6 for value in dpi):
        return None
    across, down = float(dpi[0]), float(dpi[1])
    return (down, across) if orientation >= 5 else (across, down)


def _jpeg_coding(picture: Image.Image) -> JpegCoding | None:
    if not isinstance(picture, JpegImagePlugin.JpegImageFile):
        return None
    tables = [list(picture.quantization[key]) for key in sorted(picture.quantization)]
    return JpegCoding(tables, JpegImagePlugin.get_sampling(picture), bool(picture.info.get("progressive")))


def _png_colour(picture: Image.Image) -> dict[bytes, bytes]:
    """Return the chunks that describe a PNG's colours without a profile."""
    chunks = {}
    if "gamma" in picture.info:
        chunks[b"gAMA"] = struct.pack(">I", round(picture.info["gamma"] * 100000))
    if "chromaticity" in picture.info:
        chunks[b"cHRM"] = struct.pack(">8I", *(round(value * 100000) for value in picture.info["chromaticity"]))
    if "srgb" in picture.info:
        chunks[b"sRGB"] = bytes([picture.info["srgb"]])
    return chunks


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
