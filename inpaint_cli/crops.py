"""A crop of a photo: the one object that travels through the pipeline, and how crops are extracted.

Each stage takes crops and returns crops with one field more: edges, painting, result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.errors import MaskError, PhotoError
from inpaint_cli.imaging.blending import dilate_mask
from inpaint_cli.imaging.distances import distance_to
from inpaint_cli.imaging.edges import EDGE_THRESHOLD
from inpaint_cli.imaging.endpoints import sample
from inpaint_cli.imaging.lines import Line, LineSource
from inpaint_cli.imaging.pixels import to_float32
from inpaint_cli.imaging.resampling import resize_area, shrink_mask
from inpaint_cli.imaging.windows import Box, Window, bounding_box, extent, plan, working_size
from inpaint_cli.options import FillOptions

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Image = NDArray[np.uint8]

_GROWTH = 0.04  # of the object's size: how loosely masks are drawn
_LONGEST = 3  # times an object's width that its size is at most
_LEAST_GROWTH = 3  # pixels of the working size, but
_LEAST_GROWTH_SHARE = 0.25  # of the width is enough


@dataclass(frozen=True)
class Crop:
    """A window of a photo, and what each stage of the pipeline adds to it.

    h×w is the window's size in the photo, H×W its working size.

    Attributes:
        window: where it lies and its working size.
        image: the window of the photo, RGB uint8, h×w×3.
        hole: the dilated mask, h×w, True = missing.
        blend_weight: share of the result in each pixel, h×w in [0, 1]; 0 outside the hole.
        small: the window at the working size, RGB in [0, 1], H×W×3.
        small_hole: every working pixel that the hole touches, H×W.
        excluded: True = known, but not to be copied, h×w; None: everything may be.
        edges: C_comp, the edges to paint along, H×W in [0, 1]; None before the first stage.
        lines: the lines among the edges in the hole, by falling trust.
        trusted: the edges were drawn or given by the user, not guessed.
        seen_by_g2: the same window with its edges at the size that suits G2; None: that is the working size, or G2
            does not paint.
        painting: the colours along the edges, RGB in [0, 1], H×W×3; None before the second stage.
        result: the filled window, RGB in [0, 1], h×w×3; None before the last stage.
        begun: the last stage's fill without lines (`imaging.texture`), begun ahead of it; None if not.
    """

    window: Window
    image: Image
    hole: Mask
    blend_weight: Floats
    small: Floats
    small_hole: Mask
    excluded: Mask | None = None
    edges: Floats | None = None
    lines: tuple[Line, ...] = ()
    trusted: bool = False
    seen_by_g2: Crop | None = None
    painting: Floats | None = None
    result: Floats | None = None
    begun: Future[Floats | None] | None = None

    def with_edges(self, edges: Floats, lines: Sequence[Line], *, trusted: bool) -> Crop:
        """Return the crop with its edges, H×W in [0, 1], and the lines among them."""
        return replace(self, edges=edges, lines=tuple(lines), trusted=trusted)

    def resized(self, longest: int) -> Crop:
        """Return the crop before its first stage at another working size, its longer side at most so many pixels."""
        size = working_size((self.hole.shape[0], self.hole.shape[1]), longest)
        small = resize_area(to_float32(self.image), size)
        return replace(
            self, window=replace(self.window, size=size), small=small, small_hole=shrink_mask(self.hole, size)
        )

    def with_painting(self, painting: Floats) -> Crop:
        """Return the crop with its painting, H×W×3 in [0, 1]."""
        return replace(self, painting=painting)

    def with_result(self, result: Floats) -> Crop:
        """Return the crop with its result, h×w×3 in [0, 1]."""
        return replace(self, result=result, begun=None)

    @property
    def has_edges(self) -> bool:
        """Whether any edge lies in the hole, whatever its level."""
        return self.edges is not None and bool((self.edges[self.small_hole] > 0).any())

    @property
    def lines_by_source(self) -> dict[str, int]:
        """Number of lines by their source in that part of the hole that this crop fills.

        Where lines were not traced, connected edges count as one each.
        """
        if self.lines or self.edges is None:
            own = resize_area((self.blend_weight > 0).astype(np.float32), self.window.size) > 0
            return dict(Counter(line.source.value for line in self.lines if sample(own, line.points).any()))
        edges = (self.edges > EDGE_THRESHOLD) & self.small_hole
        count, _ = cv2.connectedComponents(edges.astype(np.uint8), connectivity=8)
        source = LineSource.DRAWN if self.trusted else LineSource.G1
        return {source.value: count - 1} if count > 1 else {}

    def steps(self) -> dict[str, Floats]:
        """Return the picture of every stage by name, in order, H×W or H×W×3 in [0, 1]."""
        stages = {
            "window": to_float32(self.image),
            "hole": self.hole.astype(np.float32),
            "edges": self.edges,
            "painting": self.painting,
            "result": self.result,
        }
        return {name: picture for name, picture in stages.items() if picture is not None}


def require_edges(crop: Crop) -> Floats:
    """Return the edges of a crop that has been through the first stage.

    Raises:
        ValueError: it has not.
    """
    if crop.edges is None:
        raise ValueError("a crop without edges: find_edges comes before this stage")
    return crop.edges


def require_painting(crop: Crop) -> Floats:
    """Return the painting of a crop that has been through the second stage.

    Raises:
        ValueError: it has not.
    """
    if crop.painting is None:
        raise ValueError("a crop without painting: paint comes before this stage")
    return crop.painting


def check_inputs(image: Image, mask: Mask) -> None:
    """Check that there is something to fill, and something to fill it from.

    Raises:
        PhotoError: the image is not H×W×3 uint8.
        MaskError: the mask is not H×W bool, is empty, or covers everything.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise PhotoError(f"an image of shape {image.shape} and type {image.dtype} instead of H×W×3 uint8")
    if mask.shape != image.shape[:2] or mask.dtype != np.bool_:
        raise MaskError(
            f"a mask of shape {mask.shape} and type {mask.dtype} for an image of {image.shape[:2]}; needs bool"
        )
    if not mask.any():
        raise MaskError("the mask is empty: nothing to fill")
    if mask.all():
        raise MaskError("the mask covers the whole image: nothing is left to fill from")


