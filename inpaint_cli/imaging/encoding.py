"""From a `Photo` to the bytes of a file: which format can hold what, and how each is told to lose nothing else."""

from __future__ import annotations

import io
import logging
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, PngImagePlugin

from inpaint_cli.errors import OutputError
from inpaint_cli.imaging.photo import Photo, eight_bits
from inpaint_cli.imaging.tiff import encode_tiff

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Format:
    """What a file format can hold.

    Attributes:
        name: Pillow's.
        suffixes: of its files, the usual one first.
        alpha: transparency.
        deep: 16 bits.
        profile: an ICC profile.
    """

    name: str
    suffixes: tuple[str, ...]
    alpha: bool = True
    deep: bool = False
    profile: bool = True


FORMATS = {
    format_.name: format_
    for format_ in (
        Format("PNG", (".png", ".apng"), deep=True),
        Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), alpha=False),
        Format("TIFF", (".tif", ".tiff"), deep=True),
        Format("WEBP", (".webp",)),
        Format("AVIF", (".avif", ".avifs")),
        Format("JPEG2000", (".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc"), profile=False),
        Format("BMP", (".bmp", ".dib"), profile=False),
        Format("TGA", (".tga", ".icb", ".vda", ".vst"), profile=False),
        Format("PPM", (".ppm", ".pgm", ".pnm", ".pbm"), alpha=False, deep=True, profile=False),
    )
}
_BY_SUFFIX = {suffix: format_ for format_ in FORMATS.values() for suffix in format_.suffixes}
_FALLBACK = FORMATS["PNG"]  # for formats that are only read: lossless, and everything can show it

_QUALITY = 90  # of lossy formats that don't say how they were compressed
_MARKER = 65533  # bytes that fit into one segment of a JPEG
_PNG_HEADER = 8 + 25  # signature and IHDR


def output_suffix(source: str) -> str:
    """Return the extension for a result of a file with that extension: its own, or `.png` if it is only ever read."""
    return source if source.lower() in _BY_SUFFIX else _FALLBACK.suffixes[0]


def format_for(target: Path | None, photo: Photo | None) -> Format:
    """Return the format in which a photo goes to a path.

    Args:
        target: the path, or None for a stream.
        photo: the photo; None if only the path is to be checked.

    Returns:
        The photo's own format for a stream, a path without extension, or one with the extension that the photo's file
        had; otherwise what the extension says.

    Raises:
        OutputError: an extension of no format that can be written.
    """
    own = _FALLBACK if photo is None else FORMATS.get(photo.format, _FALLBACK)
    suffix = "" if target is None else target.suffix.lower()
    if not suffix or (photo is not None and suffix == Path(photo.name).suffix.lower() and suffix in _BY_SUFFIX):
        return own
    if suffix not in _BY_SUFFIX:
        known = " ".join(format_.suffixes[0] for format_ in FORMATS.values())
        raise OutputError(f"{target}: pictures can't be written as {suffix}; use one of {known}")
    return _BY_SUFFIX[suffix]


def encode(photo: Photo, format_: Format) -> bytes | memoryview:
    """Return the file's bytes. What the format can't hold is left out with a warning."""
    for loss in _losses(photo, format_):
        logger.warning("%s: %s", photo.name, loss)
    photo = _fitted(photo, format_)
    if format_.name == "TIFF":
        return encode_tiff(photo)
    if photo.deep:
        return _encode_deep(photo, format_)
    return _encode_with_pillow(_image(photo), photo, format_)


def _losses(photo: Photo, format_: Format) -> Iterator[str]:
    """Yield what changes in a photo on its way into a format."""
    if photo.frames > 1:
        yield f"has {photo.frames} pictures; only the first is kept"
    if photo.mode in {"P", "PA"}:
        yield "its palette becomes full colour"
    if photo.mode in {"CMYK", "LAB", "YCbCr", "HSV"} and photo.format != "JPEG2000":
        yield f"{photo.mode} becomes RGB"
    if photo.format not in FORMATS:
        yield f"{photo.format} becomes {format_.name}"
    if photo.alpha is not None and not format_.alpha:
        yield f"{format_.name} has no transparency; put on white"
    if photo.deep and not format_.deep:
        yield f"{format_.name} has 8 bits; 16 are rounded"
    if photo.icc and not format_.profile:
        yield f"{format_.name} has no place for the colour profile"


def _fitted(photo: Photo, format_: Format) -> Photo:
    """Return a photo with as much depth and transparency as the format takes."""
    pixels, alpha = photo.pixels, photo.alpha
    if not format_.deep:
        pixels, alpha = eight_bits(pixels), None if alpha is None else eight_bits(alpha)
    if alpha is not None and not format_.alpha:
        brightest = np.iinfo(alpha.dtype).max
        share = (alpha / np.float32(brightest))[..., None]
        pixels, alpha = np.round(share * pixels + (1 - share) * brightest).astype(pixels.dtype), None
    return photo if pixels is photo.pixels and alpha is photo.alpha else photo.replace(pixels, alpha)


