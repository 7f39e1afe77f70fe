"""What the command line says: help without an error, one line for a full device or a number that is none."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import CHECKOUT, Run, command

EXAMPLES = CHECKOUT / "examples"


@pytest.mark.parametrize("words", [(), ("weights",)])
def test_a_group_alone_prints_its_help_and_no_error(inpaint: Callable[..., Run], words: tuple[str, ...]):
    run = inpaint(*words)
    assert run.code == 2
    assert "Usage: inpaint" in run.out
    assert run.err == ""


def test_a_run_over_one_photo_says_what_it_wrote_and_what_acted(inpaint: Callable[..., Run], tmp_path: Path):
    Image.open(EXAMPLES / "dune.jpg").resize((160, 107)).save(tmp_path / "dune.png")
    common = ("remove", tmp_path / "dune.png", "--box", "60,50,20,20", "--no-texture", "--overwrite")
    run = inpaint(*common)
    assert run.out == ""
    assert run.err.startswith(f"inpaint: {tmp_path / 'dune-clean.png'} · 1 window · lines: ")
    assert " · painter: harmonic · " in run.err
    assert inpaint(*common, "--quiet").err == ""


@pytest.mark.parametrize("weight", ["inf", "nan"])
def test_a_weight_that_is_no_number_is_a_usage_error(inpaint: Callable[..., Run], weight: str):
    run = inpaint("remove", EXAMPLES / "dune.jpg", "--box", "1,1,9,9", "--guide", weight)
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert "--guide" in run.err


@pytest.mark.posix
def test_a_full_device_is_told_in_one_line():
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(command("--help"), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr == "inpaint: error: standard output: no space left on device\n"


FILL = ("remove", "{photo}", "--method", "telea", "--box", "20,20,12,12", "--overwrite")
NO_ROOM, CLOSED = "no space left on device", "it is closed"


@pytest.mark.posix
@pytest.mark.parametrize(
    ("words", "streams", "code", "message"),
    [
        (FILL, ">&-", 0, "inpaint: "),
        (FILL, "<&-", 0, "inpaint: "),
        (FILL, "2>&-", 0, ""),
        (FILL, "<&- >&- 2>&-", 0, ""),
        (FILL, "2>/dev/full", 0, ""),
        ((*FILL, "--json"), ">&-", 1, f"inpaint: error: standard output: can't be written: {CLOSED}"),
        ((*FILL, "--json"), "2>&-", 0, ""),
        ((*FILL, "-o", "-"), ">&-", 1, f"inpaint: error: standard output: can't be written: {CLOSED}"),
        ((*FILL, "-o", "-"), ">/dev/full", 1, f"inpaint: error: standard output: can't be written: {NO_ROOM}"),
        ((*FILL, "-o", "/dev/full"), "", 1, "inpaint: error: /dev/full: is a device, not a file"),
        (("remove", "-", *FILL[2:], "-o", "x.png"), "<&-", 1, f"inpaint: error: standard input: {CLOSED}"),
        (("remove", "nothing.png", *FILL[2:]), "2>&-", 1, ""),
        (("weights", "list"), ">&-", 1, f"inpaint: error: standard output: {CLOSED}"),
        (("weights", "list"), ">/dev/full", 1, f"inpaint: error: standard output: {NO_ROOM}"),
        (("--help",), ">&- 2>&-", 1, ""),
    ],
)
def test_a_stream_that_is_closed_or_full_is_told_in_one_line(
    words: tuple[str, ...], streams: str, code: int, message: str, tmp_path: Path
):
    Image.open(EXAMPLES / "dune.jpg").resize((160, 107)).save(tmp_path / "dune.png")
    words = tuple(word.format(photo=tmp_path / "dune.png") for word in words)
    run = subprocess.run(
        ["bash", "-c", f'exec "$@" {streams}', "bash", *command(*words)],
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    errors = run.stderr.decode()
    assert (run.returncode, errors.count("\n")) == (code, 1 if message else 0), errors
    assert errors.startswith(message)
    assert code or (tmp_path / "dune-clean.png").exists()


REMOVE = ("remove", EXAMPLES / "dune.jpg", "--mask", EXAMPLES / "dune_mask.png", "-o", "out.png")
TRAIN = ("train", "--data", CHECKOUT / "tests/data/train", "--out", "run", "--steps", "1")


@pytest.mark.slow
@pytest.mark.posix
@pytest.mark.parametrize("megabytes", [150, 350, 700, 900])
@pytest.mark.parametrize("words", [REMOVE, TRAIN])
def test_little_memory_is_told_in_one_line(words: tuple[object, ...], megabytes: int, tmp_path: Path):
    script = f'ulimit -v {1000 * megabytes}; exec "$@"'
    run = subprocess.run(
        ["bash", "-c", script, "bash", *command(*words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=60,
    )
    assert run.returncode in {0, 1}, run.stderr  # where less is needed, it simply works
    assert run.returncode == 0 or "not enough memory" in run.stderr, run.stderr
    assert run.stderr.count("\n") == 1
