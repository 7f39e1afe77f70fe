"""EdgeConnect as a method for photos: lines first, colour next, texture last.

A photo becomes crops, one around each group of holes. Each stage is a function from crops to crops: `find_edges` adds
the edges, `paint` the colours along them, `finish` the border correction and the photo's own texture. With `plain` it
is the paper's method on the whole picture (arXiv 1901.00212, section 3). Everything here is numpy; a network is loaded
when it is first needed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.choices import Choices
from inpaint_cli.crops import Crop, check_inputs, extract_crops
from inpaint_cli.edge_stage import EdgeStage, join_edges
from inpaint_cli.errors import SketchError
from inpaint_cli.finish_stage import FinishStage
from inpaint_cli.imaging import classical
from inpaint_cli.imaging.pixels import to_float32
from inpaint_cli.inference.backends import choose_backend
from inpaint_cli.io.sketches import EdgeMap, EdgeSource, Sketch
from inpaint_cli.options import (
    DEFAULT_WEIGHTS,
    STAGES,
    Backend,
    FillOptions,
    Lines,
    Method,
    check_backend,
    check_device,
    check_dtype,
)
from inpaint_cli.paint_stage import PaintStage
from inpaint_cli.results import InpaintResult
from inpaint_cli.weights.registry import Model, resolve

if TYPE_CHECKING:
    from inpaint_cli.inference import Networks

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Image = NDArray[np.uint8]


stages = logging.getLogger(STAGES)
_FINISHING = "copying the photo's texture"


class EdgeConnect:
    """A model at work on photos. Threads may share it.

    Args:
        model: a resolved model.
        device: where the networks run: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        dtype: the networks' arithmetic: `auto`, `float32`, `bfloat16` or `float16`.
        threads: processor threads to use, of the whole process; None for all cores.
        backend: what runs the networks: `auto`, `opencv` or `torch` (see `inference.backends.choose_backend`).
        max_concurrent: how many photos are painted at once on a processor. They share its threads: two photos
            with half of the threads each take less time than one after the other with all of them.
    """

    def __init__(
        self,
        model: Model,
        device: str = "auto",
        dtype: str = "auto",
        threads: int | None = None,
        *,
        backend: str = "auto",
        max_concurrent: int = 1,
    ) -> None:
        self.model = model
        self._backend = check_backend(backend)
        self._max_concurrent = max_concurrent
        self._threads = threads
        if threads is not None:
            cv2.setNumThreads(threads)
        if self._backend is Backend.OPENCV:  # chosen explicitly: fail early if it can't be used
            choose_backend(self._backend, device, dtype, ())
        elif check_device(device) not in {"auto", "cpu"}:  # likewise
            from inpaint_cli.devices import choose_device  # noqa: PLC0415 - torch takes a second

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
        backend: str = "auto",
        weights_file: Path | None = None,
        threads: int | None = None,
        max_concurrent: int = 1,
    ) -> EdgeConnect:
        """Return the model of that name, in that folder, or at `hf:USER/REPO[@REVISION]`; fetched if need be.

        Raises:
            UsageError: no such name, device, precision or backend.
            WeightsError: the model can't be obtained, or a file does not match the registry.
        """
        model = resolve(weights, weights_file=weights_file)
        return cls(model, device, dtype, threads, backend=backend, max_concurrent=max_concurrent)

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
            plain: the networks alone on the whole picture at its own size, as in the paper.

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
            levels = edges.astype(np.float32)
            if not np.all((levels >= 0) & (levels <= 1)):  # NaN is neither
                raise SketchError("edges with values outside [0, 1]")
            sketch = Sketch(edges.astype(np.bool_)) if edges.dtype == np.bool_ else EdgeMap(levels)
        result = image.copy()
        self.fill(image, mask, FillOptions(plain=plain), sketch).apply(result)
        return result

    def fill(
        self,
        image: Image,
        mask: Mask,
        options: FillOptions | None = None,
        sketch: EdgeSource | None = None,
        not_from: Mask | None = None,
    ) -> InpaintResult:
        """Return the filled crops, ready to be applied to the photo at any bit depth.

        Args:
            image: RGB uint8, H×W×3.
            mask: True = missing, H×W.
            options: how; the defaults are those of `options.FillOptions`.
            sketch: the user's lines (`io.sketches`).
            not_from: True = must not be copied, H×W; None: everything known may be.

        Raises:
            PhotoError: the image is not H×W×3 uint8.
            MaskError: the mask does not fit the image, is empty, or covers everything; or nothing may be copied.
            SketchError: the sketch does not fit the image.
        """
        options = options or FillOptions()
        if options.method is Method.EDGECONNECT:
            beside = ThreadPoolExecutor(1)
            try:
                idle = self._max_concurrent == 1 and cv2.getNumThreads() > 1
                stage = FinishStage(self._choices(options), beside if idle else None)
                begin = stage.beginning() if sketch is None else None
                crops = self.paint(self.find_edges(image, mask, options, sketch, not_from, begin), options)
                stages.debug(_FINISHING)
                crops = stage.finish(crops)
            finally:
                beside.shutdown(cancel_futures=True)
        else:
            check_inputs(image, mask)
            crops = [
                crop.with_result(
                    to_float32(classical.fill(crop.image, crop.hole, options.method, options.seed, crop.excluded))
                )
                for crop in extract_crops(image, mask, options, self._choices(options).longest(), not_from)
            ]
        return self.result(crops, float(mask.mean()), options)

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
        return self.join_edges(image, mask, self.find_edges(image, mask, options, sketch), options)

    def join_edges(self, image: Image, mask: Mask, crops: Sequence[Crop], options: FillOptions) -> Floats:
        """Return the edges of crops in one map of the whole photo (see `edge_map`).

        Args:
            image: RGB uint8, H×W×3.
            mask: True = missing, H×W.
            crops: with edges each.
            options: those that the edges were found with.
        """
        return join_edges(image, mask, crops, self._choices(options))

    def find_edges(
        self,
        image: Image,
        mask: Mask,
        options: FillOptions,
        sketch: EdgeSource | None = None,
        not_from: Mask | None = None,
        begin: Callable[[Crop], Crop] | None = None,
    ) -> list[Crop]:
        """First stage: return the photo's crops with C_comp, the edges to paint along.

        Args:
            image: RGB uint8, H×W×3.
            mask: True = missing, H×W.
            options: how the hole is to be filled.
            sketch: the user's lines, if any.
            not_from: True = must not be copied, H×W; None: everything known may be.
            begin: called with each crop before its edges are found, to start work that needs none.

        Raises:
            PhotoError: the image is not H×W×3 uint8.
            MaskError: the mask does not fit the image, is empty, or covers everything; or nothing may be copied.
            SketchError: the sketch does not fit the image.
        """
        stages.debug("looking for lines")
        check_inputs(image, mask)
        return EdgeStage(self._choices(options), self._loaded_networks, begin).find(image, mask, sketch, not_from)

    def paint(self, crops: Sequence[Crop], options: FillOptions) -> list[Crop]:
        """Second stage: return the crops, which have edges, painted along them at the working size."""
        stages.debug("painting along the lines")
        return PaintStage(self._choices(options), self._loaded_networks).paint(crops)

    def finish(self, crops: Sequence[Crop], options: FillOptions) -> list[Crop]:
        """Last stage: return painted crops with their result, at the photo's resolution and with its texture."""
        stages.debug(_FINISHING)
        return FinishStage(self._choices(options)).finish(crops)

    def result(self, crops: Sequence[Crop], hole: float, options: FillOptions) -> InpaintResult:
        """Return the result of crops that went through every stage.

        Args:
            crops: with a result each.
            hole: share of the photo that is missing.
            options: those that they were filled with.
        """
        painter = None
        if options.method is Method.EDGECONNECT:
            choices = self._choices(options)
            painter = ", ".join(sorted({choices.painter(drawn=crop.trusted) for crop in crops}))
        return InpaintResult.of(crops, hole, painter=painter, keep_steps=options.keep_steps)

    def sigma(self, options: FillOptions) -> float:
        """Return Canny's σ, in pixels: the one asked for or the model's."""
        return self._choices(options).sigma

    def _choices(self, options: FillOptions) -> Choices:
        return Choices(options, self.model.config)

    def _loaded_networks(self) -> Networks:
        with self._loading:
            if self._networks is None:
                from inpaint_cli.inference import Networks  # noqa: PLC0415 - not before a network is needed

                self._networks = Networks(
                    self.model,
                    self._device,
                    self._dtype,
                    self._threads,
                    backend=self._backend,
                    max_concurrent=self._max_concurrent,
                )
            return self._networks
