"""Files made of boxes: metadata of JPEG 2000 and AVIF that Pillow neither reads nor writes."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from inpaint_cli.io import exif as exif_block
from inpaint_cli.io import photoshop

_EXIF = bytes.fromhex("4a706754696666457869662d3e4a5032")  # "JpgTiffExif->JP2"
_IPTC = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_RESTRICTED_PROFILE = 2  # the method of a colour box with an ICC profile
_CODESTREAM = b"\xff\x4f\xff\x51"  # SOC and SIZ
_HEAD = 2**18  # bytes of an AVIF in which its properties lie
_MARKER = 2**16 - 5  # bytes of text that a comment can hold
_KNOWN = {b"jP  ", b"ftyp", b"jp2h", b"jp2c", b"uuid", b"free", b"uinf"}
_SRGB_CODES = ({1, 2}, {1, 2, 6, 13})  # primaries and transfers that Pillow's encoder means


class Jp2(NamedTuple):
    """What a JPEG 2000 file says about its picture."""

    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    resources: bytes = b""
    lost: tuple[str, ...] = ()


def read_boxes(file: BinaryIO, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, begin and end of the content of each box, as far as they are sound."""
    at = begin
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        length, name, skip = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, skip = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = end - at
        if length < skip or at + length > end:
            return
        yield name, at + skip, at + length
        at += length


def describe_jp2(file: BinaryIO) -> Jp2:
    """Return what the boxes of a JP2 file say about its picture; nothing for a bare codestream."""
    size = file.seek(0, io.SEEK_END)
    file.seek(4)
    if file.read(4) != b"jP  ":
        return Jp2()
    found: dict[str, bytes] = {}
    lost: dict[str, None] = {}
    for name, begin, end in read_boxes(file, 0, size):
        if name == b"jp2h":
            found["icc"] = _profile(file, begin, end)
        elif name == b"uuid":
            file.seek(begin)
            key, data = file.read(16), file.read(end - begin - 16)
            match key:
                case _ if key == _EXIF:
                    found["exif"] = exif_block.body(data)
                case _ if key == _XMP:
                    found["xmp"] = data
                case _ if key == _IPTC:
                    found["resources"] = photoshop.with_iptc(b"", data)
                case _:
                    lost["a box of unknown use"] = None
        elif name not in _KNOWN:
            lost[f"box {name.decode('latin-1').strip()}"] = None
    return Jp2(**found, lost=tuple(lost))


def _profile(file: BinaryIO, begin: int, end: int) -> bytes:
    for name, at, stop in read_boxes(file, begin, end):
        file.seek(at)
        if name == b"colr" and file.read(3)[:1] == bytes([_RESTRICTED_PROFILE]):
            return file.read(stop - at - 3)
    return b""


def with_metadata(data: bytes, icc: bytes, exif: bytes, xmp: bytes, resources: bytes) -> bytes:
    """Return a JP2 file, as Pillow writes it, that says more about its picture."""
    file, parts = io.BytesIO(data), []
    for name, begin, end in read_boxes(file, 0, len(data)):
        content = data[begin:end]
        if name == b"jp2h" and icc:
            inner = [(key, content[at - begin : stop - begin]) for key, at, stop in read_boxes(file, begin, end)]
            colour = bytes([_RESTRICTED_PROFILE, 0, 0]) + icc
            content = b"".join(_box(key, colour if key == b"colr" else value) for key, value in inner)
        parts.append(_box(name, content))
    for key, value in ((_EXIF, exif), (_XMP, xmp), (_IPTC, photoshop.iptc(resources))):
        if value:
            parts.append(_box(b"uuid", key + value))
    return b"".join(parts)


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + name + content


def codestream_of(data: bytes) -> bytes:
    """Return the codestream in a JP2 file."""
    boxes = read_boxes(io.BytesIO(data), 0, len(data))
    return next((data[begin:end] for name, begin, end in boxes if name == b"jp2c"), b"")


def with_comment(data: bytes, comment: str) -> bytes:
    """Return a JP2 file whose codestream has a comment, before those that its encoder may have left."""
    text = comment.encode()[:_MARKER]
    marker = b"\xff\x64" + struct.pack(">HH", len(text) + 4, 1) + text
    parts = []
    for name, begin, end in read_boxes(io.BytesIO(data), 0, len(data)):
        content = data[begin:end]
        if name == b"jp2c":  # SOC and SIZ come first
            after = 4 + int.from_bytes(content[4:6], "big")
            content = content[:after] + marker + content[after:]
        parts.append(_box(name, content))
    return b"".join(parts)


def with_colour(data: bytes, cicp: bytes) -> bytes:
    """Return an AVIF, as its encoder writes it, that means the colours of a PNG's cICP chunk."""
    at = data.find(b"colrnclx", 0, _HEAD)
    if at < 0:
        return data
    return data[: at + 8] + struct.pack(">HH", cicp[0], cicp[1]) + data[at + 12 :]


def jp2_depth(file: BinaryIO) -> int:
    """Return the bits per channel of a JPEG 2000 picture, from the header of its codestream; 8 if there is none."""
    file.seek(0)
    head = file.read(_HEAD)
    at = head.find(_CODESTREAM)
    if at < 0 or at + 43 > len(head):
        return 8
    return (head[at + 42] & 0x7F) + 1


class Avif(NamedTuple):
    """What the properties of an AVIF say about its picture.

    Attributes:
        depth: bits per channel.
        colour: the content of a PNG's cICP chunk that means the same, empty for sRGB.
        lost: what can't be kept.
    """

    depth: int = 8
    colour: bytes = b""
    lost: tuple[str, ...] = ()


def describe_avif(file: BinaryIO) -> Avif:
    """Return what is said near the beginning of an AVIF, where its properties lie."""
    file.seek(0)
    head = file.read(_HEAD)
    depth, colour = 8, b""
    coding, nclx = head.find(b"av1C"), head.find(b"colrnclx")
    if coding >= 0 and coding + 7 <= len(head):
        flags = head[coding + 6]
        depth = 8 if not flags & 0x40 else 12 if flags & 0x20 else 10
    if nclx >= 0 and nclx + 15 <= len(head):
        primaries, transfer = struct.unpack_from(">HH", head, nclx + 8)
        if primaries not in _SRGB_CODES[0] or transfer not in _SRGB_CODES[1]:
            colour = bytes([primaries & 255, transfer & 255, 0, 1])
    return Avif(depth, colour, ("gain map",) if b"tmap" in head[:4096] else ())
