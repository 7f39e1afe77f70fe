"""Lines after all stages: drawn strokes stay where they are, guesses act, and what must not be copied is not."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from inpaint_cli import EdgeConnect
from inpaint_cli.imaging.edges import canny, to_gray
from inpaint_cli.io.sketches import Sketch
from inpaint_cli.options import FillOptions, Lines, Method
from tests.conftest import Run
from tests.pictures import EXAMPLES

Command = Callable[..., Run]

RED = np.uint8([255, 0, 0])


def _ridge() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A dune against the sky, a hole across its outline, and the outline's row in each column."""
    with Image.open(EXAMPLES / "dune.jpg") as photo:
        window = np.asarray(photo.convert("RGB"))[690:890, 1010:1270]
    window = np.ascontiguousarray(window)
    blueness = cv2.GaussianBlur(window[..., 2].astype(np.float32) - window[..., 0], (0, 0), 2)
    ridge = np.argmin(np.diff(blueness, axis=0), axis=0) + 0.5  # the sky ends there
    hole = np.zeros(window.shape[:2], np.uint8)
    cv2.ellipse(hole, (130, int(ridge[130])), (45, 40), 0, 0, 360, 1, -1)
    return window, hole > 0, ridge


def _save(path: Path, pixels: np.ndarray) -> Path:
    Image.fromarray(pixels).save(path)
    return path


def test_a_drawn_horizon_is_where_it_was_drawn(inpaint: Command, tmp_path: Path) -> None:
    window, hole, ridge = _ridge()
    damaged = np.where(hole[..., None], np.uint8(255), window)
    sheet = np.full(hole.shape, 255, np.uint8)
    points = np.stack([np.arange(len(ridge)), ridge], axis=1)
    cv2.polylines(sheet, [np.rint(points).astype(np.int32)[:, None]], isClosed=False, color=0, thickness=2)
    out = tmp_path / "out.png"
    photo, mask = _save(tmp_path / "photo.png", damaged), _save(tmp_path / "mask.png", hole.astype(np.uint8) * 255)
    sketch = _save(tmp_path / "sketch.png", sheet)
    run = inpaint("inpaint", photo, "--mask", mask, "--edges", sketch, "-o", out)
    assert run.code == 0, run.err
    filled = np.asarray(Image.open(out))
    assert (filled[~hole] == damaged[~hole]).all()
    edges = canny(to_gray(filled))
    for column in range(95, 166):
        found = np.flatnonzero(edges[:, column] & hole[:, column])
        assert np.abs(found - ridge[column]).min(initial=np.inf) <= 2


@pytest.mark.slow
def test_a_sketch_in_one_hole_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    window, hole, ridge = _ridge()
    other = np.zeros_like(hole)
    cv2.circle(other.view(np.uint8), (60, 160), 14, 1, -1)  # in the same window
    strokes = np.zeros_like(hole)
    strokes[int(ridge[130]) + 6, 80:180] = True
    model = EdgeConnect.load(device="cpu")
    results, painters = [], []
    for sketch in (None, Sketch(strokes)):
        results.append(window.copy())
        filled = model.fill(window, hole | other, FillOptions(lines=Lines.CONTINUE), sketch)
        filled.apply(results[-1])
        painters.append(filled.painter)
    without, drawn = results
    assert painters == ["harmonic", "both, harmonic"]
    assert (drawn[other] == without[other]).all()
    assert (drawn[hole] != without[hole]).any(axis=1).mean() > 0.2


@pytest.mark.parametrize("name", [pytest.param("dune", marks=pytest.mark.slow), "bird"])
def test_a_line_that_goes_on_makes_a_difference(name: str) -> None:
    photo = cv2.imread(str(EXAMPLES / f"{name}.jpg"))[..., ::-1].copy()
    mask = cv2.imread(str(EXAMPLES / f"{name}_mask.png"), cv2.IMREAD_GRAYSCALE) > 127
    model = EdgeConnect.load(device="cpu")
    results = []
    for options in (FillOptions(lines=Lines.CONTINUE), FillOptions(method=Method.PATCHMATCH)):
        results.append(photo.copy())
        model.fill(photo, mask, options).apply(results[-1])
    assert (results[0][mask] != results[1][mask]).any(axis=1).mean() > 0.2


def _with_a_red_object(folder: Path) -> tuple[Path, Path, Path, np.ndarray]:
    """Red spots over half of the rock, one of them cut by the hole: without a word they are copied into it."""
    with Image.open(EXAMPLES / "tunnel.jpg") as photo:
        window = np.ascontiguousarray(np.asarray(photo.convert("RGB"))[100:260, 100:320])
    spots = np.zeros(window.shape[:2], np.uint8)
    for column in range(10, 120, 14):
        cv2.circle(spots, (column, 80), 6, 1, -1)
    hole = np.zeros_like(spots)
    hole[60:100, 95:135] = 1
    window[spots > 0] = RED
    photo_file = _save(folder / "rock.png", window)
    mask = _save(folder / "rock_mask.png", hole * 255)
    beside = cv2.dilate(spots, np.ones((3, 3), np.uint8))
    return photo_file, mask, _save(folder / "spots.png", beside * 255), hole > 0


def _redness(path: Path, hole: np.ndarray) -> float:
    pixels = np.asarray(Image.open(path)).astype(int)[hole]
    return float(((pixels[:, 0] > 200) & (pixels[:, 1:].max(axis=1) < 60)).mean())


@pytest.mark.parametrize("method", [pytest.param("edgeconnect", marks=pytest.mark.slow), "patchmatch"])
def test_what_must_not_be_copied_is_not(inpaint: Command, tmp_path: Path, method: str) -> None:
    photo, mask, spots, hole = _with_a_red_object(tmp_path)
    shared = ("inpaint", photo, "--mask", mask, "--method", method)
    free, kept = tmp_path / "free.png", tmp_path / "kept.png"
    assert inpaint(*shared, "-o", free).code == 0
    run = inpaint(*shared, "--not-from", spots, "-o", kept)
    assert run.code == 0, run.err
    assert _redness(free, hole) > 0.01
    assert _redness(kept, hole) == 0


def test_a_folder_says_for_each_photo_what_must_not_be_copied(inpaint: Command, tmp_path: Path) -> None:
    photo, mask, spots, hole = _with_a_red_object(tmp_path)
    folder = tmp_path / "not"
    folder.mkdir()
    spots.rename(folder / "rock.png")
    out = tmp_path / "out.png"
    assert inpaint("inpaint", photo, "--mask", mask, "--not-from", folder, "-o", out).code == 0
    assert _redness(out, hole) == 0
    (folder / "rock.png").rename(folder / "another.png")
    run = inpaint("inpaint", photo, "--mask", mask, "--not-from", folder, "-o", tmp_path / "other.png")
    assert run.code == 1
    assert "no mask in" in run.err


def test_where_nothing_may_be_copied_that_is_said(inpaint: Command, tmp_path: Path) -> None:
    photo, mask, _, hole = _with_a_red_object(tmp_path)
    everything = _save(tmp_path / "all.png", np.full(hole.shape, 255, np.uint8))
    run = inpaint("inpaint", photo, "--mask", mask, "--not-from", everything, "-o", tmp_path / "out.png")
    assert run.code == 1
    assert "--not-from leaves nothing to copy" in run.err
    idle = inpaint("inpaint", photo, "--mask", mask, "--no-texture", "--not-from", mask, "-o", tmp_path / "soft.png")
    assert idle.code == 0
    assert "--not-from changes nothing" in idle.err
