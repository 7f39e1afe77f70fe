"""What is done with one photo: fill it, write its edge map, or join its edges with another's.

Each task is a callable for `batch.run`: it reads and computes, and the result it returns writes the files.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.batch.attempt import Result
from inpaint_cli.batch.job import NO_EDGES, Job
from inpaint_cli.batch.output_writer import OutputWriter, growth
from inpaint_cli.choices import Choices
from inpaint_cli.crops import extract_crops
from inpaint_cli.errors import MaskError, UsageError
from inpaint_cli.imaging import panels
from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.imaging.lines import LineSource
from inpaint_cli.imaging.pixels import to_uint8
from inpaint_cli.imaging.resampling import upsample_nearest
from inpaint_cli.io.locations import Location
from inpaint_cli.io.masks import MaskOptions, find_hole, unite_masks
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.reading import read_photo
from inpaint_cli.io.resaved_maps import as_edge_map, is_untouched
from inpaint_cli.io.sketches import (
    GROWTH_KEY,
    MAP_KEY,
    EdgeSource,
    read_other_half,
    read_reference,
    read_sketch,
)
from inpaint_cli.options import FillOptions, Lines, Method, Side
from inpaint_cli.pipeline import EdgeConnect
from inpaint_cli.results import InpaintResult

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FillTask:
    """`remove` and `inpaint`.

    Attributes:
        model: what fills.
        options: how.
        masks: how masks are read.
        outputs: where results go.
        reference: a photo whose edges stand for a sketch.
    """

    model: EdgeConnect
    options: FillOptions
    masks: MaskOptions
    outputs: OutputWriter
    reference: Location | None = None

    def __call__(self, job: Job) -> Result:
        """Fill one photo.

        Raises:
            InpaintError: something about its files is wrong.
        """
        photo, hole = read_hole(job, self.masks)
        self.outputs.check(photo, job.output)
        options = replace(self.options, lines=Lines.NONE) if job.edges == NO_EDGES else self.options
        sketch = self.sketch(job, photo, hole)
        not_from = None
        if job.not_from:
            not_from = unite_masks(photo, [read_photo(mask) for mask in job.not_from], self.masks)
        result = self.model.fill(photo.rgb, hole, options, sketch, not_from)
        self._warn_of_no_lines(sketch, result, job)
        result.apply(photo.pixels)
        if self.masks.alpha and not job.masks and photo.alpha is not None:  # the photo was its own mask
            result.make_opaque(photo.alpha)

        def save() -> None:  # the result last: if it exists, so does the rest
            if job.panel is not None:
                self.outputs.write(Photo(comparison(result, photo.rgb)), job.panel)
            if job.steps is not None:
                self._save_steps(result, job)
            self.outputs.write(photo, job.output)

        return Result(save, result.hole, result.windows, result.lines, result.painter)

    def _warn_of_no_lines(self, sketch: EdgeSource | None, result: InpaintResult, job: Job) -> None:
        """Warn if lines were asked for explicitly and there are none."""
        if sketch is not None:
            if not (LineSource.DRAWN in result.lines if sketch.drawn else result.has_edges):
                logger.warning("%s: has no line in the hole of %s", job.edges or self.reference, job.photo)
        elif self.options.lines is Lines.G1 and job.edges != NO_EDGES and result.painter and not result.lines:
            logger.warning("%s: G1 found no line in its hole", job.photo)

    def sketch(self, job: Job, photo: Photo, hole: NDArray[np.bool_]) -> EdgeSource | None:
        """Return the lines that a job names, or the reference; None if it names none.

        Raises:
            InpaintError: they can't be read or do not fit.
        """
        if job.edges == NO_EDGES or self.options.method is not Method.EDGECONNECT:
            return None
        if job.edges is not None:
            sketch = read_photo(job.edges)
            grown = sketch.text.get(GROWTH_KEY, growth(self.options))
            if grown != growth(self.options):
                logger.warning(
                    "%s: was made with --grow %s: between its hole and this one lie edges of the photo, which count as "
                    "lines now; give both commands the same --grow",
                    sketch.name,
                    grown,
                )
            return self._resaved_map(sketch, photo, hole) or read_sketch(sketch, photo.size, self.options.ink, photo)
        if self.reference is not None:
            return read_reference(read_photo(self.reference), photo.size)
        return None

    def _resaved_map(self, sketch: Photo, photo: Photo, hole: NDArray[np.bool_]) -> EdgeSource | None:
        """Return an edge map that a paint program saved again in 8 bits and without its text; None if it is none."""
        if MAP_KEY in sketch.text or not hole.any():
            return None
        edge_map = as_edge_map(sketch, photo, hole, self.model.sigma(self.options))
        if edge_map is None:
            return None
        longest = Choices(self.options, self.model.model.config).longest()
        crops = extract_crops(photo.rgb, hole, self.options, longest)
        return edge_map if is_untouched(edge_map, ((crop.window, crop.small_hole) for crop in crops)) else None

    def _save_steps(self, result: InpaintResult, job: Job) -> None:
        for window, crop in enumerate(result.crops, 1):
            for number, (name, values) in enumerate(crop.steps.items(), 1):
                target = job.step(window if result.windows > 1 else None, number, name)
                self.outputs.write(Photo(_pixels(values)), target)


@dataclass(frozen=True)
class EdgesTask:
    """`edges`: Canny's edges of a photo, and with a mask the tool's own inside the hole."""

    model: EdgeConnect
    options: FillOptions
    masks: MaskOptions
    outputs: OutputWriter

    def __call__(self, job: Job) -> Result:
        """Write one photo's edge map.

        Raises:
            InpaintError: something about its files is wrong.
        """
        if not (job.masks or self.masks.boxes or self.masks.alpha):
            photo = read_photo(job.photo)
            self.outputs.check(Photo(photo.pixels, name=photo.name), job.output)
            gray = to_gray(photo.rgb)
            edges = canny(gray, sigma=self.model.sigma(self.options)).astype(np.float32)
            return Result(lambda: self.outputs.write_map(edges, job.output))
        photo, hole = read_hole(job, self.masks)
        self.outputs.check(Photo(photo.pixels, name=photo.name), job.output)
        edges = self.model.edge_map(photo.rgb, hole, self.options)
        return Result(lambda: self.outputs.write_map(edges, job.output, self.options), float(hole.mean()))


@dataclass(frozen=True)
class SynthesisTask:
    """`synth-edges`: the edges of two photos joined, painted in the first one's colours (the paper's figure 10).

    Attributes:
        other: the photo that gives the edges of one side.
        side: which side.
    """

    model: EdgeConnect
    options: FillOptions
    outputs: OutputWriter
    other: Location
    side: Side

    def __call__(self, job: Job) -> Result:
        """Join the edges and paint: a map at the job's output, and its picture.

        Raises:
            InpaintError: something about the files is wrong.
        """
        photo = read_photo(job.photo)
        if min(photo.size) < 2:
            raise UsageError(f"{job.photo}: too small to have two halves")
        self.outputs.check(Photo(photo.pixels, name=photo.name), job.output)
        self.outputs.check(photo, job.picture)
        hole = half(photo.size, self.side)
        lines = read_other_half(read_photo(self.other), photo, hole)
        image, options = photo.rgb, self.options
        crops = self.model.find_edges(image, hole, options, lines)
        edges = self.model.join_edges(image, hole, crops, options)
        # As fine as the other half, and up to the border: around a hole Canny keeps a few pixels away.
        sigma = self.model.sigma(options)
        own = np.maximum(canny(to_gray(crops[0].small), sigma=sigma), lines.at(crops[0].window, photo.size, sigma))
        edges = np.where(hole, edges, upsample_nearest(own, photo.size))
        crops = self.model.finish(self.model.paint(crops, options), options)
        result = self.model.result(crops, float(hole.mean()), options)
        result.apply(photo.pixels)

        def save() -> None:
            if job.picture is not None:
                self.outputs.write(photo, job.picture)
            self.outputs.write_map(edges, job.output, self.options)

        return Result(save, result.hole, result.windows, result.lines, result.painter)


def read_hole(job: Job, options: MaskOptions) -> tuple[Photo, NDArray[np.bool_]]:
    """Return a job's photo and its hole.

    Raises:
        PhotoError: a file can't be read.
        MaskError: the masks do not fit, are empty, or cover everything.
    """
    photo = read_photo(job.photo)
    if not (job.masks or options.boxes or options.alpha):  # a manifest's row
        raise MaskError(f"{photo.name}: has no mask, neither of its own nor by --mask")
    return photo, find_hole(photo, [read_photo(mask) for mask in job.masks], options)


def half(shape: tuple[int, int], side: Side) -> NDArray[np.bool_]:
    """Return a mask of one half of a picture of `shape` (H, W), both sides at least 2."""
    mask = np.zeros(shape, np.bool_)
    match side:
        case Side.LEFT:
            mask[:, : shape[1] // 2] = True
        case Side.RIGHT:
            mask[:, -(shape[1] // 2) :] = True
        case Side.TOP:
            mask[: shape[0] // 2] = True
        case Side.BOTTOM:
            mask[-(shape[0] // 2) :] = True
    return mask


def comparison(result: InpaintResult, after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return input, hole, edges and result of the largest window in a row.

    Args:
        result: with its steps.
        after: the photo that it was applied to, H×W×3.
    """
    crop = max(result.crops, key=lambda crop: crop.box.height * crop.box.width)
    before = _pixels(crop.steps["window"])
    tiles = [before, panels.mark_hole(before, crop.steps["hole"] > 0)]
    if "edges" in crop.steps:
        tiles.append(panels.draw_edges(crop.steps["edges"]))
    return panels.side_by_side([*tiles, after[crop.box.slices]])


def _pixels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return H×W×C or H×W values in [0, 1] as the pixels of a photo, H×W×C uint8."""
    pixels = to_uint8(values)
    return pixels[..., None] if pixels.ndim == 2 else pixels
