"""Nearest neighbours are those of a k-d tree."""

import numpy as np
from scipy.spatial import cKDTree

from inpaint_cli.imaging.neighbours import neighbours


def test_neighbours_among_many_points() -> None:
    rng = np.random.default_rng(0)
    among, wanted = rng.normal(size=(5000, 12)).astype(np.float32), rng.normal(size=(700, 12)).astype(np.float32)
    wanted[:50] = among[:50]  # one distance is 0
    np.testing.assert_array_equal(neighbours(wanted, among, 4), cKDTree(among).query(wanted, k=4)[1])


def test_fewer_points_than_spare_candidates() -> None:
    among = np.array([[0.0], [3.0], [1.0]], np.float32)
    np.testing.assert_array_equal(neighbours(np.array([[0.9]], np.float32), among, 2), [[2, 0]])
