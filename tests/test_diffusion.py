"""The painter without a network: harmonic, and no colour crosses a wall."""

import numpy as np
import pytest

from inpaint_cli.imaging import harmonic
from inpaint_cli.imaging.harmonic import harmonic_fill


def _disc(size: int, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    return rows**2 + columns**2 <= radius**2


def test_a_harmonic_function_comes_back() -> None:
    y, x = np.mgrid[:60, :60] / 60
    harmonic = np.stack([x, x**2 - y**2, 1 + x * y], axis=-1).astype(np.float32)
    hole = _disc(60, 20)
    damaged = np.where(hole[..., None], np.float32(9), harmonic)
    filled = harmonic_fill(damaged, hole)
    # The five-point stencil is exact for polynomials of second degree.
    np.testing.assert_allclose(filled, harmonic, atol=1e-5)


def test_the_filling_stays_within_its_surroundings() -> None:
    rng = np.random.default_rng(3)
    image = rng.random((40, 50, 3), np.float32)
    hole = np.zeros((40, 50), bool)
    hole[10:30, 12:40] = True
    filled = harmonic_fill(image, hole)
    rim = np.zeros_like(hole)
    rim[9:31, 11:41] = True
    assert (filled[~hole] == image[~hole]).all()
    assert filled[hole].min() >= image[rim & ~hole].min() - 1e-6
    assert filled[hole].max() <= image[rim & ~hole].max() + 1e-6


@pytest.mark.parametrize("slope", [0.0, 0.4, -1.0])
def test_no_colour_crosses_a_wall(slope: float) -> None:
    rows, columns = np.mgrid[:64, :64]
    below = rows > 31 + slope * (columns - 32)
    image = np.where(below[..., None], np.float32([0.9, 0.2, 0.1]), np.float32([0.1, 0.3, 0.8])).astype(np.float32)
    hole = _disc(64, 22)
    wall = np.zeros((64, 64), bool)
    for column in range(64):  # one pixel wide and connected by corners, as Canny draws
        here, there = (int(np.floor(31 + slope * (c - 32))) for c in (column, column + 1))
        wall[np.clip(range(min(here, there), max(here, there) + 1), 0, 63), column] = True
    filled = harmonic_fill(np.where(hole[..., None], np.float32(0), image), hole, wall)
    away = hole & ~wall
    assert np.abs(filled - image)[away].max() < 0.03
    without = harmonic_fill(np.where(hole[..., None], np.float32(0), image), hole)
    assert np.abs(without - image)[away].max() > 0.3


def test_a_region_that_walls_enclose_gets_a_colour_of_its_surroundings() -> None:
    image = np.full((30, 30, 3), 0.5, np.float32)
    hole = _disc(30, 10)
    walls = _disc(30, 6) & ~_disc(30, 4.5)
    filled = harmonic_fill(np.where(hole[..., None], np.float32(0), image), hole, walls)
    np.testing.assert_allclose(filled, 0.5, atol=1e-4)


def _holes(rng: np.random.Generator) -> np.ndarray:
    """Return specks, a disc, a band from border to border or a few discs, of any size."""
    height, width = rng.integers(3, 90, 2)
    rows, columns = np.mgrid[:height, :width]
    discs = [np.hypot(rows - y, columns - x) < r for y, x, r in rng.random((5, 3)) * (height, width, 15)]
    band = np.broadcast_to((rows > 0) & (rows < height - 1), (height, width))
    hole = (rng.random((height, width)) < rng.random(), discs[0], band, np.any(discs, axis=0))[rng.integers(4)].copy()
    hole[0, 0] = False
    return hole


def test_both_ways_to_solve_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Line by line, and by SciPy's factorisation, which large holes take."""
    rng, unequal, values = np.random.default_rng(4), 0, 0
    for _ in range(40):
        hole = _holes(rng)
        image, walls = rng.random((*hole.shape, 3), np.float32), rng.random(hole.shape) < 0.05
        resistance = (20_000 * rng.random(hole.shape) ** 3).astype(np.float32)
        fills = []
        for limit in (0.0, np.inf):
            monkeypatch.setattr(harmonic, "_BY_LINES", limit)
            fills.append(harmonic_fill(image, hole, walls, resistance))
        np.testing.assert_allclose(*fills, atol=1e-6)
        assert (fills[0][~hole] == image[~hole]).all()
        unequal, values = unequal + int((fills[0] != fills[1]).sum()), values + 3 * int(hole.sum())
    assert values > 10_000
    assert unequal <= 1e-4 * values  # float32 can tell them apart hardly ever
