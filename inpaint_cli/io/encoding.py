"""From a `Photo` to the bytes of a file: which format can hold what, and how each is told to lose nothing else."""

from __future__ import annotations

import io
import logging
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from inpaint_cli.errors import OutputError
from inpaint_cli.io.formats import FALLBACK, FORMATS, Format, format_of
from inpaint_cli.io.locations import Location
from inpaint_cli.io.photo import Photo, eight_bits
from inpaint_cli.io.tiff import encode_tiff

logger = logging.getLogger(__name__)


_QUALITY = 90  # of lossy formats that don't say how they were compressed
_MARKER = 65533  # bytes that fit into one segment of a JPEG
_PNG_HEADER = 8 + 25  # signature and IHDR
_SUB_FILTER = 1  # each value minus that of the pixel to the left


def format_for(photo: Photo, target: Location | None) -> Format:
    """Return the format in which a photo goes to a path, or to a stream if that is None.

    Its own for a stream, and for a path with the extension that its file had; otherwise what the extension says.

    Raises:
        OutputError: an extension of no format that can be written.
    """
    own = FORMATS.get(photo.format)
    if target is None or (own is not None and target.suffix.lower() in {"", Path(photo.name).suffix.lower()}):
        return own or FALLBACK
    return format_of(target)


def encode(photo: Photo, format_: Format) -> bytes | memoryview:
    """Return the file's bytes. What the format can't hold is left out with a warning.

    Raises:
        OutputError: the photo has too many pixels for the format.
    """
    if max(photo.size) > format_.longest:
        height, width = photo.size
        raise OutputError(
            f"{photo.name}: {width}×{height} pixels; {format_.name} holds {format_.longest} a side, PNG and TIFF more"
        )
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
    if photo.mode == "RGBa":
        yield "its colours were stored times their opacity; where that is partial they are rounded"
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
    try:
        image.save(out, format_.name, **_settings(photo, format_))
    except (OSError, ValueError, RuntimeError) as error:  # what encoders say about pictures that they don't take
        raise OutputError(f"{photo.name}: can't be written as {format_.name}: {error}") from error
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
    """Return a PNG or PPM with 16 bits per channel, which Pillow does not write."""
    height, width = photo.size
    stored = photo.pixels if photo.alpha is None else np.dstack([photo.pixels, photo.alpha])
    channels = stored.shape[2]
    rows = stored.astype(">u2").reshape(height, -1).view(np.uint8)
    if format_.name == "PPM":
        return f"P{5 if photo.grey else 6}\n{width} {height}\n65535\n".encode() + rows.tobytes()
    filtered = np.empty((height, 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _SUB_FILTER
    filtered[:, 1:] = rows
    filtered[:, 1 + 2 * channels :] -= rows[:, : -2 * channels]  # wraps around, as the format wants
    colour_type = (0 if photo.grey else 2) | (4 if photo.alpha is not None else 0)
    before, after = _ancillary_chunks(photo)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)),
            before,
            _chunk(b"IDAT", zlib.compress(filtered.data)),
            after,
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _ancillary_chunks(photo: Photo) -> tuple[bytes, bytes]:
    """Return the chunks about a PNG, before and after its pixels, as Pillow writes them around a single one."""
    png = bytes(_encode_with_pillow(Image.new("L", (1, 1)), photo, FORMATS["PNG"]))
    pixels = png.index(b"IDAT") - 4
    return png[_PNG_HEADER:pixels], png[pixels + 12 + int.from_bytes(png[pixels : pixels + 4], "big") : -12]
