"""remove, inpaint, edges and synth-edges as a user runs them: what each option changes, and what nothing may change."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inpaint_cli import load_image
from inpaint_cli.imaging.blending import dilate_mask
from tests.conftest import CHECKOUT, Run

Command = Callable[..., Run]
NO_NETWORK = ("--lines", "continue", "--painter", "harmonic")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A part of a real photo, 160×120: a dune's ridge with walkers on it."""
    path = tmp_path / "dune.png"
    Image.open(CHECKOUT / "examples/dune.jpg").crop((420, 800, 740, 1040)).resize((160, 120)).save(path)
    return path


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    path = tmp_path / "walkers.png"
    Image.open(CHECKOUT / "examples/dune_mask.png").convert("1").crop((420, 800, 740, 1040)).resize((160, 120)).save(
        path
    )
    return path


def hole_of(mask: Path) -> np.ndarray:
    return np.asarray(Image.open(mask).convert("L")) > 127


def changed(before: Path, after: Path) -> np.ndarray:
    return (load_image(before) != load_image(after)).any(axis=2)


def test_remove_changes_the_grown_hole_and_nothing_else(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    assert inpaint("remove", photo, "--mask", mask, "--grow", 5).code == 0
    different = changed(photo, tmp_path / "dune-clean.png")
    hole = hole_of(mask)
    assert different[hole].mean() > 0.9
    assert not different[~dilate_mask(hole, 5)[0]].any()


def test_remove_grows_a_scratch_by_its_width_and_not_by_its_length(inpaint: Command, photo: Path, tmp_path: Path):
    scratch = np.zeros(load_image(photo).shape[:2], np.uint8)
    scratch[len(scratch) // 2 :][:4, 5:-5] = 255
    Image.fromarray(scratch).save(tmp_path / "scratch.png")
    run = inpaint("remove", photo, "--mask", tmp_path / "scratch.png", *NO_NETWORK, "-o", tmp_path / "out.png")
    assert run.code == 0, run.err
    different = changed(photo, tmp_path / "out.png")
    assert different[scratch > 0].mean() > 0.5
    assert not different[~dilate_mask(scratch > 0, 2)[0]].any()


def test_inpaint_keeps_to_the_mask(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    assert inpaint("inpaint", photo, "--mask", mask, "-o", tmp_path / "out.png").code == 0
    assert not changed(photo, tmp_path / "out.png")[~hole_of(mask)].any()


@pytest.mark.slow
def test_a_box_is_a_mask_and_masks_unite(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    run = inpaint("inpaint", photo, "--mask", mask, "--box", "5,6,20,10", *NO_NETWORK, "-o", tmp_path / "out.png")
    assert run.code == 0, run.err
    different = changed(photo, tmp_path / "out.png")
    union = hole_of(mask)
    union[6:16, 5:25] = True
    assert not different[~union].any()
    assert different[6:16, 5:25].mean() > 0.5


def test_what_was_erased_is_filled_and_visible(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    picture = Image.open(photo).convert("RGBA")
    picture.putalpha(Image.fromarray(np.where(hole_of(mask), 0, 255).astype(np.uint8)))
    picture.save(tmp_path / "erased.png")
    run = inpaint("inpaint", tmp_path / "erased.png", "--mask-alpha", *NO_NETWORK, "-o", tmp_path / "out.png")
    assert run.code == 0, run.err
    result = Image.open(tmp_path / "out.png")
    assert result.mode == "RGBA"
    assert result.getchannel("A").getextrema() == (255, 255)


@pytest.mark.slow
def test_transparency_that_is_not_the_mask_stays(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    picture = Image.open(photo).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    picture.save(tmp_path / "faded.png")
    assert inpaint("inpaint", tmp_path / "faded.png", "--mask", mask, *NO_NETWORK, "-o", tmp_path / "out.png").code == 0
    assert Image.open(tmp_path / "out.png").getchannel("A").tobytes() == picture.getchannel("A").tobytes()


def test_a_sketch_is_followed_and_none_is_no_lines(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    sketch = Image.new("L", (160, 120), 255)
    sketch.paste(0, (0, 64, 160, 67))
    sketch.save(tmp_path / "sketch.png")
    common = ("inpaint", photo, "--mask", mask, "--painter", "harmonic", "--no-texture")
    for name, options in (("drawn", ("--edges", tmp_path / "sketch.png")), ("none", ("--edges", "none"))):
        run = inpaint(*common, *options, "-o", tmp_path / f"{name}.png")
        assert run.code == 0, run.err
    drawn, none = (load_image(tmp_path / f"{name}.png").astype(int) for name in ("drawn", "none"))
    column = int(hole_of(mask)[60:70].sum(axis=0).argmax())
    step = np.abs(drawn[62, column] - drawn[69, column]).sum()
    assert step > np.abs(none[62, column] - none[69, column]).sum(), "colours change at the stroke, not gradually"


def test_edges_from_the_undamaged_photo_bring_it_closer(inpaint: Command, photo: Path, tmp_path: Path):
    for name, options in (("true", ("--edges-from", photo)), ("none", ("--edges", "none"))):
        run = inpaint(
            "inpaint", photo, "--box", "60,30,50,60", "--painter", "harmonic", "--no-texture", *options,
            "-o", tmp_path / f"{name}.png",
        )  # fmt: skip
        assert run.code == 0, run.err
    truth, true, none = (load_image(path).astype(int) for path in (photo, tmp_path / "true.png", tmp_path / "none.png"))
    assert np.abs(true - truth).sum() < np.abs(none - truth).sum()


def test_an_edge_map_comes_back_unchanged(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    common = (photo, "--mask", mask, "--lines", "g1")
    assert inpaint("edges", *common).code == 0
    assert inpaint("inpaint", *common, "-o", tmp_path / "own.png").code == 0
    run = inpaint("inpaint", *common, "--edges", tmp_path / "dune-edges.png", "-o", tmp_path / "fed.png")
    assert run.code == 0, run.err
    assert not changed(tmp_path / "own.png", tmp_path / "fed.png").any()


@pytest.mark.slow
@pytest.mark.parametrize("grow", ["auto", "6"])
def test_an_edge_map_of_the_grown_hole_comes_back_unchanged(
    inpaint: Command, photo: Path, mask: Path, tmp_path: Path, grow
):
    common = (photo, "--mask", mask, "--lines", "g1", "--grow", grow)
    fed = tmp_path / "dune-edges.png"
    assert inpaint("edges", *common).code == 0
    assert inpaint("remove", *common, "-o", tmp_path / "own.png").code == 0
    run = inpaint("remove", *common, "--edges", fed, "-o", tmp_path / "fed.png")
    assert (run.code, run.warnings) == (0, [])
    assert not changed(tmp_path / "own.png", tmp_path / "fed.png").any()
    run = inpaint("remove", *common, "--grow", 3, "--edges", fed, "-o", tmp_path / "other.png")
    assert (run.code, len(run.warnings)) == (0, 1)
    assert f"{fed}: was made with --grow {grow}" in run.err


def test_edges_without_a_mask_are_cannys(inpaint: Command, photo: Path, tmp_path: Path):
    assert inpaint("edges", photo, "-o", tmp_path / "edges.png").code == 0
    edges = np.asarray(Image.open(tmp_path / "edges.png"))
    assert edges.shape == (120, 160)
    assert 0.01 < (edges > 0).mean() < 0.3


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_synth_edges_repaints_one_half(inpaint: Command, photo: Path, tmp_path: Path, side: str):
    other = tmp_path / "other.png"
    Image.open(CHECKOUT / "examples/tunnel.jpg").resize((160, 120)).save(other)
    run = inpaint(
        "synth-edges", photo, other, "--side", side, "--painter", "harmonic", "--no-texture", "-o", tmp_path / "e.png"
    )
    assert run.code == 0, run.err
    different = changed(photo, tmp_path / "dune-joined.png")
    halves = {"left": different[:, :80], "right": different[:, 80:], "top": different[:60], "bottom": different[60:]}
    opposite = {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}[side]
    assert halves[side].mean() > 0.5
    assert not halves[opposite].any()
    assert np.asarray(Image.open(tmp_path / "e.png")).any()


def test_compare_and_steps_show_every_stage(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    run = inpaint("remove", photo, "--mask", mask, *NO_NETWORK, "--compare", "--save-steps", tmp_path / "steps")
    assert run.code == 0, run.err
    panel = Image.open(tmp_path / "dune-clean-compare.png")
    assert panel.width > 3 * panel.height
    names = sorted(path.name for path in (tmp_path / "steps").iterdir())
    assert [name.split("-")[-1] for name in names] == [
        "window.png",
        "hole.png",
        "edges.png",
        "painting.png",
        "result.png",
    ]


def test_a_panel_that_may_not_be_replaced_leaves_no_result_without_it(
    inpaint: Command, photo: Path, mask: Path, tmp_path: Path
):
    (tmp_path / "dune-clean-compare.png").write_bytes(b"mine")
    run = inpaint("remove", photo, "--mask", mask, *NO_NETWORK, "--compare")
    assert run.code == 1
    assert "--overwrite" in run.err
    assert (tmp_path / "dune-clean-compare.png").read_bytes() == b"mine"
    assert not (tmp_path / "dune-clean.png").exists()


def test_precision_and_threads_change_a_level_at_most(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    pictures = []
    for number, options in enumerate((("--dtype", "float32"), ("--dtype", "bfloat16", "--threads", 1))):
        target = tmp_path / f"{number}.png"
        common = ("--painter", "g2", "--lines", "g1", "--no-texture", "--size", 64, "-o", target)
        assert inpaint("inpaint", photo, "--mask", mask, *common, *options).code == 0
        pictures.append(load_image(target).astype(int)[hole_of(mask)])
    assert 0 < np.abs(pictures[0] - pictures[1]).mean() < 1


def test_json_lines_say_what_happened(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a picture")
    run = inpaint("remove", photo, broken, "--mask", mask, *NO_NETWORK, "-o", f"{tmp_path}/out/{{name}}", "--json")
    assert run.code == 1
    good, bad = (json.loads(line) for line in run.out.splitlines())
    assert (good["status"], bad["status"]) == ("ok", "failed")
    assert set(good) == {"input", "output", "status", "seconds", "hole", "windows", "lines", "painter", "error"}
    assert np.isclose(good["hole"], hole_of(mask).mean())
    assert good["windows"] >= 1
    assert "broken.jpg" in bad["error"]


@pytest.mark.slow
def test_without_a_network_no_torch_is_imported(photo: Path, mask: Path, tmp_path: Path):
    code = (
        "import sys; from inpaint_cli.cli import main; "
        f"code = main(['remove', {str(photo)!r}, '--mask', {str(mask)!r}, '-o', {str(tmp_path / 'out.png')!r}, "
        f"*{list(NO_NETWORK)!r}]); assert 'torch' not in sys.modules; sys.exit(code)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "no image"),
        (("{photo}",), "no mask"),
        (("{photo}", "--mask", "{mask}", "--size", 30), "--size 30"),
        (("{photo}", "--mask", "{mask}", "--box", "1,2,3"), "--box 1,2,3"),
        (("{photo}", "--mask", "{mask}", "--threads", 0), "--threads 0"),
        (("{photo}", "--mask", "{mask}", "--device", "abacus"), "abacus"),
        (("{photo}", "--mask", "{mask}", "--dtype", "float8"), "float8"),
        (("{photo}", "--mask", "{mask}", "--weights", "no-such"), "no-such"),
        (("{photo}", "--mask", "{mask}", "--edges", "none", "--edges-from", "{photo}"), "--edges-from"),
        (("{photo}", "--mask", "{mask}", "-o", "-", "--json", "--weights", "no-such"), "standard output"),
        (("{photo}", "--mask", "{mask}", "--sigma", -1), "--sigma"),
        (("{photo}", "--mask", "{mask}", "--painter", "finger"), "finger"),
        (("{photo}", "--mask", "{mask}", "--no-such-option"), "--no-such-option"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(inpaint: Command, photo: Path, mask: Path, arguments, words):
    texts = [str(argument).format(photo=photo, mask=mask) for argument in arguments]
    before = sorted(photo.parent.iterdir())
    run = inpaint("remove", *texts)
    assert run.code == 2
    assert words in run.err
    assert run.err.count("\n") == 1
    assert run.out == ""
    assert sorted(photo.parent.iterdir()) == before


def test_debug_shows_the_traceback_and_nothing_else_does(photo: Path, mask: Path):
    arguments = [sys.executable, "-m", "inpaint_cli", "remove", str(photo), "--mask", str(photo.parent / "gone.png")]
    short = subprocess.run(arguments, capture_output=True, text=True, check=False)
    long = subprocess.run([*arguments, "--debug"], capture_output=True, text=True, check=False)
    assert short.returncode != 0
    assert "Traceback" not in short.stderr
    assert "Traceback" in long.stderr


def test_help_needs_nothing_heavy():
    code = (
        "import sys; from inpaint_cli.cli import main; main(['remove', '--help']); "
        "heavy = {'numpy', 'torch', 'PIL', 'cv2', 'scipy', 'skimage', 'matplotlib'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=os.environ | {"COLUMNS": "100"}, stdout=subprocess.PIPE
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("inpaint", "{photo}", "--mask", "{mask}", "--edges-from", "{other}", "-o", "{other}"),
        ("synth-edges", "{photo}", "{other}", "--image-out", "{photo}"),
        ("synth-edges", "{photo}", "{other}", "--image-out", "{other}"),
        ("synth-edges", "{photo}", "{other}", "-o", "{other}"),
        ("synth-edges", "{photo}", "{other}", "-o", "{new}", "--image-out", "{new}"),
    ],
)
def test_no_input_is_replaced_even_with_overwrite(inpaint: Command, photo: Path, mask: Path, tmp_path: Path, arguments):
    other = tmp_path / "other.png"
    Image.open(photo).rotate(90, expand=False).save(other)
    before = {path: path.read_bytes() for path in (photo, mask, other)}
    names = {"photo": photo, "mask": mask, "other": other, "new": tmp_path / "new.png"}
    run = inpaint(*(text.format(**names) for text in arguments), "--overwrite")
    assert run.code == 2
    assert {path: path.read_bytes() for path in before} == before
    assert not (tmp_path / "new.png").exists()


def test_panels_and_steps_replace_no_input_either(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    for name, options in (
        ("dune-clean-compare.png", ("--compare",)),
        ("new-compare.png", ("--compare", "-o", tmp_path / "new.png")),
        ("dune-3-edges.png", ("--save-steps", tmp_path)),
        ("dune-w2-1-window.png", ("--save-steps", tmp_path)),
    ):
        other = mask.replace(tmp_path / name)
        before = other.read_bytes()
        run = inpaint("remove", photo, "--mask", other, *NO_NETWORK, *options, "--overwrite")
        assert (run.code, other.read_bytes()) == (2, before), name
        assert "would replace an input" in run.err
        mask = other


def test_two_photos_with_one_folder_of_steps_are_told_apart_before_the_work(
    inpaint: Command, photo: Path, mask: Path, tmp_path: Path
):
    twin = tmp_path / "other" / photo.name
    twin.parent.mkdir()
    twin.write_bytes(photo.read_bytes())
    options = ("--save-steps", tmp_path / "steps", "-o", f"{tmp_path}/out/{{parent}}/{{name}}")
    run = inpaint("remove", photo, twin, "--mask", mask, *NO_NETWORK, *options)
    assert run.code == 2
    assert "would both " in run.err
    assert not (tmp_path / "out").exists()


@pytest.mark.posix
def test_a_link_stays_a_link(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    target, link = tmp_path / "deep/target.png", tmp_path / "link.png"
    target.parent.mkdir()
    link.symlink_to(target)
    assert inpaint("remove", photo, "--mask", mask, *NO_NETWORK, "-o", link).code == 0
    assert link.is_symlink()
    assert load_image(target).shape == (120, 160, 3)
    run = inpaint("remove", photo, "--mask", mask, *NO_NETWORK, "-o", link)
    assert (run.code, "exists already" in run.err) == (1, True)


@pytest.mark.posix
def test_a_device_is_no_place_for_a_picture(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    run = inpaint("remove", photo, "--mask", mask, *NO_NETWORK, "-o", pipe, "--overwrite")
    assert (run.code, "give - for standard output" in run.err) == (1, True)
    assert pipe.is_fifo()


@pytest.mark.slow
def test_the_joined_picture_goes_to_standard_output_too(photo: Path, tmp_path: Path):
    command = [sys.executable, "-m", "inpaint_cli", "synth-edges", photo, photo, "--painter", "harmonic"]
    run = subprocess.run(
        [*command, "-o", tmp_path / "edges.png", "--image-out", "-"], capture_output=True, check=True, cwd=tmp_path
    )
    with Image.open(io.BytesIO(run.stdout)) as picture:
        assert picture.size == (160, 120)
    for also in (("-o", "-"), ("--json",)):
        run = subprocess.run([*command, "--image-out", "-", *also], capture_output=True, check=False, cwd=tmp_path)
        assert run.returncode == 2
        assert b"standard output" in run.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if path != photo) == ["edges.png"]


@pytest.mark.parametrize(
    ("command", "options", "warnings"),
    [
        ("inpaint", ("--plain", "--size", 64, "--grow", 0), ["--size changes nothing with --plain"]),
        (
            "inpaint",
            ("--plain", "--no-texture", "--no-harmonise", "--seed", 3),
            [f"{option} changes nothing with --plain" for option in ("--no-harmonise", "--no-texture", "--seed")],
        ),
        ("inpaint", ("--method", "telea", "--seed", 3), ["--seed changes nothing with --method telea"]),
        (
            "inpaint",
            ("--method", "patchmatch", "--seed", 3, "--no-texture", "--size", 64),
            [f"{option} changes nothing with --method patchmatch" for option in ("--no-texture", "--size")],
        ),
        ("inpaint", ("--method", "telea", "--lines", "g1"), ["--lines changes nothing with --method telea"]),
        ("inpaint", (*NO_NETWORK, "--ink", "dark"), ["--ink changes nothing without a sketch"]),
        ("inpaint", ("--edges-from", "{photo}", "--ink", "dark"), ["--ink changes nothing without a sketch"]),
        ("inpaint", (*NO_NETWORK, "--edges", "none"), ["--lines changes nothing with --edges none"]),
        ("inpaint", (*NO_NETWORK, "--feather", 3), ["--feather changes nothing with --grow 0"]),
        ("inpaint", (*NO_NETWORK, "--no-texture", "--guide", 1), ["--guide changes nothing with --no-texture"]),
        ("remove", (*NO_NETWORK, "--grow", "auto", "--feather", 3, "--no-texture", "--guide", 0), []),
        ("edges", ("--lines", "none", "--sigma", 1), []),
    ],
)
def test_an_option_without_effect_is_warned_of(
    inpaint: Command, photo: Path, mask: Path, tmp_path: Path, command, options, warnings
):
    chosen = [str(option).format(photo=photo) for option in options]
    run = inpaint(command, photo, "--mask", mask, *chosen, "-o", tmp_path / "out.png")
    assert run.code == 0, run.err
    lines = run.warnings
    assert len(lines) == len(warnings)
    for line, warning in zip(lines, warnings, strict=True):
        assert line.startswith(f"inpaint: warning: {warning}")


def test_edges_of_a_whole_photo_warn_of_options_about_holes(inpaint: Command, photo: Path, tmp_path: Path):
    run = inpaint("edges", photo, "--grow", 3, "--invert-mask", "-o", tmp_path / "edges.png")
    assert run.code == 0
    assert [line.split()[2] for line in run.warnings] == ["--grow", "--invert-mask"]


@pytest.mark.slow
def test_a_sketch_beside_the_hole_is_warned_of(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    sketch = Image.new("L", (160, 120), 255)
    sketch.paste(0, (0, 0, 160, 3))
    sketch.save(tmp_path / "sketch.png")
    run = inpaint(
        "inpaint", photo, "--mask", mask, *NO_NETWORK, "--edges", tmp_path / "sketch.png", "-o", tmp_path / "a.png"
    )
    assert (run.code, len(run.warnings)) == (0, 1)
    assert "sketch.png: has no line in the hole of " in run.err


def test_an_edge_map_that_is_no_png_is_a_sketch_and_says_so(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    target = tmp_path / "edges.jpg"
    run = inpaint("edges", photo, "--mask", mask, "-o", target)
    assert run.code == 0
    assert Image.open(target).format == "JPEG"
    assert f"{target}: as a sketch its lines come back, but only a PNG" in run.err
    run = inpaint("inpaint", photo, "--mask", mask, *NO_NETWORK, "--edges", target, "-o", tmp_path / "out.png")
    assert run.code == 0


@pytest.mark.slow
def test_steps_of_several_photos_lie_in_a_folder_each(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    other, steps = tmp_path / "dune-2.png", tmp_path / "steps"
    other.write_bytes(photo.read_bytes())
    common = ("remove", photo, other, "--mask", mask, *NO_NETWORK, "--save-steps", steps)
    assert inpaint(*common).code == 0
    assert (steps / "dune/dune-1-window.png").is_file()
    assert (steps / "dune-2/dune-2-5-result.png").is_file()
    run = inpaint(*common, "-o", f"{tmp_path}/again/")  # refused before the work: no panel, no result
    assert (run.code, run.err.count("exists already")) == (1, 2)
    assert not (tmp_path / "again").exists()
    run = inpaint("remove", photo, "--mask", mask, *NO_NETWORK, "--save-steps", mask)
    assert (run.code, "is a file, not a folder" in run.err) == (2, True)


def test_a_device_that_is_asked_for_has_to_be_there(inpaint: Command, photo: Path, mask: Path, tmp_path: Path):
    target = tmp_path / "out.png"
    run = inpaint("remove", photo, "--mask", mask, *NO_NETWORK, "--device", "cuda:97", "-o", target)
    assert (run.code, run.err.count("\n"), target.exists()) == (2, 1, False)
    assert "--device cuda:97: this machine" in run.err


@pytest.mark.slow
@pytest.mark.posix
def test_words_of_options_are_names_of_files_elsewhere(
    inpaint: Command, photo: Path, mask: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("none").write_bytes(photo.read_bytes())
    run = inpaint("inpaint", "none", "--mask", mask, *NO_NETWORK, "-o", "none", "--overwrite")
    assert (run.code, Path("none").read_bytes()) == (2, photo.read_bytes())
    Path("loop.png").symlink_to("loop.png")  # leads nowhere, so there is nothing to lose
    run = inpaint("inpaint", "none", "--mask", mask, *NO_NETWORK, "-o", "loop.png")
    assert (run.code, load_image("loop.png").shape) == (0, (120, 160, 3))
    run = inpaint("inpaint", "none", photo, "--mask", "-", "-o", "out/")
    assert (run.code, "standard input can be one picture only" in run.err) == (2, True)
    run = inpaint("synth-edges", ".", photo)
    assert (run.code, "is a folder" in run.err) == (2, True)
