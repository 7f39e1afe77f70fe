"""Names that come close in one folder, runs side by side, manifests as people write them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from inpaint_cli.batch import discovery, places
from inpaint_cli.batch.job import Request
from inpaint_cli.errors import UsageError
from tests.conftest import Run
from tests.pictures import small_dune

Inpaint = Callable[..., Run]
QUICK = ("--method", "telea", "--box", "20,20,12,12")


def saved(folder: Path, *names: str) -> Path:
    """Save one small photo under several names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        small_dune().save(folder / name, "GIF" if name.endswith(".gif") else None)
    return folder


def written(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("command", "names", "output", "results"),
    [
        ("remove", ("x.gif", "x.png", "y.gif"), "out", ["x.gif.png", "x.png", "y.png"]),
        ("remove", ("x.gif", "x.png"), "out/{stem}_new{ext}", ["x.gif_new.png", "x_new.png"]),
        ("remove", ("x.gif", "x.jpg"), "out", ["x.jpg", "x.png"]),
        ("edges", ("x.jpg", "x.png", "x.tif"), "out", ["x.jpg.png", "x.png", "x.tif.png"]),
    ],
)
def test_photos_that_differ_in_their_extension_have_results_of_their_own(
    inpaint: Inpaint, tmp_path: Path, command: str, names: tuple[str, ...], output: str, results: list[str]
) -> None:
    photos = saved(tmp_path / "photos", *names)
    options = QUICK if command == "remove" else ()
    run = inpaint(command, photos, "-o", tmp_path / output, *options)
    assert (run.code, written(tmp_path / "out")) == (0, results), run.err


def test_panels_and_steps_of_such_photos_too(inpaint: Inpaint, tmp_path: Path) -> None:
    photos = saved(tmp_path / "photos", "x.tif", "x.png")
    options = ("--compare", "--save-steps", tmp_path / "steps", "-o", f"{tmp_path}/out/", "--no-texture")
    lines = ("--lines", "none", "--painter", "harmonic")
    assert inpaint("remove", photos, *QUICK[2:], *lines, *options).code == 0
    assert written(tmp_path / "out") == ["x.png", "x.png-compare.png", "x.tif", "x.tif-compare.png"]
    assert {name.partition("/")[0] for name in written(tmp_path / "steps")} == {"x.png", "x.tif"}


def test_the_run_goes_on_beside_names_that_come_close(inpaint: Inpaint, tmp_path: Path) -> None:
    photos = saved(tmp_path / "photos", "x.gif", "x.png", "z.jpg")
    assert inpaint("remove", photos, *QUICK).code == 0
    clean = [name for name in written(photos) if "-clean" in name]
    assert clean == ["x-clean.png", "x.gif-clean.png", "z-clean.jpg"]
    assert inpaint("remove", photos, *QUICK, "--skip-existing", "--json").out.count('"skipped"') == 3


