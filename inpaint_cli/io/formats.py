"""The file formats that can be written, by extension. Nothing but names: planning outputs must not wait for numpy."""

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
        deep: 16 bits.
        profile: an ICC profile.
        longest: side of a picture, in pixels.
    """

    name: str
    suffixes: tuple[str, ...]
    alpha: bool = True
    deep: bool = False
    profile: bool = True
    longest: int = 2**31 - 1


FORMATS = {
    format_.name: format_
    for format_ in (
        Format("PNG", (".png", ".apng"), deep=True),
        Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), alpha=False, longest=65500),
        Format("TIFF", (".tif", ".tiff"), deep=True),
        Format("WEBP", (".webp",), longest=16383),
        Format("AVIF", (".avif", ".avifs"), longest=32768),
        Format("JPEG2000", (".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc"), profile=False),
        Format("BMP", (".bmp", ".dib"), profile=False),
        Format("TGA", (".tga", ".icb", ".vda", ".vst"), profile=False, longest=65535),
        Format("PPM", (".ppm", ".pgm", ".pnm", ".pbm"), alpha=False, deep=True, profile=False),
    )
}
FALLBACK = FORMATS["PNG"]  # for formats that are only read: lossless, and everything can show it
_BY_SUFFIX = {suffix: format_ for format_ in FORMATS.values() for suffix in format_.suffixes}
_READ_ONLY = {".gif", ".ico", ".psd", ".pcx", ".sgi", ".rgb", ".dds", ".qoi"}


def is_picture(path: Location) -> bool:
    """Whether a file in a folder is taken for a picture, by its name alone."""
    return path.suffix.lower() in _BY_SUFFIX.keys() | _READ_ONLY and not path.name.startswith(".")


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
