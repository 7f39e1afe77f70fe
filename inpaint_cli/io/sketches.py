"""Lines that come from the user: a drawn sketch, an edge map, or the edges of another photo.

Any picture of a paint program is a sketch: dark strokes on light paper or light ones on dark, strokes on a transparent
layer, thick or soft ones. Each source gives the edges of a window at its working size.
"""

import hashlib
import logging
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.errors import SketchError
from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.imaging.joining import join_edges
from inpaint_cli.imaging.pixels import to_float32, to_uint8
from inpaint_cli.imaging.resampling import resize, shrink_mask
from inpaint_cli.imaging.windows import Box, Window
from inpaint_cli.io.marks import changed, layer, looks_like_a_photo
from inpaint_cli.io.masks import rescaled, same_aspect
from inpaint_cli.io.photo import Photo, Pixels
from inpaint_cli.options import Ink

logger = logging.getLogger(__name__)

MAP_KEY = "inpaint:edges"  # the text chunk of an edge map that the tool wrote; its value is a digest of the pixels
GROWTH_KEY = "inpaint:grow"  # another: how the hole of the map was grown

_LEVELS = 65535  # an edge map is written with 16 bits
_FAINT = 0.1  # a sketch whose strokes differ from the paper by less has none


class EdgeSource(Protocol):
    """A source of a window's edges other than the tool itself.

    Attributes:
        drawn: the user drew these lines, so they are obeyed more than guessed ones.
        longest: longer side of the working size that suits its lines, in pixels; None: that of guessed lines.
    """

    @property
    def drawn(self) -> bool: ...  # noqa: D102

    @property
    def longest(self) -> int | None: ...  # noqa: D102

    def strokes_in(self, shape: tuple[int, int]) -> NDArray[np.bool_] | None:
        """Return where strokes lie in a photo of this shape, H×W; None if the source speaks for every hole."""
        ...

    def at(self, window: Window, shape: tuple[int, int], sigma: float) -> NDArray[np.float32]:
        """Return the edges of a window at its working size, H×W in [0, 1].

        Args:
            window: the part of the photo.
            shape: of the photo (H, W).
            sigma: Canny's σ in pixels of the working size, for sources that need it.
        """
        ...


@dataclass(frozen=True)
class EdgeMap:
    """C_comp for G2, one value per pixel of the photo, taken as it is.

    Attributes:
        edges: H×W in [0, 1], of the photo's shape.
    """

    edges: NDArray[np.float32]
    drawn = False
    longest = None

    def strokes_in(self, shape: tuple[int, int]) -> None:
        """Return None: a map speaks for every hole."""

    def at(self, window: Window, shape: tuple[int, int], sigma: float) -> NDArray[np.float32]:
        """Return the value under the centre of each working pixel: the inverse of `upsample_nearest`."""
        if self.edges.shape != shape:
            raise SketchError(f"edge map of {_size(self.edges)} pixels for a photo of {shape[1]}×{shape[0]}")
        rows, columns = _centres(window.box, window.size)
        return self.edges[np.ix_(rows, columns)]


@dataclass(frozen=True)
class Sketch:
    """Strokes that the user drew.

    Attributes:
        strokes: True = ink, H×W at the sketch's own size, which has the photo's aspect ratio.
    """

    strokes: NDArray[np.bool_]
    drawn = True
    longest = 512  # strokes are finer than lines that can be guessed

    def strokes_in(self, shape: tuple[int, int]) -> NDArray[np.bool_]:
        """Return the ink in a photo of this shape (H, W); a hole without any is filled as without a sketch."""
        return rescaled(self.strokes, shape)

    def at(self, window: Window, shape: tuple[int, int], sigma: float) -> NDArray[np.float32]:
        """Return the strokes of a window, thinned to one pixel at its working size."""
        from skimage.morphology import skeletonize  # noqa: PLC0415 - only a run with a sketch pays for it

        crop = self.strokes[_scaled(window.box, shape, self.strokes.shape).slices]
        thinned: NDArray[np.bool_] = skeletonize(rescaled(crop, window.size))
        return thinned.astype(np.float32)


@dataclass(frozen=True)
class Reference:
    """Canny's edges of another photo of the same aspect ratio: the undamaged one, say.

    Attributes:
        image: RGB uint8, H×W×3.
    """

    image: NDArray[np.uint8]
    drawn = True
    longest = 384  # Canny's edges of a larger picture are finer and have more gaps, through which colours run

    def strokes_in(self, shape: tuple[int, int]) -> None:
        """Return None: the other photo speaks for every hole."""

    def at(self, window: Window, shape: tuple[int, int], sigma: float) -> NDArray[np.float32]:
        """Return the reference's edges where the window lies."""
        crop = self.image[_scaled(window.box, shape, self.image.shape[:2]).slices]
        gray = resize(to_gray(crop), window.size)
        return canny(gray, sigma=sigma).astype(np.float32)


@dataclass(frozen=True)
class OtherHalf:
    """Canny's edges of another photo in one half of a photo, moved and bent so that they go on from the photo's own.

    Attributes:
        photo: RGB uint8, H×W×3: the photo, whose other half stays.
        other: the other photo, RGB uint8, of the same aspect ratio.
        half: True = the half for the other's edges, H×W.
    """

    photo: NDArray[np.uint8]
    other: NDArray[np.uint8]
    half: NDArray[np.bool_]
    drawn = True
    longest = 384  # as for `Reference`

    def strokes_in(self, shape: tuple[int, int]) -> None:
        """Return None: where the other photo has no edge, there is none."""

    def at(self, window: Window, shape: tuple[int, int], sigma: float) -> NDArray[np.float32]:
        """Return the other's edges in the half of a window that holds all of the border."""
        halves = []
        for picture in (self.photo, self.other):
            crop = picture[_scaled(window.box, shape, picture.shape[:2]).slices]
            small = np.clip(resize(to_float32(crop), window.size), 0, 1)
            halves.append((to_uint8(small), canny(to_gray(small), sigma=sigma)))
        return join_edges(halves[0], halves[1], shrink_mask(self.half[window.box.slices], window.size))