def test_what_another_run_wrote_meanwhile_is_skipped(
    inpaint: Inpaint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = saved(tmp_path / "photos", "x.png", "y.png")
    from inpaint_cli.batch import output_writer  # noqa: PLC0415

    write = output_writer.write_photo

    def beaten(photo, target, **options):  # the other run, at the worst moment
        write(photo, target)
        write(photo, target, **options)

    monkeypatch.setattr(output_writer, "write_photo", beaten)
    run = inpaint("remove", photos, *QUICK, "-o", f"{tmp_path}/out/", "--skip-existing", "--json")
    assert (run.code, [json.loads(line)["status"] for line in run.out.splitlines()]) == (0, ["skipped", "skipped"])
    run = inpaint("remove", photos, *QUICK, "-o", f"{tmp_path}/again/", "--json")
    assert run.code == 1
    assert run.err.count("exists already") == 2


HOLD = """
import sys, time
from pathlib import Path
from inpaint_cli.io.atomic import replacing
with replacing(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print("writing", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def writer(target: Path, seconds: float) -> subprocess.Popen[str]:
    """Start a process that takes its time to write a file, and return it once it does."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, target, str(seconds)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    return process


@pytest.mark.posix
def test_what_a_killed_run_left_goes_with_the_next_that_writes_there(inpaint: Inpaint, tmp_path: Path) -> None:
    photos, out = saved(tmp_path / "photos", "x.png"), tmp_path / "out"
    killed = writer(out / "x.png", 600)
    killed.kill()
    killed.wait()
    assert [path.suffix for path in out.iterdir()] == [".part"]
    run = inpaint("remove", photos, *QUICK, "-o", out, "--skip-existing")
    assert (run.code, written(out)) == (0, ["x.png"])


@pytest.mark.posix
def test_what_a_run_that_lives_is_writing_stays(inpaint: Inpaint, tmp_path: Path) -> None:
    photos, out = saved(tmp_path / "photos", "x.png"), tmp_path / "out"
    other = writer(out / "x.png", 600)
    run = inpaint("remove", photos, *QUICK, "-o", out)
    assert (run.code, sorted(path.suffix for path in out.iterdir())) == (0, [".part", ".png"])
    other.terminate()
    other.wait()
    last = writer(out / "x.png", 0)
    assert (last.wait(), written(out), (out / "x.png").read_bytes()) == (0, ["x.png"], b"half")


def test_a_name_as_long_as_names_may_be(inpaint: Inpaint, tmp_path: Path) -> None:
    saved(tmp_path, "x.png")
    target = tmp_path / ("界" * 83 + ".png")  # 253 bytes
    run = inpaint("remove", tmp_path / "x.png", *QUICK, "-o", target)
    assert (run.code, target.exists()) == (0, True), run.err


def test_a_file_is_on_the_disk_before_it_has_its_name(
    inpaint: Inpaint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = []
    flush, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda file: events.append(os.fstat(file).st_size) or flush(file))
    monkeypatch.setattr(Path, "replace", lambda path, target: events.append("named") or replace(path, target))
    saved(tmp_path, "x.png")
    assert inpaint("remove", tmp_path / "x.png", *QUICK, "-o", tmp_path / "y.png").code == 0
    assert events == [(tmp_path / "y.png").stat().st_size, "named"]


def test_names_that_differ_in_capitals_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = saved(tmp_path / "photos", "x.png", "X.png")
    request = Request(images=(str(photos),), output=f"{tmp_path}/out/")
    if not places.folds_case(photos / "x.png"):
        assert len(discovery.plan(request)) == 2
    # What the disk of a Mac or of Windows says; there is none here.
    monkeypatch.setattr("inpaint_cli.batch.plan.folds_case", lambda place: True)
    with pytest.raises(UsageError, match="are one file on this disk"):
        discovery.plan(request)
    with pytest.raises(UsageError, match="would replace an input on this disk"):
        discovery.plan(Request(images=(str(photos / "x.png"),), output=str(photos / "X.PNG")))


@pytest.mark.posix
def test_a_disk_that_folds_case_is_known_by_its_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Photos").mkdir()
    assert not places.folds_case(tmp_path / "Photos/x.png")
    (tmp_path / "pHOTOS").symlink_to(tmp_path / "Photos")  # the same folder by both names, as such a disk has it
    assert places.folds_case(tmp_path / "Photos/x.png")


def test_only_line_feeds_end_a_line_of_a_manifest(inpaint: Inpaint, tmp_path: Path) -> None:
    names = ["a\u2028b.png", "a\fb.png", "a\nb.png", "a\x85b.png", 'a"b.png', "a\rb.png"]
    saved(tmp_path, *names)
    quoted = ['"{}"'.format(name.replace('"', '""')) for name in names]
    (tmp_path / "m.csv").write_bytes(("input\r\n" + "\r\n".join(quoted) + "\r\n").encode())
    (tmp_path / "m.jsonl").write_bytes(
        "\n".join(json.dumps({"input": name}, ensure_ascii=False) for name in names).encode()
    )
    for manifest in ("m.csv", "m.jsonl"):
        run = inpaint("remove", "--manifest", tmp_path / manifest, *QUICK, "-o", f"{tmp_path}/{manifest}-out/")
        assert (run.code, written(tmp_path / f"{manifest}-out")) == (0, sorted(names)), run.err


def test_a_row_with_an_impossible_name_fails_alone(inpaint: Inpaint, tmp_path: Path) -> None:
    saved(tmp_path, "good.png")
    rows = [
        {"input": "nul\0.png"},
        {"input": "good.png", "mask": "half\ud800.png"},
        {"input": "nowhere/x.png"},
        {"input": "good.png"},
        {"input": "n" * 300 + ".png"},
    ]
    (tmp_path / "m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    run = inpaint("remove", "--manifest", tmp_path / "m.jsonl", *QUICK, "-o", f"{tmp_path}/out/", "--json")
    lines = [json.loads(line) for line in run.out.splitlines()]
    assert (run.code, [line["status"] for line in lines]) == (1, ["failed", "failed", "failed", "ok", "failed"])
    assert "m.jsonl:1: 'nul\\x00.png' is no name" in lines[0]["error"]
    assert "m.jsonl:2: 'half\\ud800.png' is no name" in lines[1]["error"]
    assert "nowhere/x.png: no such file or directory" in lines[2]["error"]
    assert "file name too long" in lines[4]["error"].lower()
    assert written(tmp_path / "out") == ["good.png"]


def test_an_output_without_extension_in_a_folder_that_is_not_there_is_asked_about(
    inpaint: Inpaint, tmp_path: Path
) -> None:
    photo = saved(tmp_path, "x.png") / "x.png"
    run = inpaint("remove", photo, *QUICK, "-o", tmp_path / "nodir/out")
    assert (run.code, run.err.count("\n"), (tmp_path / "nodir").exists()) == (2, 1, False)
    assert "out.png" in run.err
    assert "out/" in run.err
    assert inpaint("remove", photo, *QUICK, "-o", f"{tmp_path}/nodir/out/").code == 0
    assert written(tmp_path / "nodir") == ["out/x.png"]


@pytest.mark.parametrize("template", ["{stem:{ext}}", "{stem:{stem}}", "{stem!x}", "{}{ext}"])
def test_a_template_within_a_template(inpaint: Inpaint, tmp_path: Path, template: str) -> None:
    photo = saved(tmp_path, "x.png") / "x.png"
    run = inpaint("remove", photo, *QUICK, "-o", f"{tmp_path}/{template}")
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert "a template knows {stem}, {ext}" in run.err


def test_a_dry_run_says_what_would_be_done(inpaint: Inpaint, tmp_path: Path) -> None:
    photos = saved(tmp_path / "photos", "x.png", "y.png", "z.png")
    saved(tmp_path / "out", "y.png")
    saved(tmp_path / "masks", "x.png", "y.png")
    options = ("--mask", tmp_path / "masks", "-o", tmp_path / "out", "--skip-existing", "--dry-run")
    run = inpaint("remove", photos, *options, "--json")
    assert [json.loads(line)["status"] for line in run.out.splitlines()] == ["planned", "skipped", "failed"]
    assert run.code == 1
    assert "1 of 3 planned, 1 skipped, 1 failed" in run.err
    assert written(tmp_path / "out") == ["y.png"]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet"])
def test_a_report_has_a_row_for_each_photo(inpaint: Inpaint, tmp_path: Path, name: str) -> None:
    photos = saved(tmp_path / "photos", "x.png", "y.png")
    (photos / "z.png").write_text("no picture")
    options = (*QUICK, "-o", tmp_path / "out", "--report", tmp_path / name)
    run = inpaint("remove", photos, *options, "--json")
    if name.endswith("parquet"):
        from pyarrow import parquet  # noqa: PLC0415

        rows = parquet.read_table(tmp_path / name).to_pylist()
        rows = [row | {"lines": None if row["lines"] is None else dict(row["lines"])} for row in rows]
    else:
        rows = [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
    assert rows == [json.loads(line) for line in run.out.splitlines()]
    assert [row["status"] for row in rows] == ["ok", "ok", "failed"]
    again = inpaint("remove", photos, *options, "--skip-existing")
    assert (again.code, again.err.count("\n")) == (2, 1)
    assert "exists already" in again.err


def test_pictures_reach_the_report_s_place_only(inpaint: Inpaint, tmp_path: Path) -> None:
    photo = saved(tmp_path, "x.png") / "x.png"
    assert inpaint("remove", photo, *QUICK, "--report", tmp_path / "rows.txt").code == 2
    (tmp_path / "m.jsonl").write_text('{"input": "x.png"}')
    arguments = ("--manifest", tmp_path / "m.jsonl", *QUICK, "--report", tmp_path / "m.jsonl", "--overwrite")
    assert inpaint("remove", *arguments).code == 2
    assert Image.open(photo).size == (120, 80)


def test_an_extension_without_a_name_is_explained(inpaint: Inpaint, tmp_path: Path) -> None:
    saved(tmp_path, "x.png")
    run = inpaint("remove", tmp_path / "x.png", *QUICK, "-o", tmp_path / ".png")  # "$name.png" without a name
    assert (run.code, run.err.count("\n"), written(tmp_path)) == (2, 1, ["x.png"])
    assert "an extension without a name" in run.err
