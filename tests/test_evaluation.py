"""`inpaint evaluate` as a user runs it: the report, its columns, what stops it and what does not."""

import csv
import tracemalloc
from importlib import util
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
from PIL import Image

from inpaint_cli.cli import main
from inpaint_cli.evaluation import protocol, report, tables
from inpaint_cli.evaluation.journal import Journal
from inpaint_cli.evaluation.settings import Candidate, Settings

pytestmark = pytest.mark.slow

PHOTOS = Path(__file__).parent / "data" / "eval"
QUICK = ("--method", "telea", "--size", 64, "--offline")


def run_all(folder):
    """Evaluate everything on three photos; return the report's folder."""
    options = ("--size", 64, "--batch", 2, "--offline", "--sweep-sigma", "1..2")
    assert main(["evaluate", "--data", str(PHOTOS), "-o", str(folder / "report"), *map(str, options)]) == 0
    return folder / "report"


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    return run_all(tmp_path_factory.mktemp("first"))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def table(folder):
    with (folder / "table.csv").open(encoding="utf-8") as file:
        return {(row["source"], row["mask"], row["column"]): row for row in csv.DictReader(file)}


def test_the_report_has_all_its_parts_and_nothing_else(full):
    assert set(contents(full)) == {
        "report.md", "cases.csv", "table.csv", "measures.png", "cases.jpg", "sigma.png", "sigma.jpg",
    }  # fmt: skip


def test_two_runs_write_the_same_bytes(full, tmp_path):
    assert contents(run_all(tmp_path)) == contents(full)


def test_each_method_has_a_column_in_each_bin_and_the_papers_stand_beside(full):
    rows = table(full)
    for mask in ("10-20", "20-30", "30-40", "40-50", "fixed"):
        for method in Candidate:
            row = rows["measured", mask, method]
            assert row["cases"] == "3"
            assert 0 < float(row["l1"]) < 100
            assert float(row["psnr_hole"]) < float(row["psnr"])
    paper = rows["paper, Places2", "10-20", "EdgeConnect"]
    assert (paper["psnr"], paper["ssim"], paper["psnr_hole"]) == ("27.9500", "0.9200", "")


def test_each_column_is_another_method(full):
    rows = table(full)
    methods = set(Candidate) - {Candidate.PIPELINE}  # which may well decide for PatchMatch alone
    assert len({rows["measured", "fixed", method]["psnr_hole"] for method in methods}) == len(methods)


def test_the_table_is_the_mean_of_the_cases(full):
    with (full / "cases.csv").open(encoding="utf-8") as file:
        cases = [row for row in csv.DictReader(file) if (row["mask"], row["column"]) == ("30-40", "patchmatch")]
    assert sorted(case["photo"] for case in cases) == ["bridge.jpg", "city.jpg", "firework.jpg"]
    assert all(0.3 <= float(case["hole"]) < 0.4 for case in cases)
    mean = np.mean([float(case["psnr_hole"]) for case in cases])
    assert float(table(full)["measured", "30-40", "patchmatch"]["psnr_hole"]) == pytest.approx(mean, abs=1e-3)


def test_the_report_says_what_made_it_and_no_more(full, tmp_path_factory):
    text = (full / "report.md").read_text("utf-8")
    command = (
        "inpaint evaluate --data eval -o report --weights open-lite --sweep-sigma 1..2 --size 64 --batch 2 --offline"
    )
    assert command in text
    assert "seed 0" in text
    assert text.count("sha256 `") == 2
    assert "torch 2." in text
    assert str(tmp_path_factory.getbasetemp()) not in text
    assert str(PHOTOS.parent) not in text


def test_a_sweep_has_a_row_for_each_sigma_and_one_without_edges(full):
    rows = [key[2] for key in table(full) if key[2].startswith(("σ", "no edges"))]
    assert rows == [
        *(f"σ = {sigma}{which}" for which in ("", ", true edges") for sigma in ("1", "1.5", "2")),
        "no edges",
    ]
    text = (full / "report.md").read_text("utf-8").partition("## Canny's σ")[2]
    assert [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| ")] == [
        "| σ", "| 1", "| 1.5", "| 2", "| no edges",
    ]  # fmt: skip
    at_two, true_at_two, without, edgeconnect, canny, no_edges = (
        table(full)["measured", "20-30", name]["psnr"]
        for name in ("σ = 2", "σ = 2, true edges", "no edges", "edgeconnect", "canny", "no-edges")
    )
    assert (at_two, true_at_two, without) == (edgeconnect, canny, no_edges)  # σ = 2 is the model's own


