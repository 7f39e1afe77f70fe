"""What each option of `inpaint` does to the picture: two values side by side, and what has to tell them apart."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from inpaint_cli import load_image
from inpaint_cli.imaging.blending import dilate_mask
from tests.conftest import CHECKOUT, Run

NO_NETWORK = ("--lines", "continue", "--painter", "harmonic")
PAINTED = (*NO_NETWORK, "--no-texture")
WINDOW = (420, 800, 740, 1040)  # of the dune: its ridge, with walkers on it


@dataclass(frozen=True)
class Fill:
    """What one command made of the photo.

    Attributes:
        picture: the result, H×W×3.
        said: its line on standard error.
        steps: the pictures of the stages by name.
    """

    picture: np.ndarray
    said: str
    steps: dict[str, np.ndarray]


@dataclass(frozen=True)
class Scene:
    """A small photo with a hole, and the command line that fills it."""

    inpaint: Callable[..., Run]
    folder: Path
    photo: np.ndarray
    hole: np.ndarray

    def fill(self, *options: object) -> Fill:
        """Return what `inpaint` makes with these options."""
        target, steps = self.folder / "out.png", self.folder / "steps"
        files = ("--mask", self.folder / "mask.png", "-o", target, "--save-steps", steps, "--overwrite")
        run = self.inpaint("inpaint", self.folder / "photo.png", *files, *options)
        assert run.code == 0, run.err
        pictures = {path.stem.split("-")[-1]: np.asarray(Image.open(path)) for path in sorted(steps.iterdir())}
        return Fill(load_image(target), run.err.splitlines()[-1], pictures)

    def sketch(self) -> Path:
        """Return a file with one dark stroke across the hole on white."""
        lines = Image.new("L", (160, 120), 255)
        lines.paste(0, (0, 64, 160, 67))
        lines.save(self.folder / "sketch.png")
        return self.folder / "sketch.png"

    def changed(self, fill: Fill) -> np.ndarray:
        """Return where a result differs from the photo, H×W."""
        return (fill.picture != self.photo).any(axis=2)

    def detail(self, fill: Fill) -> float:
        """Return the median size, in the hole, of what a blur of σ 1.5 takes away, in grey levels: grain, not lines."""
        gray = cv2.cvtColor(fill.picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
        return float(np.median(np.abs(gray - cv2.GaussianBlur(gray, (0, 0), 1.5))[self.hole]))

    def distance(self, one: Fill, other: Fill) -> float:
        """Return the mean absolute difference in the hole, in levels."""
        return float(np.abs(one.picture.astype(float) - other.picture)[self.hole].mean())


@pytest.fixture
def scene(inpaint: Callable[..., Run], tmp_path: Path) -> Scene:
    photo = Image.open(CHECKOUT / "examples/dune.jpg").crop(WINDOW).resize((160, 120))
    mask = Image.open(CHECKOUT / "examples/dune_mask.png").convert("1").crop(WINDOW).resize((160, 120))
    photo.save(tmp_path / "photo.png")
    mask.save(tmp_path / "mask.png")
    return Scene(inpaint, tmp_path, np.asarray(photo), np.asarray(mask.convert("L")) > 127)


def test_lines_and_painter_are_those_that_were_asked_for(scene: Scene):
    assert "continued · painter: harmonic" in scene.fill(*NO_NETWORK).said
    assert "lines: none" in scene.fill("--lines", "none", "--painter", "harmonic").said
    painted = scene.fill("--lines", "continue", "--painter", "g2", "--no-texture")
    assert "continued · painter: g2" in painted.said
    assert scene.distance(painted, scene.fill(*PAINTED)) > 0.5


def test_both_is_the_mean_of_the_two_painters_and_paints_along_what_was_drawn(scene: Scene):
    options = ("--edges", scene.sketch(), "--no-texture", "--no-harmonise", "--size", 128)
    harmonic, g2, both, auto = (
        scene.fill(*options, *painter)
        for painter in (("--painter", "harmonic"), ("--painter", "g2"), ("--painter", "both"), ())
    )
    assert "1 drawn · painter: both" in auto.said
    assert (auto.picture == both.picture).all()
    mean = (harmonic.steps["painting"].astype(float) + g2.steps["painting"]) / 2
    hole = cv2.resize(both.steps["hole"], mean.shape[1::-1], interpolation=cv2.INTER_AREA) > 250
    assert np.abs(both.steps["painting"] - mean)[hole].max() <= 1.5
    assert scene.distance(both, harmonic) > 0.5


def test_plain_is_both_networks_at_the_photos_own_size_without_texture(scene: Scene):
    plain = scene.fill("--plain")
    assert "by G1 · painter: g2" in plain.said
    assert plain.steps["painting"].shape == scene.photo.shape
    assert (plain.steps["painting"] == plain.steps["result"]).all()
    assert not scene.changed(plain)[~scene.hole].any()


@pytest.mark.slow
def test_guide_holds_the_texture_to_the_painting(scene: Scene):
    painting = scene.fill(*PAINTED)
    free, guided = (scene.fill(*NO_NETWORK, "--guide", weight) for weight in (0, 5))
    assert scene.distance(guided, painting) < scene.distance(free, painting)


def test_texture_brings_the_photos_detail(scene: Scene):
    assert scene.detail(scene.fill(*NO_NETWORK)) > 1.5 * scene.detail(scene.fill(*PAINTED))


def test_size_is_the_working_size(scene: Scene):
    for size in (160, 32):
        assert max(scene.fill(*PAINTED, "--size", size).steps["painting"].shape) == size


def test_context_is_how_much_a_window_shows(scene: Scene):
    narrow, wide = (scene.fill(*PAINTED, "--context", context).steps["window"] for context in (0.2, 3))
    assert narrow.size < 0.9 * wide.size


def test_harmonise_takes_the_step_away_at_the_border(scene: Scene):
    with_, without = (scene.fill(*PAINTED, "--size", 32, *more) for more in ((), ("--no-harmonise",)))
    rim = scene.hole & ~cv2.erode(scene.hole.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    around = cv2.blur(np.where(scene.hole[..., None], 0, scene.photo).astype(np.float32), (3, 3))
    around /= np.maximum(cv2.blur((~scene.hole).astype(np.float32), (3, 3)), 1e-6)[..., None]
    steps = [np.abs(fill.picture - around)[rim].mean() for fill in (with_, without)]
    assert steps[0] < steps[1]


def test_sigma_is_how_coarse_the_edges_are(scene: Scene):
    fine, coarse = (scene.fill(*PAINTED, "--sigma", sigma).steps["edges"] for sigma in (1, 8))
    known = ~dilate_mask(scene.hole, 2)[0]
    assert (fine[known] > 127).sum() > 2 * (coarse[known] > 127).sum()


def test_grow_is_how_far_the_hole_is_dilated(scene: Scene):
    for grow in (2, 9):
        changed = scene.changed(scene.fill(*PAINTED, "--grow", grow))
        assert not changed[~dilate_mask(scene.hole, grow)[0]].any()
        assert changed[dilate_mask(scene.hole, grow - 1)[0]].mean() > 0.8


def test_feather_blends_the_border_with_the_photo(scene: Scene):
    hard, soft = (scene.fill(*PAINTED, "--grow", 8, "--feather", width).picture for width in (0, 8))
    border = dilate_mask(scene.hole, 8)[0] & ~dilate_mask(scene.hole, 6)[0]
    off = [np.abs(picture.astype(float) - scene.photo)[border].mean() for picture in (hard, soft)]
    assert off[1] < 0.7 * off[0]


def test_method_is_another_one_altogether(scene: Scene):
    telea, stokes, copied = (scene.fill("--method", name) for name in ("telea", "navier-stokes", "patchmatch"))
    assert scene.distance(telea, stokes) > 0.5
    assert scene.detail(copied) > 1.2 * max(scene.detail(telea), scene.detail(stokes))


@pytest.mark.slow
def test_seed_gives_another_result_as_good(scene: Scene):
    one, same, other = (scene.fill(*NO_NETWORK, "--seed", seed) for seed in (1, 1, 2))
    assert (one.picture == same.picture).all()
    assert (one.picture != other.picture).any(axis=2)[scene.hole].mean() > 0.1
    assert scene.detail(other) == pytest.approx(scene.detail(one), rel=0.5)


@pytest.mark.slow
def test_invert_mask_fills_what_is_black(scene: Scene):
    changed = scene.changed(scene.fill(*NO_NETWORK, "--invert-mask", "--large-hole"))
    assert not changed[scene.hole].any()
    assert changed[~scene.hole].mean() > 0.9


def test_edges_are_followed_alone_or_beside_the_guessed_ones(scene: Scene):
    sketch = ("--edges", scene.sketch())
    drawn, added = scene.fill(*NO_NETWORK, *sketch), scene.fill(*NO_NETWORK, *sketch, "--edges-mode", "add")
    assert "lines: 1 drawn " in drawn.said
    assert "continued, " in added.said
    assert "drawn" in added.said
    assert "lines: none" in scene.fill("--painter", "harmonic", "--edges", "none").said


def test_ink_says_which_shade_was_drawn(scene: Scene):
    dark, light = (scene.fill(*PAINTED, "--edges", scene.sketch(), "--ink", ink) for ink in ("dark", "light"))
    stroke = slice(64, 67)
    assert (dark.steps["edges"] > 127)[stroke][scene.hole[stroke]].any(), "the stroke itself"
    assert not (light.steps["edges"] > 127)[stroke][scene.hole[stroke]].any(), "the borders of the white around it"
