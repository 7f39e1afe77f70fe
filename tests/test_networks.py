"""The networks take pictures of any size, in batches, and say no in one line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaint_cli.errors import UsageError
from inpaint_cli.inference import Networks
from inpaint_cli.options import Backend
from inpaint_cli.weights.registry import resolve

sizes = st.tuples(st.integers(1, 24), st.integers(1, 24))


@pytest.fixture(scope="module", params=[Backend.OPENCV, Backend.TORCH])
def networks(request) -> Networks:
    return Networks(resolve("open-lite"), device="cpu", backend=request.param)


def views(shapes: list[tuple[int, int]]):
    rng = np.random.default_rng(7)
    images = [rng.random((*shape, 3), np.float32) for shape in shapes]
    edges = [(rng.random(shape) < 0.1).astype(np.float32) for shape in shapes]
    holes = [np.zeros(shape, bool) for shape in shapes]
    for hole in holes:
        hole[: (hole.shape[0] + 1) // 2, : hole.shape[1] // 2] = True
    return images, edges, holes


@given(st.lists(sizes, min_size=1, max_size=4))
@settings(max_examples=6, deadline=None)
def test_any_size_comes_back_as_it_went_in(networks: Networks, shapes):
    images, edges, holes = views(shapes)
    drawn = networks.edges([image[..., 0] for image in images], edges, holes)
    painted = networks.paint(images, edges, holes)
    assert [edge.shape for edge in drawn] == shapes
    assert [picture.shape for picture in painted] == [(*shape, 3) for shape in shapes]
    assert all(values.min() >= 0 and values.max() <= 1 for values in [*drawn, *painted])


@pytest.mark.slow
def test_a_batch_gives_what_each_picture_gives_alone(networks: Networks):
    images, edges, holes = views([(32, 48)] * 3 + [(40, 40)])
    together = networks.paint(images, edges, holes, force_float32=True)
    for picture, *view in zip(together, images, edges, holes, strict=True):
        alone = networks.paint(*([part] for part in view), force_float32=True)[0]
        assert np.abs(picture - alone).max() < 1e-4


@pytest.mark.slow
def test_fast_arithmetic_stays_within_half_a_grey_level(networks: Networks):
    images, edges, holes = views([(96, 96)])
    fast = networks.paint(images, edges, holes)[0]
    exact = networks.paint(images, edges, holes, force_float32=True)[0]
    assert np.abs(fast - exact).mean() * 255 < 0.5


@pytest.mark.parametrize(
    ("device", "dtype", "word"),
    [("abacus", "auto", "abacus"), ("cuda:97", "auto", "cuda:97"), ("cpu", "float8", "float8")],
)
def test_a_device_that_is_not_there_is_a_usage_error(device, dtype, word):
    with pytest.raises(UsageError, match=word):
        Networks(resolve("open-lite"), device=device, dtype=dtype)
