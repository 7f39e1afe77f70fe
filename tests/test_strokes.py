"""Strokes land on the pixels that they cover, and lines come back from pixels as paths."""

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.morphology import skeletonize

from inpaint_cli.imaging.strokes import Stroke, Tool, draw_lines, keep_lines, paint_mask
from inpaint_cli.imaging.tracing import outlines, trace_lines
from inpaint_cli.io.reading import load_mask
from tests.pictures import EXAMPLES

SHAPE = (60, 90)
EMPTY = np.zeros(SHAPE, np.bool_)
ROWS, COLUMNS = np.indices(SHAPE) + 0.5  # the pixels' centres


def stroke(tool: Tool, *points: float, width: float = 1, erase: bool = False) -> Stroke:
    return Stroke(tool, np.array(points, float).reshape(-1, 2), width, erase)


def distance(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float64]:
    """Return each pixel's distance from a segment."""
    dx, dy = x1 - x0, y1 - y0
    along = np.clip(((COLUMNS - x0) * dx + (ROWS - y0) * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
    return np.hypot(COLUMNS - x0 - along * dx, ROWS - y0 - along * dy)


@pytest.mark.parametrize("segment", [(20, 20, 70, 40), (30.3, 10.7, 30.3, 50.2), (45, 30, 45, 30), (-10, 30, 20, 30)])
@pytest.mark.parametrize("width", [6, 13, 21])
def test_a_brush_covers_what_is_within_half_its_width(segment: tuple[float, ...], width: int):
    """To a pixel: OpenCV also draws pixels that a line only touches."""
    mask = paint_mask(EMPTY, [stroke(Tool.BRUSH, *segment, width=width)])
    away = distance(*segment)
    assert mask[away < width / 2 - 1].all()
    assert not mask[away > width / 2 + 1.25].any()


def test_a_dot_is_a_dot():
    mask = paint_mask(EMPTY, [stroke(Tool.BRUSH, 45, 30, width=10)])
    assert mask.sum() == pytest.approx(np.pi * 25, rel=0.2)


def test_a_box_is_exact_and_may_stick_out():
    mask = paint_mask(EMPTY, [stroke(Tool.BOX, 20, 40, 10, 5), stroke(Tool.BOX, 80, 50, 200, 200)])
    expected = EMPTY.copy()
    expected[5:40, 10:20] = expected[50:, 80:] = True
    assert (mask == expected).all()


def test_a_lasso_fills_its_inside_and_erasing_takes_back():
    diamond = stroke(Tool.LASSO, 45, 10, 75, 30, 45, 50, 15, 30)
    mask = paint_mask(EMPTY, [diamond])
    inside = np.abs(COLUMNS - 45) / 30 + np.abs(ROWS - 30) / 20
    assert mask[inside < 0.95].all()
    assert not mask[inside > 1.07].any()
    mask = paint_mask(mask, [stroke(Tool.BOX, 0, 0, 45, 60, erase=True)])
    assert not mask[:, :45].any()
    assert mask[30, 60]
    assert not paint_mask(mask, [stroke(Tool.CLEAR)]).any()


def test_a_rubber_takes_whole_guessed_lines_and_parts_of_drawn_ones():
    guessed = [np.stack([np.arange(10.0, 80), np.full(70, y)], axis=1) for y in (10.0, 30.0)]
    pencil = stroke(Tool.PENCIL, 10, 50, 80, 50)
    rubber = stroke(Tool.RUBBER, 40, 25, 40, 60, width=8)
    kept = keep_lines(guessed, [pencil, rubber], SHAPE)
    assert kept == [True, False]
    ink = draw_lines([line for line, is_kept in zip(guessed, kept, strict=True) if is_kept], [pencil, rubber], SHAPE)
    assert ink[9:11, 40].any()
    assert not ink[28:33].any()
    assert ink[48:52, 15].any()
    assert not ink[48:52, 40].any()
    assert draw_lines([], [rubber, pencil], SHAPE)[48:52, 40].any()  # drawn after it was rubbed out


@pytest.mark.parametrize("name", ["bird_sketch", "dune_mask"])
def test_every_pixel_of_a_line_is_on_a_path_and_paths_go_from_pixel_to_pixel(name: str):
    lines = skeletonize(load_mask(EXAMPLES / f"{name}.png", invert=name.endswith("sketch"))[::4, ::4])
    lines[50, 20:80] = lines[20:80, 50] = lines[100, 100] = True  # a crossing, and a lone pixel
    lines[120:140, 120] = lines[120:140, 139] = lines[120, 120:140] = lines[139, 120:140] = True  # a ring
    lines = skeletonize(lines)
    paths = trace_lines(lines)
    drawn = np.zeros_like(lines)
    for path in paths:
        columns, rows = path.astype(int).T
        drawn[rows, columns] = True
        assert np.abs(np.diff(path, axis=0)).max(initial=0) <= 1
    assert (drawn == lines).all()
    assert sum(len(path) == 1 for path in paths) >= 1
    assert any((path[0] == path[-1]).all() and len(path) > 50 for path in paths)


def test_outlines_go_around_areas_and_their_holes():
    mask = EMPTY.copy()
    mask[10:50, 10:80] = True
    mask[20:40, 30:60] = False
    around = outlines(mask)
    assert len(around) == 2
    assert sorted(tuple(path.min(axis=0)) for path in around) == [(10.5, 10.5), (29.5, 19.5)]
