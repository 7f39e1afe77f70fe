"""JPEG segment by segment: IPTC, extended XMP, and what can't be kept of the rest."""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from PIL import JpegImagePlugin

from inpaint_cli.io import photoshop
from inpaint_cli.io.photo import JpegCoding, Photo

MARKER = 65533  # bytes that fit into one segment
_RESOURCES = b"Photoshop 3.0\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_EXTENSION_HEAD = len(_EXTENSION) + 32 + 8  # then its GUID, whole length and offset
_GAIN_MAP = b"urn:iso:std:iso:ts:21496:"
_PICTURES = re.compile(rb"GImage:Data|GDepth:Data|GDepth:Confidence|xmpGImg:image")
_EXTENDED = re.compile(
    rb"\s*xmpNote:HasExtendedXMP(=\"[^\"]*\"|='[^']*')|<xmpNote:HasExtendedXMP>.*?</xmpNote:HasExtendedXMP>"
)
GAIN_MAP = "gain map (Ultra HDR)"
_NO_LOSS = {  # rewritten from the pixels, or read elsewhere
    "APP0": (b"",),
    "APP1": (b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0"),
    "APP2": (b"ICC_PROFILE\0", b"MPF\0"),
    "APP12": (b"Ducky",),
    "APP13": (b"Adobe_CM",),
    "APP14": (b"Adobe",),
    "COM": (b"",),
}


class Segments(NamedTuple):
    """What a JPEG's application segments say beside EXIF, XMP and profile.

    Attributes:
        resources: Photoshop's, without thumbnails.
        extension: the data of each segment of an extended XMP packet.
        lost: what can't be kept.
    """

    resources: bytes
    extension: tuple[bytes, ...]
    lost: tuple[str, ...]


def read_segments(picture: JpegImagePlugin.JpegImageFile, xmp: bytes) -> Segments:
    """Return what Pillow found and does not interpret."""
    resources = b""
    extension: list[bytes] = []
    lost: dict[str, None] = {}
    if b"hdrgm:Version" in xmp:
        lost[GAIN_MAP] = None
    for name, data in picture.applist:
        if name == "APP13" and data.startswith(_RESOURCES):
            resources += data[len(_RESOURCES) :]
        elif name == "APP1" and data.startswith(_EXTENSION) and len(data) > _EXTENSION_HEAD:
            extension.append(data)
        elif name == "APP2" and data.startswith(_GAIN_MAP):
            lost[GAIN_MAP] = None
        elif name == "APP11" and data.startswith(b"JP"):
            lost["content credentials (C2PA)"] = None
        elif not any(data.startswith(known) for known in _NO_LOSS.get(name, ())):
            lost[f"{name} data"] = None
    if _PICTURES.search(b"".join(data[_EXTENSION_HEAD:] for data in extension)):
        extension = []  # they show the photo as it was, with the object that has been removed
        lost["pictures in the extended XMP"] = None
    return Segments(photoshop.without_previews(resources), tuple(extension), tuple(lost))


def without_extension(xmp: bytes) -> bytes:
    """Return an XMP packet that does not promise an extended one."""
    return _EXTENDED.sub(b"", xmp)


def coding(picture: JpegImagePlugin.JpegImageFile) -> JpegCoding:
    """Return how a JPEG was compressed."""
    tables = [list(picture.quantization[key]) for key in sorted(picture.quantization)]
    return JpegCoding(tables, JpegImagePlugin.get_sampling(picture), bool(picture.info.get("progressive")))


def encode_segments(photo: Photo) -> bytes:
    """Return the application segments of a photo's IPTC and extended XMP."""
    room = MARKER - len(_RESOURCES)
    blocks = [photo.resources[at : at + room] for at in range(0, len(photo.resources), room)]
    parts = [(b"\xff\xed", _RESOURCES + block) for block in blocks]
    parts += [(b"\xff\xe1", data) for data in photo.xmp_extension]
    return b"".join(marker + struct.pack(">H", len(data) + 2) + data for marker, data in parts)
