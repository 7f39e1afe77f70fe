"""From a `Photo` to the bytes of a file: what each format can hold, and the encoder settings that keep it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from inpaint_cli.errors import OutputError
from inpaint_cli.io import formats
from inpaint_cli.io.deep_encoding import encode_deep_avif, encode_deep_jp2
from inpaint_cli.io.formats import FALLBACK, FORMATS, Format, format_of
from inpaint_cli.io.isobmff import with_colour, with_metadata
from inpaint_cli.io.jpeg import MARKER, encode_segments, without_extension
from inpaint_cli.io.locations import Location
from inpaint_cli.io.photo import Photo, eight_bits, pillow_image
from inpaint_cli.io.png import encode_png
from inpaint_cli.io.tiff import encode_tiff
from inpaint_cli.io.uncompressed import encode_bmp, encode_ppm

logger = logging.getLogger(__name__)

_QUALITY = 90  # of lossy formats whose files do not tell their quality
_OF_SRGB = {b"sRGB", b"gAMA", b"cHRM"}  # PNG's chunks for the colours that other formats mean without saying so
_GAMMA_OF_SRGB = (45455).to_bytes(4, "big")
_OWN_KEY = "inpaint:"  # begins the keys of this tool's own texts
_COMMENT = "Comment"  # the one text that JPEG and JPEG 2000 hold


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


def check_size(photo: Photo, format_: Format) -> None:
    """Raise an OutputError if a photo has too many pixels for a format."""
    if max(photo.size) > format_.longest:
        height, width = photo.size
        raise OutputError(
            f"{photo.name}: {width}×{height} pixels; {format_.name} holds {format_.longest} a side, PNG and TIFF more"
        )


def encode(photo: Photo, format_: Format) -> bytes | memoryview:
    """Return the file's bytes. What the format can't hold is left out with a warning.

    Raises:
        OutputError: the photo has too many pixels for the format.
    """
    check_size(photo, format_)
    for loss in _losses(photo, format_):
        logger.warning("%s: %s", photo.name, loss)
    photo = _fitted(photo, format_)
    if photo.xmp_extension and formats.EXTENDED_XMP not in format_.holds:
        photo = replace(photo, xmp=without_extension(photo.xmp))
    match format_.name:
        case "TIFF":
            return encode_tiff(photo)
        case "PNG":
            return encode_png(photo)
        case "PPM" if photo.mode != "1":
            return encode_ppm(photo)
        case "BMP" if photo.alpha is not None and not (photo.format == "BMP" and photo.mode == "RGB"):
            return encode_bmp(photo)
    return _encode_compressed(photo, format_)


def _losses(photo: Photo, format_: Format) -> Iterator[str]:
    """Yield what changes in a photo on its way into a format."""
    if photo.frames > 1:
        yield f"has {photo.frames} pictures; only the first is kept"
    if photo.mode in {"P", "PA"}:
        yield "its palette becomes full colour"
    if photo.mode == "RGBa":
        yield "its colours were stored times their opacity; where that is partial they are rounded"
    if photo.mode in {"CMYK", "LAB", "YCbCr", "HSV"} and photo.format not in {"JPEG2000", "J2K"}:
        yield f"{photo.mode} becomes RGB"
    if photo.format not in FORMATS:
        yield f"{photo.format} becomes {format_.name}"
    if photo.alpha is not None and not format_.alpha:
        yield f"{format_.name} has no transparency; put on white"
    bits = (photo.maxval or 65535).bit_length()
    if photo.deep and bits > format_.bits:
        yield f"{format_.name} is written with {format_.bits} bits; {bits} are rounded (PNG and TIFF keep them)"
    lost = [words for kind, words in _statements(photo, format_) if kind not in format_.holds]
    if lost or photo.lost:
        yield f"can't be kept in {format_.name} and is left out: {', '.join([*lost, *photo.lost])}"


def _statements(photo: Photo, format_: Format) -> Iterator[tuple[str, str]]:
    """Yield each kind of metadata that a photo has, with its name in warnings."""
    blocks = {
        formats.PROFILE: photo.icc,
        formats.EXIF: photo.exif,
        formats.XMP: photo.xmp,
        formats.IPTC: photo.resources,
        formats.EXTENDED_XMP: photo.xmp_extension,
    }
    yield from ((kind, kind) for kind, block in blocks.items() if block)
    held = {_COMMENT} if format_.name in {"JPEG", "JPEG2000", "J2K"} else set()
    if any(not key.startswith(_OWN_KEY) for key in photo.text.keys() - held):
        yield formats.TEXT, formats.TEXT
    srgb = b"sRGB" in photo.chunks or photo.chunks.get(b"gAMA") == _GAMMA_OF_SRGB
    kept = {b"cICP"} if format_.name == "AVIF" and not photo.icc else set()
    if chunks := sorted(photo.chunks.keys() - (_OF_SRGB if srgb else set()) - kept):
        yield formats.CHUNKS, b", ".join(chunks).decode()


def _fitted(photo: Photo, format_: Format) -> Photo:
    """Return a photo with as much depth and transparency as the format takes."""
    pixels, alpha = photo.pixels, photo.alpha
    if format_.bits == 8:
        pixels, alpha = eight_bits(pixels), None if alpha is None else eight_bits(alpha)
    if alpha is not None and not format_.alpha:
        brightest = np.iinfo(alpha.dtype).max
        share = (alpha / np.float32(brightest))[..., None]
        pixels, alpha = np.round(share * pixels + (1 - share) * brightest).astype(pixels.dtype), None
    return photo if pixels is photo.pixels and alpha is photo.alpha else photo.replace(pixels, alpha)


def _encode_compressed(photo: Photo, format_: Format) -> bytes | memoryview:
    """Return the file's bytes by OpenCV's encoders, if they alone take so many bits, or by Pillow's."""
    data: bytes | memoryview
    try:
        match format_.name:
            case "JPEG2000" | "J2K" if photo.deep:
                return encode_deep_jp2(photo, photo.text.get(_COMMENT, ""), bare=format_.name == "J2K")
            case "AVIF" if photo.deep:
                data = encode_deep_avif(photo, _QUALITY)
            case _:
                data = _encode_with_pillow(photo, format_)
    except (OSError, ValueError, RuntimeError, cv2.error) as error:  # what encoders say of pictures they don't take
        raise OutputError(f"{photo.name}: can't be written as {format_.name}: {error}") from error
    if format_.name == "JPEG2000":
        return with_metadata(bytes(data), photo.icc, photo.exif, photo.xmp, photo.resources)
    if format_.name == "AVIF" and b"cICP" in photo.chunks:
        return with_colour(bytes(data), photo.chunks[b"cICP"])
    return data


