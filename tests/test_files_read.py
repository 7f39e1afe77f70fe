"""What Pillow reads is read in full, and of the rest the true reason is said, through the command line."""

import io
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.conftest import Run, command
from tests.file_parts import BOX, CAPTION, outside, resources
from tests.pictures import deep, small_dune

Inpaint = Callable[..., Run]


@pytest.fixture(scope="module")
def dune() -> Image.Image:
    """Return a real photo of 120×80 pixels."""
    return small_dune()


def test_a_bmp_of_16_bits_a_pixel(dune: Image.Image, fill, tmp_path: Path) -> None:
    red, green, blue = np.moveaxis(np.asarray(dune).astype(np.uint16), -1, 0)
    pixels = ((red >> 3 << 11) | (green >> 2 << 5) | (blue >> 3))[::-1].astype("<u2").tobytes()
    head = struct.pack("<IiiHHIIiiII", 40, 120, 80, 1, 16, 3, len(pixels), 2835, 2835, 0, 0)
    head += struct.pack("<3I", 0xF800, 0x7E0, 0x1F)
    (tmp_path / "in.bmp").write_bytes(b"BM" + struct.pack("<IHHI", 66 + len(pixels), 0, 0, 66) + head + pixels)
    target, _ = fill(tmp_path / "in.bmp")
    with Image.open(target) as picture:
        assert np.abs(outside(np.asarray(picture)).astype(int) - outside(np.asarray(dune))).max() <= 8


def sgi(pixels: np.ndarray) -> bytes:
    height, width, channels = pixels.shape
    head = struct.pack(">HBBHHHH", 474, 0, 2, 2 if channels == 1 else 3, width, height, channels).ljust(512, b"\0")
    return head + np.moveaxis(pixels, -1, 0)[:, ::-1].astype(">u2").tobytes()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_sgi_of_16_bits(channels: int, dune: Image.Image, fill, tmp_path: Path) -> None:
    pixels = deep(dune, channels).reshape(80, 120, channels)
    (tmp_path / "in.sgi").write_bytes(sgi(pixels))
    target, err = fill(tmp_path / "in.sgi", ".png")
    assert "SGI becomes PNG" in err
    after = cv2.imread(str(target), cv2.IMREAD_UNCHANGED).reshape(pixels.shape)
    assert (outside(after) == outside(pixels[..., [2, 1, 0, 3][:channels]] if channels > 1 else pixels)).all()


def psd(dune: Image.Image, bits: int) -> bytes:
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 80, 120, bits, 3)
    blocks = resources()
    return (
        head + struct.pack(">II", 0, len(blocks)) + blocks + bytes(6) + np.moveaxis(np.asarray(dune), -1, 0).tobytes()
    )


def test_a_psd_is_read_merged(dune: Image.Image, fill, inpaint: Inpaint, tmp_path: Path) -> None:
    (tmp_path / "in.psd").write_bytes(psd(dune, 8))
    target, err = fill(tmp_path / "in.psd", ".tif")
    assert "PSD becomes TIFF" in err
    with Image.open(target) as picture:
        assert (outside(np.asarray(picture)) == outside(np.asarray(dune))).all()
    assert CAPTION in target.read_bytes()
    (tmp_path / "deep.psd").write_bytes(psd(dune, 16))
    run = inpaint("inpaint", tmp_path / "deep.psd", *BOX)
    assert (run.code, run.err.count("\n")) == (1, 1)
    assert "a PSD of 16 bits in RGB" in run.err


