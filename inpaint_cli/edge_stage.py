"""First stage: the edges to paint along, in every crop of a photo.

Canny gives those of the known part. In the hole they are the user's lines, G1's output as in the paper, or lines that
are found (`imaging.lines`) over the rest of G1's map.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.choices import Choices
from inpaint_cli.crops import Crop, extract_crops, require_edges
from inpaint_cli.imaging.edges import canny, compose, soft_levels, to_gray
from inpaint_cli.imaging.lines import Line, LineSource, draw_lines, find_lines, trace_lines
from inpaint_cli.imaging.looks import look_at, merge_looks
from inpaint_cli.imaging.pixels import to_uint8
from inpaint_cli.imaging.resampling import upsample_nearest
from inpaint_cli.io.sketches import EdgeSource, quantise
from inpaint_cli.options import EdgesMode, Lines, Painter

if TYPE_CHECKING:
    from inpaint_cli.inference import Networks

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


class EdgeStage:
    """Finds the edges of photos.

    Args:
        choices: how.
        networks: returns the networks; called only if G1 is needed.
        begin: called with each crop before its edges are found, to start work that needs none.
    """

    def __init__(
        self, choices: Choices, networks: Callable[[], Networks], begin: Callable[[Crop], Crop] | None = None
    ) -> None:
        self._choices = choices
        self._networks = networks
        self._begin = begin

    def find(
        self, image: NDArray[np.uint8], mask: Mask, sketch: EdgeSource | None, not_from: Mask | None = None
    ) -> list[Crop]:
        """Return the photo's crops with edges and lines.

        Strokes speak for the holes that they touch. Every other hole has a crop of its own beside, and is filled as if
        there were no sketch.

        Args:
            image: RGB uint8, H×W×3.
            mask: True = missing, H×W.
            sketch: the user's lines, if any.
            not_from: True = must not be copied, H×W; None: everything known may be.

        Raises:
            MaskError: nothing that may be copied lies around a hole.
            SketchError: the sketch does not fit the image.
        """
        options = self._choices.options
        longest = self._choices.longest(None if sketch is None else sketch.longest)
        crops = extract_crops(image, mask, options, longest, not_from)
        strokes = None if sketch is None or options.plain else sketch.strokes_in((mask.shape[0], mask.shape[1]))
        if strokes is None:
            if self._begin is not None:
                crops = list(map(self._begin, crops))
            return self._with_edges(crops, sketch, mask.shape)
        touched = _touched(mask, crops, strokes)
        apart = extract_crops(image, mask, options, self._choices.longest(), not_from)
        return [
            *self._with_edges(_part(crops, touched), sketch, mask.shape),
            *self._with_edges(_part(apart, ~touched), None, mask.shape),
        ]

    def _with_edges(self, crops: Sequence[Crop], sketch: EdgeSource | None, shape: tuple[int, ...]) -> list[Crop]:
        """Return crops with their edges, and with those at G2's size where it paints beside the harmonic painter."""
        drawn = sketch is not None and sketch.drawn
        # Lines are read from the map, not kept from `find_lines`, so that a map given back has the same lines.
        edged = [
            crop.with_edges(edges, self._trace(crop, edges), trusted=drawn)
            for crop, edges in zip(crops, self._edges(crops, sketch, shape), strict=True)
        ]
        if not drawn or self._choices.options.plain or self._choices.painter(drawn=True) is not Painter.BOTH:
            return edged
        seen = [crop.resized(self._choices.longest_of_network) for crop in crops]
        if all(other.window.size == crop.window.size for crop, other in zip(crops, seen, strict=True)):
            return edged
        return [
            replace(crop, seen_by_g2=other.with_edges(edges, (), trusted=True))
            for crop, other, edges in zip(edged, seen, self._edges(seen, sketch, shape), strict=True)
        ]

    def _edges(self, crops: Sequence[Crop], sketch: EdgeSource | None, shape: tuple[int, ...]) -> list[Floats]:
        """Return the edges that the sketch, if any, and the tool give crops at their working size, H×W each."""
        sigma = self._choices.sigma
        known = [canny(to_gray(crop.small), crop.small_hole, sigma) for crop in crops]
        inside = []
        if sketch is not None:
            inside = [sketch.at(crop.window, (shape[0], shape[1]), sigma) for crop in crops]
        if sketch is None or self._choices.options.edges_mode is EdgesMode.ADD:
            guesses = self._guess(crops, known)
            inside = [np.maximum(*both) for both in zip(inside, guesses, strict=True)] if inside else guesses
        return [
            quantise(compose(outer, inner, crop.small_hole))
            for crop, outer, inner in zip(crops, known, inside, strict=True)
        ]

    def _guess(self, crops: Sequence[Crop], known: Sequence[Mask]) -> list[Floats]:
        """Return the lines that the tool finds in each hole, as levels of an edge map, H×W in [0, 1]."""
        source = self._choices.lines
        if source is Lines.NONE:
            return [np.zeros(crop.small_hole.shape, np.float32) for crop in crops]
        if source is Lines.G1 and self._choices.raw_map:
            grays = [to_gray(crop.small) for crop in crops]
            edges = [outer.astype(np.float32) for outer in known]
            holes = [crop.small_hole for crop in crops]
            return self._networks().edges(grays, edges, holes, force_float32=self._choices.options.plain)
        maps: list[Floats | None] = [None for _ in crops]
        if source is Lines.G1:
            maps = [*self._look(crops)]
        return [_guess_lines(crop, outer, own) for crop, outer, own in zip(crops, known, maps, strict=True)]

    def _look(self, crops: Sequence[Crop]) -> list[Floats]:
        """Return G1's probability of an edge in each hole, H×W at the working size."""
        sizes = self._choices.config.look_sizes
        looks = [look_at(crop.image, crop.hole, sizes, self._choices.sigma) for crop in crops]
        every = [look for of_crop in looks for look in of_crop]
        maps = iter(
            self._networks().edges(
                [look.gray for look in every], [look.edges for look in every], [look.hole for look in every]
            )
        )
        return [
            merge_looks([next(maps) for _ in of_crop], crop.small_hole)
            for crop, of_crop in zip(crops, looks, strict=True)
        ]

    def _trace(self, crop: Crop, edges: Floats) -> list[Line]:
        """Return the lines among a crop's edges; none with `plain`, which uses the map alone."""
        if self._choices.options.plain:
            return []
        g1_only = self._choices.raw_map and self._choices.lines is Lines.G1
        return trace_lines(edges, to_uint8(crop.small), crop.small_hole, found_by=LineSource.G1 if g1_only else None)


