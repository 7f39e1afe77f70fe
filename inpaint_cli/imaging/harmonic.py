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

Mask = NDArray[np.bool_]
Values = NDArray[np.float64]

_LEAK = 1e-4  # conductance of a link that touches a line; an open link's is 1
_BY_LINES = 150e6  # multiplications up to which lines are eliminated sooner than SciPy is imported
_AHEAD = np.s_[1:], np.s_[:, 1:]  # the pixels at the far end of the links along either axis,
_BEHIND = np.s_[:-1], np.s_[:, :-1]  # and those at the near end


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
    result = image.copy()
    if not hole.any():
        return result
    links = [_conductance(hole, walls, resistance, axis) for axis in (0, 1)]
    diagonal = np.zeros(hole.shape)
    inflow = np.zeros(image.shape)  # from known pixels
    for axis, conductance in enumerate(links):
        ahead, behind = _AHEAD[axis], _BEHIND[axis]
        for here, there in ((ahead, behind), (behind, ahead)):
            diagonal[here] += conductance
            inflow[here] += np.where(hole[there], 0, conductance)[..., None] * image[there]
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    inner, height, width = hole[box], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
    down = links[0][rows[0] : rows[-1], columns[0] : columns[-1] + 1]
    across = links[1][rows[0] : rows[-1] + 1, columns[0] : columns[-1]]
    if max(height, width) * min(height, width) ** 3 > _BY_LINES:
        result[hole] = _solved_sparse(inner, diagonal[box], down, across, inflow[hole])
    elif width <= height:
        result[box][inner] = _solved_by_lines(inner, diagonal[box], down, across, inflow[box])[inner]
    else:
        turned = _solved_by_lines(inner.T, diagonal[box].T, across.T, down.T, inflow[box].transpose(1, 0, 2))
        result[box][inner] = turned.transpose(1, 0, 2)[inner]
    return result


def _conductance(hole: Mask, walls: Mask | None, resistance: NDArray[np.float32] | None, axis: int) -> Values:
    """Return what the links along an axis conduct: (H − 1)×W along the first, H×(W − 1) along the second."""
    ahead, behind = _AHEAD[axis], _BEHIND[axis]
    conductance = np.ones(hole[ahead].shape)
    if resistance is not None:
        conductance /= 1 + (resistance[ahead] + resistance[behind]) / 2
    if walls is not None:
        touches = walls[ahead] | walls[behind]
        # Not less than this inside a ridge of soft walls: where just the line runs in it is not known so well.
        conductance[touches] = np.minimum(conductance[touches], _LEAK)
    return conductance


def _solved_by_lines(hole: Mask, diagonal: Values, down: Values, across: Values, inflow: Values) -> Values:
    """Return the solution where the hole is, H×W×C: block elimination, one line of the grid after the other.

    A line's unknowns are linked among themselves and to those of the next line. So each line's matrix, once the lines
    before it are eliminated, is its own less what leaks back and forth through them (a block tridiagonal system: Golub
    and Van Loan 1996, section 4.5).

    Args:
        hole: the unknowns, H×W.
        diagonal: the sum of all links of each pixel, H×W.
        down: links between lines, (H − 1)×W.
        across: links within lines, H×(W − 1).
        inflow: from known pixels, H×W×C.
    """
    solution = np.zeros(inflow.shape)
    lines: list[tuple[NDArray[np.intp], Values]] = []  # the unknowns of each line and its inverse
    inverse = np.zeros((0, 0))
    for y, line in enumerate(hole):
        x = np.flatnonzero(line)
        matrix = np.diag(diagonal[y, x])
        beside = np.flatnonzero(np.diff(x) == 1)
        matrix[beside, beside + 1] = matrix[beside + 1, beside] = -across[y, x[beside]]
        flow = inflow[y, x]
        if y > 0:
            before = lines[-1][0]
            _, here, there = np.intersect1d(x, before, assume_unique=True, return_indices=True)
            link = down[y - 1, x[here]]
            matrix[np.ix_(here, here)] -= link[:, None] * inverse[np.ix_(there, there)] * link
            flow[here] += link[:, None] * solution[y - 1, before][there]
        inverse = np.linalg.inv(matrix)
        lines.append((x, inverse))
        solution[y, x] = inverse @ flow  # as if there were no lines below
    for y in range(len(lines) - 2, -1, -1):
        x, inverse = lines[y]
        below = np.where(hole[y + 1, x], down[y, x], 0)[:, None] * solution[y + 1, x]
        solution[y, x] += inverse @ below
    return solution


def _solved_sparse(hole: Mask, diagonal: Values, down: Values, across: Values, inflow: Values) -> Values:
    """Return the solution at the unknowns in raster order, N×C, of any number (see `_solved_by_lines`).

    Args:
        hole: the unknowns, H×W.
        diagonal: the sum of all links of each pixel, H×W.
        down: links between rows, (H − 1)×W.
        across: links within rows, H×(W − 1).
        inflow: from known pixels, N×C.
    """
    from scipy import sparse  # noqa: PLC0415 - 0.2 s, which is little beside such a hole
    from scipy.sparse.linalg import splu  # noqa: PLC0415

    unknowns = int(hole.sum())
    index = np.full(hole.shape, -1, np.int64)
    index[hole] = np.arange(unknowns)
    rows, columns, values = [np.arange(unknowns)], [np.arange(unknowns)], [diagonal[hole]]
    for axis, conductance in enumerate((down, across)):
        both = hole[_AHEAD[axis]] & hole[_BEHIND[axis]]
        ahead, behind = index[_AHEAD[axis]][both], index[_BEHIND[axis]][both]
        rows += [ahead, behind]
        columns += [behind, ahead]
        values += [-conductance[both]] * 2
    system = sparse.csc_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (unknowns, unknowns)
    )
    factors = splu(system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return np.asarray(factors.solve(inflow), np.float64)
