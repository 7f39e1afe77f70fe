"""The classical fills, as arrays in and arrays out; `--method` itself is tested with the commands that have it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint_cli.imaging import classical
from inpaint_cli.options import Method

PHOTOS = Path(__file__).parent / "data" / "eval"
CLASSICAL = [Method.TELEA, Method.NAVIER_STOKES, Method.PATCHMATCH]


@pytest.fixture(scope="module")
def scene():
    """A photo of 96×96 pixels and a hole in it that touches the border."""
    image = np.array(Image.open(PHOTOS / "bridge.jpg").resize((96, 96)))
    hole = np.zeros((96, 96), bool)
    hole[30:60, 40:70] = hole[80:, :10] = True
    return image, hole


@pytest.mark.parametrize("method", CLASSICAL)
def test_fills_only_the_hole_and_better_than_its_mean_colour(scene, method):
    image, hole = scene
    filled = classical.fill(image, hole, method)
    assert filled.dtype == np.uint8
    assert filled.shape == image.shape
    assert (filled[~hole] == image[~hole]).all()
    flat = np.abs(image[~hole].mean(axis=0) - image[hole]).mean()
    assert np.abs(filled[hole].astype(float) - image[hole]).mean() < flat


@pytest.mark.parametrize("method", CLASSICAL)
@pytest.mark.parametrize("size", [96, 7])
def test_what_stands_in_the_hole_has_no_influence(scene, method, size):
    image, _ = scene
    image = image[:size, :size]
    hole = np.zeros((size, size), bool)
    hole[size // 4 : size // 2 + 2, size // 4 : size // 2 + 2] = True
    magenta = np.where(hole[..., None], np.array([255, 0, 255], np.uint8), image)
    assert (classical.fill(image, hole, method) == classical.fill(magenta, hole, method)).all()


def test_patchmatch_depends_on_its_seed_and_on_nothing_else(scene):
    image, hole = scene
    first = classical.fill(image, hole, Method.PATCHMATCH, seed=1)
    other = classical.fill(image, hole, Method.PATCHMATCH, seed=2)
    assert (first != other).any(axis=2)[hole].mean() > 0.1
    assert (first == classical.fill(image, hole, Method.PATCHMATCH, seed=1)).all()


def test_patchmatch_copies_detail_that_diffusion_smears():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (96, 96, 3), np.uint8)
    hole = np.zeros((96, 96), bool)
    hole[30:60, 30:60] = True
    contrast = {method: classical.fill(noise, hole, method)[hole].std() for method in CLASSICAL}
    assert contrast[Method.PATCHMATCH] > 1.5 * contrast[Method.TELEA]
    assert contrast[Method.PATCHMATCH] > 1.5 * contrast[Method.NAVIER_STOKES]


@pytest.mark.parametrize("method", CLASSICAL)
def test_nothing_missing_changes_nothing(scene, method):
    image, _ = scene
    assert (classical.fill(image, np.zeros(image.shape[:2], bool), method) == image).all()


def test_edgeconnect_is_no_classical_fill(scene):
    image, hole = scene
    with pytest.raises(ValueError, match="edgeconnect"):
        classical.fill(image, hole, Method.EDGECONNECT)
