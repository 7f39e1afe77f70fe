"""Every command of the README runs, in order, as a reader would run it: in bash, beside the examples."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

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
        path = desk / name.strip("'")
        if "{" in name or name == "-":
            continue
        assert path.exists(), f"{name} was not written"
        if path.suffix in {".jpg", ".png"}:
            with Image.open(path) as picture:
                assert np.asarray(picture).std() > 0


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
