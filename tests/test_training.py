"""Training through the command line: it learns, survives being killed, and ends as a model that can be used."""

import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from inpaint_cli.training import data
from inpaint_cli.training.loop import train
from inpaint_cli.training.networks import TrainingNetworks
from inpaint_cli.training.options import Stage, TrainOptions
from inpaint_cli.training.run import read_log, read_options

PHOTOS = Path(__file__).parent / "data" / "train"
SMALL = ("--residual-blocks", 1, "--size", 32, "--batch", 2, "--workers", 0)
SMALL += ("--perceptual", "none", "--dtype", "float32")
FAST = (*SMALL, "--threads", 1, "--sample-every", 0, "--log-every", 1)
PAPER = ("--recipe", "paper")


def checkpoint(run: Path) -> dict:
    return torch.load(run / "checkpoint.pt", weights_only=True)


def assert_same_weights(one: Path, other: Path) -> None:
    a, b = checkpoint(one)["networks"], checkpoint(other)["networks"]
    assert a.keys() == b.keys()
    assert [key for key in a if not torch.equal(a[key], b[key])] == []


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A short joint run, with everything that a run writes."""
    from inpaint_cli.cli import main  # noqa: PLC0415

    run = tmp_path_factory.mktemp("training") / "run"
    options = ("--steps", 4, "--log-every", 2, "--canny-share", 0.3, "--blank-share", 0.3, "--licence", "CC0-1.0")
    options += ("--hole-fill", "harmonic", "--output", "correction", "--bce", 1, "--fm2", 2)
    options += ("--fake", "hole", "--gan", "hinge")
    places = ("--data", PHOTOS, "--val", PHOTOS, "--out", run)
    arguments = ("train", *places, "--stage", "joint", *SMALL, *options)
    assert main([str(argument) for argument in arguments]) == 0
    return run


def test_a_run_leaves_options_log_samples_and_checkpoint(finished):
    assert read_options(finished).stage is Stage.JOINT
    assert read_options(finished) == TrainOptions.read(finished / "config.toml")
    log = read_log(finished)
    assert [line["step"] for line in log] == [2, 4, 4]
    assert {"d1", "adversarial_d1", "fm_d1", "bce", "d2", "adversarial_d2", "fm_d2", "l1"} <= log[0].keys()
    assert {"val/psnr_g1", "val/psnr_none", "val/psnr_canny", "val/ssim_g1", "val/edge_recall"} <= log[-1].keys()
    grid = cv2.imread(str(finished / "samples" / "0000004.png"))
    assert grid.shape == (4 * 32, 5 * 32, 3)  # four photos; input, true edges, edges in use, result, truth
    assert checkpoint(finished)["step"] == 4
    assert any((finished / "tensorboard").iterdir())


def test_a_fresh_correction_is_the_diffusion_itself(tmp_path):
    """What G2 adds starts at nothing, so training starts from the filling's own quality."""
    options = TrainOptions(PHOTOS, tmp_path, Stage.INPAINT, residual_blocks=1, size=32, perceptual="none")
    options = dataclasses.replace(options, hole_fill="harmonic", output="correction", adversarial2=0)
    options = TrainOptions.read(_written(options, tmp_path / "config.toml"))
    networks = TrainingNetworks(options)
    batch = data.Samples(options)[0]
    _, edges = networks.lines(batch, None)
    torch.testing.assert_close(networks.paint(batch, edges, networks.g2), batch.filling)


def _written(options: TrainOptions, path: Path) -> Path:
    options.write(path)
    return path