def join_edges(image: NDArray[np.uint8], mask: Mask, crops: Sequence[Crop], choices: Choices) -> Floats:
    """Return the edges of crops in one map of the whole photo, H×W in [0, 1].

    Args:
        image: RGB uint8, H×W×3.
        mask: True = missing, H×W.
        crops: with edges each.
        choices: those that the edges were found with.

    Raises:
        ValueError: a crop has no edges.
    """
    if choices.options.plain:
        return require_edges(crops[0])
    edges = canny(to_gray(image), mask, choices.sigma).astype(np.float32)
    for crop in crops:
        shape = crop.hole.shape[0], crop.hole.shape[1]
        inside = upsample_nearest(crop.small_hole.astype(np.float32), shape) > 0
        inside &= ~(crop.hole & (crop.blend_weight == 0))  # filled by another crop
        edges[crop.window.box.slices][inside] = upsample_nearest(require_edges(crop), shape)[inside]
    return edges


def _guess_lines(crop: Crop, known: Mask, probability: Floats | None) -> Floats:
    """Return the lines expected in a crop's hole, over the rest of G1's map if there is one: levels, H×W."""
    shape = crop.small_hole.shape[0], crop.small_hole.shape[1]
    lines = draw_lines(find_lines(to_uint8(crop.small), known, crop.small_hole, probability), shape)
    return lines if probability is None else np.maximum(lines, soft_levels(probability))


def _touched(mask: Mask, crops: Sequence[Crop], strokes: Mask) -> Mask:
    """Return the pixels whose nearest hole has a stroke in it or in the rim by which it is dilated, H×W."""
    _, nearest = cv2.distanceTransformWithLabels((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    is_touched = np.zeros(int(nearest.max()) + 1, np.bool_)
    for crop in crops:
        region = crop.window.box.slices
        is_touched[nearest[region][strokes[region] & crop.hole]] = True
    touched: Mask = is_touched[nearest]
    return touched


def _part(crops: Sequence[Crop], part: Mask) -> list[Crop]:
    """Return the crops that change anything in a part of the photo, and change nothing outside it."""
    limited = [
        replace(crop, blend_weight=np.where(part[crop.window.box.slices], crop.blend_weight, np.float32(0)))
        for crop in crops
    ]
    return [crop for crop in limited if crop.blend_weight.any()]
