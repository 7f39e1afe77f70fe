"""Why a file can't be decoded: what it is, as far as its first bytes show."""

from typing import BinaryIO

from inpaint_cli.io.ifd import order_of
from inpaint_cli.io.tiff import sample_format

_CONVERT = "convert it to PNG or JPEG first"
_TIFF_ADVICE = "convert it to integers of 8 or 16 bits, or to PNG, first"
# First bytes, and what begins with them.
_KINDS = (
    (b"%PDF", "a PDF document"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML file"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"v/1\x01", "an OpenEXR picture of floating-point numbers"),
    (b"gimp xcf", "a GIMP project"),
)
# The brand of a file made of boxes.
_BRANDS = {b"crx ": "a camera's raw file", b"avif": "an AVIF that can't be decoded"}
_BRANDS |= dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"), "a HEIC photo")
_BRANDS |= dict.fromkeys((b"isom", b"mp41", b"mp42", b"qt  ", b"M4V "), "a video")
_PSD_MODES = {0: "bilevel", 1: "grey", 2: "palette", 3: "RGB", 4: "CMYK", 7: "multichannel", 8: "duotone", 9: "Lab"}


def why_unknown(file: BinaryIO) -> str:
    """Return why a file can't be read, as the end of a line about it."""
    file.seek(0)
    head = file.read(32)
    if not head:
        return "the file is empty"
    if head[:4] == b"8BPS":
        mode, bits = int.from_bytes(head[24:26], "big"), int.from_bytes(head[22:24], "big")
        return f"a PSD of {bits} bits in {_PSD_MODES.get(mode, 'an unknown mode')}, which can't be read; {_CONVERT}"
    if order_of(head) and (format_ := sample_format(file)):
        return f"a TIFF with {format_}, which can't be read; {_TIFF_ADVICE}"
    kind = next((kind for start, kind in _KINDS if head.startswith(start)), "")
    if head[4:8] == b"ftyp":
        kind = _BRANDS.get(head[8:12], "")
    return f"{kind}, which can't be read; {_CONVERT}" if kind else "not a picture in a known format"
