"""Lines from edge map to picture: G1 judges them, soft walls hold colours apart, a sketch stays in its hole."""

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from inpaint_cli import EdgeConnect, load_image
from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.imaging.harmonic import harmonic_fill
from inpaint_cli.imaging.lines import Line, LineSource, draw_lines, trace_lines
from inpaint_cli.io.sketches import EdgeMap, Sketch
from inpaint_cli.options import FillOptions, Lines
from tests.conftest import CHECKOUT, Run

Command = Callable[..., Run]
UNTEXTURED = FillOptions(texture=False)


@pytest.fixture(scope="module")
def model() -> EdgeConnect:
    return EdgeConnect.load(device="cpu")


def dune() -> np.ndarray:
    """A dune's ridge before the sky, without the walkers: a real photo of 240×134."""
    with Image.open(CHECKOUT / "examples/dune.jpg") as photo:
        return np.asarray(photo.crop((0, 800, 480, 1067)).resize((240, 134)))


def disc(shape: tuple[int, int], centre: tuple[int, int], radius: int) -> np.ndarray:
    """A round hole; `centre` is (row, column)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2


def ridge_of(photo: np.ndarray) -> np.ndarray:
    """The row of the strongest edge in each column."""
    gray = cv2.GaussianBlur(to_gray(photo), (0, 0), 2)
    return np.abs(np.diff(gray, axis=0)).argmax(axis=0)


@pytest.mark.parametrize("lines", [Lines.G1, Lines.CONTINUE])
def test_a_ridge_is_found_across_the_hole_where_it_ran(model, lines):
    photo = dune()
    hole = disc(photo.shape[:2], (int(ridge_of(photo)[110]), 110), 22)
    (crop,) = model.find_edges(np.where(hole[..., None], 0, photo).astype(np.uint8), hole, FillOptions(lines=lines))
    line = crop.lines[0]
    assert line.start is not None and line.end is not None
    assert min(len(line.start.path), len(line.end.path)) >= 7, "the photo's own edge goes on at both ends"
    scale = crop.window.scale
    columns, rows = (line.points * scale + (crop.window.box.left, crop.window.box.top)).round().astype(int).T
    assert np.ptp(columns) > 35, "from rim to rim"
    off = cv2.distanceTransform((~canny(to_gray(photo))).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    assert np.quantile(off[rows, columns], 0.95) <= 2


def test_a_soft_wall_keeps_two_colours_apart_as_far_as_it_is_sure():
    columns = np.mgrid[:60, :60][1]
    image = np.where((columns < 30)[..., None], np.float32([0.9, 0.2, 0.1]), np.float32([0.1, 0.3, 0.8]))
    hole = disc((60, 60), (30, 30), 20)
    image = np.where(hole[..., None], np.float32(0), image).astype(np.float32)
    ridge = ((np.abs(columns - 30) <= 1) & hole).astype(np.float32)

    def step(resistance: np.ndarray | None) -> float:
        filled = harmonic_fill(image, hole, resistance=resistance)
        return float(np.abs(filled[30, 25] - filled[30, 35]).mean())

    none, weak, strong = step(None), step(20 * ridge), step(20_000 * ridge)
    assert none < weak < strong
    assert strong > 0.95 * np.abs(image[30, 2] - image[30, 57]).mean()
    assert step(np.full(hole.shape, 300, np.float32) * hole) == pytest.approx(none, abs=0.02), (
        "a grey cloud changes nothing"
    )


@pytest.mark.parametrize("grow", [0, None])
def test_a_map_of_lines_and_soft_walls_fed_back_changes_nothing(model, grow):
    photo = dune()
    hole = disc(photo.shape[:2], (int(ridge_of(photo)[110]) + 8, 110), 20)
    options = FillOptions(texture=False, grow=grow)
    edges = model.edge_map(photo, hole, options)
    inside = edges[hole]
    assert ((inside > 0) & (inside < 0.5)).any() and (inside > 0.5).any(), "both are in the map"
    own, fed = model.fill(photo, hole, options), model.fill(photo, hole, options, EdgeMap(edges))
    assert own.lines == fed.lines
    assert np.array_equal(own.crops[0].picture, fed.crops[0].picture)


def test_lines_that_are_drawn_and_traced_are_the_same_lines():
    t = np.linspace(0, 1, 120)[:, None]
    hole = np.zeros((100, 100), np.bool_)
    hole[10:-10, 20:-19] = True
    bow = np.concatenate([20 + 60 * t, 40 - 40 * t * (1 - t)], axis=1)
    lines = [
        Line(bow, None, None, 0.62, LineSource.CONTINUED),
        Line(np.add(bow, (0, 20)), None, None, 0.41, LineSource.G1),
        Line(np.add(bow, (0, 40)), None, None, 1.0, LineSource.DRAWN),
    ]
    image = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    traced = trace_lines(draw_lines(lines, hole.shape), image, hole)
    assert [line.source for line in traced] == [LineSource.DRAWN, LineSource.CONTINUED, LineSource.G1]
    for before, after in zip([lines[2], lines[0], lines[1]], traced, strict=True):
        assert after.trust == pytest.approx(before.trust, abs=0.01)
        apart = np.linalg.norm(before.points[:, None] - after.points[None], axis=2)
        assert apart.min(axis=1).max() < 1
        assert np.linalg.norm(np.diff(after.points, axis=0), axis=1).max() < 0.8


def test_strokes_that_cross_are_two_lines_and_a_ring_is_one():
    levels = np.zeros((80, 120), np.float32)
    cv2.line(levels, (10, 15), (60, 65), 1.0)
    cv2.line(levels, (10, 60), (60, 20), 1.0)
    cv2.circle(levels, (95, 40), 15, 1.0)
    hole = np.zeros(levels.shape, np.bool_)
    hole[4:-4, 4:-4] = True
    lines = trace_lines(levels, np.zeros((*levels.shape, 3), np.uint8), hole)
    lengths = sorted(np.linalg.norm(np.diff(line.points, axis=0), axis=1).sum() for line in lines)
    assert lengths == pytest.approx([64, 70.7, 94], abs=4)
    (ring,) = [line for line in lines if line.points[:, 0].min() > 70]
    assert np.allclose(ring.points[0], ring.points[-1])


@pytest.mark.slow
@pytest.mark.parametrize("apart", [60, 150])
def test_a_sketch_in_one_hole_leaves_the_other_as_it_is_without(model, apart):
    """Near enough for one window, and far enough for two."""
    photo = np.concatenate([dune(), dune()[:, ::-1]], axis=1)
    ridge = ridge_of(photo)
    here, there = (int(ridge[110]), 110), (int(ridge[110 + apart]), 110 + apart)
    other = disc(photo.shape[:2], there, 14)
    hole = disc(photo.shape[:2], here, 14) | other
    strokes = np.zeros(hole.shape, np.bool_)
    strokes[here[0] - 13 : here[0] + 13, 108:111] = True
    for options in (FillOptions(), FillOptions(grow=None)):
        with_sketch, without = photo.copy(), photo.copy()
        result = model.fill(photo, hole, options, Sketch(strokes))
        result.apply(with_sketch)
        model.fill(photo, hole, options).apply(without)
        assert result.lines["drawn"] == 1
        reached = cv2.dilate(other.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
        assert np.array_equal(with_sketch[reached], without[reached])
        own = (hole & ~other)[..., None]
        assert ((with_sketch != without) & own).sum() > 0.1 * own.sum(), "the stroke acts in its own hole"


def test_verbose_says_which_lines_acted(inpaint: Command, tmp_path: Path):
    photo = dune()
    Image.fromarray(photo).save(tmp_path / "dune.png")
    hole = disc(photo.shape[:2], (int(ridge_of(photo)[110]), 110), 20)
    Image.fromarray(hole).save(tmp_path / "hole.png")
    common = ("inpaint", tmp_path / "dune.png", "--mask", tmp_path / "hole.png", "--no-texture", "-v")
    run = inpaint(*common, "-o", tmp_path / "a.png")
    assert re.search(r" · lines: 1 (continued|by G1) · painter: harmonic · ", run.err), run.err
    run = inpaint(*common, "-o", tmp_path / "b.png", "--edges", "none")
    assert " · lines: none · painter: harmonic · " in run.err
    assert not np.array_equal(load_image(tmp_path / "a.png"), load_image(tmp_path / "b.png"))


def test_g1_that_finds_no_line_is_warned_of(inpaint: Command, tmp_path: Path):
    rows, columns = np.mgrid[:90, :120]
    sky = np.stack([100 + rows // 3, 140 + rows // 3, 180 + columns // 4], axis=2).astype(np.uint8)
    Image.fromarray(sky).save(tmp_path / "sky.png")
    common = ("inpaint", tmp_path / "sky.png", "--box", "40,30,30,30", "--no-texture")
    assert "G1 found no line in its hole" in inpaint(*common, "-o", tmp_path / "a.png", "--lines", "g1").err
    assert "warning" not in inpaint(*common, "-o", tmp_path / "b.png").err, "nobody asked for lines in so many words"
    assert not canny(to_gray(load_image(tmp_path / "a.png"))).any()
