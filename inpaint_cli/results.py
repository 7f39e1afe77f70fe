"""What a fill returns: the filled crops and their blend weights, not yet applied to the photo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.crops import Crop
from inpaint_cli.imaging.edges import to_gray
from inpaint_cli.imaging.windows import Box
from inpaint_cli.io.photo import Pixels


@dataclass(frozen=True)
class CropResult:
    """The filled window of one crop.

    Attributes:
        box: the window in the photo.
        picture: RGB in [0, 1], h×w×3 float32, of the box's size.
        blend_weight: share of the picture in each pixel, h×w in [0, 1]; 0 outside the dilated hole.
        steps: the picture of every stage by name, in order, H×W or H×W×3 in [0, 1]; empty unless
            `FillOptions.keep_steps`.
    """

    box: Box
    picture: NDArray[np.float32]
    blend_weight: NDArray[np.float32]
    steps: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class InpaintResult:
    """All that changes in a photo.

    Attributes:
        crops: one per window; where windows overlap, the later one is seen.
        hole: share of the photo that the mask covers, before it is dilated.
        lines: number of lines in the holes by their source, as a `LineSource` names it.
        painter: what painted along them, with commas where holes with a sketch and others differ; None for a classical
            method.
        has_edges: whether any edge lies in a hole, whatever its level.
    """

    crops: list[CropResult]
    hole: float
    lines: dict[str, int] = field(default_factory=dict)
    painter: str | None = None
    has_edges: bool = False

    @classmethod
    def of(
        cls, crops: Sequence[Crop], hole: float, *, painter: str | None = None, keep_steps: bool = False
    ) -> InpaintResult:
        """Return the result of crops that went through every stage.

        Args:
            crops: with a result each.
            hole: share of the photo that is missing.
            painter: what painted them.
            keep_steps: keep the picture of every stage.
        """
        results = [
            CropResult(crop.window.box, crop.result, crop.blend_weight, crop.steps() if keep_steps else {})
            for crop in crops
            if crop.result is not None
        ]
        counts = sum((Counter(crop.lines_by_source) for crop in crops), Counter[str]())
        return cls(results, hole, dict(counts), painter, any(crop.has_edges for crop in crops))

    @property
    def windows(self) -> int:
        """Number of windows that were worked on."""
        return len(self.crops)

    def apply(self, pixels: Pixels) -> None:
        """Paint into a photo, in place and at its own depth; pixels of weight 0 keep their exact values.

        Args:
            pixels: H×W×3 RGB or H×W×1 grey, uint8 or uint16.
        """
        brightest = np.float32(np.iinfo(pixels.dtype).max)
        for crop in self.crops:
            region = pixels[crop.box.slices]  # a view
            inside = crop.blend_weight > 0
            picture = crop.picture[inside]
            if pixels.shape[2] == 1:
                picture = to_gray(picture)[:, None]
            weight = crop.blend_weight[inside][:, None]
            mixed = weight * picture * brightest + (1 - weight) * region[inside]
            region[inside] = np.clip(np.round(mixed), 0, brightest).astype(pixels.dtype)

    def make_opaque(self, alpha: Pixels) -> None:
        """Make what was painted visible, in place: for photos whose hole was erased to transparency.

        Args:
            alpha: opacity, H×W, uint8 or uint16.
        """
        opaque = np.iinfo(alpha.dtype).max
        for crop in self.crops:
            alpha[crop.box.slices][crop.blend_weight > 0] = opaque
