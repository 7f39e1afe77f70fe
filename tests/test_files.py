"""Pictures come back as they went in: every format, mode and depth, whole or not at all."""

import io
import logging
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from inpaint_cli import load_image, load_mask
from inpaint_cli.errors import OutputError, PhotoError
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.reading import read_photo
from inpaint_cli.io.writing import write_photo
from tests.pictures import EXAMPLES, HOLE, deep, retouched, small_dune, with_alpha


@pytest.fixture(autouse=True)
def warnings_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pytest see the log, which the command line, once it has run, keeps to itself."""
    monkeypatch.setattr(logging.getLogger("inpaint_cli"), "propagate", True)
    monkeypatch.setattr(logging.getLogger("inpaint_cli"), "level", logging.WARNING)


@pytest.fixture(scope="module")
def dune() -> Image.Image:
    """Return a real photo of 120×80 pixels."""
    return small_dune()


def unchanged_outside(before: NDArray[np.generic], after: NDArray[np.generic]) -> bool:
    outside = np.ones(before.shape[:2], bool)
    outside[HOLE] = False
    return (
        before.shape == after.shape and before.dtype == after.dtype and bool((before[outside] == after[outside]).all())
    )


LOSSLESS = [
    *[(f".{format_}", mode) for format_ in ("png", "tif") for mode in ("1", "L", "LA", "RGB", "RGBA")],
    *[(".bmp", "L"), (".bmp", "RGB"), (".tga", "L"), (".tga", "RGB"), (".tga", "RGBA"), (".ppm", "RGB"), (".pgm", "L")],
    *[(".jp2", "L"), (".jp2", "RGB"), (".jp2", "RGBA"), (".webp", "RGB"), (".webp", "RGBA")],
]


@pytest.mark.parametrize(("suffix", "mode"), LOSSLESS)
def test_8_bit_pictures_keep_format_mode_and_every_pixel_outside(
    suffix: str, mode: str, dune: Image.Image, tmp_path: Path
) -> None:
    source = tmp_path / f"in{suffix}"
    picture = with_alpha(dune).convert(mode) if mode.endswith("A") else dune.convert(mode)
    picture.save(source, **({"lossless": True, "exact": True} if suffix == ".webp" else {}))
    retouched(source, tmp_path / f"out{suffix}")
    with Image.open(source) as before, Image.open(tmp_path / f"out{suffix}") as after:
        assert (after.format, after.mode) == (before.format, before.mode)
        assert unchanged_outside(np.asarray(before), np.asarray(after))
        assert (np.asarray(before) != np.asarray(after))[HOLE].mean() > 0.02, "nothing was painted"


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_pictures_keep_their_depth(suffix: str, channels: int, dune: Image.Image, tmp_path: Path) -> None:
    source, target, stored = tmp_path / f"in{suffix}", tmp_path / f"out{suffix}", deep(dune, channels)
    if channels == 2:  # which neither library writes
        write_photo(Photo(stored[..., :1].copy(), stored[..., 1].copy()), source)
    elif suffix == ".tif":
        alpha = {"extrasamples": ["unassalpha"]} if channels == 4 else {}
        tifffile.imwrite(source, stored, photometric="rgb" if channels > 2 else "minisblack", **alpha)
    else:
        cv2.imwrite(str(source), stored if channels == 1 else stored[..., [2, 1, 0, 3][:channels]])
    photo = retouched(source, target)
    assert photo.deep
    assert photo.grey == (channels == 1 or (channels == 2 and suffix == ".png"))
    before, after = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (source, target))
    assert before.dtype == np.uint16
    assert unchanged_outside(before, after)
    with Image.open(source) as one, Image.open(target) as other:
        assert one.mode == other.mode


def test_16_bit_ppm_and_compressed_tiff(dune: Image.Image, tmp_path: Path) -> None:
    stored = deep(dune, 3)
    for name, settings in (("a.ppm", []), ("lzw.tif", [cv2.IMWRITE_TIFF_COMPRESSION, 5])):
        cv2.imwrite(str(tmp_path / name), stored[..., ::-1], settings)
        retouched(tmp_path / name, tmp_path / f"out-{name}")
        after = cv2.imread(str(tmp_path / f"out-{name}"), cv2.IMREAD_UNCHANGED)
        assert unchanged_outside(stored[..., ::-1], after)
    assert (tmp_path / "out-lzw.tif").stat().st_size < stored.nbytes


ORIENTED = {  # the stored array of each orientation, from the upright one
    1: lambda x: x,
    2: lambda x: x[:, ::-1],
    3: lambda x: x[::-1, ::-1],
    4: lambda x: x[::-1],
    5: lambda x: x.swapaxes(0, 1),
    6: lambda x: x[:, ::-1].swapaxes(0, 1),
    7: lambda x: x[::-1, ::-1].swapaxes(0, 1),
    8: lambda x: x[::-1].swapaxes(0, 1),
}


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("orientation", ORIENTED)
def test_a_tiff_is_turned_once(orientation: int, channels: int, depth: int, dune: Image.Image, tmp_path: Path) -> None:
    upright = deep(dune, channels) if depth == 16 else (deep(dune, channels) >> 8).astype(np.uint8)
    tifffile.imwrite(
        tmp_path / "a.tif",
        ORIENTED[orientation](upright),
        photometric="minisblack" if channels == 1 else "rgb",
        resolution=(300, 200),
        resolutionunit="inch",
        extratags=[(274, "H", 1, orientation, True)],
    )
    photo = retouched(tmp_path / "a.tif", tmp_path / "b.tif")
    stored = photo.pixels if photo.alpha is None else np.dstack([photo.pixels, photo.alpha])
    known = np.ones(upright.shape[:2], bool)
    known[HOLE] = False
    assert (stored[known] == np.atleast_3d(upright)[known]).all()
    assert photo.dpi == ((200, 300) if orientation >= 5 else (300, 200))
    with tifffile.TiffFile(tmp_path / "b.tif") as written:
        assert (np.atleast_3d(written.asarray()) == stored).all()
        assert written.pages.first.tags.valueof(274, 1) == 1


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_16_bit_tiff_of_planes(compression: str | None, channels: int, dune: Image.Image, tmp_path: Path) -> None:
    pixels = deep(dune, channels)
    tifffile.imwrite(
        tmp_path / "a.tif", np.moveaxis(pixels, -1, 0), photometric="rgb", planarconfig="separate",
        compression=compression, extrasamples=["unassalpha"] * (channels - 3),
    )  # fmt: skip
    photo = read_photo(tmp_path / "a.tif")
    assert (photo.pixels == pixels[..., :3]).all()
    assert photo.alpha is None if channels == 3 else (photo.alpha == pixels[..., 3]).all()


def test_planes_that_are_cut_off_are_refused(dune: Image.Image, tmp_path: Path) -> None:
    whole, cut = tmp_path / "a.tif", tmp_path / "cut.tif"
    tifffile.imwrite(
        whole, np.moveaxis(deep(dune, 3), -1, 0), photometric="rgb", planarconfig="separate", compression="zlib"
    )
    data = bytearray(whole.read_bytes())
    data[-2000:] = bytes(2000)
    cut.write_bytes(data)
    with pytest.raises(PhotoError, match=r"cut\.tif: "):
        read_photo(cut)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_negative_is_read_as_what_it_shows(dtype: type, dune: Image.Image, tmp_path: Path) -> None:
    pixels = deep(dune, 1).astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", np.iinfo(dtype).max - pixels, photometric="miniswhite")
    assert (read_photo(tmp_path / "a.tif").pixels[..., 0] == pixels).all()


@pytest.mark.parametrize("depth", [8, 16])
def test_colours_that_were_multiplied_by_their_opacity(
    depth: int, dune: Image.Image, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    most = 2**depth - 1
    pixels = (deep(dune, 4) >> (16 - depth)).astype(f"uint{depth}")
    pixels[..., 3] = np.maximum(pixels[..., 3], most // 8)
    share = pixels[..., 3:] / most
    stored = np.dstack([np.round(pixels[..., :3] * share), pixels[..., 3]]).astype(pixels.dtype)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=["assocalpha"])
    photo = read_photo(tmp_path / "a.tif")
    assert np.abs(photo.pixels.astype(int) - pixels[..., :3]).max() <= 8
    assert (photo.alpha == pixels[..., 3]).all()
    write_photo(photo, tmp_path / "b.tif")
    assert "stored times their opacity" in caplog.text


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif", ".tga"])
def test_a_format_that_cannot_hold_so_many_pixels(suffix: str, tmp_path: Path) -> None:
    wide = Photo(np.zeros((4, 65_600, 3), np.uint8), name="wide.png")
    with pytest.raises(OutputError, match=r"wide\.png: 65600×4 pixels; [A-Z]+ holds \d+ a side"):
        write_photo(wide, tmp_path / f"a{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize(("quality", "subsampling"), [(50, "4:2:0"), (80, "4:2:2"), (95, "4:4:4")])
def test_a_jpeg_keeps_its_tables_and_does_not_grow(
    quality: int, subsampling: str, progressive: bool, tmp_path: Path
) -> None:
    source, target = tmp_path / "a.jpg", tmp_path / "b.jpg"
    with Image.open(EXAMPLES / "tunnel.jpg") as photo:
        photo.resize((400, 267)).save(source, quality=quality, subsampling=subsampling, progressive=progressive)
    write_photo(read_photo(source), target)
    with Image.open(source) as before, Image.open(target) as after:
        assert before.quantization == after.quantization
        assert JpegImagePlugin.get_sampling(before) == JpegImagePlugin.get_sampling(after)
        assert bool(after.info.get("progressive")) == progressive
    assert target.stat().st_size <= 1.02 * source.stat().st_size
    difference = read_photo(source).pixels.astype(int) - read_photo(target).pixels
    assert np.abs(difference).mean() < 1


def test_grey_jpeg(dune: Image.Image, tmp_path: Path) -> None:
    dune.convert("L").save(tmp_path / "a.jpg", quality=70)
    assert retouched(tmp_path / "a.jpg", tmp_path / "b.jpg").grey
    with Image.open(tmp_path / "b.jpg") as after:
        assert after.mode == "L"


def test_what_cannot_be_written_back_becomes_the_nearest(
    dune: Image.Image, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dune.quantize(64).save(tmp_path / "palette.png")
    clear = dune.quantize(64)
    clear.info["transparency"] = int(np.asarray(clear)[0, 0])
    clear.save(tmp_path / "clear.png")
    dune.convert("CMYK").save(tmp_path / "cmyk.jpg")
    dune.convert("CMYK").save(tmp_path / "cmyk.tif")
    dune.quantize(64).save(tmp_path / "a.gif")
    for name, result, mode in (
        ("palette.png", "1.png", "RGB"),
        ("clear.png", "2.png", "RGBA"),
        ("cmyk.jpg", "3.jpg", "RGB"),
        ("cmyk.tif", "4.tif", "RGB"),
        ("a.gif", "5.png", "RGB"),
    ):
        caplog.clear()
        write_photo(read_photo(tmp_path / name), tmp_path / result)
        assert [name in record.message for record in caplog.records], name
        assert "becomes" in caplog.text
        with Image.open(tmp_path / name) as before, Image.open(tmp_path / result) as after:
            assert after.mode == mode
            error = np.abs(np.asarray(before.convert(mode)).astype(int) - np.asarray(after)).mean()
            assert error < (3 if "cmyk" in name else 0.01)


def test_an_animation_gives_its_first_picture_with_a_warning(
    dune: Image.Image, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for suffix in (".gif", ".webp", ".png", ".tif"):
        dune.save(tmp_path / f"a{suffix}", save_all=True, append_images=[dune.rotate(180)], lossless=True)
        caplog.clear()
        photo = read_photo(tmp_path / f"a{suffix}")
        write_photo(photo, tmp_path / f"b{suffix.replace('gif', 'png')}", overwrite=True)
        assert "only the first" in caplog.text
        assert np.abs(photo.rgb.astype(int) - np.asarray(dune)).mean() < 8, suffix


def test_another_extension_converts_and_says_what_is_lost(
    dune: Image.Image, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photo = Photo(deep(dune, 4)[..., :3].copy(), deep(dune, 4)[..., 3].copy())
    write_photo(photo, tmp_path / "a.png")
    for suffix, losses in ((".jpg", ["transparency", "16"]), (".webp", ["16"]), (".bmp", ["16"]), (".tif", [])):
        caplog.clear()
        write_photo(read_photo(tmp_path / "a.png"), tmp_path / f"a{suffix}")
        assert all(loss in caplog.text for loss in losses)
        assert len(caplog.records) == len(losses)
    assert (read_photo(tmp_path / "a.tif").pixels == photo.pixels).all()
    with Image.open(tmp_path / "a.jpg") as converted:
        assert converted.format == "JPEG"


def test_a_misnamed_file_keeps_its_own_format(dune: Image.Image, tmp_path: Path) -> None:
    dune.save(tmp_path / "a.jpg", "PNG")
    retouched(tmp_path / "a.jpg", tmp_path / "b.jpg")
    with Image.open(tmp_path / "b.jpg") as after:
        assert after.format == "PNG"


def test_to_and_from_a_stream(dune: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = io.BytesIO()
    dune.save(packed, "TIFF")
    packed.seek(0)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(packed))
    photo = read_photo("-")
    out = io.BytesIO()
    write_photo(photo, out)
    with Image.open(out) as after:
        assert after.format == "TIFF"
        assert (np.asarray(after) == np.asarray(dune)).all()


def test_nothing_is_overwritten_unless_asked(dune: Image.Image, tmp_path: Path) -> None:
    target = tmp_path / "there.png"
    target.write_text("precious")
    photo = Photo(np.asarray(dune).copy())
    with pytest.raises(OutputError, match=r"there\.png: exists already; --overwrite"):
        write_photo(photo, target)
    assert target.read_text() == "precious"
    write_photo(photo, target, overwrite=True)
    assert read_photo(target).size == photo.size


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_nothing(
    failure: BaseException, dune: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "there.png"
    target.write_text("precious")

    def full(_: int) -> None:
        raise failure

    monkeypatch.setattr(os, "fsync", full)  # what was written does not reach the disk
    with pytest.raises((OutputError, KeyboardInterrupt)) as caught:
        write_photo(Photo(np.asarray(dune).copy()), target, overwrite=True)
    assert isinstance(caught.value, KeyboardInterrupt) or "there.png: can't be written: no space left" in str(
        caught.value
    )
    assert target.read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["there.png"]


def test_outputs_have_the_permissions_of_any_new_file(dune: Image.Image, tmp_path: Path) -> None:
    write_photo(Photo(np.asarray(dune).copy()), tmp_path / "a.png")
    (tmp_path / "b").write_text("")
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_public_functions_give_arrays(dune: Image.Image, tmp_path: Path) -> None:
    dune.save(tmp_path / "a.png")
    image, mask = load_image(tmp_path / "a.png"), load_mask(EXAMPLES / "dune_mask.png")
    assert (image == np.asarray(dune)).all()
    assert mask.dtype == np.bool_
    assert 0 < mask.mean() < 0.2
    assert (load_mask(EXAMPLES / "dune_mask.png", invert=True) != mask).all()
