"""TIFF directories with their values as they are stored: of TIFF and BigTIFF files, and of EXIF blocks.

Values are kept as bytes. A library that parses and rewrites them would lose texts in UTF-8, unknown tags and types.
"""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from typing import BinaryIO, NamedTuple

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 2, 3, 4, 5, 7
_NARROWED = {16: ("Q", 4), 17: ("q", 9), 18: ("Q", 13)}  # BigTIFF's 64-bit types and their 32-bit counterparts
_BELOW = {34665, 34853, 40965}  # tags that point to another directory: EXIF, GPS, interoperability
_DEEPEST = 3  # directories below one another
_LONGEST = 64 * 2**20  # bytes of a value; longer ones are no metadata and are left out


class Field(NamedTuple):
    """One tag's value.

    Attributes:
        kind: TIFF's number of its type.
        data: the values, in the byte order of the directory; empty for a pointer.
        below: the directory that a pointer points to.
    """

    kind: int
    data: bytes = b""
    below: dict[int, Field] | None = None


Directory = dict[int, Field]


def order_of(head: bytes) -> str | None:
    """Return the byte order of a TIFF or BigTIFF that begins so, as `struct` writes it; None if it is neither."""
    order = {b"II": "<", b"MM": ">"}.get(head[:2])
    return order if order and head[2:4] in {struct.pack(f"{order}H", version) for version in (42, 43)} else None


def read_directory(file: BinaryIO) -> tuple[str, Directory]:
    """Return the byte order and the first directory of a TIFF, a BigTIFF or an EXIF block; empty if there is none.

    Values that lie outside the file or have an unknown type are left out. 64-bit integers become 32-bit ones.
    """
    file.seek(0)
    head = file.read(16)
    order = order_of(head)
    if order is None:
        return "<", {}
    big = struct.unpack_from(f"{order}H", head, 2)[0] == 43
    if len(head) < (16 if big else 8):
        return order, {}
    first = struct.unpack_from(f"{order}Q", head, 8)[0] if big else struct.unpack_from(f"{order}I", head, 4)[0]
    return order, _directory(file, first, order, big=big, depth=0)


def _directory(file: BinaryIO, at: int, order: str, *, big: bool, depth: int) -> Directory:
    count_form, entry_form, width = (f"{order}Q", f"{order}HHQ8s", 8) if big else (f"{order}H", f"{order}HHI4s", 4)
    stored = _bytes_at(file, at, struct.calcsize(count_form))
    if stored is None or depth > _DEEPEST:
        return {}
    (entries,) = struct.unpack(count_form, stored)
    directory: Directory = {}
    for _ in range(min(entries, 65535)):
        entry = file.read(struct.calcsize(entry_form))
        if len(entry) < struct.calcsize(entry_form):
            break
        tag, kind, count, inline = struct.unpack(entry_form, entry)
        length = count * _SIZES.get(kind, 0)
        if not 0 < length <= _LONGEST:
            continue
        behind = file.tell()
        data: bytes | None = inline[:length]
        if length > width:
            data = _bytes_at(file, int.from_bytes(inline, "little" if order == "<" else "big"), length)
        if data is not None and tag in _BELOW:
            where = int.from_bytes(data, "little" if order == "<" else "big")
            directory[tag] = Field(_LONG, below=_directory(file, where, order, big=big, depth=depth + 1))
        elif data is not None:
            directory[tag] = _narrowed(Field(kind, data), order)
        file.seek(behind)
    return directory


def _bytes_at(file: BinaryIO, at: int, length: int) -> bytes | None:
    if not 0 < at <= file.seek(0, io.SEEK_END) - length:
        return None
    file.seek(at)
    return file.read(length)


def _narrowed(field: Field, order: str) -> Field:
    if field.kind not in _NARROWED:
        return field
    letter, kind = _NARROWED[field.kind]
    values = struct.unpack(f"{order}{len(field.data) // 8}{letter}", field.data)
    low, high = (-(2**31), 2**31) if letter == "q" else (0, 2**32)
    kept = [min(max(value, low), high - 1) for value in values]
    return Field(kind, struct.pack(f"{order}{len(kept)}{'i' if letter == 'q' else 'I'}", *kept))


def encode_directory(directory: Directory, order: str) -> bytes:
    """Return a TIFF header and a directory with everything below it: an EXIF block, or a TIFF but for its pixels."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}I", 8) + _encoded(directory, order, 8)


def _encoded(directory: Directory, order: str, at: int) -> bytes:
    """Return a directory that is to stand at an even offset."""
    behind = at + 2 + 12 * len(directory) + 4
    entries, values = [], bytearray()
    for tag, field in sorted(directory.items()):
        if len(values) % 2:
            values += b"\0"
        place = struct.pack(f"{order}I", behind + len(values))
        kind, count = field.kind, len(field.data) // _SIZES[field.kind]
        if field.below is not None:
            values += _encoded(field.below, order, behind + len(values))
            count = 1
        elif len(field.data) > 4:
            values += field.data
        else:
            place = field.data.ljust(4, b"\0")
        entries.append(struct.pack(f"{order}HHI", tag, kind, count) + place)
    return struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(4) + bytes(values)


def shorts(order: str, *values: int) -> Field:
    """Return a field of 16-bit integers."""
    return Field(_SHORT, struct.pack(f"{order}{len(values)}H", *values))


def longs(order: str, *values: int) -> Field:
    """Return a field of 32-bit integers."""
    return Field(_LONG, struct.pack(f"{order}{len(values)}I", *values))


def rational(order: str, value: float) -> Field:
    """Return a field of one positive fraction."""
    fraction = Fraction(value).limit_denominator(2**16)
    return Field(_RATIONAL, struct.pack(f"{order}II", fraction.numerator, fraction.denominator))


def raw(data: bytes, *, undefined: bool = True) -> Field:
    """Return a field of bytes, of type UNDEFINED or BYTE."""
    return Field(_UNDEFINED if undefined else _BYTE, data)


def integers(field: Field, order: str) -> tuple[int, ...]:
    """Return the values of a field of unsigned 16- or 32-bit integers."""
    size = _SIZES[field.kind]
    return struct.unpack(f"{order}{len(field.data) // size}{ {1: 'B', 2: 'H', 4: 'I'}[size] }", field.data)
