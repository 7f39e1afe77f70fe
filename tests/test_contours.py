"""The photo's own edge beside a hole, and what a line takes over from it: place, softness, roughness."""

import cv2
import numpy as np
import pytest

from inpaint_cli.imaging.colours import GUESSED, colour_side
from inpaint_cli.imaging.contours import find_contour
from inpaint_cli.imaging.edges import canny, compose, to_gray
from inpaint_cli.imaging.lines import trace_lines
from inpaint_cli.imaging.sides import Curve, divide
from inpaint_cli.imaging.smoothing import smooth_curve

SHAPE = (140, 260)
COLUMNS = np.arange(SHAPE[1], dtype=np.float64)
RULER = 60 + 0.13 * COLUMNS


def _rough(amplitude: float, seed: int = 0) -> np.ndarray:
    """Return a straight edge that deviates by so many pixels, root mean square, in waves of about 20."""
    noise = np.random.default_rng(seed).normal(0, 1, SHAPE[1])
    waves = cv2.GaussianBlur(noise[None], (0, 0), 3)[0] - cv2.GaussianBlur(noise[None], (0, 0), 9)[0]
    return np.asarray(RULER + amplitude * waves / waves.std())


def _photo(edge: np.ndarray, sigma: float, grain: float = 0.01) -> np.ndarray:
    """Return a picture in [0, 1] that is darker above an edge, drawn eight times as fine, blurred and grainy."""
    rows = (np.arange(SHAPE[0] * 8) + 0.5) / 8 - 0.5
    at = (np.arange(SHAPE[1] * 8) + 0.5) / 8 - 0.5
    below = (rows[:, None] > np.interp(at, COLUMNS, edge)).astype(np.float32)
    step = cv2.resize(below, SHAPE[::-1], interpolation=cv2.INTER_AREA)
    step = cv2.GaussianBlur(step, (0, 0), sigma) if sigma else step
    noise = np.random.default_rng(1).normal(0, grain, (*SHAPE, 3))
    return (np.float32([0.3, 0.35, 0.45]) + step[..., None] * np.float32([0.3, 0.25, 0.1]) + noise).astype(np.float32)


def _path(edge: np.ndarray, scale: float) -> np.ndarray:
    """Return an edge as found at a working size: to a pixel of that size, smoothed."""
    columns = np.arange(10, 200, scale)
    rows = np.rint(np.interp(columns, COLUMNS, edge) / scale) * scale
    return smooth_curve(np.stack([columns, rows], axis=1), 2.0)


def _distance(points: np.ndarray, edge: np.ndarray) -> np.ndarray:
    return np.abs(points[:, 1] - np.interp(points[:, 0], COLUMNS, edge))


@pytest.mark.parametrize("sigma", [0.8, 1.5, 3.0])
@pytest.mark.parametrize("amplitude", [0.0, 2.0])
def test_an_edge_is_found_where_it_is_and_as_soft_as_it_is(sigma: float, amplitude: float) -> None:
    edge = _rough(amplitude)
    contour = find_contour(_photo(edge, sigma), np.ones(SHAPE, np.bool_), _path(edge, 1.75), 1.75)
    assert contour is not None
    assert _distance(contour.points, edge)[5:-5].mean() < 0.3 + 0.25 * amplitude
    assert contour.softness is not None
    assert abs(contour.softness - sigma) < 0.3 * sigma + 0.1  # a ragged edge is no softer than a straight one


@pytest.mark.parametrize("grain", [0.0, 0.02, 0.06])
@pytest.mark.parametrize("edge", [RULER, 20 + (COLUMNS - 110) ** 2 / 200], ids=["ruler", "arc"])
def test_a_smooth_edge_is_not_rough(edge: np.ndarray, grain: float) -> None:
    contour = find_contour(_photo(edge, 0.8, grain), np.ones(SHAPE, np.bool_), _path(edge, 1.75), 1.75)
    assert contour is not None
    assert len(contour.roughness) == 0


