"""Repeated structure: a fence, bricks and slats go on across a hole, and leaves and noise are not taken for them."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from inpaint_cli.imaging.offsets import repeats
from inpaint_cli.imaging.repeated import fill_by_offsets
from inpaint_cli.imaging.texture import fill_without_lines, texture
from tests.conftest import Run
from tests.pictures import EXAMPLES

Picture = np.ndarray


def _grain(shape: tuple[int, int], seed: int = 0) -> Picture:
    return np.random.default_rng(seed).normal(0, 0.015, (*shape, 1))


def _fence(height: int = 320, width: int = 320, scale: int = 1) -> Picture:
    """Dark posts with light rims and two rails before a bright ground."""
    rows, columns = np.mgrid[:height, :width] / scale
    posts, rails = columns % 32 < 12, np.minimum(abs(rows - 90), abs(rows - 230)) < 7
    rims = (columns % 32 < 2) & ~rails
    colours = np.where((posts | rails)[..., None], [0.35, 0.22, 0.15], [0.55, 0.7, 0.8])
    colours = np.where(rims[..., None], [0.9, 0.85, 0.7], colours)
    return np.clip(colours + _grain(rows.shape), 0, 1).astype(np.float32)


def _bricks(height: int = 320, width: int = 320, scale: int = 1) -> Picture:
    """Rows of bricks, every other row half a brick aside, no two of the same brightness."""
    rows, columns = np.mgrid[:height, :width] / scale
    course = (rows // 20).astype(int)
    along = columns + 24 * (course % 2)
    mortar = (rows % 20 < 3) | (along % 48 < 3)
    shades = np.random.default_rng(3).uniform(0.9, 1.1, (100, 100))[course, (along // 48).astype(int)]
    bricks = shades[..., None] * np.array([0.6, 0.3, 0.22])
    return np.clip(np.where(mortar[..., None], [0.75, 0.72, 0.68], bricks) + _grain(rows.shape), 0, 1).astype(
        np.float32
    )


def _ellipse(
    shape: tuple[int, ...], axes: tuple[int, int] = (60, 50), centre: tuple[int, int] | None = None
) -> Picture:
    hole = np.zeros(shape[:2], np.uint8)
    centre = (shape[1] // 2 + 5, shape[0] // 2) if centre is None else centre
    cv2.ellipse(hole, centre, axes, 15, 0, 360, 1, -1)
    return hole > 0


def _psnr(fill: Picture, truth: Picture, hole: Picture) -> float:
    return float(-10 * np.log10(((fill - truth)[hole] ** 2).mean()))


def _bytes(photo: Picture) -> Picture:
    return np.round(photo * 255).astype(np.uint8)


@pytest.mark.parametrize("photo", [_fence(), _bricks()], ids=["fence", "bricks"])
def test_the_period_goes_on_across_the_hole(photo: Picture) -> None:
    hole = _ellipse(photo.shape)
    filled = fill_by_offsets(photo, hole, ~hole)
    assert filled is not None
    assert (filled[~hole] == photo[~hole]).all()
    assert _psnr(filled, photo, hole) > 28


@pytest.mark.slow
def test_a_hole_too_large_for_pixels_is_filled_in_cells_as_well() -> None:
    photo = _fence(900, 900, scale=3)
    hole = _ellipse(photo.shape, (160, 140))
    filled = fill_by_offsets(photo, hole, ~hole)
    assert filled is not None
    assert (filled[~hole] == photo[~hole]).all()
    assert _psnr(filled, photo, hole) > 22


@pytest.mark.parametrize("axis", [0, 1])
def test_a_hole_at_the_border_of_the_photo_is_filled_from_its_other_sides(axis: int) -> None:
    photo = _bricks()
    centre = (0, 160) if axis else (160, 0)
    hole = _ellipse(photo.shape, (50, 40), centre)
    filled = fill_by_offsets(photo, hole, ~hole)
    assert filled is not None
    assert _psnr(filled, photo, hole) > 20


def test_a_thin_hole_across_a_large_window_is_left_to_patches() -> None:
    photo = _fence(600, 600)
    hole = np.eye(600, dtype=np.bool_)
    assert fill_by_offsets(photo, hole, ~hole) is None


def test_offsets_are_whole_periods() -> None:
    photo = _fence()
    hole = _ellipse(photo.shape)
    found = repeats(photo, hole, ~hole)
    assert found is not None
    assert found.clearness > 0.5
    across = found.vectors[:, 1] % 32
    assert (np.minimum(across, 32 - across) <= 1).mean() > 0.8


def test_what_does_not_repeat_is_left_to_patches() -> None:
    hole = _ellipse((320, 320, 3))
    noise = np.random.default_rng(0).uniform(0, 1, (320, 320, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.5)
    rock = cv2.imread(str(EXAMPLES / "tunnel.jpg"))[40:360, 40:360, ::-1].astype(np.float32) / 255
    for photo in (noise, smooth, rock, np.full_like(noise, 0.5)):
        assert repeats(photo, hole, ~hole) is None
        assert fill_by_offsets(photo, hole, ~hole) is None


@pytest.mark.slow
def test_the_hole_has_no_influence_and_every_run_gives_the_same() -> None:
    photo = _bricks()
    hole = _ellipse(photo.shape)
    fills = [fill_by_offsets(np.where(hole[..., None], np.float32(value), photo), hole, ~hole) for value in (0, 0, 1)]
    for fill in fills[1:]:
        assert (fill[hole] == fills[0][hole]).all()


def test_what_is_excluded_is_never_copied() -> None:
    photo = _fence()
    hole = _ellipse(photo.shape)
    plain = photo.copy()
    excluded = np.zeros(hole.shape, np.bool_)
    excluded[:, 250:] = True
    photo[excluded] = [1, 0, 0]
    filled = fill_by_offsets(photo, hole, ~hole & ~excluded)
    assert filled is not None
    assert _psnr(filled, plain, hole) > 20
    nothing = np.zeros(hole.shape, np.bool_)
    assert fill_by_offsets(photo, hole, nothing) is None


@pytest.mark.slow
def test_the_texture_stage_takes_what_repeats() -> None:
    photo = _bricks(900, 900, scale=6)  # larger than the patches, which lose the period
    hole = _ellipse(photo.shape, (160, 140))
    damaged = _bytes(np.where(hole[..., None], 0, photo))
    painting = cv2.GaussianBlur(photo, (0, 0), 30)  # without a brick
    filled = texture(damaged, hole, painting, 0)
    alone = fill_without_lines(damaged, hole)
    assert alone is not None
    assert _psnr(filled, photo, hole) > _psnr(alone, photo, hole) + 4


@pytest.mark.slow
def test_remove_continues_a_fence(inpaint: Callable[..., Run], tmp_path: Path) -> None:
    photo = _fence()
    hole = _ellipse(photo.shape)
    damaged = np.where(hole[..., None], np.uint8(90), _bytes(photo))
    cv2.imwrite(str(tmp_path / "fence.png"), damaged[..., ::-1])
    cv2.imwrite(str(tmp_path / "mask.png"), hole.astype(np.uint8) * 255)
    fills = {}
    for method in ("edgeconnect", "patchmatch"):
        out = tmp_path / f"{method}.png"
        inpaint("remove", tmp_path / "fence.png", "--mask", tmp_path / "mask.png", "-o", out, "--method", method)
        fills[method] = cv2.imread(str(out))[..., ::-1].astype(np.float32) / 255
    assert _psnr(fills["edgeconnect"], photo, hole) > _psnr(fills["patchmatch"], photo, hole) + 2
