"""A result that has not touched its photo yet: painted patches, and how strongly each pixel of them covers."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.edges import to_gray
from inpaint_cli.imaging.photo import Pixels
from inpaint_cli.imaging.windows import Box


@dataclass(frozen=True)
class Patch:
    """One window's painting.

    Attributes:
        box: the window in the photo.
        painting: RGB in [0, 1], h×w×3 float32, of the box's size.
        cover: share of the painting in each pixel, h×w in [0, 1]; 0 outside the grown hole.
    """

    box: Box
    painting: NDArray[np.float32]
    cover: NDArray[np.float32]


@dataclass(frozen=True)
class Filling:
    """All that changes in a photo.

    Attributes:
        patches: one per window; where covers overlap, the later one is seen.
        hole: share of the photo that the mask covers, before it is grown.
        lined: whether any line lies in a hole.
        steps: of each patch, every intermediate picture by name, in order, H×W or H×W×3 in [0, 1]; empty unless
            `FillOptions.keep_steps`.
    """

    patches: list[Patch]
    hole: float
    lined: bool = False
    steps: list[dict[str, NDArray[np.float32]]] = field(default_factory=list)

    @property
    def windows(self) -> int:
        """Number of windows that were worked on."""
        return len(self.patches)

    def apply(self, pixels: Pixels) -> None:
        """Paint into a photo, in place and at its own depth; pixels that nothing covers keep their exact values.

        Args:
            pixels: H×W×3 RGB or H×W×1 grey, uint8 or uint16.
        """
        brightest = np.float32(np.iinfo(pixels.dtype).max)
        for patch in self.patches:
            region = pixels[patch.box.slices]  # a view
            covered = patch.cover > 0
            painting = patch.painting[covered]
            if pixels.shape[2] == 1:
                painting = to_gray(painting)[:, None]
            cover = patch.cover[covered][:, None]
            mixed = cover * painting * brightest + (1 - cover) * region[covered]
            region[covered] = np.clip(np.round(mixed), 0, brightest).astype(pixels.dtype)

    def make_opaque(self, alpha: Pixels) -> None:
        """Make what was painted visible, in place: for photos whose hole was erased to transparency.

        Args:
            alpha: opacity, H×W, uint8 or uint16.
        """
        opaque = np.iinfo(alpha.dtype).max
        for patch in self.patches:
            alpha[patch.box.slices][patch.cover > 0] = opaque