@pytest.mark.parametrize("amplitude", [1.0, 2.0])
def test_roughness_is_what_an_edge_deviates_from_its_course(amplitude: float) -> None:
    contour = find_contour(
        _photo(_rough(amplitude), 0.8), np.ones(SHAPE, np.bool_), _path(_rough(amplitude), 1.75), 1.75
    )
    assert contour is not None
    assert 0.5 * amplitude < contour.roughness.std() < 1.3 * amplitude
    assert abs(contour.roughness[0]) < 0.5


def test_where_both_sides_are_alike_there_is_no_edge() -> None:
    flat = np.full((*SHAPE, 3), 0.5, np.float32)
    assert find_contour(flat, np.ones(SHAPE, np.bool_), _path(RULER, 1.0), 1.0) is None


def _hole() -> np.ndarray:
    hole = np.zeros(SHAPE, np.uint8)
    cv2.ellipse(hole, (140, 78), (60, 45), 0, 0, 360, 1, -1)
    return hole > 0


def _line(edge: np.ndarray, level: float) -> tuple[np.ndarray, Curve]:
    """Return a photo with an edge and its line through a hole, which is straight; level 1 is a drawn one."""
    photo, hole = _photo(edge, 0.8), _hole()
    image = np.round(np.clip(photo, 0, 1) * 255).astype(np.uint8)
    straight = np.zeros(SHAPE, np.float32)
    inside = np.flatnonzero(hole[np.rint(RULER).astype(int), COLUMNS.astype(int)])
    ends = [(int(column), round(float(edge[column]))) for column in (inside[0], inside[-1])]
    cv2.line(straight, *ends, level)
    edges = compose(canny(to_gray(image), hole), straight, hole)
    (line,) = trace_lines(edges, image, hole)
    assert line.start is not None
    assert line.end is not None
    return photo, divide(photo, hole, [line], SHAPE).curves[0]


def _chord(curve: Curve) -> np.ndarray:
    """Return how far a curve is from a straight line, pixels."""
    columns, rows = curve.points.T
    return np.asarray(rows - np.polyval(np.polyfit(columns, rows, 1), columns))


def test_a_guessed_line_along_a_ruler_stays_straight() -> None:
    _, curve = _line(RULER, 0.95)
    assert np.abs(_chord(curve)).max() < 0.6  # of that, half a pixel is the raster of the edge map


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_guessed_line_is_as_rough_as_the_edge_that_it_continues(seed: int) -> None:
    edge = _rough(2.0, seed)
    _, curve = _line(edge, 0.95)
    assert 1.0 < _chord(curve).std() < 3.0
    for place in (curve.points[0], curve.points[-1]):  # and it begins where that edge is
        assert _distance(place[None], edge)[0] < 2.0


def test_a_drawn_line_is_where_it_was_drawn() -> None:
    edge = _rough(2.0)
    _, curve = _line(edge, 1.0)
    _, straight = _line(RULER, 1.0)
    assert np.abs(_chord(straight)).max() < 0.6
    columns, rows = curve.points.T
    ends = np.polyfit([columns[0], columns[-1]], [edge[round(columns[0])], edge[round(columns[-1])]], 1)
    assert np.abs(rows - np.polyval(ends, columns)).max() < 2


def test_a_painting_that_is_foggy_along_a_guessed_line_counts_off_it_alone() -> None:
    photo, curve = _line(RULER, 0.95)
    hole = _hole()
    above = np.arange(SHAPE[0])[:, None] - RULER < 0
    painting = np.where(hole[..., None], photo + 0.1, photo)
    painting = cv2.GaussianBlur(painting, (0, 0), 4).astype(np.float32)  # a haze, and the colours of both sides mixed
    side = colour_side(photo, painting, above & hole, above & ~hole, [curve], 1.0, GUESSED)
    added = np.abs(side - photo).max(axis=2)
    away = RULER - np.arange(SHAPE[0])[:, None]
    assert np.median(added[hole & (away > 0.5) & (away < 2)]) < 0.02
    assert np.median(added[hole & (away > 18)]) > 0.05
