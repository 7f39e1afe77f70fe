"""TIFF files of 1, 8 and 16 bits: metadata, separate planes, and writing."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import io
import struct
import zlib
from typing import BinaryIO

import numpy as np
from PIL import Image, _imaging

from inpaint_cli.io import photoshop
from inpaint_cli.io.exif import ORIENTATION
from inpaint_cli.io.ifd import (
    Directory,
    encode_directory,
    integers,
    longs,
    rational,
    raw,
    read_directory,
    shorts,
)
from inpaint_cli.io.photo import Photo, Pixels

_ROWS = 64  # per strip
_NONE, _DEFLATE = 1, 8
_DEFLATED = {_DEFLATE, 32946}  # the second is its number from before it had one
_PIECE = 2**20  # bytes that are inflated at a time
_BLACK_IS_ZERO, _RGB = 1, 2
_UNASSOCIATED_ALPHA = 2
_HORIZONTAL_DIFFERENCES = 2
_INCH = 2
_XMP, _ICC, _IPTC, _RESOURCES = 700, 34675, 33723, 34377
_STRIPS, _TILES = (273, 279), (324, 325)  # their offsets and lengths
# Tags that say how the pixels are stored (baseline and extension); the rest is about the photo.
_STORAGE = {*range(254, 260), *range(262, 267), 273, *range(277, 280), 284, *range(288, 294), 317}
_STORAGE |= {*range(320, 336), *range(338, 342), 347, *range(512, 522), *range(529, 533)}
_ELSEWHERE = {282, 283, 296, _XMP, _ICC, _IPTC, _RESOURCES}  # a `Photo` has them apart


@functools.cache
def silence_libtiff() -> None:
    """Silence libtiff's own messages about damaged files, which name no file.

    Pillow silences its warnings but not its errors.
    """
    with contextlib.suppress(OSError, AttributeError):  # Pillow builds with a static libtiff export no such symbol
        set_handler = ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler
        set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
        set_handler(None)


def describe_tiff(file: BinaryIO) -> tuple[bytes, bytes]:
    """Return a TIFF's metadata as an EXIF block, and its Photoshop resources with IPTC."""
    order, directory = read_directory(file)
    resources = directory[_RESOURCES].data if _RESOURCES in directory else b""
    iptc = directory[_IPTC].data if _IPTC in directory else b""
    about = {tag: field for tag, field in directory.items() if tag not in _STORAGE | _ELSEWHERE}
    block = encode_directory(about, order) if set(about) - {ORIENTATION} else b""
    return block, photoshop.with_iptc(photoshop.without_previews(resources), iptc)


def check_strips(file: BinaryIO) -> None:
    """Raise for a truncated or altered TIFF, as far as its compression shows; libtiff would fill the rest.

    Raises:
        OSError, zlib.error: it was.
    """
    order, directory = read_directory(file)
    size = file.seek(0, io.SEEK_END)
    compression = integers(directory[259], order)[0] if 259 in directory else _NONE
    for offsets, lengths in (_STRIPS, _TILES):
        if offsets in directory and lengths in directory:
            pairs = zip(integers(directory[offsets], order), integers(directory[lengths], order), strict=False)
            for offset, length in pairs:
                if offset + length > size:
                    raise OSError("its end is missing")
                if compression in _DEFLATED:
                    file.seek(offset)
                    _check_deflated(file.read(length))


def _check_deflated(data: bytes) -> None:
    """Inflate data piece by piece, to the checksum at its end."""
    inflation = zlib.decompressobj()
    while data and not inflation.eof:
        inflation.decompress(data, _PIECE)
        data = inflation.unconsumed_tail
    if not inflation.eof:
        raise OSError("its end is missing")


def split_planes(file: BinaryIO) -> list[Pixels]:
    """Return the channels of a TIFF with separate planes, H×W each, which Pillow and OpenCV mix up or refuse.

    Each plane becomes a grey TIFF of its own, with the same compression, and is decoded as such.

    Raises:
        OSError: the file is damaged.
    """
    order, directory = read_directory(file)
    samples = integers(directory[277], order)[0]
    offsets_tag, lengths_tag = _STRIPS if _STRIPS[0] in directory else _TILES
    offsets = integers(directory[offsets_tag], order)
    lengths = integers(directory[lengths_tag], order)
    if len(offsets) != len(lengths) or not samples or len(offsets) % samples:
        raise OSError("its planes do not have equal numbers of strips")
    bits = integers(directory[258], order)[0]
    share = len(offsets) // samples
    kept = {tag: field for tag, field in directory.items() if tag in _STORAGE - {338, 339} or tag in {256, 257}}
    planes: list[Pixels] = []
    for plane in range(samples):
        mine = range(plane * share, (plane + 1) * share)
        pieces = []
        for index in mine:
            file.seek(offsets[index])
            pieces.append(file.read(lengths[index]))
        tags = kept | {258: shorts(order, bits), 277: shorts(order, 1), 284: shorts(order, 1)}
        tags |= {262: shorts(order, _BLACK_IS_ZERO)}
        with Image.open(io.BytesIO(_placed(tags, order, offsets_tag, lengths_tag, pieces))) as picture:
            planes.append(np.asarray(picture).astype(np.uint16))
    return planes


