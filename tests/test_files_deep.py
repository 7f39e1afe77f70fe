"""AVIF and JPEG 2000 keep channels of more than 8 bits, and what they say, through the command line."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from inpaint_cli.io.isobmff import describe_avif
from tests.file_parts import ARTIST, CAPTION, PROFILE, XMP, full_file, outside, with_chunks
from tests.pictures import deep, small_dune

HLG = bytes([9, 18, 0, 1])  # BT.2100's colours, as cICP counts
QUALITY = 90


@pytest.fixture(scope="module")
def dune() -> Image.Image:
    """Return a real photo of 120×80 pixels."""
    return small_dune()


def pixels(path: Path) -> np.ndarray:
    """Return a file's pixels as they are stored."""
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def write_avif(path: Path, stored: np.ndarray, depth: int) -> None:
    cv2.imwrite(str(path), stored, [cv2.IMWRITE_AVIF_DEPTH, depth, cv2.IMWRITE_AVIF_QUALITY, 100])


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("depth", [10, 12])
def test_an_avif_keeps_its_depth(depth: int, channels: int, dune: Image.Image, fill, tmp_path: Path) -> None:
    write_avif(tmp_path / "in.avif", deep(dune, channels)[..., [2, 1, 0, 3][:channels]] >> (16 - depth), depth)
    stored = pixels(tmp_path / "in.avif")
    target, err = fill(tmp_path / "in.avif", ".png")
    assert err == ""
    after = np.round(pixels(target).astype(float) * (2**depth - 1) / 65535)
    assert (outside(after) == outside(stored)).all()
    target, err = fill(tmp_path / "in.avif")
    assert err == ""
    again = pixels(target)
    assert (again.shape, again.dtype) == (stored.shape, np.uint16)
    assert describe_avif(io.BytesIO(target.read_bytes())).depth == depth
    # As lossy as the format is at this quality, and no more: 8 bits would be multiples of 4 or 16.
    loss = np.abs(outside(again).astype(int) - outside(stored)).mean()
    once = cv2.imencode(".avif", stored, [cv2.IMWRITE_AVIF_DEPTH, depth, cv2.IMWRITE_AVIF_QUALITY, QUALITY])[1]
    assert loss < 1.3 * np.abs(outside(cv2.imdecode(once, cv2.IMREAD_UNCHANGED)).astype(int) - outside(stored)).mean()


@pytest.mark.parametrize("suffix", [".jp2", ".j2k"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_jpeg_2000_keeps_16_bits(suffix: str, channels: int, dune: Image.Image, fill, tmp_path: Path) -> None:
    bgr = deep(dune, max(channels, 3))[..., [2, 1, 0, 3][:channels]]
    cv2.imwrite(str(tmp_path / "in.jp2"), bgr, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000])
    first, err = fill(tmp_path / "in.jp2", ".tif")
    assert (err, (outside(np.atleast_3d(pixels(first))) == outside(bgr)).all()) == ("", True)
    second, err = fill(tmp_path / "in.jp2", suffix)
    assert (err, pixels(tmp_path / "in.jp2").dtype) == ("", np.uint16)
    assert second.read_bytes().startswith(b"\xff\x4f\xff\x51" if suffix == ".j2k" else b"\0\0\0\x0cjP")
    third, err = fill(second, ".png")
    assert err == ""
    assert (outside(np.atleast_3d(pixels(third))) == outside(bgr)).all()


def test_a_deep_jpeg_2000_says_what_it_said(dune: Image.Image, fill, tmp_path: Path) -> None:
    full_file(tmp_path / "in.jp2", dune)
    cv2.imwrite(str(tmp_path / "deep.jp2"), deep(dune, 3))
    boxes = (tmp_path / "in.jp2").read_bytes()
    whole = tmp_path / "whole.jp2"
    whole.write_bytes((tmp_path / "deep.jp2").read_bytes() + boxes[boxes.index(b"uuid") - 4 :])
    target, err = fill(whole)
    assert err == ""
    assert all(part in target.read_bytes() for part in (XMP, ARTIST.encode(), CAPTION))


def test_what_a_png_of_16_bits_says_goes_into_a_deep_avif_and_jp2(dune: Image.Image, fill, tmp_path: Path) -> None:
    full_file(tmp_path / "said.png", dune)
    cv2.imwrite(str(tmp_path / "in.png"), deep(dune, 3))
    bits, said = (tmp_path / "in.png").read_bytes(), (tmp_path / "said.png").read_bytes()
    (tmp_path / "in.png").write_bytes(bits[:33] + said[33 : said.index(b"IDAT") - 4] + bits[33:])
    with_chunks(tmp_path / "in.png", (b"tEXt", b"Comment\0At noon"))
    for suffix, warned in ((".avif", "AVIF is written with 12 bits; 16 are rounded"), (".jp2", "")):
        target, err = fill(tmp_path / "in.png", suffix)
        assert warned in err
        data = target.read_bytes()
        assert all(part in data for part in (XMP, ARTIST.encode(), PROFILE)), suffix
        with Image.open(target) as picture:
            assert picture.size == (120, 80)
            assert picture.info.get("comment") == (b"At noon" if suffix == ".jp2" else None)


def test_colours_that_are_not_srgb_are_kept_by_avif(dune: Image.Image, fill, tmp_path: Path) -> None:
    dune.save(tmp_path / "in.png")
    with_chunks(tmp_path / "in.png", (b"cICP", HLG))
    target, err = fill(tmp_path / "in.png", ".avif")
    assert (err, describe_avif(io.BytesIO(target.read_bytes())).colour) == ("", HLG)
    write_avif(tmp_path / "in.avif", deep(dune, 3) >> 6, 10)
    data = (tmp_path / "in.avif").read_bytes()
    at = data.index(b"colrnclx") + 8
    (tmp_path / "hlg.avif").write_bytes(data[:at] + bytes([0, 9, 0, 18]) + data[at + 4 :])
    target, err = fill(tmp_path / "hlg.avif", ".avif", "--overwrite")
    assert (err, describe_avif(io.BytesIO(target.read_bytes())).colour) == ("", HLG)
    _, err = fill(tmp_path / "hlg.avif", ".jp2")
    assert err.count("\n") == 1
    assert "can't be kept in JPEG2000 and is left out: cICP" in err
