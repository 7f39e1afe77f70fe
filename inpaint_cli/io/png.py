"""PNG chunk by chunk: keeps chunks that Pillow leaves out, and writes 16 bits."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from PIL import PngImagePlugin

from inpaint_cli.io.photo import Photo, pillow_image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_END = len(SIGNATURE) + 25  # of IHDR
_SUB_FILTER = 1  # each value minus that of the pixel to the left
_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_ANIMATION = {b"acTL", b"fcTL", b"fdAT"}
_BY_PILLOW = {b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"iCCP"}
_STORAGE = {b"iDOT", b"hIST"}  # where Apple's decoder may start; how often a palette's colours occur
_KEPT = (
    *(b"cICP", b"mDCV", b"mDCv", b"cLLI", b"cLLi", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD"),
    *(b"tIME", b"oFFs", b"pCAL", b"sCAL", b"sTER"),
)
_NAMES = {b"caBX": "content credentials (C2PA)"}


def read_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset of the data and length of each chunk, as far as the file goes."""
    at = len(SIGNATURE)
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        length = int.from_bytes(head[:4], "big")
        yield head[4:], at + 8, length
        at += 12 + length


def describe_png(file: BinaryIO) -> tuple[dict[bytes, bytes], list[str]]:
    """Return the chunks about a picture that are kept as they are, by name, and what of the others gets lost."""
    kept: dict[bytes, bytes] = {}
    lost: list[str] = []
    depth = 8
    for name, at, length in read_chunks(file):
        if name == b"IHDR":
            file.seek(at + 8)
            depth = file.read(1)[0]
        elif name in _PIXELS | _ANIMATION | _BY_PILLOW | _STORAGE or not name.isalpha():
            continue
        elif name in _KEPT or name[3:].islower():  # safe to copy by an editor who doesn't know the chunk
            file.seek(at)
            data = file.read(length)
            resolution = name == b"pHYs" and data[8:] == b"\1"  # in metres: Pillow's dpi
            if len(data) == length and not resolution and not (name == b"bKGD" and depth < 8):
                kept.setdefault(name, data)
        else:
            lost.append(_NAMES.get(name, f"chunk {name.decode()}"))
    return kept, list(dict.fromkeys(lost))


def still(file: BinaryIO) -> bytes:
    """Return a PNG of the default image alone: decoders of animations would take the first frame instead."""
    parts = [SIGNATURE]
    for name, at, length in read_chunks(file):
        if name in _PIXELS:
            file.seek(at)
            parts.append(chunk(name, file.read(length)))
    return b"".join(parts)


def is_grey(file: BinaryIO) -> bool:
    """Whether the header says grey, with alpha or without."""
    file.seek(25)  # the colour type in IHDR
    return file.read(1) in {b"\0", b"\4"}


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def encode_png(photo: Photo) -> bytes:
    """Return a PNG of 1, 8 or 16 bits, with all that the photo says about itself before the pixels."""
    if photo.deep:
        return _encode_deep(photo)
    out = io.BytesIO()
    pillow_image(photo).save(out, "PNG")
    view = out.getbuffer()
    return b"".join([view[:_HEADER_END], _about(photo), view[_HEADER_END:]])


def _encode_deep(photo: Photo) -> bytes:
    height, width = photo.size
    stored = photo.pixels if photo.alpha is None else np.dstack([photo.pixels, photo.alpha])
    channels = stored.shape[2]
    rows = stored.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.empty((height, 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _SUB_FILTER
    filtered[:, 1:] = rows
    filtered[:, 1 + 2 * channels :] -= rows[:, : -2 * channels]  # wraps around, as the format wants
    colour_type = (0 if photo.grey else 2) | (4 if photo.alpha is not None else 0)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(filtered.data))
    return b"".join([SIGNATURE, chunk(b"IHDR", header), _about(photo), pixels, chunk(b"IEND", b"")])


def _about(photo: Photo) -> bytes:
    """Return the chunks about a photo, in an order that is right for every one of them."""
    channels = photo.pixels.shape[2] + (photo.alpha is not None)
    fits = {b"sBIT": channels, b"bKGD": 2 * photo.pixels.shape[2]}
    chunks = [(b"iCCP", b"ICC Profile\0\0" + zlib.compress(photo.icc))] if photo.icc else []
    for name, data in sorted(photo.chunks.items(), key=lambda item: _KEPT.index(item[0]) if item[0] in _KEPT else 99):
        if len(data) == fits.get(name, len(data)) and not (photo.icc and name == b"sRGB"):
            chunks.append((name, data))
    if photo.dpi:
        chunks.append((b"pHYs", struct.pack(">IIB", *(round(value / 0.0254) for value in photo.dpi), 1)))
    if photo.exif:
        chunks.append((b"eXIf", photo.exif))
    info = PngImagePlugin.PngInfo()
    for key, value in photo.text.items():
        info.add_text(key, value, zip=len(value) > 1024)
    if photo.xmp:
        info.add_itxt("XML:com.adobe.xmp", photo.xmp.decode("utf-8", "replace"))
    chunks += [(bytes(name), bytes(data)) for name, data, *_ in info.chunks]
    return b"".join(chunk(name, data) for name, data in chunks)
