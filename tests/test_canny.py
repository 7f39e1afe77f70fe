"""Canny's edges are scikit-image's, and smoothing is SciPy's, pixel by pixel and bit by bit."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter1d
from skimage import feature

from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.imaging.smoothing import smooth

EXAMPLES = Path(__file__).parents[1] / "examples"
SIGMAS = (0.1, 0.5, 1.0, 2.0, 3.3, 8.0)


def expected(gray: np.ndarray, hole: np.ndarray | None, sigma: float) -> np.ndarray:
    return feature.canny(gray, sigma=sigma, mask=None if hole is None else ~hole)


def random_picture(rng: np.random.Generator) -> np.ndarray:
    """Return noise, noise of few levels (where ties are common), blocks, or a step; of any size from one pixel up."""
    height, width = rng.integers(1, 90, 2)
    noise = rng.random((height, width), np.float32)
    step = np.zeros_like(noise)
    step[height // 3 :, width // 4 : width // 2 + 1] = 1
    blocks = np.kron(noise, np.ones((6, 6), np.float32))[:height, :width]
    return (noise, np.round(noise), np.round(noise * 4) / np.float32(4), blocks, step)[rng.integers(5)]


def random_hole(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray | None:
    box = np.zeros(shape, bool)
    box[shape[0] // 4 : shape[0] // 2 + 1, shape[1] // 4 : shape[1] // 2 + 3] = True
    return (None, rng.random(shape) > 0.9, box, np.ones(shape, bool))[rng.choice(4, p=(0.3, 0.3, 0.3, 0.1))]


def test_edges_of_random_pictures_are_those_of_scikit_image() -> None:
    rng, found = np.random.default_rng(1), 0
    for _ in range(150):
        gray = random_picture(rng)
        hole, sigma = random_hole(rng, gray.shape), float(rng.choice(SIGMAS))
        edges = canny(gray, hole, sigma)
        np.testing.assert_array_equal(edges, expected(gray, hole, sigma))
        found += edges.any()
    assert found > 50


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bird", "dune", "otter", "tunnel"])
def test_edges_of_photos_are_those_of_scikit_image(name: str) -> None:
    with Image.open(EXAMPLES / f"{name}.jpg") as photo, Image.open(EXAMPLES / f"{name}_mask.png") as mask:
        for size in (photo.size, (256, 256), (191, 301)):
            gray = to_gray(np.array(photo.resize(size)))
            hole = np.array(mask.convert("L").resize(size)) > 127
            for known in (None, hole):
                for sigma in (1.0, 2.0, 3.3):
                    edges = canny(gray, known, sigma)
                    assert edges.any()
                    np.testing.assert_array_equal(edges, expected(gray, known, sigma))


@pytest.mark.parametrize(
    ("scipy_name", "numpy_name"),
    [("constant", "constant"), ("nearest", "edge"), ("reflect", "symmetric"), ("wrap", "wrap")],
)
def test_smoothing_is_that_of_scipy(scipy_name: str, numpy_name: str) -> None:
    rng = np.random.default_rng(2)
    for dtype in (np.float32, np.float64):
        values = rng.random((41, 3)).astype(dtype)
        for axis in (0, 1):
            for sigma in (0.0, *SIGMAS):
                wanted = gaussian_filter1d(values, sigma, axis, mode=scipy_name) if sigma else values
                np.testing.assert_array_equal(smooth(values, sigma, axis, beyond=numpy_name), wanted)
