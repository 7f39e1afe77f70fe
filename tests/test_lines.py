"""Good continuation on drawn scenes and on the examples' ridge and outline."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.imaging.harmonic import harmonic_fill
from inpaint_cli.imaging.lines import close_gaps, draw_lines, find_lines

EXAMPLES = Path(__file__).parents[1] / "examples"


def _continued(image: np.ndarray, edges: np.ndarray, hole: np.ndarray) -> np.ndarray:
    return draw_lines(find_lines(image, edges, hole), hole.shape) > 0


def _scene(slope: float, curve: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two colours along a line or an arc, a hole over it, and the line's height in each column."""
    rows, columns = np.mgrid[:128, :128]
    height = 64 + slope * (np.arange(128) - 64) + curve * (np.arange(128) - 64) ** 2
    image = np.where((rows > height)[..., None], np.uint8([200, 90, 30]), np.uint8([120, 160, 220]))
    hole = (rows - 64) ** 2 + (columns - 64) ** 2 <= 28**2
    return cv2.GaussianBlur(image, (0, 0), 1.0), hole, height


def _window(name: str, longest: int = 192) -> tuple[np.ndarray, np.ndarray]:
    """An example's hole with its surroundings at the working size."""
    image = cv2.imread(str(EXAMPLES / f"{name}.jpg"))[..., ::-1]
    hole = cv2.imread(str(EXAMPLES / f"{name}_mask.png"), cv2.IMREAD_GRAYSCALE) > 127
    hole = cv2.dilate(hole.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    rows, columns = np.nonzero(hole)
    margin = max(np.ptp(rows), np.ptp(columns))
    window = (
        slice(max(rows.min() - margin, 0), rows.max() + margin),
        slice(max(columns.min() - margin, 0), columns.max() + margin),
    )
    image, hole = image[window], hole[window]
    size = tuple(round(side * longest / max(hole.shape)) for side in hole.shape[::-1])
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small, cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0


@pytest.mark.parametrize(("slope", "curve"), [(0.0, 0.0), (0.35, 0.0), (-0.8, 0.0), (0.1, 0.003)])
def test_a_line_is_continued_where_it_ran(slope: float, curve: float) -> None:
    image, hole, height = _scene(slope, curve)
    lines = _continued(image, canny(to_gray(image), hole), hole)
    rows, columns = np.nonzero(lines)
    assert np.abs(rows - height[columns]).max() <= 2.5
    across = np.flatnonzero(hole[np.clip(np.rint(height).astype(int), 0, 127), np.arange(128)])
    assert set(across) <= set(columns)  # from rim to rim, no column left out


def test_an_edge_that_turns_at_the_rim_makes_no_bulge_across_the_hole() -> None:
    rows, columns = np.mgrid[:128, :128]
    hole = (rows - 64) ** 2 + (columns - 64) ** 2 <= 28**2
    below = rows > 64 + 0.5 * np.maximum(columns - 92, 0)  # straight behind the hole, bent beyond it
    image = np.where(below[..., None], np.uint8([200, 90, 30]), np.uint8([120, 160, 220]))
    found, _ = np.nonzero(_continued(image, canny(to_gray(image), hole), hole))
    assert len(found) > 40
    assert np.abs(found - 64).max() <= 3


def test_what_stands_in_the_hole_has_no_influence() -> None:
    image, hole, _ = _scene(0.35)
    edges = canny(to_gray(image), hole)
    noise = np.random.default_rng(1).integers(0, 256, image.shape, np.uint8)
    other = np.where(hole[..., None], noise, image)
    assert (_continued(other, edges, hole) == _continued(image, edges, hole)).all()


def test_two_lines_do_not_swap_their_partners() -> None:
    rows, columns = np.mgrid[:128, :128]
    image = np.full((128, 128, 3), 220, np.uint8)
    image[rows > 52] = [60, 120, 40]
    image[rows > 76] = [90, 60, 20]
    hole = (rows - 64) ** 2 + (columns - 64) ** 2 <= 26**2
    found, _ = np.nonzero(_continued(image, canny(to_gray(image), hole), hole))
    assert (np.minimum(np.abs(found - 52), np.abs(found - 76)) <= 2).all()


def test_other_colours_on_its_sides_are_another_line() -> None:
    image, hole, _ = _scene(0.0)
    image[64:, 64:] = [20, 30, 160]  # the same line goes on, but between other colours
    image[:64, 64:] = [10, 100, 20]
    lines = _continued(image, canny(to_gray(image), hole), hole)
    assert not lines[60:69, 40:60].any()


@pytest.mark.parametrize("seed", range(6))
def test_lines_lie_inside_the_hole_and_there_are_few_on_texture(seed: int) -> None:
    rng = np.random.default_rng(seed)
    texture = cv2.GaussianBlur(rng.random((128, 128, 3), np.float32), (0, 0), 2.5)
    texture = (255 * (texture - texture.min()) / np.ptp(texture)).astype(np.uint8)
    hole = np.zeros((128, 128), np.uint8)
    cv2.ellipse(hole, (64, 64), (35, 25), float(rng.uniform(0, 180)), 0, 360, 1, -1)
    edges = canny(to_gray(texture), hole > 0)
    lines = _continued(texture, edges, hole > 0)
    assert not lines[hole == 0].any()
    assert lines.sum() < 0.1 * hole.sum()


def test_no_hole_no_edges_no_lines() -> None:
    image, hole, _ = _scene(0.0)
    nothing = np.zeros_like(hole)
    assert not _continued(image, canny(to_gray(image)), nothing).any()
    assert not _continued(image, nothing, hole).any()


@pytest.mark.parametrize("name", ["dune", "bird"])
def test_the_examples_outlines_come_back_sharp(name: str) -> None:
    image, hole = _window(name)
    edges = canny(to_gray(image), hole)
    lines = _continued(image, edges, hole)
    spanned = np.flatnonzero(lines.any(axis=0))
    at_rim = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5) <= 1.5
    assert (lines & at_rim).any(axis=0)[[spanned[0], spanned[-1]]].all()  # from rim to rim
    # The paintings on both sides differ right beside the line, and hardly do without it.
    unit = image.astype(np.float32) / 255
    painted = {sharp: harmonic_fill(unit, hole, edges | (lines & sharp)) for sharp in (True, False)}
    column = int(np.median(spanned))
    row = int(np.flatnonzero(lines[:, column])[0])
    steps = {sharp: np.abs(p[row - 3, column] - p[row + 3, column]).mean() for sharp, p in painted.items()}
    assert steps[True] > 1.2 * steps[False]


def test_gaps_of_a_pixel_are_closed_and_wider_ones_are_not() -> None:
    lines = np.zeros((9, 30), bool)
    lines[4, 3:12] = lines[4, 13:20] = lines[4, 25:28] = True
    closed = close_gaps(lines)
    assert closed[4, 3:20].all()
    assert not closed[4, 21:24].any()
    assert closed.sum() <= lines.sum() + 2
