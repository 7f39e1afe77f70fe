"""Nothing of a photo is lost in silence, through the command line: kept, or named in one warning."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image

from inpaint_cli.io.formats import FORMATS
from tests.conftest import Run
from tests.file_parts import (
    ARTIST,
    CAPTION,
    COPYRIGHT,
    PROFILE,
    XMP,
    chunk,
    chunks_of,
    exif,
    full_file,
    noise,
    outside,
    resources,
    segment,
    segments_of,
    with_chunks,
    with_segments,
)
from tests.pictures import deep, small_dune, with_alpha

Inpaint = Callable[..., Run]


@pytest.fixture(scope="module")
def dune() -> Image.Image:
    """Return a real photo of 120×80 pixels."""
    return small_dune()


def said(path: Path) -> dict[str, object]:
    """Return what Pillow sees in a file about its picture."""
    with Image.open(path) as picture:
        picture.load()
        found: dict[str, object] = {}
        if picture.info.get("icc_profile"):
            found["profile"] = picture.info["icc_profile"]
        if XMP in (picture.info.get("xmp") or b"") or XMP.decode() in getattr(picture, "text", {}).values():
            found["xmp"] = XMP
        block = picture.getexif()
        if ExifTags.Base.Model in block:
            raw = picture.info.get("exif") or path.read_bytes()
            found["exif"] = block[ExifTags.Base.Model], ARTIST.encode() in raw, block.get_ifd(0x8769).get(34855)
        comment = picture.info.get("comment") or b""
        if "Düne" in (comment if isinstance(comment, str) else comment.decode()):
            found["comment"] = comment
        title = getattr(picture, "text", {}).get("Title")
        if title:
            found["title"] = title, title.lang
        if CAPTION in path.read_bytes() and COPYRIGHT in path.read_bytes():
            found["iptc"] = CAPTION
        dpi = picture.info.get("dpi")
        if dpi:
            found["dpi"] = tuple(round(float(value)) for value in dpi)
        return found


HOLDS = {
    "PNG": {"profile", "xmp", "exif", "title", "dpi"},
    "JPEG": {"profile", "xmp", "exif", "comment", "iptc", "dpi"},
    "TIFF": {"profile", "xmp", "exif", "iptc", "dpi"},
    "WEBP": {"profile", "xmp", "exif"},
    "AVIF": {"profile", "xmp", "exif"},
    "JPEG2000": {"comment", "xmp"},  # EXIF and IPTC lie in boxes that Pillow passes over
    "J2K": set(),
    "BMP": {"dpi"},
    "TGA": set(),
    "PPM": set(),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_keeps_what_it_said(name: str, dune: Image.Image, fill, tmp_path: Path) -> None:
    source = tmp_path / f"in{FORMATS[name].suffixes[0]}"
    full_file(source, dune)
    before = said(source)
    if name == "JPEG2000":
        assert ARTIST.encode() in source.read_bytes()
    target, err = fill(source)
    assert err == ""
    assert before.keys() >= HOLDS[name] - {"xmp"} if name == "JPEG2000" else before.keys() == HOLDS[name]
    assert said(target) == before
    if name == "JPEG2000":
        data = target.read_bytes()
        assert all(part in data for part in (XMP, ARTIST.encode(), CAPTION, COPYRIGHT))


@pytest.mark.parametrize("suffix", [format_.suffixes[0] for format_ in FORMATS.values()])
def test_what_another_format_cannot_hold_is_named_in_one_line(
    suffix: str, dune: Image.Image, fill, tmp_path: Path
) -> None:
    full_file(tmp_path / "in.jpg", dune)
    target, err = fill(tmp_path / "in.jpg", suffix)
    kinds = {"colour profile": PROFILE, "EXIF": ARTIST.encode(), "XMP": XMP, "IPTC": CAPTION}
    data, found = target.read_bytes(), said(target)
    lost = err.partition("left out: ")[2].strip().split(", ") if err else []
    assert err.count("\n") <= 1
    for kind, part in kinds.items():
        kept = part in data or (kind == "colour profile" and "profile" in found)
        assert kept != (kind in lost), (kind, lost)


def test_thumbnails_in_photoshop_s_data_go(dune: Image.Image, fill, tmp_path: Path) -> None:
    thumbnail = io.BytesIO()
    dune.resize((24, 16)).save(thumbnail, "JPEG")
    dune.save(tmp_path / "in.jpg")
    with_segments(tmp_path / "in.jpg", segment(0xED, b"Photoshop 3.0\0" + resources(thumbnail=thumbnail.getvalue())))
    target, err = fill(tmp_path / "in.jpg")
    assert err == ""
    assert CAPTION in target.read_bytes()
    assert thumbnail.getvalue() not in target.read_bytes()


def test_a_long_iptc_block_is_split_again(dune: Image.Image, fill, tmp_path: Path) -> None:
    block = resources() + b"8BIM" + struct.pack(">HHI", 0x0BB7, 0, 100_000) + bytes(range(250)) * 400
    dune.save(tmp_path / "in.jpg")
    parts = [segment(0xED, b"Photoshop 3.0\0" + block[at : at + 60_000]) for at in range(0, len(block), 60_000)]
    with_segments(tmp_path / "in.jpg", *parts)
    target, _ = fill(tmp_path / "in.jpg")
    found = [data.removeprefix(b"Photoshop 3.0\0") for marker, data in segments_of(target) if marker == 0xED]
    assert b"".join(found) == block


def extended_xmp(extra: bytes) -> list[bytes]:
    guid = b"0123456789ABCDEF0123456789ABCDEF"
    head = b"http://ns.adobe.com/xmp/extension/\0" + guid
    halves = [(0, extra[:50]), (50, extra[50:])]
    return [segment(0xE1, head + struct.pack(">II", len(extra), at) + part) for at, part in halves]


def test_extended_xmp_is_kept_but_for_pictures_of_the_photo(dune: Image.Image, fill, tmp_path: Path) -> None:
    main = XMP.replace(b"dc:rights", b'xmpNote:HasExtendedXMP="0123456789ABCDEF0123456789ABCDEF" dc:rights')
    dune.save(tmp_path / "in.jpg", xmp=main)
    with_segments(tmp_path / "in.jpg", *extended_xmp(b"<history>" + b"step " * 40))
    target, err = fill(tmp_path / "in.jpg")
    assert err == ""
    parts = [data for _, data in segments_of(target) if data.startswith(b"http://ns.adobe.com/xmp/extension/")]
    assert b"".join(part[75:] for part in parts) == b"<history>" + b"step " * 40
    _, err = fill(tmp_path / "in.jpg", ".webp")
    assert "extended XMP" in err
    dune.save(tmp_path / "depth.jpg", xmp=main)
    with_segments(tmp_path / "depth.jpg", *extended_xmp(b'<x GDepth:Data="' + b"QUJD" * 40))
    target, err = fill(tmp_path / "depth.jpg", ".jpg", "--overwrite")
    assert err.count("\n") == 1
    assert "pictures in the extended XMP" in err
    assert b"HasExtendedXMP" not in target.read_bytes()


def test_a_gain_map_is_left_out_with_a_word(dune: Image.Image, fill, tmp_path: Path) -> None:
    """Android's Ultra HDR: the map would show what was removed, and without it nothing may promise it."""
    main = XMP.replace(
        b"dc:rights", b'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0" dc:rights'
    )
    dune.save(tmp_path / "in.jpg", xmp=main)
    second = io.BytesIO()
    dune.convert("L").resize((30, 20)).save(second, "JPEG")
    with (tmp_path / "in.jpg").open("ab") as file:
        file.write(second.getvalue())
    target, err = fill(tmp_path / "in.jpg")
    assert err.count("\n") == 1
    assert "gain map (Ultra HDR)" in err
    assert b"hdrgm:Version" not in target.read_bytes()
    assert b'dc:rights="CC0"' in target.read_bytes()


