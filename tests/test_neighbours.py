"""Nearest neighbours are those of a k-d tree; the normal distribution is SciPy's."""

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import ndtr

from inpaint_cli.imaging.neighbours import distances, nearest_within, neighbours
from inpaint_cli.imaging.profiles import _risen, _sigma


def test_neighbours_among_many_points() -> None:
    rng = np.random.default_rng(0)
    among, wanted = rng.normal(size=(5000, 12)).astype(np.float32), rng.normal(size=(700, 12)).astype(np.float32)
    wanted[:50] = among[:50]  # one distance is 0
    np.testing.assert_array_equal(neighbours(wanted, among, 4), cKDTree(among).query(wanted, k=4)[1])


def test_fewer_points_than_spare_candidates() -> None:
    among = np.array([[0.0], [3.0], [1.0]], np.float32)
    np.testing.assert_array_equal(neighbours(np.array([[0.9]], np.float32), among, 2), [[2, 0]])


def test_nearest_within_reach_over_many_tiles() -> None:
    rng = np.random.default_rng(1)
    points = np.cumsum(rng.normal(0, 0.5, (2000, 2)), axis=0) + 150
    rows, columns = np.mgrid[:300, :300]
    places = np.stack([columns.ravel(), rows.ravel()], axis=1)
    distance, nearest = cKDTree(points).query(places)
    near = distance < 9
    assert near.sum() > 1000
    np.testing.assert_array_equal(nearest_within(places[near], points, 9), nearest[near])
    np.testing.assert_allclose(distances(places[:9], points).min(axis=1), distance[:9])


def test_a_blurred_step_is_the_normal_distribution() -> None:
    offsets = np.linspace(-6, 6, 241)
    np.testing.assert_allclose(_risen(offsets), ndtr(offsets), atol=1e-15)
    for sigma in (0.6, 1.7, 4.0):  # a profile has four samples in a pixel
        profile = ndtr(np.arange(-60, 61) / 4 / sigma)
        assert np.isclose(_sigma(profile), sigma, rtol=0.02)