def _image(photo: Photo) -> Image.Image:
    """Return a photo with 8 bits as Pillow's image, in the mode it had."""
    if photo.alpha is not None:
        return Image.fromarray(np.dstack([photo.pixels, photo.alpha]))
    if not photo.grey:
        return Image.fromarray(photo.pixels)
    image = Image.fromarray(photo.pixels[..., 0])
    return image.convert("1", dither=Image.Dither.NONE) if photo.mode == "1" else image


def _encode_with_pillow(image: Image.Image, photo: Photo, format_: Format) -> memoryview:
    out = io.BytesIO()
    if format_.name in {"WEBP", "BMP"} and image.mode == "LA":
        image = image.convert("RGBA")
    image.save(out, format_.name, **_settings(photo, format_))
    return out.getbuffer()


def _settings(photo: Photo, format_: Format) -> dict[str, object]:
    """Return what Pillow's encoder of a format is told."""
    settings: dict[str, object] = {"dpi": photo.dpi} if photo.dpi else {}
    if format_.profile:
        settings |= {"icc_profile": photo.icc or None, "exif": photo.exif}
    match format_.name:
        case "PNG":
            settings["pnginfo"] = _png_info(photo)
        case "JPEG":
            settings |= _jpeg_settings(photo)
        case "WEBP":
            lossless = photo.format == "WEBP" and photo.lossless
            settings |= {"lossless": lossless, "exact": lossless, "quality": _QUALITY, "xmp": photo.xmp}
        case "AVIF":
            settings |= {"quality": _QUALITY, "xmp": photo.xmp}
        case "TGA":
            settings["compression"] = "tga_rle"
    return settings


def _jpeg_settings(photo: Photo) -> dict[str, object]:
    settings: dict[str, object] = {"optimize": True}
    for name, block in (("exif", b"Exif\0\0" + photo.exif if photo.exif else b""), ("xmp", photo.xmp)):
        if len(block) > _MARKER - 29:  # the name that stands before an XMP packet
            logger.warning("%s: its %s is too long for a JPEG and left out", photo.name, name.upper())
        else:
            settings[name] = block
    if comment := photo.text.get("Comment"):
        settings["comment"] = comment.encode()[:_MARKER]
    if photo.jpeg is None:
        return settings | {"quality": _QUALITY + 5, "subsampling": 0}
    tables = photo.jpeg.tables
    if photo.mode == "CMYK" or (photo.grey and len(tables) > 1):
        tables = tables[:2]
    return settings | {"qtables": tables, "subsampling": photo.jpeg.subsampling, "progressive": photo.jpeg.progressive}


def _png_info(photo: Photo) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for name, chunk in photo.colour.items():
        info.add(name, chunk)
    for key, value in photo.text.items():
        info.add_text(key, value, zip=len(value) > 1024)
    if photo.xmp:
        info.add_itxt("XML:com.adobe.xmp", photo.xmp.decode("utf-8", "replace"))
    return info


def _encode_deep(photo: Photo, format_: Format) -> bytes:
    """Return a PNG or PPM with 16 bits per channel, which OpenCV writes and Pillow does not."""
    if photo.alpha is not None:
        colours = np.repeat(photo.pixels, 3, axis=2) if photo.grey else photo.pixels[..., ::-1]
        stored = np.dstack([colours, photo.alpha])
    else:
        stored = photo.pixels if photo.grey else cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2BGR)
    if format_.name != "PNG":
        return bytes(cv2.imencode(".pgm" if photo.grey else ".ppm", stored)[1])
    if photo.alpha is not None and photo.grey:
        return _spliced(_grey_alpha_png(photo), photo)
    return _spliced(bytes(cv2.imencode(".png", stored)[1]), photo)


def _grey_alpha_png(photo: Photo) -> bytes:
    """Return a 16-bit PNG with grey and alpha, which neither library writes."""
    height, width = photo.size
    rows = np.dstack([photo.pixels, photo.alpha]).astype(">u2").reshape(height, -1).view(np.uint8)
    unfiltered = np.hstack([np.zeros((height, 1), np.uint8), rows])
    header = struct.pack(">IIBBBBB", width, height, 16, 4, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(unfiltered.tobytes())), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def _spliced(png: bytes, photo: Photo) -> bytes:
    """Return a PNG with the photo's profile, EXIF, texts and resolution, as Pillow writes them around one pixel."""
    tiny = bytes(_encode_with_pillow(Image.new("L", (1, 1)), photo, FORMATS["PNG"]))
    before, after = (
        tiny[_PNG_HEADER : tiny.index(b"IDAT") - 4],
        tiny[_end_of_chunk(tiny, tiny.index(b"IDAT") - 4) : -12],
    )
    return png[:_PNG_HEADER] + before + after + png[_PNG_HEADER:]


def _end_of_chunk(png: bytes, start: int) -> int:
    return start + 12 + int.from_bytes(png[start : start + 4], "big")