def test_offline_columns_say_that_they_are_not_available(inpaint, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "empty"))
    run = inpaint("evaluate", "--data", PHOTOS, "-o", tmp_path / "report", *QUICK)
    assert (run.code, run.out, run.err) == (0, "", "")
    text = (tmp_path / "report" / "report.md").read_text("utf-8")
    for title in ("LPIPS", "FID"):
        assert text.partition(f"## {title}")[2].lstrip("↓ \n").startswith("not available: ")
    row = table(tmp_path / "report")["measured", "fixed", "telea"]
    assert (row["lpips"], row["fid"]) == ("", "")


class Killed(BaseException):
    """Stands for a kill in the middle of a run."""


@pytest.fixture(scope="module")
def two_columns(tmp_path_factory):
    """The report of a run that nothing stopped."""
    folder = tmp_path_factory.mktemp("whole") / "report"
    assert report.evaluate(two_column_settings(folder), lambda _: lambda _: None) == []
    return folder


def two_column_settings(folder, *, resume=False):
    methods = (Candidate.EDGECONNECT, Candidate.TELEA)
    return Settings(PHOTOS, folder, methods=methods, size=64, batch=2, offline=True, resume=resume)


@pytest.mark.parametrize("groups", [1, 9, 14])
def test_a_killed_run_resumes_to_the_same_bytes(groups, two_columns, tmp_path):
    left = groups

    def advance(_):
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    folder = tmp_path / "report"
    with pytest.raises(Killed):
        report.evaluate(two_column_settings(folder), lambda _: advance)
    assert not (folder / "report.md").exists()
    with (folder / ".journal" / "cases.jsonl").open("a") as journal:
        journal.write('{"batch": 1, "mask": "fix')  # the line that it died in
    assert report.evaluate(two_column_settings(folder, resume=True), lambda _: lambda _: None) == []
    assert contents(folder) == contents(two_columns)


def test_resuming_with_other_settings_is_refused(inpaint, tmp_path):
    settings = Settings(PHOTOS, tmp_path / "report", methods=(Candidate.TELEA,), size=64, offline=True)

    def die(_):
        raise Killed

    with pytest.raises(Killed):
        report.evaluate(settings, lambda _: die)
    run = inpaint("evaluate", "--data", PHOTOS, "-o", tmp_path / "report", *QUICK, "--resume", "--seed", 1)
    assert run.code == 2
    assert run.err.count("\n") == 1
    assert "other settings (seed)" in run.err


