"""Writing pictures: whole or not at all, and never over an existing file without permission.

The file keeps the photo's format, mode, depth, profile, EXIF, XMP, texts, resolution, and a JPEG's tables.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from inpaint_cli.errors import OutputError, OutputExistsError, reason
from inpaint_cli.io.atomic import replacing
from inpaint_cli.io.encoding import check_size, encode, format_for
from inpaint_cli.io.formats import format_of
from inpaint_cli.io.locations import Location, Url
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.streams import send


def _check_target(target: Path, *, overwrite: bool) -> None:
    """Raise if a picture may not be written there."""
    if target.suffix:
        format_of(target)
    if target.is_dir():
        raise OutputError(f"{target}: is a folder")
    if target.exists() and not target.is_file():
        raise OutputError(f"{target}: is a device, not a file; give - for standard output")
    if not overwrite and target.exists():
        raise _exists(target)


def _exists(target: Location) -> OutputExistsError:
    return OutputExistsError(f"{target}: exists already; --overwrite replaces it")


def write_photo(photo: Photo, target: Location | BinaryIO, *, overwrite: bool = False) -> None:
    """Write a photo whole or not at all; warn about what the format can't hold.

    Args:
        photo: what to write.
        target: a path or URL, whose extension chooses the format (the photo's own if it is the same or none), or a
            stream, which gets the photo's own format.
        overwrite: whether a file that is there already may be replaced.

    Raises:
        OutputExistsError: it exists and may not be overwritten.
        OutputError: the format is unknown, or the system refuses.
    """
    if isinstance(target, Url):
        _upload(encode(photo, format_for(photo, target)), target, overwrite=overwrite)
        return
    if not isinstance(target, Path):
        send(encode(photo, format_for(photo, None)), target)
        return
    with _refusals(target):
        _check_target(target, overwrite=overwrite)
    data = encode(photo, format_for(photo, target))
    with _refusals(target), replacing(Path(os.path.realpath(target))) as file:  # a link stays a link
        file.write(data)
        _check_target(target, overwrite=overwrite)  # another process may have written it meanwhile


def write_file(source: Path, target: Location, *, overwrite: bool = False) -> None:
    """Write a copy of a file, whole or not at all.

    Raises:
        OutputExistsError: the target exists and may not be overwritten.
        OutputError: the system or the store refuses.
    """
    with _refusals(target):
        if not overwrite and target.exists():
            raise _exists(target)
        if isinstance(target, Url):
            _upload(source, target, overwrite=overwrite)
            return
        with source.open("rb") as original, replacing(Path(os.path.realpath(target))) as file:
            shutil.copyfileobj(original, file)


def _upload(data: bytes | memoryview | Path, target: Url, *, overwrite: bool) -> None:
    """Write an object; the upload itself fails if it exists already."""
    from inpaint_cli.io import remote  # noqa: PLC0415 - fsspec

    with _refusals(target):
        try:
            remote.write(str(target), data, overwrite=overwrite)
        except FileExistsError as error:
            raise _exists(target) from error


def check_writable(photo: Photo, target: Location | None) -> None:
    """Check, before the work, that a photo will fit into the format of a path, or of a stream if that is None.

    Raises:
        OutputError: it has too many pixels for the format, or the format is unknown.
    """
    check_size(photo, format_for(photo, target))


@contextlib.contextmanager
def _refusals(target: Location) -> Iterator[None]:
    """Turn an OS error into one line about the target."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{target}: can't be written: {reason(error)}") from error
