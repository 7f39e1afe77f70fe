"""A photo in memory: its pixels, and everything else of its file that is written back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8 | np.uint16]


@dataclass(frozen=True)
class JpegCoding:
    """How a JPEG was compressed; used again, the file keeps its size and its other blocks their values.

    Attributes:
        tables: the quantisation tables, 64 values each.
        subsampling: of the colours as Pillow counts (0 = 4:4:4, 1 = 4:2:2, 2 = 4:2:0); -1 = another.
        progressive: whether it loads coarse to fine.
    """

    tables: list[list[int]]
    subsampling: int
    progressive: bool


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture, upright: the EXIF orientation has been applied to it.

    Attributes:
        pixels: H×W×3 RGB or H×W×1 grey, uint8 or uint16; owned by the photo and writable.
        alpha: opacity, H×W of the same type, or None.
        name: where it comes from, for messages.
        format: Pillow's name of the file's format.
        mode: Pillow's name of the file's mode, `RGB` or `P` say.
        frames: number of pictures in the file, of which this is the first.
        icc: colour profile.
        exif: EXIF block from its TIFF header on, orientation 1.
        xmp: XMP packet.
        text: text chunks of a PNG; the comment of a JPEG is its `Comment`.
        dpi: horizontal and vertical.
        chunks: a PNG's chunks about its colours and use, by name, as they are.
        resources: Photoshop's image resources, with IPTC's caption, author and copyright.
        xmp_extension: the segments of a JPEG's extended XMP packet.
        lost: names of what else the file held and no `Photo` can keep.
        maxval: the value of white in the file, if it is not that of 8 or 16 bits.
        jpeg: how it was compressed, if it was a JPEG.
        lossless: False for a WebP that did not keep every value; of other formats the format says it.
        compressed: whether the file was compressed at all (a TIFF may or may not).
    """

    pixels: Pixels
    alpha: Pixels | None = None
    name: str = "picture"
    format: str = "PNG"
    mode: str = ""
    frames: int = 1
    icc: bytes = b""
    exif: bytes = b""
    xmp: bytes = b""
    text: dict[str, str] = field(default_factory=dict)
    dpi: tuple[float, float] | None = None
    chunks: dict[bytes, bytes] = field(default_factory=dict)
    resources: bytes = b""
    xmp_extension: tuple[bytes, ...] = ()
    lost: tuple[str, ...] = ()
    maxval: int = 0
    jpeg: JpegCoding | None = None
    lossless: bool = True
    compressed: bool = True

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def grey(self) -> bool:
        """Whether there is one channel instead of three."""
        return bool(self.pixels.shape[2] == 1)

    @property
    def deep(self) -> bool:
        """Whether a channel has 16 bits instead of 8."""
        return bool(self.pixels.dtype == np.uint16)

    @property
    def rgb(self) -> NDArray[np.uint8]:
        """The picture as RGB, H×W×3 uint8; the pixels themselves, not a copy, where that is what they are."""
        pixels = eight_bits(self.pixels)
        return np.repeat(pixels, 3, axis=2) if self.grey else pixels

    def replace(self, pixels: Pixels, alpha: Pixels | None = None) -> Photo:
        """Return a photo with other pixels and everything else the same.

        Args:
            pixels: H×W×3 or H×W×1, uint8 or uint16.
            alpha: H×W of the same type, or None for an opaque picture.
        """
        return replace(self, pixels=pixels, alpha=alpha)


def eight_bits(pixels: Pixels) -> NDArray[np.uint8]:
    """Return pixels with 8 bits, rounded; not a copy if they have 8 already."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.uint8, copy=False)
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=1 / 257), np.uint8).reshape(pixels.shape)


def turned(pixels: Pixels, orientation: int) -> Pixels:
    """Return an array upright, given EXIF's orientation of it, 1 to 8."""
    if orientation == 1:
        return pixels
    if orientation >= 5:  # rows and columns are exchanged: 5 is the transpose
        pixels = pixels.swapaxes(0, 1)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def pillow_image(photo: Photo) -> Image.Image:
    """Return a photo with 8 bits as Pillow's image, in the mode it had."""
    if photo.alpha is not None:
        return Image.fromarray(np.dstack([photo.pixels, photo.alpha]))
    if not photo.grey:
        return Image.fromarray(photo.pixels)
    image = Image.fromarray(photo.pixels[..., 0])
    return image.convert("1", dither=Image.Dither.NONE) if photo.mode == "1" else image
