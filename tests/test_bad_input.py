"""Whatever is wrong with a file: one clear line, the right exit code, and nothing half-written or overwritten."""

import os
import signal
import struct
import subprocess
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import CHECKOUT, Run, command

EXAMPLES = CHECKOUT / "examples"
QUICK = ("--method", "telea")  # what goes wrong here goes wrong before or after the painting

Inpaint = Callable[..., Run]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Return a real photo of 120×80 pixels."""
    with Image.open(EXAMPLES / "dune.jpg") as picture:
        picture.resize((120, 80)).save(tmp_path / "photo.jpg", quality=90)
    return tmp_path / "photo.jpg"


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """Return a mask for it."""
    picture = Image.new("L", (120, 80))
    picture.paste(255, (50, 30, 70, 45))
    picture.save(tmp_path / "mask.png")
    return tmp_path / "mask.png"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def fails(run: Run, *words: object, code: int = 1) -> None:
    """Check that a run ended with one line that holds these words, and nothing on standard output."""
    assert run.out == ""
    assert len(run.err.splitlines()) == 1, run.err
    assert run.err.startswith("inpaint: error: ")
    for word in words:
        assert str(word) in run.err
    assert run.code == code


def png(width: int, height: int, depth: int) -> bytes:
    """Return a PNG of one row that claims to be larger."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(100))),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def jpeg(photo: Path, width: int, height: int) -> bytes:
    """Return a photo whose header claims another size."""
    data = bytearray(photo.read_bytes())
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def tiff(width: int, height: int) -> bytes:
    """Return a TIFF of no pixels that claims to have many, 16 bits each."""
    tags = [(256, width), (257, height), (258, 16), (259, 1), (262, 1), (273, 8), (277, 1), (278, height), (279, 8)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)


