"""The painter without a network: colours spread into the hole, and no line lets them through.

Laplace's equation in the hole with the photo as its boundary and every line as a wall: the idea of diffusion curves
(Orzan et al. 2008), solved directly. Each pair of neighbours in the 4-connected grid is a link that conducts; a link
that touches a line conducts next to nothing. One symmetric positive definite system says it all: a line is coloured
by both of its sides, a region that lines enclose takes what little leaks in, and an edge of the photo that meets the
hole does not bleed its mixed colour.

An edge that is only probable is a soft wall: a resistance. Where it is the same everywhere it changes nothing, so a
vague map does no harm; a ridge that stands out keeps colours apart as far as it is sure.
"""

import numpy as np
from numpy.typing import NDArray

_LEAK = 1e-4  # conductance of a link that touches a line; an open link's is 1


def harmonic_fill(
    image: NDArray[np.float32],
    hole: NDArray[np.bool_],
    walls: NDArray[np.bool_] | None = None,
    resistance: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Return the image with its hole filled smoothly, H×W×C float32, known pixels unchanged.

    Args:
        image: H×W×C, any range; what stands in the hole has no influence.
        hole: True = missing, H×W. At least one pixel must be known.
        walls: True = a line that no colour crosses, H×W, inside the hole and outside.
        resistance: of soft walls, H×W ≥ 0: a link has 1 and the mean of its two pixels.
    """
    from scipy import sparse  # noqa: PLC0415 - a third of a second that `--help` must not pay
    from scipy.sparse.linalg import splu  # noqa: PLC0415

    result = image.copy()
    unknowns = int(hole.sum())
    if not unknowns:
        return result
    index = np.full(hole.shape, -1, np.int64)
    index[hole] = np.arange(unknowns)

    diagonal = np.zeros(unknowns)
    rhs = np.zeros((unknowns, image.shape[2]))
    rows, columns, conductances = [], [], []
    for ahead, behind in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        conductance = np.ones(hole[ahead].shape)
        if resistance is not None:
            conductance /= 1 + (resistance[ahead] + resistance[behind]) / 2
        if walls is not None:
            touches = walls[ahead] | walls[behind]
            # Not less than this inside a ridge of soft walls: where just the line runs in it is not known so well.
            conductance[touches] = np.minimum(conductance[touches], _LEAK)
        for here, there in ((ahead, behind), (behind, ahead)):
            inside = hole[here]
            of, neighbour, weight = index[here][inside], index[there][inside], conductance[inside]
            diagonal += np.bincount(of, weight, unknowns)
            unknown = neighbour >= 0
            rows.append(of[unknown])
            columns.append(neighbour[unknown])
            conductances.append(-weight[unknown])
            np.add.at(rhs, of[~unknown], weight[~unknown, None] * image[there][inside][~unknown])
    rows.append(np.arange(unknowns))
    columns.append(np.arange(unknowns))
    conductances.append(diagonal)
    system = sparse.csc_matrix(
        (np.concatenate(conductances), (np.concatenate(rows), np.concatenate(columns))), (unknowns, unknowns)
    )
    factors = splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    result[hole] = factors.solve(rhs)
    return result
