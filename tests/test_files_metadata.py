"""What a file says about its picture is still said: profile, EXIF, XMP, texts, resolution; and it lies upright."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps, PngImagePlugin

from inpaint_cli.io.photo import Photo
from inpaint_cli.io.reading import read_photo
from inpaint_cli.io.writing import write_photo
from tests.pictures import deep, retouched, small_dune

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:rights>CC0</dc:rights></x:xmpmeta>'
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.fixture(scope="module")
def dune() -> Image.Image:
    """Return a real photo of 120×80 pixels."""
    return small_dune()


def exif() -> Image.Exif:
    block = Image.Exif()
    block[ExifTags.Base.Artist] = "someone"
    block[ExifTags.Base.Model] = "a camera"
    block.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] = 200
    block.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.0)
    return block


def test_a_file_says_about_its_picture_what_it_said(dune: Image.Image, tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "A dune")
    text.add_itxt("Title (de)", "Eine Düne", lang="de")
    text.add_itxt("XML:com.adobe.xmp", XMP.decode())
    about = {"icc_profile": SRGB, "exif": exif(), "dpi": (300, 300)}
    dune.save(tmp_path / "a.png", pnginfo=text, **about)
    dune.save(tmp_path / "a.jpg", xmp=XMP, comment="A dune", **about)
    dune.save(tmp_path / "a.webp", xmp=XMP, lossless=True, **about)
    dune.save(tmp_path / "a.tif", tiffinfo={700: XMP, 315: "someone", 272: "a camera", 34665: {34855: 200}}, **about)
    for suffix in (".png", ".jpg", ".webp", ".tif"):
        retouched(tmp_path / f"a{suffix}", tmp_path / f"b{suffix}")
        with Image.open(tmp_path / f"b{suffix}") as after:
            after.load()
            assert after.info["icc_profile"] == SRGB, suffix
            assert XMP.decode() in str(after.info.get("xmp", b""), "utf-8"), suffix
            found = after.getexif()
            assert found[ExifTags.Base.Artist] == "someone", suffix
            assert found.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] == 200, suffix
            if suffix != ".webp":
                assert tuple(round(value) for value in after.info["dpi"]) == (300, 300), suffix
            if suffix == ".png":
                assert after.text["Title"] == "A dune"
                assert after.text["Title (de)"] == "Eine Düne"
            if suffix == ".jpg":
                assert after.info["comment"] == b"A dune"
            if suffix != ".tif":
                assert found.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] == (52.0, 31.0, 12.0)


def test_a_16_bit_png_says_it_too(dune: Image.Image, tmp_path: Path) -> None:
    photo = Photo(deep(dune, 3), icc=SRGB, exif=exif().tobytes()[6:], xmp=XMP, text={"Title": "A dune"}, dpi=(300, 150))
    write_photo(photo, tmp_path / "a.png")
    retouched(tmp_path / "a.png", tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as after:
        after.load()
        assert after.info["icc_profile"] == SRGB
        assert after.getexif()[ExifTags.Base.Artist] == "someone"
        assert after.text["Title"] == "A dune"
        assert XMP.decode() in after.text["XML:com.adobe.xmp"]
        assert tuple(round(value) for value in after.info["dpi"]) == (300, 150)


def test_a_png_without_a_profile_keeps_its_gamma(dune: Image.Image, tmp_path: Path) -> None:
    text = PngImagePlugin.PngInfo()
    text.add(b"gAMA", (45455).to_bytes(4, "big"))
    text.add(b"sRGB", b"\1")
    dune.save(tmp_path / "a.png", pnginfo=text)
    retouched(tmp_path / "a.png", tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as after:
        assert (after.info["gamma"], after.info["srgb"]) == (0.45455, 1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_pictures_are_read_upright_and_written_so(
    suffix: str, orientation: int, dune: Image.Image, tmp_path: Path
) -> None:
    block = exif()
    block[ExifTags.Base.Orientation] = orientation
    dune.save(tmp_path / f"a{suffix}", exif=block, **({"quality": 95} if suffix == ".jpg" else {"lossless": True}))
    with Image.open(tmp_path / f"a{suffix}") as stored:
        upright = np.asarray(ImageOps.exif_transpose(stored).convert("RGB"))
    photo = read_photo(tmp_path / f"a{suffix}")
    assert (photo.rgb == upright).all()
    write_photo(photo, tmp_path / f"b{suffix}")
    with Image.open(tmp_path / f"b{suffix}") as after:
        assert after.getexif().get(ExifTags.Base.Orientation, 1) == 1
        assert after.size == upright.shape[1::-1]
        assert after.getexif()[ExifTags.Base.Artist] == "someone"


def test_the_thumbnail_goes_with_what_it_shows(dune: Image.Image, tmp_path: Path) -> None:
    thumbnail = io.BytesIO()
    dune.resize((24, 16)).save(thumbnail, "JPEG")
    block = exif().tobytes()[6:]
    with_thumbnail = bytearray(block)
    end = 8 + 2 + 12 * int.from_bytes(block[8:10], "little" if block[:2] == b"II" else "big")
    order = "little" if block[:2] == b"II" else "big"
    with_thumbnail[end : end + 4] = len(block).to_bytes(4, order)
    where = len(block) + 2 + 24 + 4
    entries = [(0x0201, where), (0x0202, len(thumbnail.getvalue()))]
    with_thumbnail += (2).to_bytes(2, order)
    for tag, value in entries:
        with_thumbnail += (
            tag.to_bytes(2, order) + (4).to_bytes(2, order) + (1).to_bytes(4, order) + value.to_bytes(4, order)
        )
    with_thumbnail += bytes(4) + thumbnail.getvalue()
    dune.save(tmp_path / "a.jpg", exif=b"Exif\0\0" + bytes(with_thumbnail))
    assert thumbnail.getvalue() in (tmp_path / "a.jpg").read_bytes()
    retouched(tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert thumbnail.getvalue()[-60:] not in (tmp_path / "b.jpg").read_bytes()
    with Image.open(tmp_path / "b.jpg") as after:
        assert after.getexif()[ExifTags.Base.Model] == "a camera"
        assert not after.getexif().get_ifd(ExifTags.IFD.IFD1)