def test_unknown_segments_are_named(dune: Image.Image, fill, tmp_path: Path) -> None:
    dune.save(tmp_path / "in.jpg")
    with_segments(tmp_path / "in.jpg", segment(0xEB, b"JP\0\1jumb"), segment(0xE4, b"a maker's own"))
    _, err = fill(tmp_path / "in.jpg")
    assert err.count("\n") == 1
    assert "content credentials (C2PA)" in err
    assert "APP4 data" in err


@pytest.mark.parametrize("depth", [8, 16])
def test_png_chunks_are_kept_in_their_order(depth: int, dune: Image.Image, fill, tmp_path: Path) -> None:
    source = tmp_path / "in.png"
    if depth == 16:
        cv2.imwrite(str(source), deep(dune, 3)[..., ::-1])
    else:
        dune.save(source)
    kept = {
        b"cICP": b"\x09\x10\x00\x01", b"sBIT": b"\5\6\5", b"tIME": b"\x07\xe9\1\2\3\4\5", b"eXIf": exif().tobytes()[6:],
        b"mDCV": bytes(24), b"prVt": b"a program's own, which is safe to copy",
    }  # fmt: skip
    with_chunks(source, *kept.items(), (b"caBX", b"jumb"))
    target, err = fill(source)
    assert err.count("\n") == 1
    assert "content credentials (C2PA)" in err
    chunks = chunks_of(target)
    assert kept.items() <= dict(chunks).items()
    names = [name for name, _ in chunks]
    assert max(map(names.index, kept)) < names.index(b"IDAT")
    with Image.open(target) as picture:
        picture.verify()
    _, err = fill(source, ".jpg")
    assert "cICP" in err
    assert "tIME" in err


