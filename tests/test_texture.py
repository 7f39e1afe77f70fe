"""Texture: the photo's own, the same every time, and of the right fineness for holes of any size."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.imaging.lines import breaks
from inpaint_cli.imaging.texture import texture

EXAMPLES = Path(__file__).parents[1] / "examples"


def _crop(name: str, top: int, left: int, height: int, width: int) -> np.ndarray:
    photo = cv2.imread(str(EXAMPLES / f"{name}.jpg"))[..., ::-1]
    return np.ascontiguousarray(photo[top : top + height, left : left + width])


def _ellipse(shape: tuple[int, ...], axes: tuple[int, int]) -> np.ndarray:
    hole = np.zeros(shape[:2], np.uint8)
    cv2.ellipse(hole, (shape[1] // 2, shape[0] // 2), axes, 15, 0, 360, 1, -1)
    return hole > 0


def _detail(picture: np.ndarray, where: np.ndarray) -> float:
    gray = to_gray(picture)
    return float((gray - cv2.GaussianBlur(gray, (0, 0), 1.5))[where].std())


ROCK = ("tunnel", 100, 100, 200, 260)


def test_only_the_hole_changes_and_what_stood_there_has_no_influence() -> None:
    photo = _crop(*ROCK)
    hole = _ellipse(photo.shape, (40, 30))
    filled = texture(photo, hole, np.zeros(photo.shape, np.float32), 0, trusted=False)
    assert (filled[~hole] == (photo / np.float32(255))[~hole]).all()
    blank = np.where(hole[..., None], np.uint8(255), photo)
    assert (texture(blank, hole, np.zeros(photo.shape, np.float32), 0, trusted=False) == filled).all()


def test_the_same_input_gives_the_same_output_in_any_thread() -> None:
    photo = _crop(*ROCK)
    painting = cv2.GaussianBlur(photo, (0, 0), 6).astype(np.float32) / 255
    holes = [_ellipse(photo.shape, axes) for axes in ((30, 20), (25, 25), (20, 32), (32, 18))]

    def fill(hole: np.ndarray) -> np.ndarray:
        return texture(photo, hole, painting, 0.1, trusted=True)

    alone = [fill(hole) for hole in holes]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(fill, holes))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("crop", [ROCK, ("otter", 620, 200, 200, 260)])
def test_a_fill_is_as_fine_as_its_surroundings(crop: tuple[str, int, int, int, int]) -> None:
    photo = _crop(*crop)
    hole = _ellipse(photo.shape, (40, 30))
    filled = texture(photo, hole, np.zeros(photo.shape, np.float32), 0, trusted=False)
    assert 0.6 < _detail(filled, hole) / _detail(filled, ~hole) < 1.5


def test_a_hole_too_large_for_patches_is_as_fine_and_has_no_seam() -> None:
    photo = _crop("tunnel", 20, 20, 420, 600)
    hole = _ellipse(photo.shape, (130, 100))  # 40,000 pixels: filled on a grid half as fine
    filled = texture(photo, hole, np.zeros(photo.shape, np.float32), 0, trusted=False)
    assert (filled[~hole] == (photo / np.float32(255))[~hole]).all()
    assert 0.6 < _detail(filled, hole) / _detail(filled, ~hole) < 1.5
    ring = cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    jump = np.abs(np.diff(to_gray(filled), axis=1))
    rim = np.diff(hole.astype(np.int8), axis=1) != 0
    assert jump[rim].mean() < 1.5 * jump[:, 1:][~ring[:, 2:] & ~rim[:, 1:]].mean()


def _ridge() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rock below and sky above a slanting line, a hole over it, and the true edges."""
    rock, sky = _crop("tunnel", 100, 100, 200, 260), _crop("dune", 40, 100, 200, 260)
    rows, columns = np.mgrid[:200, :260]
    below = rows > 100 + 18 * np.sin(columns / 30)
    photo = np.where(below[..., None], rock, sky)
    return photo, _ellipse(photo.shape, (60, 40)), below


def test_a_sure_painting_puts_its_edges_where_they_belong() -> None:
    photo, hole, below = _ridge()
    painting = np.where(below[..., None], np.float32([0.55, 0.35, 0.25]), np.float32([0.6, 0.7, 0.9]))
    drawn = texture(photo, hole, painting.astype(np.float32), 0, trusted=True)
    sky, rock = hole & ~below, hole & below
    blueness = drawn[..., 2] - drawn[..., 0]
    assert (blueness[sky] > 0).mean() > 0.9
    assert (blueness[rock] < 0).mean() > 0.9
    assert _detail(drawn, rock) > 0.5 * _detail(drawn, below & ~hole)


def test_guessed_lines_act_only_where_patches_break_them() -> None:
    photo, hole, below = _ridge()
    painting = np.where(below[..., None], np.float32([0.55, 0.35, 0.25]), np.float32([0.6, 0.7, 0.9]))
    alone = texture(photo, hole, np.zeros(photo.shape, np.float32), 0, trusted=False)
    kept = canny(to_gray(alone)) & hole
    assert not breaks(canny(to_gray(alone)), kept)
    same = texture(photo, hole, painting.astype(np.float32), 0, trusted=False, lines=kept)
    np.testing.assert_array_equal(same, alone)
    rows, _ = np.mgrid[:200, :260]
    broken = hole & (rows == np.flatnonzero(hole.any(axis=1))[4])  # a line in the sky, where no patch draws one
    other = texture(photo, hole, painting.astype(np.float32), 0, trusted=False, lines=broken)
    assert (other != alone).any()
