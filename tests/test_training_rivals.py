"""CA, GLCIC and PConv trained through the command line: losses and phases, resuming, export, a column in the table."""

import csv
import json
from pathlib import Path

import cv2
import pytest
import torch

from inpaint_cli.options import Rival
from inpaint_cli.training import rival_learners
from inpaint_cli.training.data import batches
from inpaint_cli.training.learner import make_learner
from inpaint_cli.training.option_values import Size, Stage
from inpaint_cli.training.run_folder import Run, read_log, read_options
from inpaint_cli.training.run_options import TrainOptions
from inpaint_cli.weights.rival_folder import RivalConfig, read_rival

PHOTOS = Path(__file__).parent / "data" / "train"
FAST = ("--base-channels", 4, "--size", 32, "--batch", 2, "--workers", 0, "--dtype", "float32", "--threads", 1)
FAST += ("--log-every", 1, "--sample-every", 0)
EXTRA: dict[Rival, tuple[object, ...]] = {Rival.PCONV: ("--perceptual", "random")}


def arguments(rival: Rival, run: Path, *more: object) -> tuple[object, ...]:
    chosen = ("--stage", "rival", "--model", rival, *EXTRA.get(rival, ()))
    return ("train", "--data", PHOTOS, "--out", run, *chosen, *FAST, *more)


