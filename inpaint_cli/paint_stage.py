"""Second stage: colours along the edges, at the working size.

The harmonic painter spreads the known colours up to the lines; G2 paints as in the paper. Both err in other places, so
their mean is nearer to the truth than either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.choices import Choices
from inpaint_cli.crops import Crop, require_edges
from inpaint_cli.imaging.edges import EDGE_THRESHOLD
from inpaint_cli.imaging.fillings import wall_resistance
from inpaint_cli.imaging.harmonic import harmonic_fill
from inpaint_cli.imaging.lines import close_gaps
from inpaint_cli.imaging.resampling import resize_bicubic
from inpaint_cli.options import Painter

if TYPE_CHECKING:
    from inpaint_cli.inference import Networks

Floats = NDArray[np.float32]


class PaintStage:
    """Paints crops along their edges.

    Args:
        choices: how.
        networks: gives the networks; called only if G2 paints.
    """

    def __init__(self, choices: Choices, networks: Callable[[], Networks]) -> None:
        self._choices = choices
        self._networks = networks

    def paint(self, crops: Sequence[Crop]) -> list[Crop]:
        """Return crops with their painting, RGB in [0, 1], H×W×3 at the working size.

        Raises:
            ValueError: a crop has no edges.
        """
        painters = [self._choices.painter(drawn=crop.trusted) for crop in crops]
        by_g2 = [
            crop.seen_by_g2 or crop
            for crop, painter in zip(crops, painters, strict=True)
            if painter is not Painter.HARMONIC
        ]
        paintings = iter(self._paint_by_g2(by_g2) if by_g2 else [])
        painted = []
        for crop, painter in zip(crops, painters, strict=True):
            if painter is Painter.HARMONIC:
                painting = self._paint_harmonic(crop)
            elif painter is Painter.G2:
                painting = next(paintings)
            else:
                painting = _mean(crop, self._paint_harmonic(crop), next(paintings))
            painted.append(crop.with_painting(painting))
        return painted

    def _paint_by_g2(self, crops: Sequence[Crop]) -> list[Floats]:
        """Return G2's paintings of the crops, H×W×3 each; crops of one size run as one batch."""
        choices = self._choices
        images, holes = [crop.small for crop in crops], [crop.small_hole for crop in crops]
        edges = [require_edges(crop) for crop in crops]
        if not choices.raw_map and choices.config.edge_channel == "binary":
            edges = [(levels > EDGE_THRESHOLD).astype(np.float32) for levels in edges]
        return list(self._networks().paint(images, edges, holes, force_float32=choices.options.plain))

    def _paint_harmonic(self, crop: Crop) -> Floats:
        """Return a crop's colours spread along its edges, H×W×3: lines are walls, the rest of G1's map soft walls."""
        config, edges = self._choices.config, require_edges(crop)
        resistance = None
        if config.wall_strength > 0:
            resistance = wall_resistance(edges, crop.small_hole, config.wall_strength, config.wall_exponent)
        return harmonic_fill(crop.small, crop.small_hole, close_gaps(edges > EDGE_THRESHOLD), resistance)


def _mean(crop: Crop, harmonic: Floats, by_g2: Floats) -> Floats:
    """Return the mean of a crop's two paintings in its hole, H×W×3; G2's may be of another size."""
    other = resize_bicubic(by_g2, crop.window.size)
    return np.where(crop.small_hole[..., None], (harmonic + other) / 2, harmonic).astype(np.float32)
