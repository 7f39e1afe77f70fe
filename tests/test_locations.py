"""URLs in the place of paths: an S3 server, the web, and a disk behind fsspec, all on this machine."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from inpaint_cli import load_image
from inpaint_cli.io.locations import Url, join, locate
from tests.conftest import Run
from tests.pictures import small_dune
from tests.stores import pointed, refusing, s3, serving, showing

pytestmark = pytest.mark.posix
Inpaint = Callable[..., Run]
QUICK = ("--method", "telea", "--box", "20,20,12,12")


@pytest.fixture(scope="module")
def shop() -> Iterator[Any]:
    with s3("archive") as store:
        yield store


@pytest.fixture
def store(shop: Any, tmp_path: Path) -> Any:
    """Return a server with one bucket `archive` that holds a.png, deep/b.jpg, deep/deeper/c.png and notes."""
    small_dune().save(tmp_path / "a.png")
    small_dune().save(tmp_path / "b.jpg")
    if shop.ls("archive"):
        shop.rm("archive/*", recursive=True)
    for source, name in (
        ("a.png", "photos/a.png"),
        ("b.jpg", "photos/deep/b.jpg"),
        ("a.png", "photos/deep/deeper/c.png"),
    ):
        shop.pipe_file(f"archive/{name}", (tmp_path / source).read_bytes())
    shop.pipe_file("archive/photos/notes.txt", b"none")
    return shop


def keys(store: Any, folder: str) -> list[str]:
    return sorted(name.removeprefix(f"{folder}/") for name in store.find(folder))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("image", "results"),
    [
        ("s3://archive/photos/a.png", ["a.png"]),
        ("s3://archive/photos", ["a.png"]),
        ("s3://archive/photos/", ["a.png"]),
        ("s3://archive/photos/**/*.jpg", ["b.jpg"]),
        ("s3://archive/photos/**/*.png", ["a.png", "c.png"]),
        ("s3://archive/photos/**", ["a.png", "b.jpg", "c.png"]),
        ("s3://archive/photos/*/?.jpg", ["b.jpg"]),
        ("s3://archive/photos/[ab].png", ["a.png"]),
    ],
)
def test_photos_of_a_bucket(inpaint: Inpaint, store: Any, tmp_path: Path, image: str, results: list[str]) -> None:
    run = inpaint("remove", image, *QUICK, "-o", "s3://archive/out/")
    assert (run.code, keys(store, "archive/out")) == (0, results), run.err
    assert inpaint("remove", tmp_path / "a.png", *QUICK, "-o", tmp_path / "local.png").code == 0
    assert inpaint("remove", tmp_path / "b.jpg", *QUICK, "-o", tmp_path / "local.jpg").code == 0
    for name in results:
        assert store.cat_file(f"archive/out/{name}") == (tmp_path / f"local{name[1:]}").read_bytes(), "byte for byte"


def test_everything_a_manifest_names_may_be_a_url(inpaint: Inpaint, store: Any, tmp_path: Path) -> None:
    mask = small_dune().convert("1").point(lambda value: 0)
    mask.paste(1, (20, 20, 40, 40))
    mask.save(tmp_path / "mask.png")
    store.put_file(str(tmp_path / "mask.png"), "archive/masks/m.png")
    store.put_file(str(tmp_path / "mask.png"), "archive/sketch.png")
    rows = [
        {"input": "photos/a.png", "mask": "masks/m.png", "output": "new/1.png"},
        {"input": "s3://archive/photos/deep/b.jpg", "mask": "photos/../masks/m.png", "edges": "sketch.png"},
        {"input": str(tmp_path / "a.png"), "mask": str(tmp_path / "mask.png"), "output": str(tmp_path / "2.png")},
    ]
    store.pipe_file("archive/pairs.jsonl", "\n".join(map(json.dumps, rows)).encode())
    options = ("--lines", "none", "--painter", "harmonic", "--no-texture", "-o", "s3://archive/rows/{stem}{ext}")
    run = inpaint("remove", "--manifest", "s3://archive/pairs.jsonl", *options, "--report", "s3://archive/rows.jsonl")
    assert run.code == 0, run.err
    assert keys(store, "archive/rows") == ["b.jpg"]
    assert store.cat_file("archive/new/1.png") == (tmp_path / "2.png").read_bytes()
    rows = [json.loads(line) for line in store.cat_file("archive/rows.jsonl").splitlines()]
    assert [row["output"] for row in rows] == [
        "s3://archive/new/1.png",
        "s3://archive/rows/b.jpg",
        str(tmp_path / "2.png"),
    ]


def test_masks_of_a_bucket_pair_by_name(inpaint: Inpaint, store: Any, tmp_path: Path) -> None:
    mask = small_dune().convert("1").point(lambda value: 0)
    mask.paste(1, (20, 20, 40, 40))
    mask.save(tmp_path / "mask.png")
    store.put_file(str(tmp_path / "mask.png"), "archive/photos/a_mask.png")
    run = inpaint("remove", "s3://archive/photos", "--mask", "s3://archive/photos", "--method", "telea")
    assert (run.code, run.warnings) == (0, [])
    assert keys(store, "archive/photos")[:3] == ["a-clean.png", "a.png", "a_mask.png"]


def test_an_object_is_never_replaced_by_surprise(inpaint: Inpaint, store: Any) -> None:
    arguments = ("remove", "s3://archive/photos/a.png", *QUICK, "-o")
    store.pipe_file("archive/out/a.png", b"dear")
    run = inpaint(*arguments, "s3://archive/out/a.png")
    assert (run.code, store.cat_file("archive/out/a.png")) == (1, b"dear")
    assert "exists already; --overwrite replaces it" in run.err
    assert inpaint(*arguments, "s3://archive/photos/a.png", "--overwrite").code == 2
    assert inpaint(*arguments, "s3://archive/out/a.png", "--overwrite").code == 0
    assert store.cat_file("archive/out/a.png")[1:4] == b"PNG"


def test_what_is_done_is_listed_and_not_asked_for_one_by_one(
    inpaint: Inpaint, store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(20):
        store.copy("archive/photos/a.png", f"archive/many/{number}.png")
    arguments = ("remove", "s3://archive/many", *QUICK, "-o", "s3://archive/done/{stem}.png", "--skip-existing")
    assert inpaint(*arguments).code == 0
    store.rm("archive/done/7.png")
    caplog.clear()
    with caplog.at_level(logging.INFO, "werkzeug"):
        run = inpaint(*arguments, "--json")
    statuses = [json.loads(line)["status"] for line in run.out.splitlines()]
    assert (statuses.count("skipped"), statuses.count("ok")) == (19, 1)
    asked = [record.getMessage() for record in caplog.records if "/archive/done/" in record.getMessage()]
    assert len(asked) == 1, "the one that is written"


def test_a_disk_behind_fsspec_gets_whole_files(
    inpaint: Inpaint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Disk(LocalFileSystem):  # type: ignore[misc]  # fsspec has no types
        """A file system whose files show while they are written, as SFTP's do."""

        protocol = "disk"

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return str(path).removeprefix("disk://")

    fsspec.register_implementation("disk", Disk, clobber=True)
    small_dune().save(tmp_path / "a.png")
    run = inpaint("remove", f"disk://{tmp_path}/a.png", *QUICK, "-o", f"disk://{tmp_path}/new/b.png")
    assert (run.code, [path.name for path in (tmp_path / "new").iterdir()]) == (0, ["b.png"]), run.err

    def fail(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Disk, "mv", fail)
    run = inpaint("remove", f"disk://{tmp_path}/a.png", *QUICK, "-o", f"disk://{tmp_path}/new/c.png")
    assert run.code == 1
    assert "c.png: can't be written: no space left on device" in run.err
    assert not (tmp_path / "new/c.png").exists()


