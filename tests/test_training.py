"""Training through the command line: it learns, survives being killed, and ends as a model that can be used."""

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
from inpaint_cli.training.learner import EdgeConnectLearner
from inpaint_cli.training.loop import SaveClock, train
from inpaint_cli.training.optimisers import Optimisers
from inpaint_cli.training.option_values import Recipe, Stage
from inpaint_cli.training.run_folder import read_log, read_options
from inpaint_cli.training.run_networks import TrainingNetworks
from inpaint_cli.training.run_options import TrainOptions
from inpaint_cli.training.shown_lines import Kind, soft_lines

pytestmark = pytest.mark.slow

PHOTOS = Path(__file__).parent / "data" / "train"
SMALL = ("--residual-blocks", 1, "--size", 32, "--batch", 2, "--workers", 0)
SMALL += ("--perceptual", "none", "--dtype", "float32")
FAST = (*SMALL, "--threads", 1, "--sample-every", 0, "--log-every", 1)


def complaints(err: str) -> list[str]:
    """Return what a run said after its first line."""
    return [line for line in err.splitlines() if not line.startswith("inpaint: training G")]


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
    options += ("--adversarial1", 1, "--fm1", 10, "--adversarial2", 0.1, "--fm2", 2, "--l1", 1)
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
    assert {"val/gain_channel", "val/psnr_channel_median", "val/edge_precision", "val/edge_f1"} <= log[-1].keys()
    grid = cv2.imread(str(finished / "samples" / "0000004.png"))
    assert grid.shape == (4 * 32, 5 * 32, 3)  # four photos; input, true edges, edges in use, result, truth
    assert checkpoint(finished)["step"] == 4
    assert any((finished / "tensorboard").iterdir())


def test_a_fresh_correction_is_the_diffusion_itself(tmp_path):
    """What G2 adds starts at nothing, so training starts from the filling's own quality."""
    options = TrainOptions(PHOTOS, tmp_path, Stage.INPAINT, residual_blocks=1, size=(32,))
    options = TrainOptions.read(_written(options, tmp_path / "config.toml"))
    batch = data.Samples(options)[data.SampleId(1, 0, 0, 32)]
    completion = EdgeConnectLearner(options, torch.device("cpu")).complete(batch)
    torch.testing.assert_close(completion.image, batch.filling)
    torch.testing.assert_close(completion.filled, batch.filling)


def _written(options: TrainOptions, path: Path) -> Path:
    options.write(path)
    return path


@pytest.fixture(scope="module")
def two_photos(tmp_path_factory) -> dict[str, Path]:
    """Two photos of 64×64 pixels and the one hole that both get."""
    folder = tmp_path_factory.mktemp("two")
    photos, masks = folder / "photos", folder / "masks"
    photos.mkdir()
    masks.mkdir()
    for name in ("colosseum", "dragonfly"):
        photo = cv2.imread(str(PHOTOS / f"{name}.jpg"))[:, 60:218]
        cv2.imwrite(str(photos / f"{name}.png"), cv2.resize(photo, (64, 64), interpolation=cv2.INTER_AREA))
    mask = np.zeros((64, 64), np.uint8)
    mask[20:44, 20:44] = 255
    cv2.imwrite(str(masks / "box.png"), mask)
    return {"data": photos, "masks": masks}


@pytest.mark.parametrize(
    ("stage", "recipe", "loss", "steps", "share"),
    [
        (Stage.INPAINT, Recipe.PAPER, "l1", 150, 1 / 2),
        (Stage.INPAINT, Recipe.SHORT, "l2", 100, 3 / 4),
        (Stage.EDGE, Recipe.SHORT, "bce", 100, 3 / 4),
    ],
)
def test_two_photos_are_learned_by_heart(two_photos, tmp_path, stage, recipe, loss, steps, share):
    options = TrainOptions.of(
        **two_photos, out=tmp_path, stage=stage, recipe=recipe, residual_blocks=1, size=(64,), batch=2, steps=steps,
        lr=2e-3, hole_weight=7, adversarial2=0, perceptual="none", blank_share=0, workers=0, log_every=1,
        sample_every=0,
    )  # fmt: skip
    train(options, quiet=True)
    losses = [line[loss] for line in read_log(tmp_path)]
    assert np.mean(losses[-10:]) < np.mean(losses[:3]) * share


