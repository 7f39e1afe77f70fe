"""TIFF files of 8 and 16 bits: Pillow writes the tags; the pixels are stored here, for Pillow would keep half of 16."""

import io
import sys
import zlib

import numpy as np
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from inpaint_cli.io.photo import Photo

_ROWS = 64  # per strip
_NONE, _DEFLATE = 1, 8
_BLACK_IS_ZERO, _RGB = 1, 2
_UNASSOCIATED_ALPHA = 2
_HORIZONTAL_DIFFERENCES = 2
_XMP, _ICC = 700, 34675
_BYTE, _UNDEFINED = 1, 7
_INCH = 2


def encode_tiff(photo: Photo) -> bytes:
    """Return a TIFF: deflated, with horizontal prediction, if the photo's file was compressed at all."""
    bilevel = photo.mode == "1" and photo.alpha is None and photo.grey and not photo.deep
    if photo.grey and photo.deep and photo.alpha is not None:  # a kind of TIFF that Pillow and others refuse
        photo = photo.replace(np.repeat(photo.pixels, 3, axis=2), photo.alpha)
    stored = photo.pixels if photo.alpha is None else np.dstack([photo.pixels, photo.alpha])
    height, width, channels = stored.shape
    tags = _metadata(photo)
    tags[256], tags[257] = width, height
    tags[258] = (1,) if bilevel else (8 * stored.itemsize,) * channels
    tags[259] = _DEFLATE if photo.compressed else _NONE
    tags[262] = _BLACK_IS_ZERO if photo.grey else _RGB
    tags[277], tags[278], tags[284] = channels, _ROWS, 1
    if photo.compressed and not bilevel:
        tags[317] = _HORIZONTAL_DIFFERENCES
    if photo.alpha is not None:
        tags[338] = _UNASSOCIATED_ALPHA
    strips = []
    for top in range(0, height, _ROWS):
        rows = stored[top : top + _ROWS]
        strips.append(
            _strip(np.packbits(rows[..., 0] > 127, axis=1) if bilevel else rows, 317 in tags, photo.compressed)
        )
    lengths = [len(strip) for strip in strips]
    tags[279] = tuple(lengths)
    tags[273] = tuple(int(offset) for offset in np.cumsum([0, *lengths[:-1]]))  # Pillow adds where the pixels begin
    tags.tagtype[273] = tags.tagtype[279] = 4
    out = io.BytesIO()
    tags.save(out)
    for strip in strips:
        out.write(strip)
    return out.getvalue()


def _strip(rows: np.ndarray, predicted: bool, compressed: bool) -> bytes:
    if predicted:
        differences = rows.copy()
        differences[:, 1:] -= rows[:, :-1]  # wraps around, as the format wants
        rows = differences
    data = rows.tobytes()
    return zlib.compress(data) if compressed else data


def _metadata(photo: Photo) -> ImageFileDirectory_v2:
    """Return the tags about the photo; those about the storage of its pixels are the caller's."""
    tags = ImageFileDirectory_v2(b"II*\0\0\0\0\0" if sys.byteorder == "little" else b"MM\0*\0\0\0\0")
    exif = Image.Exif()
    if photo.exif:
        exif.load(b"Exif\0\0" + photo.exif)
    for tag in exif:
        tags[tag] = exif.get_ifd(tag) if tag in set(ExifTags.IFD) else exif[tag]
    if photo.icc:
        tags[_ICC] = photo.icc
        tags.tagtype[_ICC] = _UNDEFINED
    if photo.xmp:
        tags[_XMP] = photo.xmp
        tags.tagtype[_XMP] = _BYTE
    if photo.dpi:
        tags[282], tags[283] = photo.dpi
        tags[296] = _INCH
    return tags