def test_pages_of_the_web_are_read(inpaint: Inpaint, tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    small_dune().save(tmp_path / "web/a b.png")
    with serving(showing(tmp_path / "web")) as address:
        run = inpaint("remove", f"{address}/a%20b.png?size=1#top", *QUICK, "-o", f"{tmp_path}/out/")
        assert (run.code, run.warnings) == (0, [])
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["a%20b.png"]
        run = inpaint("remove", f"{address}/none.png", *QUICK, "-o", tmp_path / "x.png")
        assert (run.code, run.err.count("\n")) == (1, 1)
        assert "none.png" in run.err
        run = inpaint("remove", f"{address}/a%20b.png", *QUICK)
        assert (run.code, "the web is read only" in run.err) == (2, True)
        assert load_image(f"{address}/a%20b.png").shape == (80, 120, 3)


def test_a_file_url_is_a_path(inpaint: Inpaint, tmp_path: Path) -> None:
    small_dune().save(tmp_path / "a b.png")
    run = inpaint("remove", f"file://{tmp_path}/a%20b.png", *QUICK, "-o", f"file://localhost{tmp_path}/c.png", "--json")
    assert run.code == 0
    assert json.loads(run.out)["output"] == str(tmp_path / "c.png")
    assert inpaint("remove", "file://elsewhere/a.png", *QUICK).code == 2


@pytest.mark.parametrize(
    ("url", "words"),
    [("gs://bucket/a.png", "needs the package gcsfs: pip install gcsfs"), ("foo://x/a.png", "no such kind of URL")],
)
def test_a_missing_driver_is_named(inpaint: Inpaint, tmp_path: Path, url: str, words: str) -> None:
    run = inpaint("remove", url, *QUICK, "-o", tmp_path / "x.png")
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert words in run.err


REFUSALS = {
    "key": (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
    "throttle": (503, "SlowDown", "Please reduce your request rate."),
}


@pytest.mark.parametrize(
    ("refusal", "words"),
    [("key", "Access Key Id you provided does not exist"), ("throttle", "reduce your request rate")],
)
@pytest.mark.parametrize(
    "arguments", [("{bucket}/photos", "-o", "{local}/"), ("{local}/a.png", "-o", "{bucket}/o.png")]
)
def test_what_a_store_refuses_is_one_line(
    inpaint: Inpaint, tmp_path: Path, refusal: str, words: str, arguments: tuple[str, ...]
) -> None:
    small_dune().save(tmp_path / "a.png")
    with serving(refusing(*REFUSALS[refusal])) as address, pointed(address):
        filled = [text.format(bucket="s3://bucket", local=tmp_path) for text in arguments]
        run = inpaint("remove", *filled, *QUICK)
    assert run.code in {1, 2}
    assert run.err.count("\n") == 1
    assert words in run.err
    assert "s3://bucket" in run.err


def test_no_bucket_and_no_credentials(inpaint: Inpaint, store: Any, tmp_path: Path) -> None:
    small_dune().save(tmp_path / "a.png")
    for arguments in (("s3://nowhere/photos",), (tmp_path / "a.png", "-o", "s3://nowhere/out/")):
        run = inpaint("remove", *arguments, *QUICK)
        assert (run.code in {1, 2}, run.err.count("\n")) == (True, 1), run.err
        assert "s3://nowhere" in run.err
        assert "bucket does not exist" in run.err
    with pointed("http://127.0.0.1:9") as patch:
        patch.delenv("AWS_ACCESS_KEY_ID")
        run = inpaint("remove", "s3://archive/photos/a.png", *QUICK, "-o", tmp_path / "x.png")
    assert (run.code, run.err.count("\n")) == (1, 1)
    assert "credentials" in run.err


def test_names_of_urls() -> None:
    photo = locate("s3://bucket/photos/x.y.jpg")
    assert isinstance(photo, Url)
    assert (photo.name, photo.stem, photo.suffix, str(photo.parent)) == ("x.y.jpg", "x.y", ".jpg", "s3://bucket/photos")
    assert str(photo.with_name("z.png")) == "s3://bucket/photos/z.png"
    assert locate("s3://bucket/") == Url("s3://bucket")
    assert (Url("s3://bucket").name, Url("s3://bucket/a").parent) == ("", Url("s3://bucket"))
    assert join(Url("s3://b/lists"), "../photos/x.jpg") == Url("s3://b/photos/x.jpg")
    assert join(Url("s3://b/lists"), "/local.jpg") == Path("/local.jpg")
    assert join(Path("lists"), "s3://b/x.jpg") == Url("s3://b/x.jpg")
    assert locate("https://h/a/x.jpg?y=/z.png#q").name == "x.jpg"
    assert locate("C://x") == Path("C://x")