@pytest.mark.parametrize(("number", "reuse"), [(signal.SIGKILL, 1), (signal.SIGTERM, 3)])
@pytest.mark.posix
def test_ended_at_any_moment_and_resumed_it_ends_the_same(tmp_path, inpaint, number, reuse):
    straight, ended = tmp_path / "straight", tmp_path / "ended"
    options = ("--data", PHOTOS, "--stage", "inpaint", "--l1", 1, *FAST, "--steps", 40, "--batch", 1, "--ema", 0.9,
               "--reuse", reuse)  # fmt: skip
    command = [sys.executable, "-m", "inpaint_cli", "train", "--out", ended, *options, "--save-every", 0]
    process = subprocess.Popen([str(part) for part in command], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 300  # a busy machine takes its time to start
    while not (ended / "checkpoint.pt").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    _, said = process.communicate()
    at = checkpoint(ended)["step"]
    assert at < 40, "too late to end it"
    if number == signal.SIGTERM:
        assert process.returncode == 130, said
        assert said.splitlines()[-1] == f"inpaint: stopped after step {at} of 40; go on with --resume"
    else:
        assert process.returncode == -signal.SIGKILL, said

    assert inpaint("train", "--out", ended, "--resume", "--threads", 1).code == 0
    assert inpaint("train", "--out", straight, *options).code == 0
    assert_same_weights(straight, ended)
    curves = [[(line["step"], line["l1"], line["l2"]) for line in read_log(run)] for run in (straight, ended)]
    assert curves[0] == curves[1]


def test_the_first_words_come_before_the_first_step_and_the_rate_as_soon_as_it_is_known(tmp_path, inpaint, monkeypatch):
    monkeypatch.setattr("inpaint_cli.training.run_progress.FIRST_RATE", 0.0)
    run = tmp_path / "run"
    arguments = ("train", "--data", PHOTOS, "--out", run, "--stage", "edge", *FAST, "--steps", 3)
    lines = inpaint(*arguments).err.splitlines()
    assert lines[0] == f"inpaint: training G1 on {PHOTOS}, to step 3; the run is {run}"
    assert lines[1].startswith("step 1 of 3: ")
    assert "samples/s, loss " in lines[1]
    assert inpaint(*arguments, "--out", tmp_path / "other", "--quiet").err == ""


def test_checkpoints_come_by_the_clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    clock = SaveClock(minutes=5)
    due = []
    for _ in range(12):
        now[0] += 59
        due.append(clock.due())
    assert [number for number, is_due in enumerate(due) if is_due] == [1, 7]  # after 2 and 8 minutes of 59 seconds
    assert SaveClock(minutes=0).due()


def test_the_rate_warms_up_and_falls_and_knows_nothing_but_the_step(tmp_path):
    options = TrainOptions(PHOTOS, tmp_path, Stage.EDGE, residual_blocks=1, steps=1000, lr=1.0)

    def rates(start: int, stop: int) -> list[float]:
        optimisers = Optimisers(networks.generators, [], options)
        optimisers.load_state_dict(optimisers.state_dict(), start)
        found = []
        for _ in range(start, stop):
            found.append(optimisers.generators.param_groups[0]["lr"])
            optimisers.generators.step()
            optimisers.advance()
        return found

    networks = TrainingNetworks(options)
    all_of_them = rates(0, 1000)
    assert all_of_them[0] == pytest.approx(0.01)
    assert np.argmax(all_of_them) == 99
    assert all_of_them[-1] == pytest.approx(0.02, abs=1e-4)
    assert rates(700, 1000) == all_of_them[700:]


def test_lines_shown_to_g2_are_true_ones_and_only_some_are_walls():
    rng = np.random.default_rng(0)
    true = np.zeros((64, 64), bool)
    true[8:60:8, 4:60] = True
    hole = np.zeros_like(true)
    hole[16:48, 16:48] = True
    shown = [soft_lines(Kind.TRUE, true, hole, rng) for _ in range(200)]
    assert all((lines.channel[~hole] == 0).all() and not lines.walls[~hole].any() for lines in shown)
    assert all((lines.channel[lines.walls] == 1).all() for lines in shown)
    near = cv2.dilate(true.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert all((lines.channel[~near] < 0.01).all() for lines in shown)
    alone = [lines for lines in shown if lines.channel.any() and not lines.walls.any()]
    assert 60 < len(alone) < 160
    assert not soft_lines(Kind.NONE, true, hole, rng).channel.any()


def test_two_processes_end_with_the_same_weights(tmp_path):
    run = tmp_path / "run"
    script = tmp_path / "one_of_two.py"  # the command line, and then what this process ended with
    script.write_text(
        "import os, sys, torch\n"
        "from inpaint_cli.cli import main\n"
        "from inpaint_cli.training import learner\n"
        "made = []\n"
        "networks = learner.TrainingNetworks\n"
        "learner.TrainingNetworks = lambda *a, **k: made.append(networks(*a, **k)) or made[0]\n"
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
    assert len(complaints(done.err)) == 1


def test_broken_photos_are_skipped_and_counted(tmp_path, inpaint):
    folder = tmp_path / "photos"
    shutil.copytree(PHOTOS, folder)
    (folder / "broken.jpg").write_bytes((PHOTOS / "colosseum.jpg").read_bytes()[:2000])
    (folder / "text.png").write_text("no picture")
    run = tmp_path / "run"
    options = (*FAST, "--steps", 20, "--cache", 0)  # without a cache each is found when it is drawn
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
    arguments += ("--workers", 1, "--steps", 10, "--l1", 1)  # another process's error would be a traceback
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
    options = TrainOptions(PHOTOS, tmp_path, masks=masks, size=(64,))
    mask = data.Samples(options)[data.SampleId(1, 0, 0, 64)].mask
    assert mask.sum() == 64  # from top to bottom, one pixel wide


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--size", 30), "--size 30"),
        (("--canny-share", 0.7, "--blank-share", 0.7), "more than 1"),
        (("--photo-share", 0.3, "--target", "photo"), "needs --target lines"),
        (("--hole-fill", "white"), "--hole-fill harmonic"),
        (("--output", "picture"), "--output correction"),
        (("--lr-drop", 10), "--recipe paper"),
        (("--recipe", "refine"), "give --g2 RUN"),
        (("--device", "cuda:7"), "--device cuda:7"),
    ],
)
def test_options_that_make_no_sense(tmp_path, inpaint, options, message):
    done = inpaint("train", "--data", PHOTOS, "--out", tmp_path / "run", "--stage", "inpaint", *FAST, *options)
    assert done.code == 2
    assert message in done.err
    assert len(complaints(done.err)) == 1


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
    assert len(complaints(done.err)) == 1


def test_vgg_that_cannot_be_had_names_the_ways_out(tmp_path, inpaint, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    options = [option for option in FAST if option not in {"--perceptual", "none"}] + ["--recipe", "paper"]
    done = inpaint("train", "--data", PHOTOS, "--out", tmp_path / "run", "--stage", "inpaint", *options)
    assert done.code == 1
    assert "--perceptual random" in done.err
    assert "--perceptual none" in done.err
    assert len(complaints(done.err)) == 1


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
    starts = ("--g1", finished, "--g2", finished)
    done = inpaint("train", "--data", PHOTOS, "--out", run, "--stage", "inpaint", *starts, *FAST, "--steps", 2)
    assert done.code == 0, done.err
    before, after = checkpoint(finished)["networks"], checkpoint(run)["networks"]
    g1 = [key for key in after if key.startswith("g1.")]
    assert g1
    assert all(torch.equal(after[key], before[key.replace("g1.", "g1_average.module.")]) for key in g1)
    assert any(
        not torch.equal(after[key], before[key.replace("g2.", "g2_average.module.")])
        for key in after
        if key.startswith("g2.")
    )


def test_export_makes_a_model_that_works(finished, tmp_path, inpaint):
    from inpaint_cli import EdgeConnect  # noqa: PLC0415

    folder = tmp_path / "model"
    assert inpaint("weights", "export", finished, "-o", folder).code == 0
    assert {path.name for path in folder.iterdir()} == {
        "config.json", "edge.safetensors", "inpaint.safetensors", "README.md", "samples.png"
    }  # fmt: skip
    config = json.loads((folder / "config.json").read_text())
    assert config["output"] == "correction"
    assert (config["contrast"], config["mask_channel"], config["edge_channel"]) == ("photo", True, "soft")
    assert (config["lines"], config["wall_strength"], bool(config["look_sizes"])) == ("g1", 20_000.0, True)
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
    options = TrainOptions(PHOTOS, tmp_path, size=(64,))
    samples = data.Samples(options)
    a, _, b = (samples[data.SampleId(7, 0, place, 64)] for place in (7, 3, 7))
    assert torch.equal(a.image, b.image)
    assert torch.equal(a.mask, b.mask)
    assert not torch.equal(samples[data.SampleId(8, 0, 7, 64)].image, a.image)


def test_samples_that_are_used_again_are_the_same_photos_turned(tmp_path):
    options = TrainOptions(PHOTOS, tmp_path, stage=Stage.INPAINT, size=(32,), batch=2, reuse=3)
    length = data.SOURCES * options.reuse
    taken = [sample for step in range(1, length + 1) for sample in data.step_samples(options, step, rank=0)]
    assert len(set(taken)) == len(taken) == 2 * length
    looks = sorted(sample for sample in taken if (sample.step, sample.place) == (taken[0].step, taken[0].place))
    assert [sample.look for sample in looks] == [0, 1, 2]
    samples = data.Samples(options)
    seen = [samples[sample] for sample in looks]
    assert len({batch.image.numpy().tobytes() for batch in seen}) > 1
    for batch in seen[1:]:
        for name in ("image", "gray", "mask", "filling", "target", "channel", "true_edges", "known_edges"):
            values, upright = (getattr(one, name).flatten().sort().values for one in (batch, seen[0]))
            assert torch.equal(values, upright), name
        outside = (1 - batch.mask).expand_as(batch.image) > 0
        assert torch.equal(batch.filling[outside], batch.image[outside]), "colours and places went together"
    again = data.Samples(options)[looks[2]]  # as after a resume
    assert torch.equal(again.image, seen[2].image)
    assert torch.equal(again.target, seen[2].target)


def test_the_target_may_be_partly_the_photo(tmp_path):
    sample = data.SampleId(1, 0, 0, 64)
    lines, mixed = (
        data.Samples(TrainOptions(PHOTOS, tmp_path, stage=Stage.INPAINT, photo_share=share))[sample]
        for share in (0, 0.25)
    )
    wanted = 0.75 * lines.target + 0.25 * lines.image
    assert torch.allclose(mixed.target, wanted, atol=1e-6)
    assert not torch.allclose(mixed.target, lines.target, atol=1e-3)


def test_crops_of_several_sizes_make_steps_of_one_cost(tmp_path):
    options = TrainOptions(PHOTOS, tmp_path, size=(32, 64), batch=8, steps=40)
    steps = [data.step_samples(options, step, rank=0) for step in range(40)]
    assert {(len(samples), samples[0].size) for samples in steps} == {(8, 32), (2, 64)}
    assert all(len({sample.size for sample in samples}) == 1 for samples in steps)


def test_holes_are_spread_over_the_ratios():
    rng = np.random.default_rng(0)
    short = [data.random_hole((64, 64), rng).mean() for _ in range(400)]
    assert min(short) > 0
    assert 0.4 < max(short) < 0.52
    assert np.median(short) < 0.2  # most holes are objects, not half pictures
    ratios = [data.random_hole((64, 64), rng, Recipe.PAPER).mean() for _ in range(400)]
    counts, _ = np.histogram(ratios, bins=[0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.62])
    assert counts.min() > 400 / 6 * 0.6
    assert max(ratios) < 0.62


def test_no_edge_follows_the_border_of_the_hole(tmp_path):
    sample = data.Samples(TrainOptions(PHOTOS, tmp_path, size=(64,)))[data.SampleId(1, 0, 0, 64)]
    assert (sample.known_edges * sample.mask).sum() == 0
    assert sample.true_edges.sum() > 0
