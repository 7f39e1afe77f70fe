"""What stands in the table beside EdgeConnect and the classics: rivals, other programs' pictures, FID and LPIPS."""

import csv
import subprocess
import sys
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance

from inpaint_cli.evaluation import photos
from inpaint_cli.evaluation.mask_bins import FIXED, Holes
from inpaint_cli.nn.rivals import build_generator
from inpaint_cli.options import Rival
from inpaint_cli.weights.rival_folder import RivalConfig, read_rival, write_rival
from tests.conftest import command

pytestmark = pytest.mark.slow

PHOTOS = Path(__file__).parent / "data" / "eval"
QUICK = ("--method", "telea", "--size", 64, "--offline")


def table(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    with (folder / "table.csv").open(encoding="utf-8") as file:
        return {(row["mask"], row["column"]): row for row in csv.DictReader(file) if row["source"] == "measured"}


def write_untrained(folder: Path, rival: Rival) -> Path:
    """Write a small rival with random weights."""
    torch.manual_seed(0)
    folder.mkdir()
    state = build_generator(rival, 4, 32).state_dict()
    write_rival(folder, RivalConfig(rival, 4, 32), state, "untrained")
    return folder


@pytest.mark.parametrize("rival", Rival)
def test_a_rival_comes_back_as_it_was_written(tmp_path, rival):
    folder = write_untrained(tmp_path / rival, rival)
    config, generator = read_rival(folder)
    assert config == RivalConfig(rival, 4, 32)
    torch.manual_seed(0)
    fresh = build_generator(rival, 4, 32).state_dict()
    assert all(torch.equal(w, fresh[k].half().float()) for k, w in generator.state_dict().items() if w.ndim)


def test_each_rival_has_a_column(inpaint, tmp_path):
    folders = {rival: write_untrained(tmp_path / f"my-{rival}", rival) for rival in Rival}
    methods = [word for rival, folder in folders.items() for word in ("--method", f"{rival}={folder}")]
    report = tmp_path / "report"
    # 72 is a multiple of no rival's own steps but GLCIC's
    run = inpaint("evaluate", "--data", PHOTOS, "-o", report, *methods, "--size", 72, "--offline", "--device", "cpu")
    assert (run.code, run.err) == (0, "")
    rows = table(report)
    assert {column for _, column in rows} == set(Rival)
    assert len({rows[FIXED, rival]["psnr_hole"] for rival in Rival}) == 3
    assert all(float(row["psnr_hole"]) < float(row["psnr"]) for row in rows.values())
    text = (report / "report.md").read_text("utf-8")
    assert "--method ca=my-ca" in text
    assert text.count("sha256 `") == 3


def test_two_models_of_one_rival_are_told_apart(inpaint, tmp_path):
    one, other = (write_untrained(tmp_path / name, Rival.GLCIC) for name in ("one", "other"))
    data = tmp_path / "data"
    data.mkdir()
    copy(PHOTOS / "city.jpg", data)
    methods = ("--method", f"glcic={one}", "--method", f"glcic={other}")
    options = ("--size", 64, "--offline")
    assert inpaint("evaluate", "--data", data, "-o", tmp_path / "report", *methods, *options).code == 0
    assert {column for _, column in table(tmp_path / "report")} == {"glcic (one)", "glcic (other)"}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("config.json", b'{"model": "edgeconnect"}', "expected one of ca, glcic, pconv"),
        ("config.json", b'{"model": "pconv", "base_channels": 3000000, "train_size": 64}', "base_channels"),
        ("config.json", b'{"model": "pconv", "base_channels": 8, "train_size": 32}', "has shape"),
        ("config.json", b'{"model": "glcic", "base_channels": 4, "train_size": 32}', "has shape"),
        ("config.json", b"no", "not valid JSON"),
        ("generator.safetensors", b"no", "damaged"),
    ],
)
def test_a_folder_that_is_no_such_rival_is_one_line(inpaint, tmp_path, name, content, says):
    folder = write_untrained(tmp_path / "pconv", Rival.PCONV)
    (folder / name).write_bytes(content)
    method = ("--method", f"pconv={folder}", "--size", 64, "--offline")
    run = inpaint("evaluate", "--data", PHOTOS, "-o", tmp_path / "report", *method)
    assert run.code == 1
    assert run.err.count("\n") == 1
    assert says in run.err


def test_another_rival_than_named_is_wrong_usage(inpaint, tmp_path):
    folder = write_untrained(tmp_path / "model", Rival.GLCIC)
    method = ("--method", f"pconv={folder}", "--size", 64, "--offline")
    run = inpaint("evaluate", "--data", PHOTOS, "-o", tmp_path / "report", *method)
    assert (run.code, run.err) == (2, f"inpaint: error: --method pconv={folder}: holds a glcic, not a pconv\n")


