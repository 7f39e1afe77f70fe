"""Files with everything that they can say about a picture, and readers of it that are not the tool's own."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

BOX = ("--box", "20,10,30,20", "--method", "telea")  # the hole that the tests of files fill
ARTIST = "Jörg"
XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/'
    b'1.1/" dc:rights="CC0"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
CAPTION, COPYRIGHT = b"A dune at noon", b"Someone 2026"


def iptc() -> bytes:
    """Return an IPTC record: caption and copyright."""
    datasets = ((2, 120, CAPTION), (2, 116, COPYRIGHT))
    return b"".join(b"\x1c" + struct.pack(">BBH", *numbers, len(value)) + value for *numbers, value in datasets)


def resources(*, thumbnail: bytes = b"") -> bytes:
    """Return Photoshop's blocks: an IPTC record, and a thumbnail if one is given."""
    blocks = [(0x0404, iptc())] + ([(0x040C, thumbnail)] if thumbnail else [])
    return b"".join(
        b"8BIM" + struct.pack(">HHI", number, 0, len(value)) + value + bytes(len(value) % 2) for number, value in blocks
    )


def exif() -> Image.Exif:
    """Return EXIF with a name in UTF-8, a camera, an exposure and a place."""
    block = Image.Exif()
    block[ExifTags.Base.Artist] = ARTIST.encode()
    block[ExifTags.Base.Model] = "a camera"
    block.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] = 200
    block.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 12.0)
    return block


def segment(marker: int, data: bytes) -> bytes:
    """Return a JPEG segment."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def with_segments(path: Path, *segments: bytes) -> None:
    """Insert segments into a JPEG, after its first."""
    data = path.read_bytes()
    first = 4 + int.from_bytes(data[4:6], "big")
    path.write_bytes(data[:first] + b"".join(segments) + data[first:])


def segments_of(path: Path) -> list[tuple[int, bytes]]:
    """Return marker and data of each segment of a JPEG before its pixels."""
    data, at, found = path.read_bytes(), 2, []
    while data[at + 1] != 0xDA:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        found.append((data[at + 1], data[at + 4 : at + 2 + length]))
        at += 2 + length
    return found


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a PNG chunk."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def with_chunks(path: Path, *chunks: tuple[bytes, bytes]) -> None:
    """Insert chunks into a PNG after its header."""
    data = path.read_bytes()
    path.write_bytes(data[:33] + b"".join(chunk(*each) for each in chunks) + data[33:])


def chunks_of(path: Path) -> list[tuple[bytes, bytes]]:
    """Return name and data of each chunk of a PNG."""
    data, at, found = path.read_bytes(), 8, []
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def full_file(path: Path, photo: Image.Image) -> None:
    """Write a photo in the format of a path, with all that the format can say about it."""
    about = {"icc_profile": PROFILE, "exif": exif(), "xmp": XMP, "dpi": (300, 300)}
    match path.suffix:
        case ".png":
            text = PngImagePlugin.PngInfo()
            text.add_itxt("XML:com.adobe.xmp", XMP.decode())
            text.add_itxt("Title", "Eine Düne", lang="de")
            photo.save(path, pnginfo=text, **about)
        case ".tif":
            tags = {700: XMP, 315: ARTIST.encode(), 272: "a camera", 34665: {34855: 200}, 33723: iptc()}
            photo.save(path, tiffinfo=tags, icc_profile=PROFILE, dpi=(300, 300))
        case ".jpg":
            photo.save(path, comment="Eine Düne", **about)
            with_segments(path, segment(0xED, b"Photoshop 3.0\0" + resources()))
        case ".jp2":
            photo.save(path, comment="Eine Düne")
            uuids = (("4a706754696666457869662d3e4a5032", exif().tobytes()), ("be7acfcb97a942e89c71999491e3afac", XMP))
            uuids += (("33c7a4d2b81d4723a0baf1a3e097ad38", iptc()),)
            boxes = [bytes.fromhex(key) + value for key, value in uuids]
            path.write_bytes(
                path.read_bytes() + b"".join(struct.pack(">I", len(box) + 8) + b"uuid" + box for box in boxes)
            )
        case _:
            photo.save(path, **about)


def noise(shape: tuple[int, ...], white: int) -> np.ndarray:
    """Return values of 0 to `white`."""
    return np.random.default_rng(0).integers(0, white + 1, shape)


def outside(pixels: np.ndarray) -> np.ndarray:
    """Return the pixels that `BOX` leaves as they are."""
    kept = np.ones(pixels.shape[:2], bool)
    kept[10:30, 20:50] = False
    return pixels[kept]
