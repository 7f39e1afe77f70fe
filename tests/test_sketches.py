"""Whatever a paint program saves is a sketch, and all of these say the same lines."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inpaint_cli.errors import SketchError
from inpaint_cli.imaging.resampling import upsample_nearest
from inpaint_cli.imaging.windows import Box, Window
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.sketches import (
    MAP_KEY,
    digest,
    edge_map_pixels,
    quantise,
    read_reference,
    read_sketch,
)
from inpaint_cli.options import Ink

SHAPE = (120, 160)
WHOLE = Window(Box(0, 0, *SHAPE), Box(40, 40, 80, 120), SHAPE)


def drawing(*, paper: int, ink: int, width: int, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    """One slanted stroke, anti-aliased, across a sheet."""
    height, length = shape
    sheet = np.full(shape, paper, np.uint8)
    cv2.line(sheet, (0, height // 3), (length - 1, height // 2), ink, width, cv2.LINE_AA)
    return sheet[..., None]


def stroke_of(sketch: Photo, ink: Ink = Ink.AUTO) -> np.ndarray:
    return read_sketch(sketch, SHAPE, ink).at(WHOLE, SHAPE, 2.0)


def rows_of(edges: np.ndarray) -> np.ndarray:
    """Mean row of the stroke in each of its columns."""
    return np.array([np.flatnonzero(column).mean() for column in edges.T[8:-8]])


EXPECTED = np.linspace(40, 60, 160)[8:-8]


@pytest.mark.parametrize("width", [1, 3, 9])
@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (0, 255), (240, 90), (20, 130)])
def test_strokes_of_any_colour_and_width_are_one_thin_line(paper, ink, width):
    edges = stroke_of(Photo(drawing(paper=paper, ink=ink, width=width)))
    assert np.abs(rows_of(edges) - EXPECTED).max() < 1.5
    assert (edges.sum(axis=0)[8:-8] <= 2).all()


def test_strokes_on_a_transparent_layer_count_whatever_their_colour():
    strokes = drawing(paper=0, ink=255, width=3)[..., 0]
    for colour in (0, 255):
        layer = Photo(np.full((*SHAPE, 3), colour, np.uint8), alpha=strokes)
        assert np.abs(rows_of(stroke_of(layer)) - EXPECTED).max() < 1.5


@pytest.mark.parametrize("shape", [(60, 80), (480, 640), (1200, 1600)])
def test_a_sketch_of_another_size_is_brought_to_the_working_size(shape):
    edges = stroke_of(Photo(drawing(paper=255, ink=0, width=max(1, shape[0] // 100), shape=shape)))
    assert np.abs(rows_of(edges) - EXPECTED).max() < 2


def test_ink_can_be_said_where_strokes_cover_most_of_the_sheet():
    sheet = drawing(paper=255, ink=0, width=90)
    assert read_sketch(Photo(sheet), SHAPE).strokes.mean() < 0.5, "most of the sheet is taken for paper"
    assert read_sketch(Photo(sheet), SHAPE, Ink.DARK).strokes.mean() > 0.5


def test_a_sheet_without_strokes_and_one_of_another_shape_are_refused():
    with pytest.raises(SketchError, match="no strokes"):
        read_sketch(Photo(np.full((*SHAPE, 1), 255, np.uint8)), SHAPE)
    with pytest.raises(SketchError, match=r"100×100.*160×120"):
        read_sketch(Photo(drawing(paper=255, ink=0, width=3, shape=(100, 100))), SHAPE)
    with pytest.raises(SketchError, match=r"100×100.*160×120"):
        read_reference(Photo(np.zeros((100, 100, 3), np.uint8)), SHAPE)


def test_an_edge_map_that_was_drawn_on_is_a_sketch():
    pixels = edge_map_pixels(np.full(SHAPE, 0.25, np.float32))
    untouched = Photo(pixels, text={MAP_KEY: digest(pixels)})
    assert np.allclose(stroke_of(untouched), 0.25, atol=1e-4)
    touched = np.maximum(pixels, drawing(paper=0, ink=255, width=3).astype(np.uint16) * 257)
    edges = stroke_of(Photo(touched, text={MAP_KEY: digest(pixels)}))
    assert set(np.unique(edges)) == {0, 1}


@given(
    st.tuples(st.integers(1, 30), st.integers(1, 30)).flatmap(
        lambda size: st.tuples(
            arrays(np.float32, size, elements=st.floats(0, 1, width=32)),
            st.integers(size[0], 90),
            st.integers(size[1], 90),
            st.integers(0, 20),
            st.integers(0, 20),
        )
    )
)
@settings(max_examples=100, deadline=None)
def test_edges_enlarged_over_a_window_and_read_back_are_unchanged(case):
    edges, height, width, top, left = case
    window = Window(Box(top, left, top + height, left + width), Box(0, 0, 1, 1), edges.shape)
    shape = (top + height + 3, left + width + 3)
    whole = np.zeros(shape, np.float32)
    whole[window.box.slices] = upsample_nearest(edges, (window.box.height, window.box.width))
    pixels = edge_map_pixels(whole)
    source = read_sketch(Photo(pixels, text={MAP_KEY: digest(pixels)}), shape)
    assert np.array_equal(source.at(window, shape, 2.0), quantise(edges))


def test_faint_strokes_count_and_coloured_ink_on_an_edge_map_is_seen():
    faint = drawing(paper=0, ink=100, width=3)[..., 0]
    layer = Photo(np.zeros((*SHAPE, 3), np.uint8), alpha=faint)
    assert np.abs(rows_of(stroke_of(layer)) - EXPECTED).max() < 1.5
    pixels = edge_map_pixels(np.zeros(SHAPE, np.float32))
    coloured = np.repeat(pixels, 3, axis=2)
    coloured[..., 2] = drawing(paper=0, ink=255, width=3)[..., 0].astype(np.uint16) * 257
    edges = stroke_of(Photo(coloured, text={MAP_KEY: digest(pixels)}), Ink.LIGHT)
    assert np.abs(rows_of(edges) - EXPECTED).max() < 1.5