@pytest.mark.parametrize(
    ("method", "options"), [("pipeline", ()), ("edgeconnect", ("--plain",)), ("patchmatch", ("--method", "patchmatch"))]
)
def test_what_a_program_makes_of_exported_cases_is_measured_as_if_it_were_called(inpaint, tmp_path, method, options):
    """The program is `inpaint inpaint`: its pictures and the column that calls the pipeline give the same numbers."""
    data, cases, results, report = (tmp_path / name for name in ("data", "cases", "results", "report"))
    data.mkdir()
    copy(PHOTOS / "city.jpg", data)
    run = inpaint("evaluate", "--data", data, "--export-cases", cases, "--size", 64)
    assert (run.code, run.out, run.err) == (0, "", "")
    exact = ("--dtype", "float32", "--device", "cpu", "--backend", "torch")  # of two backends, rounding may differ
    assert inpaint("inpaint", cases / "photos", "--mask", cases / "masks", "-o", results, *exact, *options).code == 0
    arguments = ("--method", method, "--pictures", f"theirs={results}", "--size", 64, "--offline", *exact)
    assert inpaint("evaluate", "--data", data, "-o", report, *arguments).code == 0
    rows = table(report)
    assert len(rows) == 10
    for (mask, column), row in rows.items():
        if column == "theirs":
            assert {k: v for k, v in row.items() if k != "column"} == {
                k: v for k, v in rows[mask, method].items() if k != "column"
            }


def test_exported_cases_are_the_evaluations_own(inpaint, tmp_path):
    cases, report = tmp_path / "cases", tmp_path / "report"
    run = inpaint("evaluate", "--data", PHOTOS, "--export-cases", cases, "-o", report, *QUICK)  # both at once
    assert run.code == 0
    assert (report / "report.md").exists()
    files = sorted(path.name for path in (cases / "photos").iterdir())
    assert files == sorted(path.name for path in (cases / "masks").iterdir())
    assert len(files) == 15
    truth = photos.load(PHOTOS / "city.jpg", 64)
    hole = Holes(64, seed=0).hole("20-30", "city.jpg")
    assert np.array_equal(np.asarray(Image.open(cases / "masks" / "20-30_city.png")), np.where(hole, 255, 0))
    picture = np.asarray(Image.open(cases / "photos" / "20-30_city.png"))
    assert np.array_equal(picture, np.where(hole[..., None], 255, truth))
    again = inpaint("evaluate", "--data", PHOTOS, "--export-cases", cases)
    assert again.code == 1
    assert "is not empty" in again.err
    assert inpaint("evaluate", "--data", PHOTOS, "--export-cases", cases, "--size", 64, "--overwrite").code == 0


def test_only_what_a_program_shows_in_the_hole_counts(inpaint, tmp_path):
    """A JPEG changes every pixel; around the hole the true photo stands again."""
    cases, results = tmp_path / "cases", tmp_path / "results"
    assert inpaint("evaluate", "--data", PHOTOS, "--export-cases", cases, "--size", 64).code == 0
    results.mkdir()
    for path in (cases / "photos").iterdir():
        truth = photos.load(PHOTOS / f"{path.stem.partition('_')[2]}.jpg", 64)
        hole = np.asarray(Image.open(cases / "masks" / path.name)) > 0
        Image.fromarray(np.where(hole[..., None], truth, 0)).save(results / path.name)
    arguments = ("--pictures", f"perfect={results}", *QUICK)
    assert inpaint("evaluate", "--data", PHOTOS, "-o", tmp_path / "report", *arguments).code == 0
    assert {row["psnr"] for (_, column), row in table(tmp_path / "report").items() if column == "perfect"} == {"∞"}


def test_pictures_that_do_not_fit_are_one_line(inpaint, tmp_path):
    cases = tmp_path / "cases"
    assert inpaint("evaluate", "--data", PHOTOS, "--export-cases", cases, "--size", 96).code == 0
    arguments = ("--pictures", f"lama={cases / 'photos'}", *QUICK)
    run = inpaint("evaluate", "--data", PHOTOS, "-o", tmp_path / "report", *arguments)
    assert run.code == 1
    assert "96×96 pixels, expected 64×64" in run.err
    (cases / "photos" / "fixed_city.png").unlink()
    run = inpaint("evaluate", "--data", PHOTOS, "-o", tmp_path / "other", *arguments)
    assert run.code == 2
    assert "1 of 15 pictures are missing, such as fixed_city.png" in run.err


def test_a_broken_photo_needs_no_picture(inpaint, tmp_path):
    data, cases = tmp_path / "data", tmp_path / "cases"
    data.mkdir()
    copy(PHOTOS / "city.jpg", data)
    (data / "broken.jpg").write_bytes(b"not a picture")
    run = inpaint("evaluate", "--data", data, "--export-cases", cases, "--size", 64)
    assert run.code == 1
    assert run.err.count("\n") == 1
    assert "broken.jpg" in run.err
    assert len(list((cases / "photos").iterdir())) == 5
    arguments = ("--pictures", f"holes={cases / 'photos'}", *QUICK)
    run = inpaint("evaluate", "--data", data, "-o", tmp_path / "report", *arguments)
    assert run.code == 1
    assert "1 of 2 photos are not in the report" in run.err
    assert table(tmp_path / "report")[FIXED, "holes"]["cases"] == "1"


