"""Seams: the dilated rim, and the membrane between painting and photo."""

import cv2
import numpy as np
import pytest

from inpaint_cli.imaging.blending import dilate_mask, match_border
from inpaint_cli.imaging.distances import distance_to


def _blob(size: int) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size] / size - 0.5
    return (rows / 0.3) ** 2 + (columns / 0.25 + rows) ** 2 <= 1


def _photo(size: int) -> np.ndarray:
    y, x = np.mgrid[:size, :size] / size
    return np.stack([0.3 + 0.4 * x, 0.5 + 0.2 * y, 0.4 + 0.3 * x * y], axis=-1).astype(np.float32)


def test_growth_fades_outwards_over_the_feather() -> None:
    mask = _blob(80)
    assert np.unique(dilate_mask(mask, 6)[1]).size > 3
    assert set(np.unique(dilate_mask(mask, 6, feather=0)[1])) == {0, 1}
    same, all_of_it = dilate_mask(mask, 0)
    assert (same == mask).all() and (all_of_it == mask).all()


@pytest.mark.parametrize("size", [80, 400, 1500])  # solved at once, and by way of coarser grids
def test_a_smooth_error_of_the_painting_vanishes(size: int) -> None:
    photo, hole = _photo(size), _blob(size)
    y, x = np.mgrid[:size, :size] / size
    harmonic = 0.1 * np.stack([x, x**2 - y**2, x * y], axis=-1).astype(np.float32)
    matched = match_border(photo - harmonic, np.where(hole[..., None], np.float32(0), photo), hole)
    assert (matched[~hole] == photo[~hole]).all()
    assert np.abs(matched - photo).max() < 2e-3


def test_the_paintings_own_detail_stays() -> None:
    photo, hole = _photo(120), _blob(120)
    grain = np.random.default_rng(0).normal(0, 0.05, photo.shape).astype(np.float32)
    painting = photo + 0.2 + np.where(hole[..., None], grain, 0)
    matched = match_border(painting.astype(np.float32), photo, hole)
    np.testing.assert_allclose(matched[hole], (photo + grain)[hole], atol=2e-3)


def test_an_edge_of_the_photo_at_the_rim_does_not_smear() -> None:
    size = 120
    hole = _blob(size)
    photo = np.full((size, size, 3), 0.2, np.float32)
    photo[:, size // 2 :] = 0.8
    painting = np.full_like(photo, 0.2)
    painting[:, size // 2 + 2 :] = 0.8  # right but for two pixels
    walls = np.zeros((size, size), bool)
    walls[:, size // 2 - 1 : size // 2 + 3] = True
    error = np.abs(match_border(painting, photo, hole, walls) - photo)[hole & ~walls]
    smeared = np.abs(match_border(painting, photo, hole) - photo)[hole & ~walls]
    assert error.max() < 0.01
    assert smeared.max() > 0.1


def test_distances_are_the_same_to_the_bit_on_any_number_of_threads():
    places = np.random.default_rng(0).random((900, 1100)) > 0.999
    before = cv2.getNumThreads()
    found = []
    for threads in (1, 2, 3):
        cv2.setNumThreads(threads)
        found.append(distance_to(places))
    cv2.setNumThreads(before)
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()
    rows, columns = np.nonzero(places)
    assert found[0][5, 7] == np.float32(np.sqrt(((rows - 5) ** 2 + (columns - 7) ** 2).min()))
