"""The file formats that can be written, by extension. Standard library only: planning must not wait for numpy."""

from dataclasses import dataclass
from pathlib import Path

from inpaint_cli.errors import OutputError
from inpaint_cli.io.locations import Location

STREAM = Path("-")  # standard input or output


@dataclass(frozen=True)
class Format:
    """What a file format can hold.

    Attributes:
        name: Pillow's.
        suffixes: of its files, the usual one first.
        alpha: transparency.
        bits: of a channel at most.
        holds: the kinds of metadata that it can hold, of `METADATA`.
        longest: side of a picture, in pixels.
    """

    name: str
    suffixes: tuple[str, ...]
    alpha: bool = True
    bits: int = 8
    holds: frozenset[str] = frozenset()
    longest: int = 2**31 - 1


# Kinds of metadata, by their names in warnings.
PROFILE, EXIF, XMP, IPTC = "colour profile", "EXIF", "XMP", "IPTC"
EXTENDED_XMP, TEXT, CHUNKS = "extended XMP", "text", "PNG chunks"
METADATA = frozenset({PROFILE, EXIF, XMP, IPTC, EXTENDED_XMP, TEXT, CHUNKS})
_WEB = frozenset({PROFILE, EXIF, XMP})

FORMATS = {
    format_.name: format_
    for format_ in (
        Format("PNG", (".png", ".apng"), bits=16, holds=METADATA - {IPTC, EXTENDED_XMP}),
        Format(
            "JPEG",
            (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
            alpha=False,
            longest=65500,
            holds=METADATA - {TEXT, CHUNKS},
        ),
        Format("TIFF", (".tif", ".tiff"), bits=16, holds=_WEB | {IPTC}),
        Format("WEBP", (".webp",), longest=16383, holds=_WEB),
        Format("AVIF", (".avif", ".avifs"), bits=12, longest=32768, holds=_WEB),
        Format("JPEG2000", (".jp2", ".jpx", ".jpf"), bits=16, holds=_WEB | {IPTC}),
        Format("J2K", (".j2k", ".j2c", ".jpc"), bits=16),  # a JPEG 2000 codestream without the boxes around it
        Format("BMP", (".bmp", ".dib")),
        Format("TGA", (".tga", ".icb", ".vda", ".vst"), longest=65535),
        Format("PPM", (".ppm", ".pgm", ".pnm", ".pbm"), alpha=False, bits=16),
    )
}
FALLBACK = FORMATS["PNG"]  # for formats that are only read: lossless and shown by every program
_BY_SUFFIX = {suffix: format_ for format_ in FORMATS.values() for suffix in format_.suffixes}
_READ_ONLY = {".gif", ".ico", ".psd", ".pcx", ".sgi", ".rgb", ".dds", ".qoi"}


def is_picture(path: Location) -> bool:
    """Whether a file in a folder is taken for a picture, by its name alone."""
    return path.suffix.lower() in _BY_SUFFIX.keys() | _READ_ONLY and not path.name.startswith(".")


def is_suffix(name: str) -> bool:
    """Whether a file's name is nothing but the extension of a format that can be written."""
    return name.lower() in _BY_SUFFIX


def stem_of(source: Location) -> str:
    """Return what results are named after: the photo's name without its extension."""
    return "stdin" if source == STREAM else source.stem


def output_suffix(source: Location) -> str:
    """Return the extension of a result: that of the photo, or `.png` if its format is only ever read."""
    return source.suffix if source.suffix.lower() in _BY_SUFFIX else FALLBACK.suffixes[0]


def format_of(target: Location) -> Format:
    """Return the format that a path's extension means.

    Raises:
        OutputError: an extension of no format that can be written.
    """
    suffix = target.suffix.lower()
    if suffix not in _BY_SUFFIX:
        known = " ".join(format_.suffixes[0] for format_ in FORMATS.values())
        raise OutputError(f"{target}: pictures can't be written as {suffix or 'a file without extension'}; use {known}")
    return _BY_SUFFIX[suffix]
