"""Every command of the README runs, in order, as a reader would run it: in bash, beside the examples."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.conftest import CHECKOUT

pytestmark = [pytest.mark.slow, pytest.mark.posix]

README = (CHECKOUT / "README.md").read_text("utf-8")
SETUP = ("python3 -m venv", ". .venv/bin/activate")
# What a reader gives minutes to hours, the test gives two steps; the last of two equal options counts. The page of
# `draw` is opened and left by Finish.
SHIM = """#!/usr/bin/env bash
case "$1" in
  draw) exec "{python}" "{helper}" "$@" ;;
  train) exec "{python}" -m inpaint_cli "$@" --steps 2 --size 32 --batch 1 --perceptual none --device cpu ;;
  *) exec "{python}" -m inpaint_cli "$@" ;;
esac
"""


def commands() -> list[str]:
    """Return the lines of all shell blocks, continued ones joined."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = "\n".join(re.sub(r"^ +", "", block, flags=re.MULTILINE) for block in blocks).replace("\\\n", " ")
    return [line for line in lines.splitlines() if line.strip() and not line.startswith("#")]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, original_model: Path) -> Path:
    """A folder with all that the README's commands take for granted."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(CHECKOUT / "examples", folder / "examples")
    for name in ("photos", "masks"):
        (folder / name).mkdir()
    small = Image.open(folder / "examples/dune.jpg").resize((160, 107))
    mask = Image.open(folder / "examples/dune_mask.png").resize((160, 107))
    for name in ("a", "b"):
        small.save(folder / f"photos/{name}.jpg")
        mask.save(folder / f"masks/{name}.png")
    small.save(folder / "small.jpg")
    mask.save(folder / "small_mask.png")
    (folder / "pairs.csv").write_text("input,mask\nphotos/a.jpg,masks/a.png\n")
    for name in ("EdgeModel_gen.pth", "InpaintingModel_gen.pth"):
        shutil.copy(original_model / name, folder)
    bin_ = folder / "bin"
    bin_.mkdir()
    (bin_ / "inpaint").write_text(SHIM.format(python=sys.executable, helper=CHECKOUT / "tests/finish_draw.py"))
    (bin_ / "inpaint").chmod(0o755)
    return folder


@pytest.mark.parametrize("command", [line for line in commands() if not line.startswith(SETUP)])
def test_the_command_runs(desk: Path, command: str):
    environment = os.environ | {
        "PATH": f"{desk / 'bin'}:{os.environ['PATH']}",
        "XDG_CONFIG_HOME": str(desk / "config"),
        "HF_HUB_OFFLINE": "1",
    }
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=desk,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    for name in re.findall(r"(?:-o|--image-out|>) (\S+)", command):
        if "{" not in name and name != "-":
            _check_output(desk, command, desk / name.strip("'"))


def _check_output(desk: Path, command: str, output: Path) -> None:
    """Check that what a command wrote is what the README says of it."""
    if "synth-edges" in command:
        photo, changed = desk / "examples/lake.jpg", output.name == "joined.png"
        assert _size(output) == _size(photo)
        if changed:  # the right half in other colours, the left one as it was
            off = _difference(photo, output)
            middle = off.shape[1] // 2
            assert off[:, :middle].max() == 0
            assert off[:, middle:].mean() > 5
    elif " edges " in command:  # lines, one pixel wide
        assert _size(output) == _size(desk / "examples/bird.jpg")
        assert 0.001 < (_pixels(output).max(axis=2) > 127).mean() < 0.2
    elif re.search(r"inpaint (remove|inpaint) |xargs", command):
        pairs = [(output, *_photo_and_hole(desk, command))] if output.suffix else _pairs(desk, output)
        assert pairs, f"{output.name} holds no picture"
        for result, photo, hole in pairs:
            _check_removed(result, photo, hole)
    elif " train " in command:
        assert (output / "checkpoint.pt").stat().st_size > 100_000
    elif "weights" in command:
        assert {path.name for path in output.iterdir()} >= {"README.md", "config.json"}
    elif "evaluate" in command and "--export-cases" not in command:
        assert "| " in (output / "report.md").read_text("utf-8")


def _photo_and_hole(desk: Path, command: str) -> tuple[Path, np.ndarray]:
    """Return the photo that a command for one photo names, and its hole, H×W."""
    photo = desk / re.findall(r"(?:examples/)?\w+\.jpg", command)[0]
    if box := re.search(r"--box (\d+),(\d+),(\d+),(\d+)", command):
        left, top, width, height = map(int, box.groups())
        hole = np.zeros(_size(photo), np.bool_)
        hole[top : top + height, left : left + width] = True
        return photo, hole
    mask = re.search(r"--mask (\S+)", command)
    assert mask is not None
    return photo, _hole(desk / mask[1])


def _pairs(desk: Path, folder: Path) -> list[tuple[Path, Path, np.ndarray]]:
    """Return the results in a folder, each with its photo and hole."""
    source = desk / ("cases" if (desk / "cases").is_dir() and folder.name == "theirs" else "")
    pairs = []
    for result in sorted(folder.iterdir()):
        stem = result.stem.removesuffix("-clean")
        (photo,) = (source / "photos").glob(f"{stem}.*")
        (mask,) = (source / "masks").glob(f"{stem}.*")
        pairs.append((result, photo, _hole(mask)))
    return pairs


def _check_removed(result: Path, photo: Path, hole: np.ndarray) -> None:
    """Check that a result differs from its photo in the hole and, JPEG's loss aside, nowhere far from it."""
    assert _size(result) == _size(photo)
    off = _difference(photo, result)
    assert np.median(off[hole]) > 2, "the hole shows what stood there"
    reach = round(0.1 * max(hole.shape)) | 1
    far = cv2.dilate(hole.astype(np.uint8), np.ones((reach, reach), np.uint8)) == 0
    assert off[far].mean() < (0.01 if result.suffix == ".png" else 3), "the photo changed outside the hole"


def _pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def _size(path: Path) -> tuple[int, int]:
    return _pixels(path).shape[:2]


def _hole(mask: Path) -> np.ndarray:
    return _pixels(mask)[..., 0] > 127


def _difference(one: Path, other: Path) -> np.ndarray:
    """Return the mean absolute difference of the channels, H×W, in levels."""
    return np.abs(_pixels(one).astype(np.float32) - _pixels(other)).mean(axis=2)


def test_ci_runs_the_readmes_test_command():
    setup, tests = (line for line in commands() if line.startswith(SETUP))
    ci = (CHECKOUT / ".ci/run").read_text("utf-8")
    for step in tests.split(" && ")[1:]:
        assert step in ci.replace("--quiet ", ""), f"CI does not run {step!r}"
    job = setup.split(" && ")[-1]
    assert job.replace("examples/", "") in ci.replace("fresh/bin/", ""), f"CI does not run {job!r}"


def test_the_python_example_runs(tmp_path: Path):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    check = f"{code}\nassert result.shape == image.shape and (result[~mask] == image[~mask]).all()"
    subprocess.run([sys.executable, "-c", check], cwd=CHECKOUT, check=True)


def test_every_picture_and_link_of_the_readme_is_there():
    for target in re.findall(r"\]\(((?!https?:)[^)#]+)\)", README):
        assert (CHECKOUT / target).exists(), target