def test_a_broken_photo_is_reported_and_the_others_are_measured(inpaint, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    copy(PHOTOS / "city.jpg", data)
    (data / "broken.jpg").write_bytes(b"not a picture")
    run = inpaint("evaluate", "--data", data, "-o", tmp_path / "report", *QUICK)
    assert run.code == 1
    found, summary = run.err.splitlines()
    assert found.startswith("inpaint: error: ")
    assert "broken.jpg" in found
    assert summary == "inpaint: warning: 1 of 2 photos are not in the report"
    assert table(tmp_path / "report")["measured", "fixed", "telea"]["cases"] == "1"
    assert "could not be read: `broken.jpg`" in (tmp_path / "report" / "report.md").read_text("utf-8")


def test_masks_of_a_folder_are_sorted_by_their_own_ratio(inpaint, tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()
    for name, share in {"few": 0.05, "some": 0.25, "many": 0.45, "most": 0.8}.items():
        mask = np.zeros((100, 100), np.uint8)
        mask[: round(100 * share)] = 255
        Image.fromarray(mask).save(masks / f"{name}.png")
    run = inpaint("evaluate", "--data", PHOTOS, "--masks", masks, "-o", tmp_path / "report", *QUICK)
    assert run.code == 0
    assert "2 of 4 masks" in run.err
    cells = {mask: row for (source, mask, _), row in table(tmp_path / "report").items() if source == "measured"}
    assert set(cells) == {"20-30", "40-50", "fixed"}
    with (tmp_path / "report" / "cases.csv").open(encoding="utf-8") as file:
        holes = {row["hole"] for row in csv.DictReader(file) if row["mask"] == "40-50"}
    assert len(holes) == 1
    assert float(holes.pop()) == pytest.approx(0.45, abs=0.02)


def test_a_folder_without_a_usable_mask_is_wrong_usage(inpaint, tmp_path):
    Image.new("L", (20, 20), 255).save(tmp_path / "all.png")
    run = inpaint("evaluate", "--data", PHOTOS, "--masks", tmp_path, "-o", tmp_path / "report", *QUICK)
    assert run.code == 2
    assert "10 to 50 %" in run.err


def test_each_model_has_columns_of_its_own(inpaint, tmp_path, original_model):
    options = ("--method", "edgeconnect", "--method", "telea", "--size", 64, "--offline")
    weights = ("--weights", "open-lite", "--weights", original_model)
    data = tmp_path / "data"
    data.mkdir()
    copy(PHOTOS / "city.jpg", data)
    assert inpaint("evaluate", "--data", data, "-o", tmp_path / "report", *options, *weights).code == 0
    rows = table(tmp_path / "report")
    ours = {key[2]: row["psnr"] for key, row in rows.items() if key[:2] == ("measured", "fixed")}
    assert list(ours) == ["edgeconnect (open-lite)", f"edgeconnect ({original_model.name})", "telea"]
    assert len(set(ours.values())) == 3


def test_memory_does_not_grow_with_the_number_of_photos(tmp_path):
    def peak(photos):
        data = tmp_path / f"{photos}"
        data.mkdir()
        for number in range(photos):
            copy(PHOTOS / "city.jpg", data / f"{number}.jpg")
        settings = Settings(data, data, methods=(Candidate.TELEA,), size=128, batch=2, threads=1, offline=True)
        plan = protocol.prepare(settings)
        tracemalloc.start()
        journal = Journal(data / "report", plan.run(), resume=False)
        protocol.measure(plan, journal, lambda _: None)
        tables.average(journal.cases())
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(2)  # what libraries keep for themselves after their first use
    one_picture = 128 * 128 * 3
    assert peak(24) - peak(4) < 20 * one_picture / 2  # not even the 20 photos are kept, let alone their fills


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--data", "nowhere"), 2, "nowhere: not a folder"),
        (("--data", PHOTOS, "--sweep-sigma", "5..1"), 2, "0.5..5"),
        (("--data", PHOTOS, "--sweep-sigma", "two"), 2, "0.5..5"),
        (("--data", PHOTOS, "--size", "63"), 2, "64"),
        (("--data", PHOTOS, "--method", "photoshop"), 2, "photoshop"),
        (("--data", PHOTOS, "--method", "pconv"), 2, "pconv=FOLDER"),
        (("--data", PHOTOS, "--method", "telea=somewhere"), 2, "telea=somewhere"),
        (("--data", PHOTOS, "--method", "pconv=nowhere"), 1, "nowhere"),
        (("--data", PHOTOS, "--pictures", "lama"), 2, "lama=results"),
        (("--data", PHOTOS, "--pictures", "telea=there"), 2, "another heading"),
        (("--data", PHOTOS, "--pictures", "lama=nowhere"), 2, "nowhere: not a folder"),
        (("--data", PHOTOS, "--method", "telea", "--fid-weights", "nowhere.pt"), 1, "nowhere.pt"),
        (("--data", PHOTOS, "--weights", "no-such-model"), 2, "no-such-model"),
    ],
)
def test_wrong_usage_is_one_line(inpaint, tmp_path, arguments, code, says):
    run = inpaint("evaluate", *arguments, "-o", tmp_path / "report", "--offline")
    assert run.code == code
    assert run.err.count("inpaint: error: ") == 1
    assert says in run.err
    assert not (tmp_path / "report" / "report.md").exists()


def test_a_report_is_not_replaced_unasked(inpaint, tmp_path):
    folder = tmp_path / "report"
    assert inpaint("evaluate", "--data", PHOTOS, "-o", folder, *QUICK).code == 0
    before = contents(folder)
    refused = inpaint("evaluate", "--data", PHOTOS, "-o", folder, *QUICK, "--seed", 1)
    assert refused.code == 1
    assert "--overwrite" in refused.err
    assert contents(folder) == before
    assert inpaint("evaluate", "--data", PHOTOS, "-o", folder, *QUICK, "--seed", 1, "--overwrite").code == 0
    assert contents(folder) != before
    resumed = inpaint("evaluate", "--data", PHOTOS, "-o", folder, *QUICK, "--resume")
    assert resumed.code == 1
    assert "finished" in resumed.err


def test_a_missing_extra_names_the_command_that_installs_it(inpaint, tmp_path, monkeypatch):
    find_spec = util.find_spec
    monkeypatch.setattr(
        "inpaint_cli.cli.evaluate.find_spec", lambda name: None if name == "matplotlib" else find_spec(name)
    )
    run = inpaint("evaluate", "--data", PHOTOS, "-o", tmp_path / "report", *QUICK)
    assert run.code == 1
    command = "pip install -c constraints.txt '.[evaluate]'"
    assert run.err == f"inpaint: error: matplotlib is not installed, which evaluations need: {command}\n"
    documented = (PHOTOS.parents[2] / "README.md").read_text("utf-8")
    assert "evaluate]" in documented.partition('pip install -c constraints.txt ".[train,')[2]