def test_an_animated_png_of_16_bits_gives_its_default_image(dune: Image.Image, fill, tmp_path: Path) -> None:
    still, moving = tmp_path / "still.png", tmp_path / "in.png"
    cv2.imwrite(str(still), deep(dune, 3)[..., ::-1])
    cv2.imwrite(str(tmp_path / "frame.png"), 65535 - deep(dune, 3))
    frame = b"".join(data for name, data in chunks_of(tmp_path / "frame.png") if name == b"IDAT")
    control = struct.pack(">IIIIIHHBB", 0, 120, 80, 0, 0, 1, 10, 0, 0)
    added = chunk(b"fcTL", control) + chunk(b"fdAT", struct.pack(">I", 1) + frame)
    data = still.read_bytes()
    moving.write_bytes(data[:33] + chunk(b"acTL", struct.pack(">II", 1, 0)) + data[33:-12] + added + data[-12:])
    target, _ = fill(moving)
    after = cv2.imread(str(target), cv2.IMREAD_UNCHANGED)
    assert (outside(after) == outside(deep(dune, 3)[..., ::-1])).all()


def test_a_big_tiff_keeps_its_texts(dune: Image.Image, fill, tmp_path: Path) -> None:
    texts = {315: ARTIST.encode(), 33432: "© Jörg".encode(), 270: "Düne".encode()}
    tifffile.imwrite(
        tmp_path / "in.tif", np.asarray(dune), photometric="rgb", bigtiff=True, metadata=None,
        extratags=[(tag, "s", 0, text, True) for tag, text in texts.items()],
    )  # fmt: skip
    target, err = fill(tmp_path / "in.tif")
    assert err == ""
    with tifffile.TiffFile(target) as written:
        for tag, text in texts.items():
            assert written.pages.first.tags.valueof(tag) == text.decode()
    target, _ = fill(tmp_path / "in.tif", ".jpg")
    with Image.open(target) as picture:
        assert all(text in picture.info["exif"] for text in texts.values())


