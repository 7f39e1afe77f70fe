"""JPEG 2000 and AVIF with more than 8 bits, which Pillow does not write: by OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.io.isobmff import codestream_of, with_comment, with_metadata
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.uncompressed import rescale_values

_LOSSLESS = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000]
_SPEED = 6  # what Pillow takes


def encode_deep_jp2(photo: Photo, comment: str, *, bare: bool) -> bytes:
    """Return a photo of 16 bits as a JPEG 2000 file that keeps every value.

    Args:
        photo: uint16.
        comment: for the codestream; empty for none.
        bare: the codestream alone, without the boxes around it.

    Raises:
        cv2.error: OpenCV can't write it.
    """
    data = cv2.imencode(".jp2", _channels(photo), _LOSSLESS)[1].tobytes()
    if comment:
        data = with_comment(data, comment)
    if bare:
        return codestream_of(data)
    return with_metadata(data, photo.icc, photo.exif, photo.xmp, photo.resources)


def encode_deep_avif(photo: Photo, quality: int) -> bytes:
    """Return a photo of 16 bits as an AVIF of 10, if that is all it had, or 12.

    Args:
        photo: uint16.
        quality: from 0 to 100.

    Raises:
        cv2.error: OpenCV can't write it.
    """
    depth = 10 if 0 < photo.maxval < 2**10 else 12
    pixels = rescale_values(_channels(photo), 65535, 2**depth - 1).astype(np.uint16)
    blocks = {
        cv2.IMAGE_METADATA_EXIF: photo.exif,
        cv2.IMAGE_METADATA_XMP: photo.xmp,
        cv2.IMAGE_METADATA_ICCP: photo.icc,
    }
    given = {kind: np.frombuffer(block, np.uint8) for kind, block in blocks.items() if block}
    settings = [
        cv2.IMWRITE_AVIF_DEPTH, depth, cv2.IMWRITE_AVIF_QUALITY, quality, cv2.IMWRITE_AVIF_SPEED, _SPEED,
    ]  # fmt: skip
    return cv2.imencodeWithMetadata(".avif", pixels, list(given), list(given.values()), settings)[1].tobytes()


def _channels(photo: Photo) -> NDArray[np.uint16]:
    """Return a photo's channels as OpenCV takes them: blue first, and three colours where there is opacity."""
    pixels = photo.pixels.astype(np.uint16, copy=False)
    if photo.alpha is None:
        return np.ascontiguousarray(pixels[..., ::-1])
    return np.dstack([np.broadcast_to(pixels[..., ::-1], (*photo.size, 3)), photo.alpha.astype(np.uint16, copy=False)])
