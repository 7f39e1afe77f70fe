"""EXIF blocks, edited byte by byte: a library that rewrites them would break a camera's maker notes."""

import re
import struct
from collections.abc import Iterator

ORIENTATION = 0x0112
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 0x0201, 0x0202
_SHORT = 3
_PREFIX = b"Exif\0\0"
_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:=[\"']|>))([1-8])")


def body(block: bytes) -> bytes:
    """Return an EXIF block from its TIFF header on; empty if it has none."""
    while block.startswith(_PREFIX):
        block = block[len(_PREFIX) :]
    return block if block[:4] in {b"II*\0", b"MM\0*"} else b""


def orientation(exif: bytes, xmp: bytes = b"") -> int:
    """Return how the stored picture has to be turned, 1 to 8 as in EXIF; 1 = not at all."""
    found = 1
    if exif:
        order = _order(exif)
        for at, tag, _ in _entries(exif, _first(exif), order):
            if tag == ORIENTATION:
                (found,) = struct.unpack_from(order + "H", exif, at + 8)
    elif match := _XMP_ORIENTATION.search(xmp):
        found = int(match[2])
    return found if 1 <= found <= 8 else 1


def upright(exif: bytes, xmp: bytes) -> tuple[bytes, bytes]:
    """Return EXIF and XMP of the same picture once it has been turned upright, without its thumbnail.

    The thumbnail goes because it shows the photo as it was, with the object that has been removed.
    """
    xmp = _XMP_ORIENTATION.sub(rb"\g<1>1", xmp)
    if not exif:
        return exif, xmp
    block, order, first = bytearray(exif), _order(exif), _first(exif)
    end = first + 2
    for at, tag, kind in _entries(exif, first, order):
        end = at + 12
        if tag == ORIENTATION and kind == _SHORT:
            struct.pack_into(order + "H", block, at + 8, 1)
    if end + 4 <= len(block):
        (second,) = struct.unpack_from(order + "I", block, end)
        _blank_thumbnail(block, second, order)
        struct.pack_into(order + "I", block, end, 0)
    return bytes(block), xmp


def _blank_thumbnail(block: bytearray, directory: int, order: str) -> None:
    where = {}
    for at, tag, _ in _entries(bytes(block), directory, order):
        (where[tag],) = struct.unpack_from(order + "I", block, at + 8)
    offset, length = where.get(_THUMBNAIL_OFFSET, 0), where.get(_THUMBNAIL_LENGTH, 0)
    if 0 < offset <= offset + length <= len(block):
        block[offset : offset + length] = bytes(length)


def _order(exif: bytes) -> str:
    return "<" if exif[:2] == b"II" else ">"


def _first(exif: bytes) -> int:
    return int(struct.unpack_from(_order(exif) + "I", exif, 4)[0]) if len(exif) >= 8 else 0


def _entries(exif: bytes, directory: int, order: str) -> Iterator[tuple[int, int, int]]:
    """Yield offset, tag and type of each 12-byte entry of a directory, as far as the block goes."""
    if not 0 < directory <= len(exif) - 2:
        return
    (count,) = struct.unpack_from(order + "H", exif, directory)
    for at in range(directory + 2, min(directory + 2 + 12 * count, len(exif) - 11), 12):
        tag, kind = struct.unpack_from(order + "HH", exif, at)
        yield at, tag, kind
