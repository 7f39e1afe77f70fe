"""Texture: the photo's own, the same every time, and of the right fineness for holes of any size."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from inpaint_cli.imaging.coherence import coherence
from inpaint_cli.imaging.contours import softness
from inpaint_cli.imaging.edges import to_gray
from inpaint_cli.imaging.harmonic import harmonic_fill
from inpaint_cli.imaging.lines import Line, LineSource, close_gaps, trace_lines
from inpaint_cli.imaging.texture import fill_without_lines, texture
from tests.pictures import EXAMPLES


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
    filled = texture(photo, hole, np.zeros(photo.shape, np.float32), 0)
    assert (filled[~hole] == (photo / np.float32(255))[~hole]).all()
    blank = np.where(hole[..., None], np.uint8(255), photo)
    assert (texture(blank, hole, np.zeros(photo.shape, np.float32), 0) == filled).all()


@pytest.mark.slow
def test_the_same_input_gives_the_same_output_in_any_thread() -> None:
    photo = _crop(*ROCK)
    painting = cv2.GaussianBlur(photo, (0, 0), 6).astype(np.float32) / 255
    holes = [_ellipse(photo.shape, axes) for axes in ((30, 20), (25, 25), (20, 32), (32, 18))]

    def fill(hole: np.ndarray) -> np.ndarray:
        return texture(photo, hole, painting, 0.1)

    alone = [fill(hole) for hole in holes]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(fill, holes))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("crop", [ROCK, ("otter", 620, 200, 200, 260)])
def test_a_fill_is_as_fine_as_its_surroundings(crop: tuple[str, int, int, int, int]) -> None:
    photo = _crop(*crop)
    hole = _ellipse(photo.shape, (40, 30))
    filled = texture(photo, hole, np.zeros(photo.shape, np.float32), 0)
    assert 0.6 < _detail(filled, hole) / _detail(filled, ~hole) < 1.5


@pytest.mark.slow
def test_a_hole_too_large_for_patches_is_as_fine_and_has_no_seam() -> None:
    photo = _crop("tunnel", 20, 20, 420, 600)
    hole = _ellipse(photo.shape, (130, 100))  # 40,000 pixels: filled on a grid half as fine
    filled = texture(photo, hole, np.zeros(photo.shape, np.float32), 0)
    assert (filled[~hole] == (photo / np.float32(255))[~hole]).all()
    assert 0.6 < _detail(filled, hole) / _detail(filled, ~hole) < 1.5
    ring = cv2.dilate(hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    jump = np.abs(np.diff(to_gray(filled), axis=1))
    rim = np.diff(hole.astype(np.int8), axis=1) != 0
    assert jump[rim].mean() < 1.5 * jump[:, 1:][~ring[:, 2:] & ~rim[:, 1:]].mean()


def _ridge(blur: float = 0.0, scale: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rock below and sky above a slanting line, a hole over it, and what lies below the line."""
    rows, columns = np.mgrid[: 200 * scale, : 260 * scale] / scale
    rock, sky = (cv2.resize(crop, rows.shape[::-1]) for crop in (_crop(*ROCK), _crop("dune", 40, 100, 200, 260)))
    below = rows > 100 + 18 * np.sin(columns / 30)
    share = cv2.GaussianBlur(below.astype(np.float32), (0, 0), blur) if blur else below.astype(np.float32)
    photo = np.round(share[..., None] * rock + (1 - share[..., None]) * sky).astype(np.uint8)
    return photo, _ellipse(photo.shape, (60 * scale, 40 * scale)), below


def _along(photo: np.ndarray, hole: np.ndarray, below: np.ndarray, level: float) -> list[Line]:
    """Return the true line between above and below, of an edge map with this level; 1 is a drawn one."""
    step = below & ~np.roll(below, 1, axis=0)
    edges = np.where(hole, level * step, step).astype(np.float32)
    return trace_lines(edges, photo, hole)