def encode_tiff(photo: Photo) -> bytes:
    """Return a TIFF: deflated, with horizontal prediction, if the photo's file was compressed at all.

    It has the byte order of the photo's EXIF block, whose values it takes over as they are.
    """
    bilevel = photo.mode == "1" and photo.alpha is None and photo.grey and not photo.deep
    if photo.grey and photo.deep and photo.alpha is not None:  # a kind of TIFF that Pillow and others refuse
        photo = photo.replace(np.repeat(photo.pixels, 3, axis=2), photo.alpha)
    stored = photo.pixels if photo.alpha is None else np.dstack([photo.pixels, photo.alpha])
    height, width, channels = stored.shape
    order, tags = _about(photo)
    bits = (1,) if bilevel else (8 * stored.itemsize,) * channels
    tags |= {256: longs(order, width), 257: longs(order, height), 258: shorts(order, *bits)}
    tags |= {259: shorts(order, _DEFLATE if photo.compressed else _NONE)}
    tags |= {262: shorts(order, _BLACK_IS_ZERO if photo.grey else _RGB)}
    tags |= {277: shorts(order, channels), 278: longs(order, _ROWS), 284: shorts(order, 1)}
    if photo.compressed and not bilevel:
        tags[317] = shorts(order, _HORIZONTAL_DIFFERENCES)
    if photo.alpha is not None:
        tags[338] = shorts(order, _UNASSOCIATED_ALPHA)
    strips = []
    for top in range(0, height, _ROWS):
        rows = stored[top : top + _ROWS]
        strip = np.packbits(rows[..., 0] > 127, axis=1) if bilevel else rows
        strips.append(_strip(strip, order, predicted=317 in tags, compressed=photo.compressed))
    return _placed(tags, order, *_STRIPS, strips)


def _placed(tags: Directory, order: str, offsets_tag: int, lengths_tag: int, pieces: list[bytes]) -> bytes:
    """Return a TIFF file: a directory, which is told where the pieces of the picture lie, and these."""
    tags = tags | {lengths_tag: longs(order, *map(len, pieces)), offsets_tag: longs(order, *map(len, pieces))}
    begin = len(encode_directory(tags, order))  # the offsets' values do not change its length
    offsets = np.cumsum([begin, *map(len, pieces[:-1])]).tolist()
    return b"".join([encode_directory(tags | {offsets_tag: longs(order, *offsets)}, order), *pieces])


def _strip(rows: Pixels, order: str, *, predicted: bool, compressed: bool) -> bytes:
    if predicted:
        differences = rows.copy()
        differences[:, 1:] -= rows[:, :-1]  # wraps around, as the format wants
        rows = differences
    data = rows.astype(rows.dtype.newbyteorder("<" if order == "<" else ">"), copy=False).tobytes()
    return zlib.compress(data) if compressed else data


def _about(photo: Photo) -> tuple[str, Directory]:
    """Return the byte order and the tags about the photo; those about the storage of its pixels are the caller's."""
    order, directory = read_directory(io.BytesIO(photo.exif))
    tags = {tag: field for tag, field in directory.items() if tag not in _STORAGE | _ELSEWHERE}
    if photo.icc:
        tags[_ICC] = raw(photo.icc)
    if photo.xmp:
        tags[_XMP] = raw(photo.xmp, undefined=False)
    if others := photoshop.without_iptc(photo.resources):
        tags[_RESOURCES] = raw(others, undefined=False)
    if iptc := photoshop.iptc(photo.resources):
        tags[_IPTC] = raw(iptc)
    if photo.dpi:
        tags |= {282: rational(order, photo.dpi[0]), 283: rational(order, photo.dpi[1]), 296: shorts(order, _INCH)}
    return order, tags


def sample_format(file: BinaryIO) -> str:
    """Return what a TIFF's channels are, for an error: `3 channels of 32-bit floating point`; empty if unknown."""
    order, directory = read_directory(file)
    try:
        bits = integers(directory[258], order)[0]
        samples = integers(directory[277], order)[0] if 277 in directory else 1
        kind = integers(directory[339], order)[0] if 339 in directory else 1
    except (KeyError, IndexError, struct.error):
        return ""
    kinds = {1: "integers", 2: "signed integers", 3: "floating point"}
    channels = "1 channel" if samples == 1 else f"{samples} channels"
    return f"{channels} of {bits}-bit {kinds.get(kind, 'values')}"