def test_a_tiff_without_a_resolution_gets_none(dune: Image.Image, fill, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "in.tif"), np.asarray(dune)[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 1])
    with Image.open(tmp_path / "in.tif") as before:
        assert 282 not in before.tag_v2
    with Image.open(fill(tmp_path / "in.tif")[0]) as after:
        assert 282 not in after.tag_v2


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(("channels", "white"), [(1, 1023), (3, 1023), (3, 4095), (3, 100), (1, 15), (3, 65535)])
def test_a_ppm_keeps_its_own_white(channels: int, white: int, plain: bool, fill, tmp_path: Path) -> None:
    values = noise((80, 120, channels), white)
    head = f"P{(2 if plain else 5) + (channels == 3)}\n# a remark\n120 80\n{white}\n".encode()
    stored = values.astype(">u2" if white > 255 else np.uint8).tobytes()
    (tmp_path / "in.ppm").write_bytes(head + (" ".join(map(str, values.ravel())).encode() if plain else stored))
    target, err = fill(tmp_path / "in.ppm")
    data = target.read_bytes()
    begin = f"P{5 + (channels == 3)}\n120 80\n{white}\n".encode()
    assert data.startswith(begin)
    written = np.frombuffer(data[len(begin) :], ">u2" if white > 255 else np.uint8).reshape(values.shape)
    assert (outside(written) == outside(values)).all()
    assert err == ""


@pytest.mark.parametrize("suffix", [".j2k", ".jp2"])
def test_a_codestream_stays_one(suffix: str, dune: Image.Image, fill, tmp_path: Path) -> None:
    dune.save(tmp_path / f"in{suffix}")
    target, _ = fill(tmp_path / f"in{suffix}")
    assert target.read_bytes()[:4] == (tmp_path / f"in{suffix}").read_bytes()[:4]
    with Image.open(target) as picture:
        assert (outside(np.asarray(picture)) == outside(np.asarray(dune))).all()


@pytest.mark.parametrize("source", ["in.bmp", "in.png"])
def test_a_bmp_keeps_its_alpha(source: str, dune: Image.Image, fill, tmp_path: Path) -> None:
    photo = with_alpha(dune)
    photo.save(tmp_path / source)  # as a BMP without saying that the fourth byte is opacity
    target, err = fill(tmp_path / source, ".bmp")
    assert err == ""
    again, _ = fill(target, ".tif")
    with Image.open(again) as picture:
        assert (outside(np.asarray(picture)) == outside(np.asarray(photo))).all()
    if source == "in.png":
        with Image.open(target) as picture:
            assert picture.mode == "RGBA"


@pytest.mark.posix
def test_the_mode_of_a_file_that_is_replaced_is_kept(dune: Image.Image, fill, tmp_path: Path) -> None:
    dune.save(tmp_path / "in.png")
    target, _ = fill(tmp_path / "in.png")
    for mode in (0o600, 0o640, 0o444):
        target.chmod(mode)
        fill(tmp_path / "in.png", ".png", "--overwrite")
        assert target.stat().st_mode & 0o777 == mode


def test_too_wide_for_the_format_is_said_before_the_work(inpaint: Inpaint, tmp_path: Path) -> None:
    Image.new("RGB", (16_400, 40), (200, 180, 150)).save(tmp_path / "wide.png")
    run = inpaint(
        "inpaint", tmp_path / "wide.png", "--box", "5,5,20,20", "--save-steps", tmp_path / "steps", "-o",
        tmp_path / "wide.webp",
    )  # fmt: skip
    assert (run.code, run.err.count("\n")) == (1, 1)
    assert "WEBP holds 16383 a side" in run.err
    assert not (tmp_path / "steps").exists(), "it was painted first"
    run = inpaint("edges", tmp_path / "wide.png", "-o", tmp_path / "map.webp")
    assert (run.code, "16383" in run.err) == (1, True)