def _painting(photo: np.ndarray, hole: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return the colours of both sides spread up to the line between them."""
    walls = close_gaps(below & ~np.roll(below, 1, axis=0))
    return harmonic_fill(photo / np.float32(255), hole, walls)


def test_each_side_of_a_drawn_line_is_filled_from_its_own_side() -> None:
    photo, hole, below = _ridge()
    filled = texture(photo, hole, _painting(photo, hole, below), 0, lines=_along(photo, hole, below, 1.0))
    assert (filled[~hole] == (photo / np.float32(255))[~hole]).all()
    near = cv2.distanceTransform((below ^ np.roll(below, 1, axis=0)).astype(np.uint8) ^ 1, cv2.DIST_L2, 5) < 4
    sky, rock = hole & ~below & ~near, hole & below & ~near
    blueness = filled[..., 2] - filled[..., 0]
    assert (blueness[sky] > 0).mean() > 0.98
    assert (blueness[rock] < 0).mean() > 0.98
    assert _detail(filled, rock) > 0.5 * _detail(filled, below & ~hole)


@pytest.mark.slow
def test_strokes_that_stop_short_of_each_other_part_the_fill_as_one_does() -> None:
    photo, hole, below = _ridge()
    step = below & ~np.roll(below, 1, axis=0)
    fills = []
    for gap in (0, 3):
        edges = step.copy()
        edges[:, 128 : 128 + gap] = False
        lines = trace_lines(edges.astype(np.float32), photo, hole)
        assert len(lines) == 1 + (gap > 0)
        fills.append(texture(photo, hole, _painting(photo, hole, below), 0, lines=lines))
    whole, bridged = (coherence(fill, hole, ~hole) for fill in fills)
    assert bridged < 1.1 * whole


@pytest.mark.slow
def test_a_painting_leads_patches_that_have_no_line() -> None:
    photo = _crop("tunnel", 330, 700, 200, 260)
    hole = _ellipse(photo.shape, (45, 34))
    painting = cv2.GaussianBlur(photo, (0, 0), 8).astype(np.float32) / 255
    alone = fill_without_lines(photo, hole)
    assert alone is not None
    filled = texture(photo, hole, painting, 0)
    assert (filled[~hole] == (photo / np.float32(255))[~hole]).all()
    off, led_off = (np.abs(cv2.GaussianBlur(fill, (0, 0), 6) - painting)[hole].mean() for fill in (alone, filled))
    assert led_off < 0.6 * off
    assert coherence(filled, hole, ~hole) <= 1.04 * coherence(alone, hole, ~hole) + 0.3 / 255


@pytest.mark.slow
def test_a_large_hole_obeys_a_drawn_line_too() -> None:
    photo, hole, below = _ridge(scale=3)
    lines = _along(photo, hole, below, 1.0)
    filled = texture(photo, hole, _painting(photo, hole, below), 0, lines=lines)
    assert (filled[~hole] == (photo / np.float32(255))[~hole]).all()
    blueness = filled[..., 2] - filled[..., 0]
    assert (blueness[hole & ~below] > 0).mean() > 0.95
    assert (blueness[hole & below] < 0).mean() > 0.95


@pytest.mark.parametrize("blur", [0.8, 2.0])
def test_a_line_is_as_soft_as_the_edge_that_it_continues(blur: float) -> None:
    photo, hole, below = _ridge(blur)
    columns = np.arange(85, 175)
    path = np.stack([columns, 100 + 18 * np.sin(columns / 30) + 0.5], axis=1).astype(np.float64)
    filled = texture(photo, hole, _painting(photo, hole, below), 0, lines=_along(photo, hole, below, 1.0))
    measured = softness(filled, np.ones(hole.shape, np.bool_), path)
    assert measured is not None
    assert 0.5 * blur < measured < 2 * blur + 0.3


def test_softness_is_the_sigma_of_a_blurred_step() -> None:
    rows, columns = np.mgrid[:100, :120]
    step = np.where((rows > 50 + 0.2 * columns)[..., None], np.float32([0.6, 0.5, 0.4]), np.float32(0.3))
    path = np.stack([np.arange(10, 90), 50 + 0.2 * np.arange(10, 90)], axis=1)
    known = np.ones(rows.shape, np.bool_)
    noise = np.random.default_rng(0).normal(0, 0.02, step.shape)
    for sigma in (1.0, 2.0, 3.5):
        photo = (cv2.GaussianBlur(step, (0, 0), sigma) + noise).astype(np.float32)
        measured = softness(photo, known, path)
        assert measured is not None
        assert abs(measured - sigma) < 0.25 * sigma
    assert softness(np.full_like(step, 0.5), known, path) is None


@pytest.mark.slow
def test_a_guessed_line_that_spoils_the_fill_is_taken_back_and_a_drawn_one_never() -> None:
    photo, hole, _ = _ridge()
    alone = texture(photo, hole, (photo / np.float32(255)), 0)
    rows, _ = np.mgrid[:200, :260]
    wrong = rows > 100 + 40  # through the rock, far from the ridge
    fills = {}
    for level in (1.0, 0.95):
        lines = _along(photo, hole, wrong, level)
        assert {line.source for line in lines} == {LineSource.DRAWN if level == 1 else LineSource.CONTINUED}
        fills[level] = texture(photo, hole, _painting(photo, hole, wrong), 0, lines=lines)
    known = ~hole
    assert coherence(fills[0.95], hole, known) <= 1.1 * coherence(alone, hole, known) + 0.3 / 255
    assert (fills[1.0] != fills[0.95]).any(axis=2)[hole].mean() > 0.05


def test_a_side_with_nothing_to_copy_is_filled_from_elsewhere() -> None:
    photo, hole, _ = _ridge()
    rows, columns = np.mgrid[:200, :260]
    closed = (rows - 100) ** 2 + (columns - 130) ** 2 <= 18**2  # a ring in the hole: nothing in it is known
    filled = texture(photo, hole, _painting(photo, hole, closed), 0, lines=_along(photo, hole, closed, 1.0))
    assert np.isfinite(filled).all()
    assert filled[closed].min(axis=1).mean() > 0.05  # and not left black