def read_sketch(sketch: Photo, shape: tuple[int, int], ink: Ink = Ink.AUTO, photo: Photo | None = None) -> EdgeSource:
    """Return the edges that a picture shows.

    Args:
        sketch: a drawing, or an edge map that the tool wrote.
        shape: of the photo that it is for (H, W).
        ink: which shade is the stroke; with `auto` the one that is not the paper, the picture's most frequent tone.
        photo: the photo that it is for. Of a copy of it with strokes on it only the strokes count.

    Raises:
        SketchError: another aspect ratio than the photo's, or no stroke at all.
    """
    untouched = sketch.grey and sketch.alpha is None and sketch.text.get(MAP_KEY) == digest(sketch.pixels)
    if untouched and sketch.size == shape:
        return EdgeMap((sketch.pixels[..., 0] / np.float32(np.iinfo(sketch.pixels.dtype).max)).astype(np.float32))
    if not same_aspect(sketch.pixels.shape[:2], shape):
        raise SketchError(_misfit(sketch, shape))
    drawn = None if photo is None or layer(sketch) is not None else changed(sketch, photo)
    if drawn is None:
        if looks_like_a_photo(sketch):
            logger.warning(
                "%s: looks like a photo: what is dark or light in it counts as a stroke; --edges-from takes its edges",
                sketch.name,
            )
        return Sketch(_strokes(sketch, ink))
    if not drawn.any():
        raise SketchError(
            f"{sketch.name}: is the photo itself, with no stroke on it; --edges-from takes the edges of a photo"
        )
    return Sketch(drawn)


def read_reference(reference: Photo, shape: tuple[int, int]) -> EdgeSource:
    """Return the edges of another photo.

    Raises:
        SketchError: another aspect ratio than the photo's (H, W).
    """
    if not same_aspect(reference.pixels.shape[:2], shape):
        raise SketchError(_misfit(reference, shape))
    return Reference(reference.rgb)


def read_other_half(other: Photo, photo: Photo, half: NDArray[np.bool_]) -> EdgeSource:
    """Return the edges of another photo for one half of a photo, joined to those of the half that stays.

    Raises:
        SketchError: another aspect ratio than the photo's.
    """
    if not same_aspect(other.pixels.shape[:2], photo.size):
        raise SketchError(_misfit(other, photo.size))
    return OtherHalf(photo.rgb, other.rgb, half)


def edge_map_pixels(edges: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return an edge map, H×W in [0, 1], as the grey picture that is written, H×W×1 uint16."""
    return np.round(edges * _LEVELS).astype(np.uint16)[..., None]


def quantise(edges: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return edges in the levels of a file, so that an edge map fed back is exactly what G2 saw (1/65535 apart)."""
    return (np.round(edges * _LEVELS) / np.float32(_LEVELS)).astype(np.float32)


def digest(pixels: Pixels) -> str:
    """Return a digest of a picture's pixels, which shows whether an edge map was drawn on."""
    return hashlib.sha256(np.ascontiguousarray(pixels[..., 0]).tobytes()).hexdigest()


def _centres(box: Box, size: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows and columns of the photo under the centres of a window's working pixels."""
    rows = box.top + ((np.arange(size[0]) + 0.5) * box.height / size[0]).astype(np.intp)
    columns = box.left + ((np.arange(size[1]) + 0.5) * box.width / size[1]).astype(np.intp)
    return rows, columns


def _strokes(sketch: Photo, ink: Ink) -> NDArray[np.bool_]:
    on_layer = layer(sketch)
    if on_layer is not None:  # otherwise the transparency is a hole in the paper
        return on_layer
    if ink is Ink.AUTO:
        ink = Ink.DARK if np.median(to_gray(sketch.rgb)) > 0.5 else Ink.LIGHT
    # By the channel that shows it best: blue ink on black, or yellow on white, has next to no contrast in grey.
    tone = (sketch.rgb.min(axis=2) if ink is Ink.DARK else sketch.rgb.max(axis=2)) / np.float32(255)
    contrast = tone.max() - tone if ink is Ink.DARK else tone - tone.min()
    strongest = float(contrast.max())
    if strongest < _FAINT:
        raise SketchError(
            f"{sketch.name}: no strokes in this sketch; draw dark on light or light on dark, or say --edges none"
        )
    strokes: NDArray[np.bool_] = contrast > strongest / 2
    return strokes


def _scaled(box: Box, shape: tuple[int, int], to: tuple[int, ...]) -> Box:
    """Return a box of a photo of `shape` in a picture of size `to`; at least one pixel."""
    top, bottom = (round(side * to[0] / shape[0]) for side in (box.top, box.bottom))
    left, right = (round(side * to[1] / shape[1]) for side in (box.left, box.right))
    return Box(min(top, to[0] - 1), min(left, to[1] - 1), max(bottom, top + 1), max(right, left + 1))


def _misfit(picture: Photo, shape: tuple[int, int]) -> str:
    return f"{picture.name}: {_size(picture.pixels)} pixels for a photo of {shape[1]}×{shape[0]}: another aspect ratio"


def _size(pixels: NDArray[np.generic]) -> str:
    return f"{pixels.shape[1]}×{pixels.shape[0]}"
