"""An edge map that went through a paint program still gives the picture that it came from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.conftest import CHECKOUT, Run

Inpaint = Callable[..., Run]
EXAMPLES = CHECKOUT / "examples"
HOLE = ("--box", "300,150,120,90")
SETTINGS = {  # a hole that is painted at half its size, and one at its own
    "reduced": ("--size", "128"),
    "its own size": ("--size", "512"),
    "grown": ("--size", "128", "--grow", "auto"),
}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    with Image.open(EXAMPLES / "dune.jpg") as picture:
        picture.resize((640, 427), Image.Resampling.LANCZOS).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def resave(source: Path, target: Path, mode: str) -> None:
    """Save 16-bit grey as a paint program does: 8 bits, no text."""
    with Image.open(source) as stored:
        Image.fromarray(np.round(np.asarray(stored) / 257).astype(np.uint8)).convert(mode).save(target)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "painter"), [("L", "harmonic"), ("RGB", "g2")])
@pytest.mark.parametrize("lines", ["continue", "g1"])
@pytest.mark.parametrize("size", SETTINGS)
def test_in_8_bits_and_without_text(
    size: str, lines: str, painter: str, mode: str, photo: Path, inpaint: Inpaint, tmp_path: Path
) -> None:
    options = (*HOLE, *SETTINGS[size])
    assert inpaint("edges", photo, *options, "--lines", lines, "-o", tmp_path / "map.png").code == 0
    resave(tmp_path / "map.png", tmp_path / "resaved.png", mode)
    fill = ("inpaint", photo, *options, "--painter", painter, "--no-texture")
    for name, edges in (("before", "map.png"), ("after", "resaved.png")):
        run = inpaint(*fill, "--edges", tmp_path / edges, "-o", tmp_path / f"{name}.png")
        assert (run.code, "looks like" in run.err) == (0, False), run.err
    difference = np.abs(pixels(tmp_path / "before.png") - pixels(tmp_path / "after.png"))
    assert difference.max() <= 2
    assert (difference > 1).sum() < 0.001 * 3 * 120 * 90  # G2's arithmetic rounds what 8 bits of G1's map left open


@pytest.mark.slow
@pytest.mark.parametrize("size", ["reduced", "its own size"])
def test_one_that_was_drawn_on_is_a_sketch(size: str, photo: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    """Thick strokes are thinned, and what was drawn on the map before it was saved again counts."""
    options = (*HOLE, *SETTINGS[size])
    inpaint("edges", photo, *options, "--lines", "none", "-o", tmp_path / "map.png")
    resave(tmp_path / "map.png", tmp_path / "resaved.png", "L")
    with Image.open(tmp_path / "resaved.png") as stored:
        drawn = stored.copy()
    ImageDraw.Draw(drawn).line((305, 160, 415, 230), fill=255, width=7)
    drawn.save(tmp_path / "drawn.png")
    sheet = Image.new("L", drawn.size)
    ImageDraw.Draw(sheet).line((305, 160, 415, 230), fill=255, width=7)
    sheet.save(tmp_path / "sheet.png")
    fill = ("inpaint", photo, *options, "--painter", "harmonic", "--no-texture", "--edges")
    for name in ("drawn", "sheet"):
        assert inpaint(*fill, tmp_path / f"{name}.png", "-o", tmp_path / f"{name}-out.png").code == 0
    assert inpaint(*fill, tmp_path / "resaved.png", "-o", tmp_path / "none-out.png").code == 0
    one, other, none = (pixels(tmp_path / f"{name}-out.png") for name in ("drawn", "sheet", "none"))
    assert np.abs(one - other).mean() < 0.3 * np.abs(one - none).mean()
