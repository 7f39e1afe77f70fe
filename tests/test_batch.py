"""Which photo goes with which mask, and where its result goes: for any name that a file can have."""

import glob
import json
import string
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inpaint_cli.batch import discovery
from inpaint_cli.batch.job import NO_EDGES, Job, Request, parse_shard
from inpaint_cli.errors import UsageError
from inpaint_cli.io.formats import FORMATS, STREAM

SUFFIXES = [suffix for format_ in FORMATS.values() for suffix in format_.suffixes]
STEMS = st.text(
    st.sampled_from(string.ascii_letters + string.digits + " ._-[]{}()*?'#%+=,äß漢🙂"), min_size=1, max_size=20
).filter(lambda stem: not stem.startswith((".", "-")) and stem.strip() == stem and not stem.endswith("."))

PLAIN = STEMS.filter(lambda stem: not glob.has_magic(stem))  # for files that need not be there


def plan(request: Request) -> list[Job]:
    return list(discovery.plan(request))


def touched(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def names(jobs: list[Job]) -> list[str]:
    return [job.photo.name for job in jobs]


@settings(deadline=None)
@given(PLAIN, st.sampled_from(SUFFIXES))
def test_a_result_lies_beside_its_photo_under_another_name(stem: str, suffix: str) -> None:
    photo = Path("photos") / f"{stem}{suffix}"
    (job,) = plan(Request(images=(str(photo),), masks=(Path("m.png"),)))
    assert job == Job(photo, Path("photos") / f"{stem}-clean{suffix}", (Path("m.png"),))


@settings(max_examples=60, deadline=None)
@given(STEMS, st.sampled_from(["", "_mask", "-mask"]), st.sampled_from([".png", ".PNG", ".jpg", ".tif"]), st.booleans())
def test_a_mask_is_found_by_its_stem(stem: str, ending: str, suffix: str, beside: bool) -> None:
    with TemporaryDirectory() as folder:
        photos = touched(Path(folder) / "photos", f"{stem}.jpeg")
        masks = photos if beside else touched(Path(folder) / "masks")
        touched(masks, f"{stem}{ending}{suffix}", f"{stem}2.png", f"2{stem}_mask.png")
        (job,) = plan(Request(images=(str(photos / f"{stem}.jpeg"),), masks=(masks,)))
        assert job.masks == (masks / f"{stem}{ending}{suffix}",)
        assert not job.problem


@settings(max_examples=60, deadline=None)
@given(st.lists(STEMS, min_size=1, max_size=8, unique_by=str.lower), st.sampled_from(["", "_mask", "-mask"]))
def test_masks_and_results_in_the_folder_are_not_taken_for_photos(stems: list[str], ending: str) -> None:
    stems = [stem for stem in stems if not stem.endswith(("mask", "clean"))]
    with TemporaryDirectory() as name:
        folder = touched(Path(name), *(f"{stem}.jpg" for stem in stems), *(f"{stem}{ending}.png" for stem in stems))
        touched(folder, "notes.txt", ".hidden.jpg", *(f"{stem}-clean.jpg" for stem in stems))
        if not stems:
            return
        jobs = plan(Request(images=(name,), masks=(folder,)))
        assert [job.photo.stem for job in jobs] == sorted(stems, key=lambda stem: folder / f"{stem}.jpg")
        assert all(job.masks == (folder / f"{job.photo.stem}{ending}.png",) for job in jobs)


@settings(deadline=None)
@given(PLAIN, st.sampled_from(SUFFIXES))
def test_a_template_names_the_result(stem: str, suffix: str) -> None:
    photo = Path("deep/photos") / f"{stem}{suffix}"
    for template, result in (
        ("out/{stem}{ext}", f"out/{stem}{suffix}"),
        ("out/{parent}/{name}", f"out/photos/{stem}{suffix}"),
        ("{parent}_{stem}.png", f"photos_{stem}.png"),
        ("{{x}}/{stem}.tif", f"{{x}}/{stem}.tif"),
    ):
        (job,) = plan(Request(images=(str(photo),), masks=(Path("m.png"),), output=template))
        assert job.output == Path(result)


@pytest.mark.parametrize("template", ["{stem", "out/{name.x}", "{0}", "{}", "{index}.png", "stem}.png", "{stem:d}"])
def test_a_template_with_another_field_is_a_usage_error(template: str) -> None:
    with pytest.raises(UsageError, match=r"a template knows \{stem\}, \{ext\}"):
        plan(Request(images=("x.jpg",), output=template))


@settings(max_examples=40, deadline=None)
@given(st.lists(PLAIN, min_size=1, max_size=30, unique=True), st.integers(1, 9))
def test_shards_share_all_jobs_whatever_their_order(stems: list[str], shares: int) -> None:
    images = [f"{stem}.jpg" for stem in stems]
    whole = [job.photo for job in plan(Request(images=tuple(images)))]
    shuffled = sorted(images, key=hash)
    dealt = []
    for share in range(1, shares + 1):
        mine = {job.photo for job in plan(Request(images=tuple(images), shard=(share, shares)))}
        assert mine == {job.photo for job in plan(Request(images=tuple(shuffled), shard=(share, shares)))}
        dealt += sorted(mine)
    assert sorted(dealt) == sorted(whole)


@pytest.mark.parametrize("shard", ["0/4", "5/4", "1", "a/b", "1/2/3", "-1/2", "1/0"])
def test_a_shard_that_is_none(shard: str) -> None:
    with pytest.raises(UsageError, match="--shard"):
        parse_shard(shard)


def test_patterns_files_and_folders(tmp_path: Path) -> None:
    touched(tmp_path, "b.jpg", "a.jpg", "c.png", "d.txt", "a_mask.png")
    touched(tmp_path / "sub", "e.jpg")
    several = plan(Request(images=(str(tmp_path / "*"), str(tmp_path / "sub"), str(tmp_path / "a.jpg"))))
    assert names(several) == ["a.jpg", "b.jpg", "c.png", "e.jpg"]
    assert names(plan(Request(images=(str(tmp_path / "**/*.jpg"),)))) == ["a.jpg", "b.jpg", "e.jpg"]
    for nothing in (str(tmp_path / "*.gif"), str(touched(tmp_path / "empty"))):
        with pytest.raises(UsageError, match="no pictures there"):
            plan(Request(images=(nothing,)))
    touched(tmp_path, "[x].jpg")
    assert names(plan(Request(images=(str(tmp_path / "[x].jpg"),)))) == ["[x].jpg"], "a name, not a pattern"


def test_one_photo_without_its_mask_does_not_stop_the_others(tmp_path: Path) -> None:
    touched(tmp_path / "masks", "a.png")
    jobs = plan(Request(images=("a.jpg", "b.jpg"), masks=(tmp_path / "masks",)))
    assert [bool(job.problem) for job in jobs] == [False, True]
    assert "b_mask.png" in jobs[1].problem


def test_a_folder_of_sketches(tmp_path: Path) -> None:
    touched(tmp_path, "a.png", "b-edges.png")
    jobs = plan(Request(images=("a.jpg", "b.jpg"), masks=(Path("m.png"),), edges=tmp_path))
    assert [job.edges for job in jobs] == [tmp_path / "a.png", tmp_path / "b-edges.png"]


def test_a_folder_keeps_names_and_never_the_photo(tmp_path: Path) -> None:
    photos = touched(tmp_path / "photos", "a.jpg", "b.gif")
    for output in (f"{tmp_path}/out/", f"{tmp_path}/out"):
        jobs = plan(Request(images=(str(photos),), output=output))
        assert [job.output for job in jobs] == [tmp_path / "out/a.jpg", tmp_path / "out/b.png"]
    jobs = plan(Request(images=(str(photos),), output=str(photos)))
    assert [job.output.name for job in jobs] == ["a-clean.jpg", "b.png"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            Request(images=("a/x.jpg", "b/x.jpg"), output="out/"),
            "a/x.jpg and b/x.jpg would both be written to out/x.jpg",
        ),
        (Request(images=("x.jpg", "x.png"), output="{parent}-new.png"), "would both be written"),
        (Request(images=("x.jpg",), output="x.jpg"), "would replace an input"),
        (Request(images=("x.jpg",), output="./a/../x.jpg"), "would replace an input"),
        (Request(images=("x.jpg",), masks=(Path("m.png"),), output="m.png"), "would replace an input"),
        (Request(images=("x.jpg", "y.jpg"), output="{stem}.jpg"), "would replace an input"),
        (Request(images=("x.jpg", "y.jpg"), output="z.png"), "one file for several images"),
        (Request(images=("x.jpg", "y.jpg"), output="-"), "one file for several images"),
        (Request(images=("x.jpg",), output="x.docx"), "can't be written as .docx; use .png"),
        (Request(images=("x.gif",), output="y.gif"), "can't be written as .gif; use .png"),
        (Request(images=("-",), masks=(Path("-"),)), "standard input can be one picture only"),
        (Request(images=("-",), output="out/{stem}.png"), "has no name"),
        (Request(), "no image given"),
        (Request(images=("x.jpg",), manifest=Path("m.csv")), "--manifest names the images"),
        (Request(manifest=Path("nowhere.csv")), "nowhere.csv: can't be read"),
    ],
)
def test_usage_errors_before_any_work(request_: Request, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        plan(request_)
    assert message in str(caught.value)


def test_standard_streams() -> None:
    (job,) = plan(Request(images=("-",), masks=(Path("m.png"),)))
    assert (job.photo, job.output) == (Path("-"), Path("-"))
    (job,) = plan(Request(images=("-",), masks=(Path("m.png"),), output="x.tif"))
    assert job.output == Path("x.tif")


ROWS = [
    {"input": "a.jpg", "mask": "masks/a b.png"},
    {"input": "sub/b.jpg", "mask": "m.png", "output": "out/b.png", "edges": "b-edges.png"},
]


@pytest.mark.parametrize("name", ["pairs.csv", "pairs.jsonl"])
def test_a_manifest_is_relative_to_its_folder(name: str, tmp_path: Path) -> None:
    if name.endswith("csv"):
        lines = ["input,mask,output,edges", *(",".join(row.get(key, "") for key in ROWS[1]) for row in ROWS)]
        (tmp_path / name).write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    else:
        (tmp_path / name).write_text("\n".join(map(json.dumps, ROWS)) + "\n\n")
    assert plan(Request(manifest=tmp_path / name)) == [
        Job(tmp_path / "a.jpg", tmp_path / "a-clean.jpg", (tmp_path / "masks/a b.png",)),
        Job(tmp_path / "sub/b.jpg", tmp_path / "out/b.png", (tmp_path / "m.png",), tmp_path / "b-edges.png"),
    ]


def test_a_manifest_s_words_are_those_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("input;mask;output;edges\na.jpg;m.png;-;none\n")
    (job,) = plan(Request(manifest=tmp_path / "m.csv", edges=Path("all.png")))
    assert job == Job(tmp_path / "a.jpg", STREAM, (tmp_path / "m.png",), NO_EDGES)


@pytest.mark.posix
def test_links_in_a_circle_are_left_to_whoever_reads_them(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "b.jpg")
    (tmp_path / "b.jpg").symlink_to(tmp_path / "a.jpg")
    jobs = plan(Request(images=(str(tmp_path / "a.jpg"), "x.jpg")))
    assert names(jobs) == ["a.jpg", "x.jpg"]


def test_a_manifest_without_masks_takes_the_option(tmp_path: Path) -> None:
    (tmp_path / "m.jsonl").write_text('{"input": "a.jpg"}\n{"input": "b.jpg", "mask": ["1.png", "2.png"]}')
    jobs = plan(Request(manifest=tmp_path / "m.jsonl", masks=(Path("all.png"),)))
    assert [job.masks for job in jobs] == [(Path("all.png"),), (tmp_path / "1.png", tmp_path / "2.png")]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("m.csv", "input,masks\na.jpg,b.png", "m.csv:2: unknown column masks"),
        ("m.csv", "input,mask\na.jpg,b.png,c", "m.csv:2: unknown column"),
        ("m.csv", "mask\nb.png", "m.csv:2: needs an input"),
        ("m.csv", "input,mask\n", "m.csv: no rows"),
        ("m.jsonl", '{"input": "a.jpg"}\n{"input": ', "m.jsonl:2: not JSON"),
        ("m.jsonl", "[1]", "m.jsonl:1: not an object"),
        ("m.jsonl", '{"input": 3}', "m.jsonl:1: needs an input, and paths as text"),
        ("m.txt", "a.jpg", "m.txt: a manifest is called .csv or .jsonl"),
    ],
)
def test_a_manifest_with_a_mistake_names_its_line(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError) as caught:
        plan(Request(manifest=tmp_path / name))
    assert message in str(caught.value)
