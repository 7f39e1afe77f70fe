"""Metadata of a file: EXIF, XMP, IPTC, texts, resolution, and the names of what can't be kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import BinaryIO

from PIL import Image, ImageFile, JpegImagePlugin, PsdImagePlugin

from inpaint_cli.io import exif as exif_block
from inpaint_cli.io import jpeg, photoshop
from inpaint_cli.io.isobmff import describe_avif, describe_jp2
from inpaint_cli.io.png import describe_png
from inpaint_cli.io.tiff import describe_tiff
from inpaint_cli.io.uncompressed import is_deep_sgi

_XMP_KEY = "XML:com.adobe.xmp"
_OLD_EXIF_KEY = "Raw profile type exif"
_ENCODER = "Created by OpenJPEG"  # what Pillow's JPEG 2000 encoder says of itself
_PSD_EXIF, _PSD_XMP = 0x0422, 0x0424
# Copies of the original photo, and statements about pictures that no longer follow it.
_PREVIEWS = re.compile(rb"<xmp:Thumbnails>.*?</xmp:Thumbnails>", re.DOTALL)
_GAIN_MAP = re.compile(
    rb"\s*hdrgm:Version=\"[^\"]*\"|<hdrgm:Version>.*?</hdrgm:Version>"
    rb"|<(?:Container|GContainer):Directory>.*?</(?:Container|GContainer):Directory>",
    re.DOTALL,
)


@dataclass
class Metadata:
    """What a file says about its picture; the attributes are those of `Photo`."""

    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    text: dict[str, str] = field(default_factory=dict)
    chunks: dict[bytes, bytes] = field(default_factory=dict)
    resources: bytes = b""
    xmp_extension: tuple[bytes, ...] = ()
    lost: tuple[str, ...] = ()


def read_metadata(picture: ImageFile.ImageFile, file: BinaryIO) -> Metadata:
    """Return the metadata of a picture that has been loaded.

    What shows the photo as it was, with the object that is to be removed, is left out: thumbnails and gain maps.
    """
    about = Metadata(
        icc=picture.info.get("icc_profile") or b"",
        exif=exif_block.body(picture.info.get("exif") or b""),
        xmp=_bytes(picture.info.get("xmp") or b""),
    )
    if comment := _decoded(picture.info.get("comment") or ""):
        about.text |= {} if comment.startswith(_ENCODER) else {"Comment": comment}
    match picture.format:
        case "PNG":
            _add_png(about, picture, file)
        case "JPEG" | "MPO" if isinstance(picture, JpegImagePlugin.JpegImageFile):
            segments = jpeg.read_segments(picture, about.xmp)
            about.resources, about.xmp_extension, about.lost = segments
            if "pictures in the extended XMP" in segments.lost:
                about.xmp = jpeg.without_extension(about.xmp)
        case "TIFF":
            about.exif, about.resources = describe_tiff(file)
        case "JPEG2000":
            boxes = describe_jp2(file)
            about.icc, about.exif, about.xmp = boxes.icc, boxes.exif, boxes.xmp
            about.resources, about.lost = boxes.resources, boxes.lost
        case "AVIF":
            avif = describe_avif(file)
            about.lost = avif.lost
            about.chunks = {b"cICP": avif.colour} if avif.colour else {}
        case "PSD" if isinstance(picture, PsdImagePlugin.PsdImageFile):
            _add_psd(about, picture)
        case "SGI" if is_deep_sgi(file) == (True, True):
            about.lost = ("half of its 16 bits",)
    about.xmp = _GAIN_MAP.sub(b"", _PREVIEWS.sub(b"", about.xmp)) if about.xmp else b""
    return about


def _add_png(about: Metadata, picture: Image.Image, file: BinaryIO) -> None:
    about.text |= getattr(picture, "text", {})
    about.xmp = about.xmp or _bytes(about.text.get(_XMP_KEY, ""))
    about.text.pop(_XMP_KEY, None)
    old = about.text.get(_OLD_EXIF_KEY)
    if old is not None:  # hexadecimal digits after its name and length
        try:
            about.exif = about.exif or exif_block.body(bytes.fromhex("".join(old.split("\n")[3:])))
            del about.text[_OLD_EXIF_KEY]
        except ValueError:
            about.lost = ("damaged EXIF",)
    chunks, lost = describe_png(file)
    about.chunks, about.lost = chunks, (*about.lost, *lost)


def _add_psd(about: Metadata, picture: PsdImagePlugin.PsdImageFile) -> None:
    values = {number: value for number, _, value in picture.resources}
    about.exif = exif_block.body(values.get(_PSD_EXIF, b""))
    about.xmp = values.get(_PSD_XMP, b"")
    about.resources = photoshop.with_iptc(b"", values.get(photoshop.IPTC, b""))
    if picture.n_frames > 1:
        about.lost = ("layers, of which the merged picture is read",)


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def _decoded(comment: str | bytes) -> str:
    """Return a comment, in UTF-8 or, as it used to be, in Latin-1."""
    if isinstance(comment, str):
        return comment
    try:
        return comment.decode("utf-8")
    except UnicodeDecodeError:
        return comment.decode("latin-1")