@pytest.mark.parametrize("compression", [1, 5, 8, 32773])
def test_planes_of_any_compression(compression: int, dune: Image.Image, fill, tmp_path: Path) -> None:
    """OpenCV writes each plane as a grey TIFF; one directory over all three makes the planar file."""
    pixels, strips = deep(dune, 3), []
    for plane in range(3):
        settings = [cv2.IMWRITE_TIFF_COMPRESSION, compression, cv2.IMWRITE_TIFF_ROWSPERSTRIP, 80]
        _, data = cv2.imencode(".tif", pixels[..., plane], settings)
        with tifffile.TiffFile(io.BytesIO(data.tobytes())) as grey:
            page = grey.pages.first
            predictor = page.tags.valueof(317, 1)
            strips += [data.tobytes()[at : at + n] for at, n in zip(page.dataoffsets, page.databytecounts, strict=True)]
    lengths = [len(strip) for strip in strips]
    begin = 8 + 2 + 12 * 11 + 4
    shorts, counts = begin, begin + 6
    offsets = counts + 12
    first = offsets + 12
    starts = np.cumsum([first, *lengths[:-1]])
    tags = [
        (256, 3, 1, 120), (257, 3, 1, 80), (258, 3, 3, shorts), (259, 3, 1, compression), (262, 3, 1, 2),
        (273, 4, 3, offsets), (277, 3, 1, 3), (278, 3, 1, 80), (279, 4, 3, counts), (284, 3, 1, 2),
        (317, 3, 1, predictor),
    ]  # fmt: skip
    data = b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    data += struct.pack("<3H", 16, 16, 16) + struct.pack("<3I", *lengths) + struct.pack("<3I", *starts)
    (tmp_path / "in.tif").write_bytes(data + b"".join(strips))
    target, err = fill(tmp_path / "in.tif")
    assert err == ""
    assert (outside(tifffile.imread(target)) == outside(pixels)).all()


@pytest.mark.parametrize(("dtype", "words"), [("float32", "32-bit floating point"), ("uint32", "32-bit integers")])
@pytest.mark.parametrize("layout", ["contig", "separate"])
def test_numbers_that_no_photo_has_are_called_so(
    layout: str, dtype: str, words: str, dune: Image.Image, inpaint: Inpaint, tmp_path: Path
) -> None:
    pixels = deep(dune, 3).astype(dtype)
    pixels = np.moveaxis(pixels, -1, 0) if layout == "separate" else pixels
    tifffile.imwrite(tmp_path / "in.tif", pixels, photometric="rgb", planarconfig=layout)
    run = inpaint("inpaint", tmp_path / "in.tif", *BOX)
    assert (run.code, run.err.count("\n")) == (1, 1)
    assert words in run.err
    assert "damaged" not in run.err


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"\0\0\0\x18ftypheic", "a HEIC photo"),
        (b"\0\0\0\x18ftypcrx ", "a camera's raw file"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\xff\x0a\xfa", "a JPEG XL picture"),
        (b"<svg xmlns=", "an SVG drawing"),
    ],
)
def test_what_is_no_readable_picture_is_called_by_its_name(
    head: bytes, words: str, inpaint: Inpaint, tmp_path: Path
) -> None:
    (tmp_path / "in.jpg").write_bytes(head + bytes(300))
    run = inpaint("inpaint", tmp_path / "in.jpg", *BOX)
    assert (run.code, run.err.count("\n")) == (1, 1)
    assert words in run.err
    assert "convert it" in run.err


@pytest.mark.slow
@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_no_decoder_speaks_for_itself(compression: str, dune: Image.Image, tmp_path: Path) -> None:
    """A process of its own: pytest would not see what libraries write past Python."""
    for name, picture in (("8.tif", dune), ("16.tif", Image.fromarray(deep(dune, 1)))):
        picture.save(tmp_path / name, compression=compression)
        data = bytearray((tmp_path / name).read_bytes())
        middle = len(data) // 2
        data[middle : middle + 400] = bytes(400)
        (tmp_path / name).write_bytes(data)
    run = subprocess.run(
        command("inpaint", tmp_path / "8.tif", tmp_path / "16.tif", *BOX, "-o", tmp_path / "out/"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert all(line.startswith("inpaint: ") for line in run.stderr.splitlines()), run.stderr
