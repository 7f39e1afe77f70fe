"""synth-edges: the edges of two photos meet where their halves do."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.conftest import CHECKOUT, Run

EXAMPLES = CHECKOUT / "examples"
OPPOSITE = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}


def slope(path: Path, side: str, begin: int, fall: float, ground: tuple[int, int, int]) -> Path:
    """Write sky over ground; from `begin` the horizon falls by so much a pixel. `side` turns the whole picture."""
    rows, columns = np.mgrid[:96, :128]
    rng = np.random.default_rng(1)
    picture = np.where((rows > begin + fall * columns)[..., None], ground, (200, 220, 255))
    picture = np.clip(picture + rng.integers(-3, 4, picture.shape), 0, 255).astype(np.uint8)
    turned = {"right": picture, "left": picture[:, ::-1], "bottom": picture.swapaxes(0, 1)}
    turned["top"] = picture.swapaxes(0, 1)[::-1]
    Image.fromarray(np.ascontiguousarray(turned[side])).save(path)
    return path


@pytest.mark.parametrize("side", OPPOSITE)
def test_an_edge_runs_through_the_border_of_the_halves(inpaint: Callable[..., Run], tmp_path: Path, side: str):
    first = slope(tmp_path / "first.png", side, 30, 0.1, (90, 60, 30))
    second = slope(tmp_path / "second.png", side, 50, -0.2, (20, 20, 20))  # 6 pixels lower at the border
    run = inpaint("synth-edges", first, second, "--side", side, "--no-texture", "-o", tmp_path / "edges.png")
    assert run.code == 0, run.err
    edges = (np.asarray(Image.open(tmp_path / "edges.png")) > 0).astype(np.uint8)
    count, _, boxes, _ = cv2.connectedComponentsWithStats(edges, connectivity=8)
    longest = max((boxes[part, 2:4] for part in range(1, count)), key=max)  # width and height
    assert max(longest) > 110, f"{count - 1} pieces, the longest of {longest} pixels"


def test_the_example_of_the_readme_has_one_ridge(inpaint: Callable[..., Run], tmp_path: Path):
    lake, dune = (tmp_path / f"{name}.jpg" for name in ("lake", "dune"))
    Image.open(EXAMPLES / "lake.jpg").resize((600, 400)).save(lake)
    Image.open(EXAMPLES / "dune.jpg").resize((600, 400)).save(dune)
    run = inpaint("synth-edges", lake, dune, "--no-texture", "-o", tmp_path / "edges.png")
    assert run.code == 0, run.err
    edges = (np.asarray(Image.open(tmp_path / "edges.png")) > 0).astype(np.uint8)
    _, labels = cv2.connectedComponents(edges, connectivity=8)
    through = set(labels[:, 295]) & set(labels[:, 305]) & set(labels[:, 560]) - {0}
    assert through, "no edge of the lake's half goes on to the far end of the dune's"
