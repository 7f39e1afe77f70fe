"""Photoshop's image resources: the blocks that carry IPTC's caption, author and copyright in JPEG, TIFF and PSD."""

import struct
from collections.abc import Iterator

_SIGNATURES = {b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR"}
IPTC = 0x0404  # the number of the resource
_PREVIEWS = {0x0409, 0x040C}  # thumbnails, which show the photo as it was, with the object that has been removed


def resources(blocks: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield number, value and whole block of each resource, as far as the blocks are sound."""
    at = 0
    while blocks[at : at + 4] in _SIGNATURES and at + 12 <= len(blocks):
        (number,) = struct.unpack_from(">H", blocks, at + 4)
        name = blocks[at + 6] + 1
        begin = at + 6 + name + name % 2
        if begin + 4 > len(blocks):
            return
        (length,) = struct.unpack_from(">I", blocks, begin)
        end = begin + 4 + length
        if end > len(blocks):
            return
        yield number, blocks[begin + 4 : end], blocks[at : end + length % 2]
        at = end + length % 2


def without_previews(blocks: bytes) -> bytes:
    """Return the resources but for thumbnails."""
    return b"".join(block for number, _, block in resources(blocks) if number not in _PREVIEWS)


def without_iptc(blocks: bytes) -> bytes:
    """Return the resources but for IPTC's record, for files that have another place for it."""
    return b"".join(block for number, _, block in resources(blocks) if number != IPTC)


def iptc(blocks: bytes) -> bytes:
    """Return the IPTC record among resources; empty if there is none."""
    return next((value for number, value, _ in resources(blocks) if number == IPTC), b"")


def with_iptc(blocks: bytes, record: bytes) -> bytes:
    """Return resources that hold an IPTC record, the given one if they had none."""
    if not record or iptc(blocks):
        return blocks
    return blocks + b"8BIM" + struct.pack(">HHI", IPTC, 0, len(record)) + record + bytes(len(record) % 2)
