"""EdgeConnect as a method for photos: lines first, colour next, texture last.

`EdgeConnect.fill` reads from top to bottom as a photo is worked on: windows around its holes, the lines in each, the
painting along the lines, the border matched to the photo, the photo's own texture. With `plain` it is the paper's
method on the whole picture (arXiv 1901.00212, section 3). Everything here is numpy; torch is imported when a network
is first needed.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.errors import SketchError
from inpaint_cli.filling import Filling, Patch
from inpaint_cli.imaging import blending, classical
from inpaint_cli.imaging.diffusion import diffuse
from inpaint_cli.imaging.edges import WALL, canny, compose, to_gray
from inpaint_cli.imaging.lines import close_gaps, continue_lines
from inpaint_cli.imaging.resampling import smooth
from inpaint_cli.imaging.sketches import EdgeMap, EdgeSource, Sketch, enlarged, quantised
from inpaint_cli.imaging.texture import texture
from inpaint_cli.imaging.windows import Box
from inpaint_cli.options import (
    DEFAULT_WEIGHTS,
    EdgesMode,
    FillOptions,
    Lines,
    Method,
    Painter,
    check_device,
    check_dtype,
)
from inpaint_cli.views import View, as_bytes, check, look, unit
from inpaint_cli.weights.registry import Model, resolve

if TYPE_CHECKING:
    from inpaint_cli.networks import Networks

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Image = NDArray[np.uint8]

LARGEST = 512  # pixels, the longest side of a working size: what a processor paints in a second
GUESSING = 256  # where lines are guessed: Canny sees outlines there and not every pebble


class EdgeConnect:
    """A model at work on photos. Threads may share it.

    Args:
        model: a resolved model.
        device: where the networks run: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        dtype: the networks' arithmetic: `auto`, `float32`, `bfloat16` or `float16`.
        threads: processor threads to use, of the whole process; None for all cores.
        at_once: how many photos are painted at once on a processor. They share its threads, which takes less time than
            each with all of them.
    """

    def __init__(
        self,
        model: Model,
        device: str = "auto",
        dtype: str = "auto",
        threads: int | None = None,
        *,
        at_once: int = 1,
    ) -> None:
        self.model = model
        self._at_once = at_once
        self._threads = threads
        if threads is not None:
            cv2.setNumThreads(threads)
        if check_device(device) not in {"auto", "cpu"}:  # asked for in so many words: it has to be there
            from inpaint_cli.devices import choose_device  # noqa: PLC0415 - torch takes two seconds

            choose_device(device)
        self._device = device
        self._dtype = check_dtype(dtype)
        self._networks: Networks | None = None
        self._loading = threading.Lock()

    @classmethod
    def load(
        cls,
        weights: str = DEFAULT_WEIGHTS,
        device: str = "auto",
        dtype: str = "auto",
        *,
        weights_file: Path | None = None,
        threads: int | None = None,
        at_once: int = 1,
    ) -> EdgeConnect:
        """Return the model of that name, in that folder, or at `hf:USER/REPO[@REVISION]`; fetched if need be.

        Raises:
            UsageError: no such name, device or precision.
            WeightsError: the model can't be had or is not what the registry says.
        """
        return cls(resolve(weights, weights_file=weights_file), device, dtype, threads, at_once=at_once)

    def predict_edges(self, image: Image, mask: Mask, *, plain: bool = True) -> Floats:
        """Return C_comp: Canny's edges outside the hole, G1's inside.

        Args:
            image: RGB uint8, H×W×3.
            mask: True = missing, H×W.
            plain: on the whole picture at its own size, as in the paper; otherwise in windows, as for a large photo.

        Returns:
            H×W float32 in [0, 1].

        Raises:
            PhotoError: the image is not H×W×3 uint8.
            MaskError: the mask does not fit the image, is empty, or covers everything.
        """
        return self.edge_map(image, mask, FillOptions(plain=plain, lines=Lines.G1))

    def inpaint(self, image: Image, mask: Mask, edges: NDArray[np.generic] | None = None, plain: bool = False) -> Image:
        """Return the image with its hole filled; pixels outside the hole are those of the input.

        Args:
            image: RGB uint8, H×W×3.
            mask: True = missing, H×W.
            edges: lines to follow inside the hole instead of guessed ones, H×W: C_comp, floating point in [0, 1], taken
                as it is; or bool, strokes that were drawn, thinned and obeyed more.
            plain: the networks alone on the whole picture at its own size, as papers measure.

        Returns:
            RGB uint8, H×W×3.

        Raises:
            PhotoError: the image is not H×W×3 uint8.
            MaskError: the mask does not fit the image, is empty, or covers everything.
            SketchError: the edges do not fit the image.
        """
        sketch: EdgeSource | None = None
        if edges is not None:
            if edges.shape != mask.shape or not (edges.dtype == np.bool_ or np.issubdtype(edges.dtype, np.floating)):
                raise SketchError(f"edges of shape {edges.shape} and type {edges.dtype} for a mask of {mask.shape}")
            sketch = Sketch(edges.astype(np.bool_)) if edges.dtype == np.bool_ else EdgeMap(edges.astype(np.float32))
        result = image.copy()
        self.fill(image, mask, FillOptions(plain=plain), sketch).apply(result)
        return result

    def edge_map(self, image: Image, mask: Mask, options: FillOptions, sketch: EdgeSource | None = None) -> Floats:
        """Return the edges that `fill` would paint along; fed back as a sketch they change nothing.

        Args:
            image: RGB uint8, H×W×3.
            mask: True = missing, H×W.
            options: how the hole would be filled.
            sketch: the user's lines, if any.

        Returns:
            C_comp, H×W float32 in [0, 1]: one-pixel lines outside the hole, blocks of the working size inside.

        Raises:
            PhotoError: the image is not H×W×3 uint8.
            MaskError: the mask does not fit the image, is empty, or covers everything.
            SketchError: the sketch does not fit the image.
        """
        check(image, mask)
        views = look(image, mask, options, self.longest(options, sketch))
        drawn = self._draw(views, options, sketch, image.shape[:2])
        if options.plain:
            return drawn[0]
        edges = canny(to_gray(image), mask, self.sigma(options)).astype(np.float32)
        for view, lines in zip(views, drawn, strict=True):
            inside = enlarged(view.small_hole.astype(np.float32), view.window.box) > 0
            edges[view.window.box.slices][inside] = enlarged(lines, view.window.box)[inside]
        return edges

    def fill(
        self, image: Image, mask: Mask, options: FillOptions | None = None, sketch: EdgeSource | None = None
    ) -> Filling:
        """Return what fills the hole, ready to be applied to the photo at any bit depth.

        Args:
            image: RGB uint8, H×W×3.
            mask: True = missing, H×W.
            options: how; the defaults are those of `options.FillOptions`.
            sketch: the user's lines (`imaging.sketches`).

        Raises:
            PhotoError: the image is not H×W×3 uint8.
            MaskError: the mask does not fit the image, is empty, or covers everything.
            SketchError: the sketch does not fit the image.
        """
        options = options or FillOptions()
        check(image, mask)
        views = look(image, mask, options, self.longest(options, sketch))
        if options.method is Method.EDGECONNECT:
            edges = self._draw(views, options, sketch, image.shape[:2])
            small = self._paint(views, edges, options)
            lined = any((lines[view.small_hole] > 0).any() for view, lines in zip(views, edges, strict=True))
            drawn = sketch is not None and sketch.drawn
            paintings = [
                self._finish(*stages, options, drawn=drawn) for stages in zip(views, edges, small, strict=True)
            ]
            between = [{"edges": lines, "painting": painting} for lines, painting in zip(edges, small, strict=True)]
        else:
            paintings = [unit(classical.fill(view.image, view.hole, options.method, options.seed)) for view in views]
            lined, between = False, [{} for _ in views]
        filling = Filling(
            [Patch(view.window.box, painting, view.cover) for view, painting in zip(views, paintings, strict=True)],
            float(mask.mean()),
            lined,
        )
        if options.keep_steps:
            for view, stages, painting in zip(views, between, paintings, strict=True):
                looked = {"window": unit(view.image), "hole": view.hole.astype(np.float32)}
                filling.steps.append({**looked, **stages, "result": painting})
        return filling

    def sigma(self, options: FillOptions) -> float:
        """Return Canny's σ, in pixels: the one asked for or the model's."""
        return self.model.config.sigma if options.sigma is None else options.sigma

    def _lines(self, options: FillOptions) -> Lines:
        """Return the source of lines that the options stand for."""
        if options.lines is not Lines.AUTO:
            return options.lines
        return Lines.G1 if options.plain else Lines(self.model.config.lines)

    def _painter(self, options: FillOptions) -> Painter:
        """Return the painter that the options stand for."""
        if options.painter is not Painter.AUTO:
            return options.painter
        return Painter.G2 if options.plain else Painter(self.model.config.painter)

    def longest(self, options: FillOptions, sketch: EdgeSource | None = None) -> int:
        """Return the longer side of the working size, in pixels: for a network about twice what it was trained on."""
        if options.size is not None:
            return options.size
        if self._lines(options) is Lines.G1 or self._painter(options) is Painter.G2:
            return min(LARGEST, 2 * self.model.config.train_size)
        return LARGEST if sketch is not None and sketch.drawn else GUESSING

    def _draw(
        self, views: list[View], options: FillOptions, sketch: EdgeSource | None, shape: tuple[int, ...]
    ) -> list[Floats]:
        """First stage: return C_comp of every view, H×W in [0, 1]."""
        grays = [to_gray(view.small) for view in views]
        sigma = self.sigma(options)
        known = [canny(gray, view.small_hole, sigma) for gray, view in zip(grays, views, strict=True)]
        inside = []
        if sketch is not None:
            size = shape[0], shape[1]
            inside = [sketch.at(view.window, size, sigma) for view in views]
        if sketch is None or options.edges_mode is EdgesMode.ADD:
            guesses = self._guess(views, grays, known, options)
            inside = [np.maximum(*both) for both in zip(inside, guesses, strict=True)] if inside else guesses
        return [
            quantised(compose(outer, inner, view.small_hole))
            for view, outer, inner in zip(views, known, inside, strict=True)
        ]

    def _guess(self, views: list[View], grays: list[Floats], known: list[Mask], options: FillOptions) -> list[Floats]:
        """Return the lines that the tool itself expects inside each hole, H×W in [0, 1]."""
        source = self._lines(options)
        if source is Lines.G1:
            edges = [outer.astype(np.float32) for outer in known]
            return self._nets().edges(grays, edges, [view.small_hole for view in views], exact=options.plain)
        if source is Lines.CONTINUE:
            return [
                continue_lines(as_bytes(view.small), outer, view.small_hole).astype(np.float32)
                for view, outer in zip(views, known, strict=True)
            ]
        return [np.zeros_like(gray) for gray in grays]

    def _paint(self, views: list[View], edges: list[Floats], options: FillOptions) -> list[Floats]:
        """Second stage: return every view painted along its lines, H×W×3 in [0, 1]."""
        if self._painter(options) is Painter.G2:
            images, holes = [view.small for view in views], [view.small_hole for view in views]
            return self._nets().paint(images, edges, holes, exact=options.plain)
        return [
            diffuse(view.small, view.small_hole, close_gaps(lines > WALL))
            for view, lines in zip(views, edges, strict=True)
        ]

    def _finish(self, view: View, edges: Floats, painting: Floats, options: FillOptions, *, drawn: bool) -> Floats:
        """Third stage: return the painting at the photo's resolution, without a seam, with the photo's texture."""
        if options.plain:
            return painting
        height, width = view.hole.shape
        large = smooth(painting, (height, width))
        walls = enlarged(edges, Box(0, 0, height, width)) > WALL
        if options.harmonise:
            large = blending.match_border(large, unit(view.image), view.hole, walls)
        if options.texture:
            guide = self.model.config.guide_weight if options.guide is None else options.guide
            large = texture(
                view.image,
                view.hole,
                large,
                guide,
                sure=drawn,
                lines=(edges > WALL) & view.small_hole,
                seed=options.seed,
            )
        return np.clip(large, 0, 1)

    def _nets(self) -> Networks:
        with self._loading:
            if self._networks is None:
                from inpaint_cli.networks import Networks  # noqa: PLC0415 - torch takes two seconds

                self._networks = Networks(self.model, self._device, self._dtype, self._threads, at_once=self._at_once)
            return self._networks
