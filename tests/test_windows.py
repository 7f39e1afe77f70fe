"""Windows hold every hole with its context, and a far hole costs a window of its own."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inpaint_cli.imaging.blending import dilate_mask
from inpaint_cli.imaging.panels import draw_edges, side_by_side
from inpaint_cli.imaging.windows import Box, plan, working_size

masks = st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(lambda shape: arrays(bool, shape)).filter(np.any)


@given(masks, st.floats(0.1, 3), st.sampled_from([16, 64, 512]))
@settings(max_examples=100, deadline=None)
def test_every_missing_pixel_lies_in_a_window_of_a_size_that_networks_take(mask, context, longest):
    windows = plan(mask, context, longest)
    seen = np.zeros(mask.shape, int)
    for window in windows:
        hole = np.zeros(mask.shape, bool)
        hole[window.holes.slices] = mask[window.holes.slices]
        seen += hole
        assert window.box.union(window.holes) == window.box
        assert all(side % 4 == 0 and 4 <= side <= max(longest, 44) for side in window.size)
    assert (seen[mask] >= 1).all()


@given(masks, st.floats(0.1, 3))
@settings(max_examples=50, deadline=None)
def test_a_window_shows_at_least_sixteen_pixels_around_its_holes(mask, context):
    padded = np.pad(mask, 200)
    windows = plan(padded, context, 512)
    for window in windows:
        margin = min(window.holes.top - window.box.top, window.box.right - window.holes.right)
        assert margin >= min(16, window.holes.top), "context around the holes"


def test_near_holes_share_a_window_and_far_ones_do_not():
    mask = np.zeros((400, 1000), bool)
    mask[100:140, 100:140] = mask[100:140, 160:200] = mask[300:320, 900:930] = True
    windows = plan(mask, 1.0, 512)
    assert [window.holes for window in windows] == [Box(100, 100, 140, 200), Box(300, 900, 320, 930)]
    assert windows[0].box == Box(60, 60, 180, 240)


def test_holes_scattered_all_over_do_not_snowball_into_one_window():
    mask = np.zeros((2000, 2000), bool)
    mask[50::100, 50::100] = True  # 400 specks, each far from the next for its size
    assert len(plan(mask, 1.0, 512)) == 400


def test_working_size_shrinks_and_never_enlarges():
    assert working_size((3000, 1500), 512) == (512, 256)
    assert working_size((99, 50), 512) == (96, 48)
    assert working_size((1, 1), 512) == (4, 4)


@given(masks, st.integers(0, 12), st.one_of(st.none(), st.integers(0, 12)))
@settings(max_examples=100, deadline=None)
def test_a_grown_hole_is_covered_whole_and_its_rim_fades_outwards(mask, grow, feather):
    larger, cover = dilate_mask(mask, grow, feather)
    assert (larger | ~mask).all()
    assert (cover[mask] == 1).all()
    assert (cover[~larger] == 0).all()
    assert (cover[larger] > 0).all()
    rows, columns = np.nonzero(mask)
    for row, column in np.argwhere(larger):
        assert np.hypot(rows - row, columns - column).min() <= grow + 1e-3


def test_edges_of_a_smaller_working_size_stay_lines_in_a_panel():
    edges = np.zeros((8, 8), np.float32)
    edges[:, 4] = 1
    tile = side_by_side([np.full((80, 80, 3), 90, np.uint8), draw_edges(edges)])[:, -80:]
    assert (tile[:, :30] == 255).all()
    assert (tile[:, 60:] == 255).all()
    assert tile[:, 45].max() < 30
