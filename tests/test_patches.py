"""Patches: what the search copies, from where, and what has no say in it."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from inpaint_cli.imaging.patches import copy_patches
from tests.pictures import EXAMPLES

Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]


def _checks(height: int = 160, width: int = 200) -> Picture:
    """Warm and cold squares of 12 pixels with the grain of film."""
    rows, columns = np.mgrid[:height, :width] // 12
    colours = np.where(((rows + columns) % 2 == 0)[..., None], [0.8, 0.5, 0.3], [0.2, 0.3, 0.5])
    return (colours + np.random.default_rng(0).normal(0, 0.02, (height, width, 1))).astype(np.float32)


def _rock() -> Picture:
    photo = cv2.imread(str(EXAMPLES / "tunnel.jpg"))[100:260, 100:300, ::-1]
    return photo.astype(np.float32) / 255


def _disc(shape: tuple[int, ...], radius: int = 30) -> Mask:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return np.hypot(rows - shape[0] / 2, columns - shape[1] / 2) < radius


def _psnr(fill: Picture, truth: Picture, hole: Mask) -> float:
    return float(-10 * np.log10(((fill - truth)[hole] ** 2).mean()))


def test_a_pattern_goes_on() -> None:
    photo = _checks()
    hole = _disc(photo.shape)
    fill, _ = copy_patches(np.where(hole[..., None], 0, photo), hole, ~hole, 0)
    assert (fill[~hole] == photo[~hole]).all()
    assert _psnr(fill, photo, hole) > 25


def test_grain_is_as_strong_as_in_the_photo() -> None:
    grain = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 0.05, (160, 200)), (0, 0), 0.7)
    photo = np.repeat((0.5 + grain)[..., None], 3, axis=2).astype(np.float32)
    hole = _disc(photo.shape)
    fill, _ = copy_patches(np.where(hole[..., None], 0, photo), hole, ~hole, 0)
    fine = fill - cv2.GaussianBlur(fill, (0, 0), 1.5)
    assert 0.93 < fine[_disc(photo.shape, 26)].std() / fine[~hole].std() < 1.07


@pytest.mark.parametrize("width", [18, 24], ids=["narrow", "narrow at half the size"])
def test_strokes_show_what_is_beside_them(width: int) -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, (256, 256, 3)).astype(np.float32)
    photo = noise + np.float32([0.3, 0.4, 0.8])
    photo[110:] += np.float32([0.5, 0.1, -0.5])
    strokes = np.zeros((256, 256), np.uint8)
    for column in range(-200, 256, 2 * width + 8):
        cv2.line(strokes, (column, 276), (column + 200, 130), 1, width)
    hole = strokes > 0
    fill, copied = copy_patches(np.where(hole[..., None], 0, photo), hole, ~hole, 0)
    assert _psnr(fill, photo, hole) > 35
    assert not hole[tuple(copied[hole].T)].any()


@pytest.mark.parametrize("hole", [np.eye(200, dtype=np.bool_)[:160], _disc((160, 200))], ids=["scratch", "disc"])
def test_neither_the_hole_nor_what_may_not_be_copied_has_a_say(hole: Mask) -> None:
    photo = _rock()
    beyond = np.zeros_like(hole)
    beyond[:, 120:] = True
    sources = ~hole & ~beyond
    noise = np.random.default_rng(1).uniform(0, 1, photo.shape).astype(np.float32)
    one, origins = copy_patches(photo, hole & ~beyond, sources, 0)
    other, _ = copy_patches(np.where(sources[..., None], photo, noise), hole & ~beyond, sources, 0)
    assert (one[hole & ~beyond] == other[hole & ~beyond]).all()
    assert (one[beyond] == photo[beyond]).all()
    assert sources[tuple(origins[hole & ~beyond].T)].all()


def test_only_sources_are_copied() -> None:
    photo = _checks()
    hole = _disc(photo.shape)
    photo[:, 150:] = [1, 0, 0]
    beyond = np.zeros_like(hole)
    beyond[:, 148:] = True
    fill, _ = copy_patches(photo, hole, ~hole & ~beyond, 0)
    assert fill[hole].min() > 0.1
    assert fill[hole][:, 0].max() < 0.9


def test_the_guide_leads() -> None:
    photo = np.random.default_rng(0).normal(0, 0.02, (120, 160, 3)).astype(np.float32) + np.float32(0.4)
    photo[:, :80, 0] += 0.3
    hole = np.zeros((120, 160), np.bool_)
    hole[40:80, 50:110] = True
    for colour in (0.7, 0.4):
        guide = photo.copy()
        guide[hole] = [colour, 0.4, 0.4]
        fill, _ = copy_patches(photo, hole, ~hole, 0, guide=guide, weight=1)
        assert abs(fill[50:70, 60:100, 0].mean() - colour) < 0.05


def test_a_seed_and_nothing_else_decides() -> None:
    photo = _rock()
    hole = _disc(photo.shape)
    threads = cv2.getNumThreads()
    fills = []
    try:
        for count, seed in ((1, 3), (2, 3), (2, 4)):
            cv2.setNumThreads(count)
            fills.append(copy_patches(photo, hole, ~hole, seed)[0])
    finally:
        cv2.setNumThreads(threads)
    assert (fills[0] == fills[1]).all()
    assert (fills[1] != fills[2]).any()


@pytest.mark.parametrize("shape", [(7, 9), (40, 7), (15, 16)])
def test_one_patch_is_enough(shape: tuple[int, int]) -> None:
    photo = np.full((*shape, 3), 0.25, np.float32)
    hole = np.zeros(shape, np.bool_)
    hole[:, 7:] = True
    hole[7:] = True
    fill, _ = copy_patches(np.where(hole[..., None], np.float32(1), photo), hole, ~hole, 0)
    np.testing.assert_allclose(fill, photo, atol=1e-5)
