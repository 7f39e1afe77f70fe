"""A hand that marks what goes is understood, however it did it; and a wrong mask does not destroy a photo."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, PngImagePlugin

from tests.conftest import CHECKOUT, Run

Inpaint = Callable[..., Run]
EXAMPLES = CHECKOUT / "examples"
SIZE = (320, 213)
QUICK = ("--method", "telea")


@pytest.fixture(scope="module")
def dune() -> Image.Image:
    """Return a real photo."""
    with Image.open(EXAMPLES / "dune.jpg") as photo:
        return photo.resize(SIZE, Image.Resampling.LANCZOS)


@pytest.fixture
def photo(dune: Image.Image, tmp_path: Path) -> Path:
    dune.save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def mark() -> Image.Image:
    """Return a blob and a stroke, white on black."""
    sheet = Image.new("L", SIZE)
    draw = ImageDraw.Draw(sheet)
    draw.ellipse((90, 60, 150, 120), fill=255)
    draw.line((180, 40, 280, 150), fill=255, width=6)
    return sheet


def inverted(sheet: Image.Image) -> Image.Image:
    return Image.eval(sheet, lambda value: 255 - value)


def on_layer(colour: tuple[int, int, int]) -> Image.Image:
    layer = Image.new("RGB", SIZE, colour)
    layer.putalpha(mark())
    return layer


def on_paper(paper: object, ink: object) -> Image.Image:
    sheet = Image.new("RGB", SIZE, paper)
    sheet.paste(ink, mask=mark())
    return sheet


def on_copy(photo: Image.Image, colour: object) -> Image.Image:
    copy = photo.copy()
    copy.paste(colour, mask=mark())
    return copy


def erased(photo: Image.Image) -> Image.Image:
    copy = photo.copy()
    copy.putalpha(inverted(mark()))
    return copy


MARKS = {
    "white on black": lambda _: mark(),
    "red on transparency": lambda _: on_layer((255, 0, 0)),
    "black on transparency": lambda _: on_layer((0, 0, 0)),
    "red on black": lambda _: on_paper("black", "red"),
    "blue on black": lambda _: on_paper("black", "blue"),
    "grey on black": lambda _: on_paper("black", (100, 100, 100)),
    "red on white": lambda _: on_paper("white", "red"),
    "green on grey": lambda _: on_paper((120, 120, 120), (0, 255, 0)),
    "red on a copy": lambda photo: on_copy(photo, "red"),
    "black on a copy": lambda photo: on_copy(photo, "black"),
    "white on a copy": lambda photo: on_copy(photo, "white"),
    "erased from a copy": erased,
}


def hole_of(run: Run, before: Path, after: Path) -> NDArray[np.bool_]:
    """Return which pixels were filled, and check the share that was reported."""
    assert run.code == 0, run.err
    with Image.open(before) as one, Image.open(after) as other:
        filled = (np.asarray(one.convert("RGB")) != np.asarray(other.convert("RGB"))).any(axis=2)
    assert filled.mean() <= json.loads(run.out)["hole"]
    return filled


def is_the_mark(filled: NDArray[np.bool_], *, rim: int) -> bool:
    """Whether what was filled is the mark, give or take a rim, and pixels that came out as they were."""
    truth = np.asarray(mark()) > 127
    wide = cv2.dilate(truth.astype(np.uint8), np.ones((2 * rim + 1, 2 * rim + 1), np.uint8)) > 0
    return not (filled & ~wide).any() and bool((filled & truth).sum() > 0.9 * truth.sum())


@pytest.mark.parametrize("how", MARKS)
def test_every_way_to_mark(how: str, photo: Path, dune: Image.Image, inpaint: Inpaint, tmp_path: Path) -> None:
    MARKS[how](dune).save(tmp_path / "mask.png")
    out = tmp_path / "out.png"
    run = inpaint("inpaint", photo, "--mask", tmp_path / "mask.png", *QUICK, "-o", out, "--json")
    assert is_the_mark(hole_of(run, photo, out), rim=0)


@pytest.mark.slow
@pytest.mark.parametrize("quality", [95, 75, 40])
@pytest.mark.parametrize("how", ["red on black", "red on white", "red on a copy", "black on a copy", "grey on black"])
def test_a_mark_that_was_saved_as_a_jpeg(
    how: str, quality: int, photo: Path, dune: Image.Image, inpaint: Inpaint, tmp_path: Path
) -> None:
    MARKS[how](dune).convert("RGB").save(tmp_path / "mask.jpg", quality=quality)
    out = tmp_path / "out.png"
    run = inpaint("inpaint", photo, "--mask", tmp_path / "mask.jpg", *QUICK, "-o", out, "--json")
    assert is_the_mark(hole_of(run, photo, out), rim=8)  # half a block of JPEG's colours


@pytest.mark.parametrize("scale", [0.5, 2])
def test_a_marked_copy_of_another_size(
    scale: float, photo: Path, dune: Image.Image, inpaint: Inpaint, tmp_path: Path
) -> None:
    size = round(SIZE[0] * scale), round(SIZE[1] * scale)
    on_copy(dune, "red").resize(size, Image.Resampling.BICUBIC).save(tmp_path / "mask.png")
    out = tmp_path / "out.png"
    run = inpaint("inpaint", photo, "--mask", tmp_path / "mask.png", *QUICK, "-o", out, "--json")
    assert is_the_mark(hole_of(run, photo, out), rim=4)


def test_a_night_photo_is_no_copy_of_its_mask(dune: Image.Image, inpaint: Inpaint, tmp_path: Path) -> None:
    """Most of both is black, and yet the stars do not count as marks."""
    night = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    night[::20, ::20] = 255
    Image.fromarray(night).save(tmp_path / "night.png")
    mark().save(tmp_path / "mask.png")
    run = inpaint(
        "inpaint", tmp_path / "night.png", "--mask", tmp_path / "mask.png", *QUICK, "-o", tmp_path / "o.png", "--json"
    )
    assert json.loads(run.out)["hole"] == pytest.approx((np.asarray(mark()) > 127).mean())


@pytest.mark.slow
@pytest.mark.parametrize("command", ["remove", "inpaint"])
@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ("inverted", "--invert-mask if black marks"),
        ("erased from another", "--mask-alpha if what is transparent"),
        ("boxes", "--large-hole if that is meant"),
    ],
)
def test_a_hole_that_takes_most_of_the_photo(
    wrong: str, remedy: str, command: str, photo: Path, inpaint: Inpaint, tmp_path: Path
) -> None:
    if wrong == "inverted":
        inverted(mark()).save(tmp_path / "mask.png")
    else:
        other = Image.new("RGB", SIZE, (240, 240, 240))
        other.putalpha(inverted(mark()))
        other.save(tmp_path / "mask.png")
    hole = ["--box", "0,0,320,180"] if wrong == "boxes" else ["--mask", tmp_path / "mask.png"]
    run = inpaint(command, photo, *hole, *QUICK)
    assert (run.code, run.err.count("\n")) == (1, 1)
    assert "of " + str(photo) + " would be missing" in run.err
    assert remedy in run.err
    assert "--large-hole" in run.err
    assert not (tmp_path / "photo-clean.png").exists()
    assert inpaint(command, photo, *hole, *QUICK, "--large-hole").code == 0


def test_inpaint_takes_more_than_remove(photo: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    hole = ("--box", f"0,0,{SIZE[0]},{round(SIZE[1] * 0.6)}")
    assert inpaint("remove", photo, *hole, *QUICK).code == 1
    assert inpaint("inpaint", photo, *hole, *QUICK).code == 0
    assert inpaint("edges", photo, "--box", "0,0,320,200").code == 0  # nothing is destroyed


def test_in_a_folder_a_wrong_mask_fails_its_own_photo(dune: Image.Image, inpaint: Inpaint, tmp_path: Path) -> None:
    photos, masks = tmp_path / "photos", tmp_path / "masks"
    photos.mkdir()
    masks.mkdir()
    for name in ("a", "b", "c"):
        dune.save(photos / f"{name}.png")
        (inverted(mark()) if name == "b" else mark()).save(masks / f"{name}.png")
    run = inpaint("remove", photos, "--mask", masks, *QUICK, "-o", f"{tmp_path / 'out'}/")
    assert run.code == 1
    lines = run.err.splitlines()
    assert len(lines) == 2
    assert "b.png" in lines[0]
    assert "--invert-mask" in lines[0]
    assert lines[1] == "inpaint: 2 of 3 done, 1 failed"


def test_another_photo_is_no_mask(photo: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    with Image.open(EXAMPLES / "tunnel.jpg") as other:
        other.resize(SIZE).save(tmp_path / "other.png")
    run = inpaint("remove", photo, "--mask", tmp_path / "other.png", *QUICK)
    assert (run.code, run.err.count("\n")) == (1, 1)
    assert "no copy of" in run.err


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ("black", "it is all black"),
        ("faint", "its lightest value is 20 of 255"),
        ("transparent", "it is all transparent"),
        ("copy", "itself, with no mark on it"),
        ("jpeg", "itself, with no mark on it"),
    ],
)
def test_an_empty_mask_says_what_was_seen(
    seen: str, words: str, photo: Path, dune: Image.Image, inpaint: Inpaint, tmp_path: Path
) -> None:
    path = tmp_path / ("mask.jpg" if seen == "jpeg" else "mask.png")
    pictures = {
        "black": Image.new("L", SIZE),
        "faint": on_paper("black", (20, 20, 20)),
        "transparent": Image.new("RGBA", SIZE, (255, 255, 255, 0)),
        "copy": dune,
        "jpeg": dune,
    }
    pictures[seen].save(path)
    run = inpaint("remove", photo, "--mask", path, *QUICK)
    assert (run.code, run.err.count("\n")) == (1, 1)
    assert "the mask is empty" in run.err
    assert words in run.err


LINES = ("--painter", "harmonic", "--no-texture", "--box", "60,40,200,130")


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_of_a_sketch_on_the_photo_only_the_stroke_counts(
    kind: str, photo: Path, dune: Image.Image, inpaint: Inpaint, tmp_path: Path
) -> None:
    strokes = Image.new("RGB", SIZE, "white")
    copy = dune.copy()
    for sheet in (strokes, copy):
        ImageDraw.Draw(sheet).line((40, 150, 290, 70), fill="red", width=5)
    strokes.save(tmp_path / "sketch.png")
    copy.save(tmp_path / f"copy.{kind}")
    results = []
    for number, sketch in enumerate(("sketch.png", f"copy.{kind}")):
        run = inpaint("inpaint", photo, *LINES, "--edges", tmp_path / sketch, "-o", tmp_path / f"{number}.png")
        assert (run.code, run.warnings) == (0, [])
        with Image.open(tmp_path / f"{number}.png") as result:
            results.append(np.asarray(result).astype(int))
    run = inpaint("inpaint", photo, *LINES, "--edges", "none", "-o", tmp_path / "none.png")
    with Image.open(tmp_path / "none.png") as result:
        without = np.abs(np.asarray(result) - results[0]).mean()
    assert np.abs(results[0] - results[1]).mean() < 0.2 * without


def test_a_sketch_that_is_the_photo_and_one_that_is_another(
    photo: Path, dune: Image.Image, inpaint: Inpaint, tmp_path: Path
) -> None:
    dune.save(tmp_path / "same.jpg")
    run = inpaint("inpaint", photo, *LINES, "--edges", tmp_path / "same.jpg")
    assert (run.code, run.err.count("\n")) == (1, 1)
    assert "no stroke on it; --edges-from" in run.err
    with Image.open(EXAMPLES / "tunnel.jpg") as other:
        other.resize(SIZE).save(tmp_path / "other.png")
    run = inpaint("inpaint", photo, *LINES, "--edges", tmp_path / "other.png")
    assert run.code == 0
    assert "looks like a photo" in run.err


def test_a_faint_stroke_beside_a_strong_one_counts(photo: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    lines = {"strong": (60, 80, 260, 80), "faint": (60, 130, 260, 130)}
    results = []
    for number, opacity in enumerate((255, 100)):
        alpha = Image.new("L", SIZE)
        for name, line in lines.items():
            ImageDraw.Draw(alpha).line(line, fill=opacity if name == "faint" else 255, width=5)
        layer = Image.new("RGB", SIZE, "blue")
        layer.putalpha(alpha)
        layer.save(tmp_path / f"layer{number}.png")
        run = inpaint(
            "inpaint", photo, *LINES, "--edges", tmp_path / f"layer{number}.png", "-o", tmp_path / f"{number}.png"
        )
        assert "lines: 2 drawn" in run.err
        results.append((tmp_path / f"{number}.png").read_bytes())
    assert results[0] == results[1]


def test_coloured_ink_on_an_edge_map_that_keeps_its_text(photo: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    assert inpaint("edges", photo, "--box", "60,40,200,130", "--lines", "none", "-o", tmp_path / "map.png").code == 0
    with Image.open(tmp_path / "map.png") as stored:
        text = PngImagePlugin.PngInfo()
        for key, value in stored.text.items():
            text.add_text(key, value)
        grey = Image.fromarray((np.asarray(stored) // 257).astype(np.uint8))
    inked = grey.convert("RGB")
    ImageDraw.Draw(inked).line((40, 150, 290, 70), fill=(0, 0, 255), width=5)
    inked.save(tmp_path / "inked.png", pnginfo=text)
    run = inpaint("inpaint", photo, *LINES, "--edges", tmp_path / "inked.png", "-o", tmp_path / "out.png")
    assert (run.code, run.warnings) == (0, [])
    assert "1 drawn" in run.err
