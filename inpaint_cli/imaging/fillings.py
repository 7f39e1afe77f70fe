"""The filling of the hole in G2's input where it is not white, for inference and training alike."""

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.imaging.edges import EDGE_THRESHOLD, soft_probability
from inpaint_cli.imaging.harmonic import harmonic_fill

# The best soft walls on the validation photos: resistance = strength · probability^exponent.
WALL_STRENGTH = 20_000.0
WALL_EXPONENT = 3.0


def fill_along(
    image: NDArray[np.float32], hole: NDArray[np.bool_], levels: NDArray[np.float32], *, soft: bool
) -> NDArray[np.float32]:
    """Return the image with its hole filled harmonically along an edge map, H×W×3.

    Args:
        image: RGB in [0, 1], H×W×3; its values in the hole are ignored.
        hole: True = missing, H×W.
        levels: the edge map, H×W in [0, 1]; levels above `EDGE_THRESHOLD` are walls.
        soft: whether lower levels in the hole are soft walls.
    """
    resistance = wall_resistance(levels, hole, WALL_STRENGTH, WALL_EXPONENT) if soft else None
    return harmonic_fill(image, hole, levels > EDGE_THRESHOLD, resistance)


def wall_resistance(
    levels: NDArray[np.float32], hole: NDArray[np.bool_], strength: float, exponent: float
) -> NDArray[np.float32]:
    """Return the resistance of an edge map's soft walls, H×W: strength · probability^exponent in the hole, else 0.

    Args:
        levels: the edge map, H×W in [0, 1].
        hole: True = missing, H×W.
        strength: resistance where G1 is certain of an edge.
        exponent: power of G1's probability.
    """
    probability = np.where(hole, soft_probability(levels), 0)
    return (strength * probability**exponent).astype(np.float32)
