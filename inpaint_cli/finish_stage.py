"""Last stage: from a painting at the working size to the filled window at the photo's resolution.

The painting is enlarged, its border is matched to the photo, and patches give it the photo's own texture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.choices import Choices
from inpaint_cli.crops import Crop, require_edges, require_painting
from inpaint_cli.imaging.blending import match_border
from inpaint_cli.imaging.edges import EDGE_THRESHOLD
from inpaint_cli.imaging.pixels import to_float32
from inpaint_cli.imaging.resampling import resize_bicubic, upsample_nearest
from inpaint_cli.imaging.texture import fill_without_lines, texture

Floats = NDArray[np.float32]


class FinishStage:
    """Finishes painted crops.

    Args:
        choices: how.
        beside: searches in another thread; None: there is none yet.
    """

    def __init__(self, choices: Choices, beside: Executor | None = None) -> None:
        self._choices = choices
        self._beside = beside

    def beginning(self) -> Callable[[Crop], Crop] | None:
        """Return a function that starts a crop's search without lines before its edges are known; None if it can't."""
        options, beside = self._choices.options, self._beside
        if beside is None or options.plain or not options.texture or self._choices.guide > 0:
            return None
        return lambda crop: replace(
            crop, begun=beside.submit(fill_without_lines, crop.image, crop.hole, crop.excluded, options.seed)
        )

    def finish(self, crops: Sequence[Crop]) -> list[Crop]:
        """Return painted crops with their result, RGB in [0, 1], h×w×3.

        Raises:
            ValueError: a crop has no edges or no painting.
        """
        return [crop.with_result(self._finish(crop)) for crop in crops]

    def _finish(self, crop: Crop) -> Floats:
        """Return the filled window of one crop, h×w×3 in [0, 1]."""
        options, edges, painting = self._choices.options, require_edges(crop), require_painting(crop)
        if options.plain:
            return painting
        shape = crop.hole.shape[0], crop.hole.shape[1]
        large = resize_bicubic(painting, shape)
        if options.harmonise:
            walls = upsample_nearest(edges, shape) > EDGE_THRESHOLD
            large = match_border(large, to_float32(crop.image), crop.hole, walls)
        if options.texture:
            large = texture(
                crop.image,
                crop.hole,
                large,
                self._choices.guide,
                lines=crop.lines,
                size=crop.window.size,
                excluded=crop.excluded,
                seed=options.seed,
                begun=crop.begun,
                beside=self._beside,
            )
        return np.clip(large, 0, 1)