def _encode_with_pillow(photo: Photo, format_: Format) -> memoryview:
    out = io.BytesIO()
    image = pillow_image(photo)
    if format_.name in {"WEBP", "BMP"} and image.mode == "LA":
        image = image.convert("RGBA")
    image.save(out, "JPEG2000" if format_.name == "J2K" else format_.name, **_settings(photo, format_))
    return out.getbuffer()


def _settings(photo: Photo, format_: Format) -> dict[str, object]:
    """Return the settings of Pillow's encoder for a format."""
    settings: dict[str, object] = {"dpi": photo.dpi} if photo.dpi else {}
    about: dict[str, object] = {"icc_profile": photo.icc or None, "exif": photo.exif, "xmp": photo.xmp}
    match format_.name:
        case "JPEG":
            settings |= about | _jpeg_settings(photo)
        case "WEBP":
            lossless = photo.format == "WEBP" and photo.lossless
            settings |= about | {"lossless": lossless, "exact": lossless, "quality": _QUALITY}
        case "AVIF":
            settings |= about | {"quality": _QUALITY}
        case "JPEG2000" | "J2K":
            settings |= {"no_jp2": format_.name == "J2K", "comment": photo.text.get(_COMMENT, "").encode() or None}
        case "TGA":
            settings["compression"] = "tga_rle"
    return settings


def _jpeg_settings(photo: Photo) -> dict[str, object]:
    settings: dict[str, object] = {"optimize": True, "extra": encode_segments(photo)}
    for name, block in (("exif", b"Exif\0\0" + photo.exif if photo.exif else b""), ("xmp", photo.xmp)):
        if len(block) > MARKER - 29:  # the name that stands before an XMP packet
            logger.warning("%s: its %s is too long for a JPEG and left out", photo.name, name.upper())
            settings[name] = b""
        else:
            settings[name] = block
    if comment := photo.text.get(_COMMENT):
        settings["comment"] = comment.encode()[:MARKER]
    if photo.jpeg is None:
        return settings | {"quality": _QUALITY + 5, "subsampling": 0}
    tables = photo.jpeg.tables
    if photo.mode == "CMYK" or (photo.grey and len(tables) > 1):
        tables = tables[:2]
    return settings | {"qtables": tables, "subsampling": photo.jpeg.subsampling, "progressive": photo.jpeg.progressive}