BROKEN = {
    "truncated.jpg": lambda photo: photo.read_bytes()[:1500],
    "headless.jpg": lambda photo: photo.read_bytes()[:40],
    "text.jpg": lambda _: b"This is not a photo.\n" * 30,
    "empty.jpg": lambda _: b"",
    "bomb.png": lambda _: png(20000, 20000, 8),
    "deep_bomb.png": lambda _: png(20000, 20000, 16),
    "bomb.jpg": lambda photo: jpeg(photo, 20000, 20000),
    "bomb.tif": lambda _: tiff(20000, 20000),
    "claims_more.png": lambda _: png(1000, 1000, 8),
    "deep_claims_more.png": lambda _: png(1000, 1000, 16),
    "claims_more.tif": lambda _: tiff(1000, 1000),
}
SAYS = {"text": "not a picture", "empty": "the file is empty", "bomb": "too large", "deep_bomb": "too large"}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("role", ["photo", "mask", "sketch"])
def test_a_broken_file(name: str, role: str, photo: Path, mask: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    broken = tmp_path / name
    broken.write_bytes(BROKEN[name](photo))
    roles = {"photo": photo, "mask": mask, "sketch": None} | {role: broken}
    before = contents(tmp_path)
    edges = ("--edges", roles["sketch"]) if roles["sketch"] else ()
    run = inpaint("remove", roles["photo"], "--mask", roles["mask"], *edges, "--lines", "none", "--no-texture")
    fails(
        run, broken, SAYS.get(name.split(".", maxsplit=1)[0], "damaged or incomplete" if "headless" not in name else "")
    )
    assert contents(tmp_path) == before


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_truncated_lossless_file(suffix: str, depth: int, mask: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    from inpaint_cli.io.photo import Photo  # noqa: PLC0415
    from inpaint_cli.io.writing import write_photo  # noqa: PLC0415

    noise = np.random.default_rng(0).integers(0, 2**depth, (80, 120, 3)).astype(f"uint{depth}")
    write_photo(Photo(noise), tmp_path / f"whole{suffix}")
    data = (tmp_path / f"whole{suffix}").read_bytes()
    for share in (0.5, 0.9):
        (tmp_path / f"cut{suffix}").write_bytes(data[: int(share * len(data))])
        fails(inpaint("remove", tmp_path / f"cut{suffix}", "--mask", mask, *QUICK), f"cut{suffix}", "damaged")


def test_a_file_that_is_not_there(photo: Path, mask: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.jpg"
    fails(inpaint("remove", nowhere, "--mask", mask), nowhere, "no such file")
    fails(inpaint("remove", photo, "--mask", nowhere), nowhere, "no such file")
    fails(inpaint("remove", photo, "--mask", mask, "--edges", nowhere), nowhere, "no such file")
    fails(inpaint("remove", photo, "--mask", mask, "--edges-from", nowhere), nowhere, "no such file")
    fails(inpaint("remove", photo, mask, "--mask", nowhere), nowhere, "no such file")  # said once, not for each
    fails(inpaint("remove", photo, "--mask", mask, "-o", tmp_path / f"{'long' * 99}.png"), "file name too long", code=2)
    fails(inpaint("remove", photo, "--mask", ""), "an empty argument", code=2)  # not the current folder
    fails(inpaint("remove", photo, "--mask="), "an empty argument", code=2)


def test_a_photo_of_one_pixel(inpaint: Inpaint, tmp_path: Path) -> None:
    pixel = tmp_path / "pixel.png"
    Image.new("RGB", (1, 1), (9, 9, 9)).save(pixel)
    fails(inpaint("remove", pixel, "--box", "0,0,1,1"), pixel, "covers the whole photo")
    Image.new("RGB", (2, 1), (9, 9, 9)).save(tmp_path / "two.png")
    assert inpaint("remove", tmp_path / "two.png", "--box", "0,0,1,1").code == 0


def test_masks_that_say_nothing(photo: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    for name, colour, words in (("empty.png", 0, "is empty"), ("full.png", 255, "covers the whole photo")):
        Image.new("L", (120, 80), colour).save(tmp_path / name)
        fails(inpaint("remove", photo, "--mask", tmp_path / name), name, words)
    Image.new("L", (120, 81), 255).save(tmp_path / "other.png")
    Image.new("L", (100, 120), 255).save(tmp_path / "wrong.png")
    fails(inpaint("remove", photo, "--mask", tmp_path / "wrong.png"), "wrong.png", "100×120", "120×80", "photo.jpg")
    Image.new("L", (80, 120), 255).save(tmp_path / "turned.png")
    fails(inpaint("remove", photo, "--mask", tmp_path / "turned.png"), "80×120", "120×80", "turn it by 90°")
    fails(inpaint("remove", photo, "--box", "120,0,5,5"), "--box 120,0,5,5", "outside the photo of 120×80")
    fails(inpaint("remove", photo, "--box", "1,2,3"), "--box 1,2,3", code=2)
    fails(inpaint("remove", photo), "no mask", code=2)
    fails(inpaint("remove", photo, "--mask-alpha"), "photo.jpg", "no transparent part")


def test_nothing_is_overwritten(photo: Path, mask: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    (tmp_path / "photo-clean.jpg").write_text("precious")
    before = contents(tmp_path)
    fails(inpaint("remove", photo, "--mask", mask, *QUICK), "photo-clean.jpg", "exists already", "--overwrite")
    fails(inpaint("remove", photo, "--mask", mask, "-o", photo, "--overwrite"), "would replace an input", code=2)
    fails(inpaint("remove", photo, "--mask", mask, "-o", mask, "--overwrite"), "would replace an input", code=2)
    assert contents(tmp_path) == before
    assert inpaint("remove", photo, "--mask", mask, *QUICK, "--overwrite").code == 0
    assert contents(tmp_path)[str(photo)] == before[str(photo)]


@pytest.fixture
def ordinary_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give up the rights of root, if the tests have them: nothing is forbidden to root."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    if os.geteuid() != 0:
        yield
        return
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder.stat().st_uid == 0 and folder not in {Path("/tmp"), Path("/")}:  # noqa: S108 - left as it is
            folder.chmod(0o755)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.posix
def test_files_that_may_not_be_read_or_written(
    photo: Path, mask: Path, inpaint: Inpaint, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    assert inpaint("remove", photo, "--mask", mask, *QUICK, "-o", tmp_path / "ok.jpg").code == 0  # all is imported
    photo_of_others = tmp_path / "secret.jpg"
    photo_of_others.write_bytes(photo.read_bytes())
    photo_of_others.chmod(0o000)
    request.getfixturevalue("ordinary_user")
    fails(inpaint("remove", photo_of_others, "--mask", mask, *QUICK), "secret.jpg", "permission denied")
    fails(
        inpaint("remove", photo, "--mask", mask, *QUICK, "-o", closed / "a.jpg"), closed / "a.jpg", "permission denied"
    )
    assert not list(closed.iterdir())


def test_a_target_that_cannot_be(photo: Path, mask: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    fails(inpaint("remove", photo, "--mask", mask, *QUICK, "-o", f"{photo}/x.jpg"), "x.jpg", "can't be written")
    fails(inpaint("remove", photo, "--mask", mask, *QUICK, "-o", tmp_path / "x.docx"), "x.docx", ".png", code=2)
    fails(inpaint("remove", photo, photo.with_name("b.jpg"), "--mask", mask, "-o", "-"), "-o -", code=2)


@pytest.mark.posix
def test_a_full_disk(photo: Path, mask: Path, tmp_path: Path) -> None:
    """A write that the system breaks off half-way, as on a full disk: files may not grow beyond 4 kB."""
    import resource  # noqa: PLC0415 - Windows has none

    target = tmp_path / "out.png"
    target.write_text("precious")
    before = contents(tmp_path)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    run = subprocess.run(
        command("remove", photo, "--mask", mask, *QUICK, "-o", target, "--overwrite"),
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
    )
    fails(Run(run.returncode, run.stdout, run.stderr), target, "can't be written: file too large")
    assert contents(tmp_path) == before


@pytest.mark.posix
def test_a_full_device_at_standard_output(photo: Path, mask: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            command("remove", photo, "--mask", mask, *QUICK, "-o", "-"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    fails(Run(run.returncode, "", run.stderr), "standard output", "no space left")


@pytest.mark.posix
def test_a_full_device_at_the_end_of_json_lines(photo: Path, mask: Path, tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            command("remove", photo, "--mask", mask, *QUICK, "-o", tmp_path / "out.png", "--json"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    fails(Run(run.returncode, "", run.stderr), "standard output: can't be written")


@pytest.mark.slow
@pytest.mark.posix
def test_ctrl_c_in_a_run_over_a_folder(photo: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    with Image.open(EXAMPLES / "tunnel.jpg") as picture:
        large = picture.resize((1200, 800))
    for number in range(40):
        large.save(photos / f"{number:02}.jpg")
    out = tmp_path / "out"
    process = subprocess.Popen(
        command("remove", photos, "--box", "500,300,200,160", *QUICK, "-o", f"{out}/"),
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while not (out.is_dir() and any(out.glob("*.jpg"))):
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    done = sorted(out.iterdir())
    assert process.returncode == 130
    assert err.splitlines() == [f"inpaint: interrupted, {len(done)} of 40 done"]
    assert 0 < len(done) < 40
    for path in done:
        assert path.suffix == ".jpg", "half a file"
        with Image.open(path) as picture:
            picture.load()


def test_one_bad_file_does_not_stop_the_others(photo: Path, mask: Path, inpaint: Inpaint, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.jpg", "c.jpg", "d.jpg"):
        (photos / name).write_bytes(photo.read_bytes())
    (photos / "b.jpg").write_text("no photo")
    run = inpaint("remove", photos, "--mask", mask, *QUICK)
    assert run.code == 1
    assert run.err.splitlines() == [
        f"inpaint: error: {photos / 'b.jpg'}: not a picture in a known format",
        "inpaint: 3 of 4 done, 1 failed",
    ]
    assert {path.name for path in photos.glob("*-clean.jpg")} == {"a-clean.jpg", "c-clean.jpg", "d-clean.jpg"}
    (photos / "c-clean.jpg").unlink()
    (photos / "b.jpg").write_bytes(photo.read_bytes())
    run = inpaint("remove", photos, "--mask", mask, *QUICK, "--skip-existing")
    assert (run.code, run.err) == (0, "inpaint: 2 of 4 done, 2 skipped\n")


@pytest.mark.parametrize("size", [(1, 2), (1, 300), (300, 1), (2, 300), (300, 5), (3, 3)])
def test_a_photo_of_a_few_columns_or_rows_is_filled(inpaint: Callable[..., Run], tmp_path: Path, size: tuple[int, int]):
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "strip.png")
    run = inpaint("inpaint", tmp_path / "strip.png", "--box", "0,0,1,1", "-o", tmp_path / "out.png")
    assert run.code == 0, run.err
    assert (np.asarray(Image.open(tmp_path / "out.png"))[-1, -1] == pixels[-1, -1]).all()