def weights(run: Path) -> dict[str, torch.Tensor]:
    return torch.load(run / "checkpoint.pt", weights_only=True)["networks"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[Rival, Path]:
    """A run of each rival, long enough for all its phases."""
    from inpaint_cli.cli import main  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("rivals")
    for rival in Rival:
        options = ("--steps", 10, "--val", PHOTOS, "--sample-every", 10, "--licence", "CC0-1.0", "--quiet")
        assert main([str(word) for word in arguments(rival, folder / rival, *options)]) == 0
    return {rival: folder / rival for rival in Rival}


LOSSES = {
    Rival.CA: {"d_whole", "penalty_whole", "d_local", "penalty_local", "adversarial", "l1", "l1_coarse"},
    Rival.GLCIC: {"l2"},
    Rival.PCONV: {"valid", "hole", "perceptual", "style", "variation"},
}
OTHERS = {"step", "samples", "seconds", "broken", "samples_per_second"}


@pytest.mark.slow
@pytest.mark.parametrize("rival", Rival)
def test_each_rival_has_its_papers_losses(runs, rival):
    log = [line for line in read_log(runs[rival]) if "samples_per_second" in line]
    assert log[0].keys() - OTHERS == LOSSES[rival]
    measured = read_log(runs[rival])[-1]
    assert measured["val/psnr_none"] > 5
    assert 0 < measured["val/ssim_none"] < 1
    grid = cv2.imread(str(runs[rival] / "samples" / "0000010.png"))
    assert grid.shape[1] == 5 * 32


@pytest.mark.slow
def test_glcic_has_three_phases(runs):
    phases = [line.keys() - OTHERS for line in read_log(runs[Rival.GLCIC]) if "samples_per_second" in line]
    # of ten steps 18 % and 20 % end with the second; the third is of both
    assert phases == [{"l2"}, {"l2"}, *[{"d", "l2", "adversarial"}] * 8]


def test_between_them_only_the_discriminator_learns(tmp_path, monkeypatch):
    options = TrainOptions.of(
        data=PHOTOS, out=tmp_path, stage=Stage.RIVAL, model=Size.GLCIC, base_channels=4, size=(32,), batch=2, steps=10,
        workers=0,
    )  # fmt: skip
    learner = make_learner(options, torch.device("cpu"))
    batch = next(batches(options, 0))
    monkeypatch.setattr(rival_learners, "GLCIC_ALONE", 0.3)
    monkeypatch.setattr(rival_learners, "GLCIC_BOTH", 0.6)
    phases = []
    for _ in range(10):
        outputs = learner.predict(batch)
        losses = learner.discriminator_losses(batch, outputs), learner.generator_losses(batch, outputs)
        phases.append(tuple(set(of_player) for of_player in losses))
        learner.update_averages()
    assert phases == [*[(set(), {"l2"})] * 3, *[({"d"}, set())] * 3, *[({"d"}, {"l2", "adversarial"})] * 4]


def test_pconv_ends_with_fixed_norms_and_a_quarter_of_the_rate(tmp_path):
    options = TrainOptions.of(
        data=PHOTOS, out=tmp_path, stage=Stage.RIVAL, model=Size.PCONV, base_channels=4, size=(32,), batch=2,
        steps=10, workers=0, perceptual="none",
    )  # fmt: skip
    learner = make_learner(options, torch.device("cpu"))
    batch = next(batches(options, 0))
    norms = learner.networks.generator.encoder_norms

    def means() -> torch.Tensor:
        return torch.cat([norm.running_mean for norm in norms])

    for step in range(10):
        before = means()
        learner.predict(batch)
        assert torch.equal(before, means()) == (step == 9)
        learner.update_averages()
    assert [rival_learners.rival_rate(Rival.PCONV, step / 10) for step in (0, 8, 9)] == [1, 1, 0.25]
    assert rival_learners.rival_rate(Rival.CA, 0.99) == 1
    kinds = {
        r: type(rival_learners.rival_optimiser(r, [torch.nn.Parameter(torch.zeros(1))], 1e-4)).__name__ for r in Rival
    }
    assert kinds == {Rival.CA: "Adam", Rival.GLCIC: "Adadelta", Rival.PCONV: "Adam"}


@pytest.mark.slow
@pytest.mark.parametrize("rival", Rival)
def test_stopped_and_resumed_a_rival_ends_the_same(rival, runs, tmp_path, inpaint, monkeypatch):
    """Stopped with its last save at step 5, in the middle of its phases; CA draws random numbers in each step."""
    stopped = tmp_path / "stopped"

    def save_once(run: Run, step: int) -> None:
        if step <= 5:
            save(run, step)

    save = Run.save
    with monkeypatch.context() as patched:
        patched.setattr(Run, "save", save_once)
        assert inpaint(*arguments(rival, stopped, "--save-every", 0, "--steps", 10)).code == 0
    assert torch.load(stopped / "checkpoint.pt", weights_only=True)["step"] == 5
    assert inpaint("train", "--out", stopped, "--resume", "--threads", 1).code == 0
    one, other = weights(stopped), weights(runs[rival])
    assert [key for key in one if not torch.equal(one[key], other[key])] == []


@pytest.mark.slow
@pytest.mark.parametrize("rival", Rival)
def test_an_exported_rival_is_its_average_and_stands_in_the_table(rival, runs, tmp_path, inpaint):
    folder, report = tmp_path / "model", tmp_path / "report"
    assert inpaint("weights", "export", runs[rival], "-o", folder).code == 0
    assert {path.name for path in folder.iterdir()} == {
        "config.json", "generator.safetensors", "README.md", "samples.png"
    }  # fmt: skip
    config, generator = read_rival(folder)
    assert config == RivalConfig(rival, 4, 32)
    saved = weights(runs[rival])
    for key, weight in generator.state_dict().items():
        if "num_batches" not in key:
            assert torch.allclose(weight, saved[f"generator_average.module.{key}"], atol=1e-3)
    card = (folder / "README.md").read_text()
    assert f"--method {rival}=FOLDER" in card
    assert "CC0-1.0" in card
    assert "psnr none" in card
    data = PHOTOS.parent / "eval"
    options = ("--method", f"{rival}={folder}", "--size", 64, "--offline")
    assert inpaint("evaluate", "--data", data, "-o", report, *options).code == 0
    with (report / "table.csv").open(encoding="utf-8") as file:
        assert {row["column"] for row in csv.DictReader(file) if row["source"] == "measured"} == {rival}
    assert inpaint("weights", "export", runs[rival], "-o", folder, "--overwrite").code == 0


@pytest.mark.slow
def test_batch_normalisation_is_averaged_with_the_weights(runs):
    """Its means and variances are those of the weights that go with them, not of the last step's."""
    saved = weights(runs[Rival.GLCIC])
    means = [key for key in saved if key.startswith("generator_average.module.") and key.endswith("running_mean")]
    assert means
    assert not any(torch.equal(saved[key], saved[key.replace("_average.module", "")]) for key in means)


def test_lite_is_half_the_width(tmp_path, inpaint):
    run = tmp_path / "run"
    options = ("--stage", "rival", "--model", "ca-lite", "--size", 32, "--batch", 1, "--workers", 0, "--steps", 1)
    assert inpaint("train", "--data", PHOTOS, "--out", run, *options, "--sample-every", 0).code == 0
    assert weights(run)["generator.coarse.0.0.weight"].shape[0] == 16
    assert read_options(run).width == 16
    assert read_options(run).recipe == "paper"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--stage", "rival"), "--model ca, glcic or pconv"),
        (("--stage", "edge", "--model", "ca"), "--model ca, glcic or pconv"),
        (("--stage", "rival", "--model", "ca", "--recipe", "short"), "--recipe short"),
        (("--stage", "rival", "--model", "ca", "--g1", "somewhere"), "--g1: not with --stage rival"),
        (("--stage", "rival", "--model", "glcic", "--l1", 3), "--l1: not with --stage rival"),
        (("--stage", "rival", "--model", "ca", "--perceptual", "random"), "--perceptual: not with --stage rival"),
        (("--stage", "rival", "--model", "pconv", "--size", 48), "multiple of 32"),
        (("--stage", "rival", "--model", "pconv", "--size", 32, "--size", 64), "multiple of 32"),
        (("--stage", "rival", "--model", "pconv", "--size", 32, "--val-size", 64), "--val-size"),
        (("--stage", "edge", "--base-channels", 5), "an even number"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(tmp_path, inpaint, options, says):
    done = inpaint("train", "--data", PHOTOS, "--out", tmp_path / "run", *options, "--quiet")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert says in done.err


@pytest.mark.slow
def test_the_weights_of_vgg_16_may_come_from_a_file(tmp_path, inpaint):
    from inpaint_cli.nn.vgg import Vgg16  # noqa: PLC0415

    file = tmp_path / "vgg16.pth"
    torch.save(Vgg16.random(1).state_dict(), file)
    run, chosen = tmp_path / "run", ("--stage", "rival", "--model", "pconv")
    done = inpaint("train", "--data", PHOTOS, "--out", run, *chosen, *FAST, "--steps", 1, "--perceptual", file)
    assert done.code == 0
    assert "style" in read_log(run)[0]
    torch.save({}, file)
    done = inpaint("train", "--data", PHOTOS, "--out", tmp_path / "b", *chosen, *FAST, "--perceptual", file)
    assert done.code == 1
    assert "not the weights of vgg16" in done.err


@pytest.mark.slow
def test_a_model_of_another_width_is_exported_with_it(tmp_path, inpaint):
    run, folder = tmp_path / "run", tmp_path / "model"
    options = ("--stage", "joint", "--recipe", "paper", "--perceptual", "none", "--residual-blocks", 1, "--steps", 1)
    assert inpaint("train", "--data", PHOTOS, "--out", run, *FAST, *options).code == 0
    assert inpaint("weights", "export", run, "-o", folder).code == 0
    assert json.loads((folder / "config.json").read_text())["base_channels"] == 4
    assert weights(run)["d2.conv1.0.parametrizations.weight.original"].shape[0] == 4