def extract_crops(
    image: Image, mask: Mask, options: FillOptions, longest: int, not_from: Mask | None = None
) -> list[Crop]:
    """Return the crops that fill every hole of a photo.

    Args:
        image: RGB uint8, H×W×3.
        mask: True = missing, H×W.
        options: context, growth and feather; with `plain` the whole photo is one crop.
        longest: longer side of the working size at most, in pixels.
        not_from: True = must not be copied, H×W; None: everything known may be.

    Raises:
        MaskError: nothing that may be copied lies around a hole.
    """
    if options.plain:
        height, width = mask.shape
        window = Window(Box(0, 0, height, width), bounding_box(mask), (height, width))
        return [Crop(window, image, mask, mask.astype(np.float32), to_float32(image), mask)]
    return [_extract(image, mask, window, options, not_from) for window in plan(mask, options.context, longest)]


def _growth(object_: Mask, window: Window) -> int:
    """Return by how many pixels of the photo a window's mask, h×w, is grown if the user does not say.

    Text and scratches are as long as the photo: what is long counts by its width.
    """
    width = 2 * float(distance_to(~object_).max())
    size = min(extent(window.holes), _LONGEST * width)
    return round(max(_GROWTH * size, min(_LEAST_GROWTH * window.scale, _LEAST_GROWTH_SHARE * width)))


def _extract(image: Image, mask: Mask, window: Window, options: FillOptions, not_from: Mask | None) -> Crop:
    """Return one window with its mask dilated, at the photo's resolution and at the working size."""
    object_ = mask[window.box.slices]
    grow = _growth(object_, window) if options.grow is None else options.grow
    hole, blend_weight = dilate_mask(object_, grow, options.feather)
    if hole.all():  # nothing would be left to fill from
        hole, blend_weight = object_, object_.astype(np.float32)
    image = np.ascontiguousarray(image[window.box.slices])
    small = resize_area(to_float32(image), window.size)
    # Every working pixel that the hole touches is missing: what is left of the object's colour must not be known.
    small_hole = shrink_mask(hole, window.size)
    excluded = None if not_from is None else not_from[window.box.slices]
    if excluded is not None and (hole | excluded).all():
        raise MaskError(
            "--not-from leaves nothing to copy around a hole; mark less there, or let a window show more (--context)"
        )
    return Crop(window, image, hole, blend_weight, small, small_hole, excluded)
