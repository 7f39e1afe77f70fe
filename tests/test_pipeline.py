"""Outside the hole pixels are sacred, whatever the photo, mask and options; inside, options do what they say."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaint_cli import EdgeConnect
from inpaint_cli.errors import MaskError, SketchError
from inpaint_cli.imaging.blending import dilate_mask
from inpaint_cli.io.sketches import EdgeMap, Sketch
from inpaint_cli.options import EdgesMode, FillOptions, Lines, Method, Painter

WITHOUT_NETWORKS = FillOptions(lines=Lines.CONTINUE, painter=Painter.HARMONIC)


@pytest.fixture(scope="module")
def model() -> EdgeConnect:
    return EdgeConnect.load(device="cpu")


def filled(model: EdgeConnect, image, mask, options: FillOptions, sketch=None):
    result = image.copy()
    filling = model.fill(image, mask, options, sketch)
    filling.apply(result)
    return result, filling


def halves(height: int = 96, width: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """Sky above land, level with the middle row, and a hole across the horizon."""
    image = np.full((height, width, 3), (90, 140, 220), np.uint8)
    image[height // 2 :] = (120, 80, 30)
    mask = np.zeros((height, width), bool)
    mask[height // 3 : -height // 3, width // 3 : -width // 3] = True
    return image, mask


@st.composite
def photos(draw):
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    mask = rng.random((height, width)) < draw(st.floats(0.01, 0.99))
    return image, mask


@given(
    photos(),
    st.sampled_from([None, 0, 3]),
    st.booleans(),
    st.booleans(),
    st.sampled_from(list(Method)),
)
@settings(max_examples=60, deadline=None)
def test_any_photo_and_mask_give_a_photo_of_that_size_untouched_outside(model, photo, grow, texture, harmonise, method):
    image, mask = photo
    options = replace(WITHOUT_NETWORKS, grow=grow, feather=None, texture=texture, harmonise=harmonise, method=method)
    if not mask.any() or mask.all():
        with pytest.raises(MaskError):
            model.fill(image, mask, options)
        return
    result, filling = filled(model, image, mask, options)
    assert result.shape == image.shape
    reach = max(crop.box.height + crop.box.width for crop in filling.crops) if grow is None else grow
    untouched = ~dilate_mask(mask, reach)[0]
    assert np.array_equal(result[untouched], image[untouched])
    assert np.isclose(filling.hole, mask.mean())


@pytest.mark.slow
@given(photos())
@settings(max_examples=5, deadline=None)
def test_the_networks_take_any_photo_too(model, photo):
    image, mask = photo
    if mask.any() and not mask.all():
        for plain in (True, False):
            result = model.inpaint(image, mask, plain=plain)
            assert np.array_equal(result[~mask], image[~mask])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_a_filling_is_applied_at_the_photos_own_depth(model, dtype, channels):
    image, mask = halves()
    scale = np.iinfo(dtype).max // 255
    pixels = image[..., :channels].astype(dtype) * dtype(scale)
    before = pixels.copy()
    model.fill(image, mask, WITHOUT_NETWORKS).apply(pixels)
    assert np.array_equal(pixels[~mask], before[~mask])
    assert pixels[mask].max() > 255 * scale // 4, "painted at the depth's own brightness"


def test_the_horizon_crosses_the_hole(model):
    image, mask = halves()
    result, _ = filled(model, image, mask, replace(WITHOUT_NETWORKS, texture=False))
    error = np.abs(result.astype(int) - image)[mask].mean(axis=1)
    assert np.quantile(error, 0.9) < 8, "sky stays sky and land stays land, up to the horizon itself"


def test_a_drawn_line_is_obeyed(model):
    """A red and a blue side, no line in the photo to continue: the boundary stands where it is drawn."""
    image = np.zeros((96, 128, 3), np.uint8)
    image[:, :64], image[:, 64:] = (200, 30, 30), (30, 30, 200)
    mask = np.zeros((96, 128), bool)
    mask[20:76, 30:98] = True
    strokes = np.zeros((96, 128), bool)
    strokes[20:76, 84:87] = True  # twenty pixels off the middle
    strokes[20:22, 64:87] = strokes[74:76, 64:87] = True
    options = replace(WITHOUT_NETWORKS, texture=False, harmonise=False)
    result, _ = filled(model, image, mask, options, Sketch(strokes))
    left, right = result[48, 75], result[48, 94]
    assert left[0] > left[2], "left of the stroke is red"
    assert right[2] > right[0], "right of it is blue"


def test_added_lines_keep_those_that_were_found(model):
    image, mask = halves()
    strokes = np.zeros(mask.shape, bool)
    strokes[40:60, 64] = True
    both = model.edge_map(image, mask, replace(WITHOUT_NETWORKS, edges_mode=EdgesMode.ADD), Sketch(strokes))
    alone = model.edge_map(image, mask, WITHOUT_NETWORKS)
    drawn = model.edge_map(image, mask, WITHOUT_NETWORKS, Sketch(strokes))
    assert alone[mask].any()
    assert drawn[mask].any()
    assert np.array_equal(both[mask], np.maximum(alone, drawn)[mask])


def test_no_lines_means_none(model):
    image, mask = halves()
    assert not model.edge_map(image, mask, replace(WITHOUT_NETWORKS, lines=Lines.NONE))[mask].any()


@pytest.mark.parametrize("plain", [True, False])
def test_an_edge_map_fed_back_gives_the_same_picture(model, plain):
    image, mask = halves(60, 80)
    rng = np.random.default_rng(3)
    image = (image + rng.integers(0, 20, image.shape)).astype(np.uint8)
    options = FillOptions(plain=plain, lines=Lines.G1, painter=Painter.G2)
    own, _ = filled(model, image, mask, options)
    edges = model.edge_map(image, mask, options)
    fed, _ = filled(model, image, mask, options, EdgeMap(edges))
    assert np.array_equal(own, fed)


@pytest.mark.slow
def test_steps_are_kept_when_asked_for(model):
    image, mask = halves()
    _, filling = filled(model, image, mask, WITHOUT_NETWORKS)
    assert [crop.steps for crop in filling.crops] == [{}]
    _, filling = filled(model, image, mask, replace(WITHOUT_NETWORKS, keep_steps=True))
    assert {"window", "hole", "edges", "painting", "result"} <= set(filling.crops[0].steps)


def test_the_same_input_gives_the_same_output(model):
    rng = np.random.default_rng(5)
    image = rng.integers(0, 256, (80, 90, 3), np.uint8)
    _, mask = halves(80, 90)
    first, second = (filled(model, image, mask, WITHOUT_NETWORKS)[0] for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("fault", ["empty", "full", "shape", "type"])
def test_a_mask_that_makes_no_sense_is_refused(model, fault):
    image, mask = halves()
    wrong = {"empty": mask & False, "full": mask | True, "shape": mask[1:], "type": mask.astype(np.uint8)}[fault]
    with pytest.raises(MaskError):
        model.inpaint(image, wrong)


def test_edges_that_are_no_edges_are_refused(model):
    image, mask = halves()
    values = [np.full(mask.shape, value, np.float32) for value in (np.nan, 5, -1)]
    for wrong in (mask.astype(np.uint8), mask[1:], np.zeros((*mask.shape, 3)), *values):
        with pytest.raises(SketchError):
            model.inpaint(image, mask, edges=wrong)