def test_a_report_needs_a_folder(inpaint):
    run = inpaint("evaluate", "--data", PHOTOS)
    assert run.code == 2
    assert "--output is missing" in run.err


class Small(nn.Module):
    """Stands for Inception: six features."""

    def forward(self, img: Tensor) -> Tensor:  # noqa: D102
        x = img.float() / 255
        return torch.cat([x.mean(dim=(2, 3)), x.square().mean(dim=(2, 3))], dim=1)


class Asked(nn.Module):
    """Gives features only when asked, as the usual file does."""

    def forward(self, img: Tensor, return_features: bool = False) -> Tensor:  # noqa: D102
        x = img.float() / 255
        features = torch.cat([x.mean(dim=(2, 3)), x.square().mean(dim=(2, 3))], dim=1)
        return features if return_features else features[:, :2].softmax(1)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("network", [Small, Asked])
def test_fid_of_a_scripted_network_is_torchmetrics_own(inpaint, tmp_path, network):
    weights, cases, report = tmp_path / "inception.pt", tmp_path / "cases", tmp_path / "report"
    torch.jit.script(network()).save(weights)
    assert inpaint("evaluate", "--data", PHOTOS, "--export-cases", cases, "--size", 64).code == 0
    arguments = ("--pictures", f"holes={cases / 'photos'}", "--fid-weights", weights, *QUICK)
    run = inpaint("evaluate", "--data", PHOTOS, "-o", report, *arguments)
    assert (run.code, run.err) == (0, "")

    metric = FrechetInceptionDistance(feature=Small(), input_img_size=(3, 64, 64))
    for name in ("bridge", "city", "firework"):
        for real, picture in (
            (True, photos.load(PHOTOS / f"{name}.jpg", 64)),
            (False, np.array(Image.open(cases / "photos" / f"fixed_{name}.png"))),
        ):
            metric.update(torch.from_numpy(picture.copy()).permute(2, 0, 1)[None], real=real)
    assert float(table(report)[FIXED, "holes"]["fid"]) == pytest.approx(float(metric.compute()), abs=1e-3)
    text = (report / "report.md").read_text("utf-8")
    assert "FID's Inception: sha256 `" in text
    assert "--fid-weights inception.pt" in text


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_file_that_is_no_inception_is_one_line(inpaint, tmp_path):
    class Picture(nn.Module):
        def forward(self, img: Tensor) -> Tensor:
            return img

    text, state, picture = (tmp_path / name for name in ("text.pt", "state.pt", "picture.pt"))
    text.write_text("no network")
    torch.save({"weight": torch.zeros(2)}, state)
    torch.jit.script(Picture()).save(picture)
    for weights in (text, state, picture):
        run = inpaint("evaluate", "--data", PHOTOS, "-o", tmp_path / "report", *QUICK, "--fid-weights", weights)
        assert run.code == 1
        assert run.err.count("\n") == 1
        assert f"{weights}: " in run.err
        assert "inception-2015-12-05.pt" in run.err


def test_nothing_of_the_extra_is_imported_before_it_is_needed():
    code = (
        "import sys, inpaint_cli.evaluation.report, inpaint_cli.training.loop, inpaint_cli.cli.app;"
        "inpaint_cli.cli.app.application();"
        "print(sorted({'torchvision', 'torchmetrics', 'torch_fidelity', 'lpips'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_package_that_does_not_fit_torch_is_one_line_in_the_report(tmp_path):
    """What torchvision does beside a torch of another build, in a process of its own."""
    package = tmp_path / "site" / "torchvision"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    report = tmp_path / "report"
    evaluate = command("evaluate", "--data", PHOTOS, "-o", report, *QUICK)
    script = f"import sys; sys.path.insert(0, {str(package.parent)!r}); sys.argv[1:] = {evaluate[3:]!r}; "
    script += "from inpaint_cli.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lpips = (report / "report.md").read_text("utf-8").partition("## LPIPS")[2].partition("##")[0]
    found = [line for line in lpips.splitlines() if line.startswith("not available")]
    assert len(found) == 1
    assert "importing torchvision fails (operator torchvision::nms does not exist)" in found[0]


def test_weights_that_are_not_there_are_named_with_their_place(inpaint, tmp_path, monkeypatch):
    """Stand-ins for the packages that know where the weights come from."""
    for name, text in {
        "torchvision/__init__.py": "",
        "torchvision/models.py": (
            "class _Default: url = 'http://127.0.0.1:9/alexnet-owt-7be5be79.pth'\n"
            "class AlexNet_Weights: DEFAULT = _Default\n"
        ),
    }.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "empty"))
    for name, options in {"offline": ("--offline",), "online": ()}.items():
        arguments = ("--method", "telea", "--size", 64, *options)
        assert inpaint("evaluate", "--data", PHOTOS, "-o", tmp_path / name, *arguments).code == 0
        lpips = (tmp_path / name / "report.md").read_text("utf-8").partition("## LPIPS")[2].partition("##")[0]
        assert "alexnet-owt-7be5be79.pth" in lpips
        assert "$TORCH_HOME/hub/checkpoints" in lpips
        assert ("--offline" in lpips) == (name == "offline")
    for module in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, module)
