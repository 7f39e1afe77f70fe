"""Many photos through the command line: reports, resuming, shares, pipes."""

import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import CHECKOUT, Run, command

EXAMPLES = CHECKOUT / "examples"
QUICK = ("--method", "telea")

Inpaint = Callable[..., Run]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Return a folder with three small photos and their masks."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("bird", "dune", "otter"):
        with Image.open(EXAMPLES / f"{name}.jpg") as photo, Image.open(EXAMPLES / f"{name}_mask.png") as mask:
            photo.resize((160, 107)).save(folder / f"{name}.png")
            mask.convert("L").resize((160, 107)).save(folder / f"{name}_mask.png")
    return folder


def test_a_folder_in_a_folder_out(photos: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    run = inpaint("remove", photos, "--mask", photos, "-o", f"{tmp_path}/out/", *QUICK)
    assert (run.code, run.out, run.err) == (0, "", "inpaint: 3 of 3 done\n")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"bird.png", "dune.png", "otter.png"}
    assert inpaint("remove", photos, "--mask", photos, "-o", f"{tmp_path}/q/", *QUICK, "-q").err == ""


def test_the_model_that_paints_many_paints_as_it_paints_one(photos: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    settings = ("--lines", "g1", "--painter", "g2", "--no-texture", "--size", "64")
    assert inpaint("remove", photos, "--mask", photos, "-o", f"{tmp_path}/many/", *settings).code == 0
    for name in ("bird", "otter"):
        one = tmp_path / f"{name}.png"
        arguments = (photos / f"{name}.png", "--mask", photos / f"{name}_mask.png", "-o", one)
        assert inpaint("remove", *arguments, *settings).code == 0
        with Image.open(one) as alone, Image.open(tmp_path / "many" / f"{name}.png") as among_others:
            assert (np.asarray(alone) == np.asarray(among_others)).all()


def test_json_lines_say_how_each_photo_ended_in_order(photos: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    (photos / "cat.jpg").write_text("no cat")
    inpaint("remove", photos / "dune.png", "--mask", photos, "-o", tmp_path / "dune.png", *QUICK)
    options = ("--mask", photos, "--box", "10,10,20,20", "-o", f"{tmp_path}/{{stem}}.png", "--skip-existing", "--json")
    run = inpaint("remove", photos, *options, *QUICK)
    lines = [json.loads(line) for line in run.out.splitlines()]
    assert run.code == 1
    assert [list(line) for line in lines] == [
        ["input", "output", "status", "seconds", "hole", "windows", "lines", "painter", "error"],
    ] * len(lines)
    by_name = {Path(line["input"]).name: line for line in lines}
    assert list(by_name) == sorted(by_name)
    bird, dune = by_name["bird.png"], by_name["dune.png"]
    assert (bird["status"], bird["output"], bird["error"]) == ("ok", str(tmp_path / "bird.png"), None)
    assert 0 < bird["hole"] < 0.2
    assert bird["windows"] >= 1
    assert (bird["lines"], bird["painter"]) == ({}, None)  # Telea's method knows no lines
    assert bird["seconds"] > 0
    assert (dune["status"], dune["hole"]) == ("skipped", None)
    assert {line["status"] for name, line in by_name.items() if "cat" in name} == {"failed"}
    assert all(str(photos) in line["error"] for line in lines if line["status"] == "failed")


def test_shards_do_everything_once(photos: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    for share in ("1/2", "2/2"):
        arguments = ("--mask", photos, "-o", f"{tmp_path}/out/", "--shard", share, *QUICK)
        assert inpaint("remove", photos, *arguments).code == 0, "two shards of one run never write the same file"
    assert len(list((tmp_path / "out").iterdir())) == 3
    fewer = inpaint("remove", photos, "--mask", photos, "-o", f"{tmp_path}/out/", "--shard", "7/9", "--json", *QUICK)
    assert (fewer.code, fewer.out) == (0, "")


def test_a_manifest(photos: Path, inpaint: Inpaint) -> None:
    (photos / "pairs.csv").write_text("input,mask,output\nbird.png,bird_mask.png,1.png\ndune.png,dune_mask.png,\n")
    run = inpaint("remove", "--manifest", photos / "pairs.csv", *QUICK)
    assert run.code == 0
    assert (photos / "1.png").exists()
    assert (photos / "dune-clean.png").exists()


def test_a_row_without_a_mask_and_a_photo_that_is_not_there(photos: Path, inpaint: Inpaint) -> None:
    (photos / "pairs.csv").write_text("input,mask\nbird.png,\n")
    run = inpaint("remove", "--manifest", photos / "pairs.csv", *QUICK)
    assert (run.code, run.err.count("\n")) == (1, 1)
    assert "bird.png: has no mask" in run.err
    run = inpaint("remove", photos / "nowhere.png", "--mask", photos, *QUICK)
    assert (run.code, run.err.count("\n")) == (1, 1)
    assert "nowhere.png: no such file" in run.err


def test_an_image_that_is_named_and_left_out_is_told(photos: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    run = inpaint("remove", *sorted(photos.iterdir()), "--mask", photos, *QUICK, "-o", f"{tmp_path}/named/")
    assert run.code == 0
    assert f"{photos / 'bird_mask.png'} and 2 more: left out" in run.err
    assert len(list((tmp_path / "named").iterdir())) == 3
    assert "left out" not in inpaint("remove", photos, "--mask", photos, *QUICK, "-o", f"{tmp_path}/folder/").err


@pytest.mark.posix
def test_a_row_without_lines_and_links_in_a_circle(photos: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    lines = ("--painter", "harmonic", "--lines", "continue", "--no-texture")
    (photos / "pairs.csv").write_text("input,mask,edges\ndune.png,dune_mask.png,none\n")
    assert inpaint("remove", "--manifest", photos / "pairs.csv", *lines, "-o", f"{tmp_path}/rows/").code == 0
    common = ("remove", photos / "dune.png", "--mask", photos / "dune_mask.png", *lines[:2], "--no-texture")
    assert inpaint(*common, "--edges", "none", "-o", tmp_path / "none.png").code == 0
    with Image.open(tmp_path / "none.png") as none, Image.open(tmp_path / "rows/dune.png") as row:
        assert none.tobytes() == row.tobytes()
    (photos / "loop.png").symlink_to(photos / "loop.png")
    arguments = (photos / "loop.png", photos / "dune.png", "--mask", photos / "dune_mask.png", *QUICK)
    run = inpaint("remove", *arguments, "-o", f"{tmp_path}/loops/")
    assert (run.code, "loop.png: too many levels of symbolic links" in run.err) == (1, True)
    assert (tmp_path / "loops/dune.png").exists()


def test_pipes_carry_nothing_but_the_picture(photos: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    inpaint("remove", photos / "bird.png", "--mask", photos / "bird_mask.png", "-o", tmp_path / "file.png", *QUICK)
    with (photos / "bird.png").open("rb") as photo:
        run = subprocess.run(
            command("remove", "-", "--mask", photos / "bird_mask.png", *QUICK, "-v"),
            stdin=photo,
            capture_output=True,
            check=True,
        )
    with Image.open(io.BytesIO(run.stdout)) as piped, Image.open(tmp_path / "file.png") as written:
        assert piped.format == "PNG"
        assert (np.asarray(piped) == np.asarray(written)).all()


def test_a_reader_that_goes_away_is_no_error_to_talk_about(photos: Path) -> None:
    with subprocess.Popen(
        command("remove", photos / "bird.png", "--mask", photos / "bird_mask.png", *QUICK, "-o", "-"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.slow
@pytest.mark.posix
def test_a_bar_is_drawn_on_a_terminal_and_errors_stay_readable(photos: Path) -> None:
    (photos / "cat.png").write_text("no cat")
    import pty  # noqa: PLC0415 - Windows has none

    master, terminal = pty.openpty()
    with subprocess.Popen(command("remove", photos, "--box", "20,20,30,30", *QUICK), stderr=terminal) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                part = os.read(master, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
    os.close(master)
    text = shown.decode()
    assert process.returncode == 1
    assert "4/4" in text
    assert "inpaint: 3 of 4 done, 1 failed" in text
    assert "inpaint: error:" in text