def test_two_photos_are_learned_by_heart(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("colosseum.jpg", "dragonfly.jpg"):
        photo = cv2.imread(str(PHOTOS / name))
        cv2.imwrite(
            str(photos / name.replace("jpg", "png")),
            cv2.resize(photo[:, 60:218], (64, 64), interpolation=cv2.INTER_AREA),
        )
    masks = tmp_path / "masks"
    masks.mkdir()
    mask = np.zeros((64, 64), np.uint8)
    mask[20:44, 20:44] = 255
    cv2.imwrite(str(masks / "box.png"), mask)
    run = tmp_path / "run"
    options = TrainOptions(photos, run, Stage.INPAINT, masks=masks, residual_blocks=1, size=64, batch=2, steps=200)
    options = dataclasses.replace(options, lr=2e-3, hole_weight=7, adversarial2=0, perceptual="none", workers=0)
    train(dataclasses.replace(options, log_every=1, sample_every=0, save_every=200), quiet=True)
    l1 = [line["l1"] for line in read_log(run)]
    assert np.mean(l1[-10:]) < np.mean(l1[:3]) / 3


def test_killed_at_any_moment_and_resumed_it_ends_the_same(tmp_path, inpaint):
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    options = ("--data", PHOTOS, "--stage", "inpaint", *FAST, "--save-every", 2)
    command = [sys.executable, "-m", "inpaint_cli", "train", "--out", killed, "--steps", 10_000, *options]
    process = subprocess.Popen([str(part) for part in command], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 300  # a busy machine takes its time to start
    while not (killed / "checkpoint.pt").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    _, complaint = process.communicate()
    assert process.returncode == -signal.SIGKILL, complaint
    end = checkpoint(killed)["step"] + 3

    assert inpaint("train", "--out", killed, "--resume", "--threads", 1, "--steps", end).code == 0
    assert inpaint("train", "--out", straight, "--steps", end, *options).code == 0
    assert_same_weights(straight, killed)
    curves = [[(line["step"], line["l1"]) for line in read_log(run)] for run in (straight, killed)]
    assert curves[0] == curves[1]


def test_two_processes_end_with_the_same_weights(tmp_path):
    run = tmp_path / "run"
    script = tmp_path / "one_of_two.py"  # the command line, and then what this process ended with
    script.write_text(
        "import os, sys, torch\n"
        "from inpaint_cli.cli import main\n"
        "from inpaint_cli.training import loop\n"
        "made = []\n"
        "networks = loop.TrainingNetworks\n"
        "loop.TrainingNetworks = lambda *a, **k: made.append(networks(*a, **k)) or made[0]\n"
        "code = main(sys.argv[2:])\n"
        "torch.save(made[0].state_dict(), os.path.join(sys.argv[1], os.environ['RANK'] + '.pt'))\n"
        "sys.exit(code)\n"
    )
    # accelerate starts several processes only where it believes in several GPUs; --device cpu makes them gloo's
    launch = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", 2, "--num_machines", 1)
    launch += ("--main_process_port", _free_port(), "--mixed_precision", "no", "--dynamo_backend", "no")
    launch += (script, tmp_path)
    arguments = ("train", "--data", PHOTOS, "--out", run, "--stage", "inpaint", *FAST, "--steps", 3, "--device", "cpu")
    command = [str(part) for part in (sys.executable, *launch, *arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert [key for key in first if not torch.equal(first[key], second[key])] == []
    assert read_log(run)[-1]["samples"] == 3 * 2 * 2  # steps, samples, processes


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_loss_that_is_not_a_number_stops_the_run(tmp_path, inpaint):
    run = tmp_path / "run"
    done = inpaint("train", "--data", PHOTOS, "--out", run, "--stage", "inpaint", *FAST, "--steps", 50, "--lr", "1e30")
    assert done.code == 1
    assert "step " in done.err
    assert "became nan" in done.err or "became inf" in done.err
    assert done.err.count("\n") == 1


def test_broken_photos_are_skipped_and_counted(tmp_path, inpaint):
    folder = tmp_path / "photos"
    shutil.copytree(PHOTOS, folder)
    (folder / "broken.jpg").write_bytes((PHOTOS / "colosseum.jpg").read_bytes()[:2000])
    (folder / "text.png").write_text("no picture")
    run = tmp_path / "run"
    cheap = ("--adversarial1", 0, "--fm1", 0, "--bce", 1)  # no D1
    # without a cache each is found when it is drawn
    options = (*FAST, *cheap, "--steps", 20, "--cache", 0)
    done = inpaint("train", "--data", folder, "--out", run, "--stage", "edge", *options)
    assert done.code == 0
    assert f"skipped: {folder / 'broken.jpg'}: damaged or incomplete" in done.err
    assert f"skipped: {folder / 'text.png'}: not a picture" in done.err
    assert read_log(run)[-1]["broken"] == 2


def test_a_broken_photo_to_validate_with_is_skipped(tmp_path, inpaint):
    folder, run = tmp_path / "val", tmp_path / "run"
    folder.mkdir()
    (folder / "broken.jpg").write_bytes((PHOTOS / "colosseum.jpg").read_bytes()[:2000])
    arguments = ("train", "--data", PHOTOS, "--stage", "inpaint", *FAST, "--steps", 1, "--val", folder)
    alone = inpaint(*arguments, "--out", tmp_path / "none")
    assert alone.code == 1
    assert alone.err.splitlines()[-1] == f"inpaint: error: {folder}: none of its 1 pictures can be read"
    shutil.copy(PHOTOS / "dragonfly.jpg", folder)
    done = inpaint(*arguments, "--out", run)
    assert done.code == 0
    assert done.err.count("skipped: ") == 1
    assert "val/psnr_none" in read_log(run)[-1]


def write_mask(path: Path, hole: tuple[slice, slice]) -> None:
    mask = np.zeros((400, 400), np.uint8)
    mask[hole] = 255
    cv2.imwrite(str(path), mask)


def test_masks_that_are_empty_full_or_broken_are_skipped(tmp_path, inpaint):
    """Divided by an empty hole, l1 would be a quarter of a million."""
    masks, run = tmp_path / "masks", tmp_path / "run"
    masks.mkdir()
    write_mask(masks / "empty.png", np.s_[:0, :0])
    write_mask(masks / "full.png", np.s_[:, :])
    (masks / "text.png").write_text("no picture")
    arguments = ("train", "--data", PHOTOS, "--stage", "inpaint", *FAST, "--masks", masks)
    arguments += ("--workers", 1, "--steps", 10)  # another process's error would be a traceback
    alone = inpaint(*arguments, "--out", tmp_path / "none")
    assert alone.code == 1
    assert alone.err.splitlines()[-1] == f"inpaint: error: {masks}: none of its 3 pictures can be used as a mask"
    write_mask(masks / "box.png", np.s_[100:300, 100:300])
    done = inpaint(*arguments, "--out", run)
    assert done.code == 0
    assert f"skipped: {masks / 'empty.png'}: this mask is empty" in done.err
    assert f"skipped: {masks / 'full.png'}: this mask covers the whole picture" in done.err
    assert f"skipped: {masks / 'text.png'}: not a picture" in done.err
    assert max(line["l1"] for line in read_log(run)) < 10


def test_a_scratch_is_not_lost_from_a_mask_that_shrinks(tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()
    write_mask(masks / "scratch.png", np.s_[:, 201:202])
    mask = data.Samples(TrainOptions(PHOTOS, tmp_path, masks=masks, size=64))[0].mask
    assert mask.sum() == 64  # from top to bottom, one pixel wide


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--size", 30), "--size 30"),
        (("--canny-share", 0.7, "--blank-share", 0.7), "more than 1"),
        (("--output", "correction"), "--hole-fill harmonic"),
        (("--device", "cuda:7"), "--device cuda:7"),
    ],
)
def test_options_that_make_no_sense(tmp_path, inpaint, options, message):
    done = inpaint("train", "--data", PHOTOS, "--out", tmp_path / "run", "--stage", "inpaint", *FAST, *options)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--perceptual", "no-such-file.pth"), "no-such-file.pth"),
        (("--data", "no-such-folder"), "no pictures found"),
        (("--g2", "no-such-run"), "neither a run"),
        (("--resume",), "can't be read as a run's options"),
    ],
)
def test_what_is_missing_is_named_in_one_line(tmp_path, inpaint, options, message):
    done = inpaint("train", "--data", PHOTOS, "--out", tmp_path / "run", "--stage", "inpaint", *FAST, *options)
    assert done.code == 1
    assert message in done.err
    assert done.err.count("\n") == 1


def test_vgg_that_cannot_be_had_names_the_ways_out(tmp_path, inpaint, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    options = [option for option in FAST if option not in {"--perceptual", "none"}]
    done = inpaint("train", "--data", PHOTOS, "--out", tmp_path / "run", "--stage", "inpaint", *options)
    assert done.code == 1
    assert "--perceptual random" in done.err
    assert "--perceptual none" in done.err
    assert done.err.count("\n") == 1


def test_random_vgg_serves_the_perceptual_and_the_style_loss(tmp_path, inpaint):
    run = tmp_path / "run"
    options = [option if option != "none" else "random" for option in FAST]
    assert inpaint("train", "--data", PHOTOS, "--out", run, "--stage", "inpaint", *options, "--steps", 1).code == 0
    first = read_log(run)[0]
    assert first["perceptual"] > 0
    assert first["style"] > 0


def test_a_run_is_not_overwritten_and_not_resumed_as_another(finished, inpaint):
    again = inpaint("train", "--data", PHOTOS, "--out", finished, *FAST)
    assert again.code == 1
    assert "--resume" in again.err
    other = inpaint("train", "--out", finished, "--resume", "--model", "full")
    assert other.code == 1
    assert "other networks" in other.err


def test_a_later_stage_starts_from_earlier_runs(finished, tmp_path, inpaint):
    """Paper, section 4.2: G2 learns along the lines of a G1 that stays as it is."""
    run = tmp_path / "run"
    starts = ("--g1", finished, "--g2", finished, "--hole-fill", "harmonic", "--output", "correction")
    done = inpaint("train", "--data", PHOTOS, "--out", run, "--stage", "inpaint", *starts, *FAST, "--steps", 2)
    assert done.code == 0, done.err
    before, after = checkpoint(finished)["networks"], checkpoint(run)["networks"]
    g1 = [key for key in after if key.startswith("g1.")]
    assert g1
    assert all(torch.equal(after[key], before[key.replace("g1.", "g1_average.")]) for key in g1)
    assert any(
        not torch.equal(after[key], before[key.replace("g2.", "g2_average.")]) for key in after if key.startswith("g2.")
    )


def test_export_makes_a_model_that_works(finished, tmp_path, inpaint):
    from inpaint_cli import EdgeConnect  # noqa: PLC0415

    folder = tmp_path / "model"
    assert inpaint("weights", "export", finished, "-o", folder).code == 0
    assert {path.name for path in folder.iterdir()} == {
        "config.json", "edge.safetensors", "inpaint.safetensors", "README.md", "samples.png"
    }  # fmt: skip
    assert json.loads((folder / "config.json").read_text())["output"] == "correction"
    card = (folder / "README.md").read_text()
    assert "CC0-1.0" in card
    assert "psnr g1" in card
    model = EdgeConnect.load(str(folder), device="cpu", dtype="float32")
    photo = cv2.imread(str(PHOTOS / "colosseum.jpg"))[:64, :64, ::-1].copy()
    hole = np.zeros((64, 64), bool)
    hole[20:40, 20:40] = True
    result = model.inpaint(photo, hole, plain=True)
    assert np.array_equal(result[~hole], photo[~hole])


def test_a_model_without_its_picture_is_not_put_in_place(finished, tmp_path, inpaint):
    run, folder = tmp_path / "run", tmp_path / "model"
    shutil.copytree(finished, run)
    (run / "samples" / "9999999.png").mkdir()  # no file to copy
    done = inpaint("weights", "export", run, "-o", folder)
    assert done.code == 1
    assert f"{folder}: can't be written" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_export_of_half_a_model_says_what_is_missing(tmp_path, inpaint):
    run = tmp_path / "run"
    assert inpaint("train", "--data", PHOTOS, "--out", run, "--stage", "edge", *FAST, "--steps", 1).code == 0
    done = inpaint("weights", "export", run, "-o", tmp_path / "model")
    assert done.code == 1
    assert "no G2" in done.err
    assert not (tmp_path / "model").exists()


def test_samples_do_not_depend_on_what_came_before(tmp_path):
    options = TrainOptions(PHOTOS, tmp_path, size=64)
    samples = data.Samples(options)
    a, _, b = samples[7], samples[3], samples[7]
    assert torch.equal(a.image, b.image)
    assert torch.equal(a.mask, b.mask)
    assert not torch.equal(samples[8].image, a.image)


def test_holes_are_spread_evenly_over_the_ratios(tmp_path):
    rng = np.random.default_rng(0)
    ratios = [data.random_hole((64, 64), rng).mean() for _ in range(400)]
    counts, _ = np.histogram(ratios, bins=[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.62])
    assert counts.min() > 400 / 6 * 0.6
    assert max(ratios) < 0.62


def test_no_edge_follows_the_border_of_the_hole(tmp_path):
    sample = data.Samples(TrainOptions(PHOTOS, tmp_path, size=64))[1]
    assert (sample.known_edges * sample.mask).sum() == 0
    assert sample.true_edges.sum() > 0
