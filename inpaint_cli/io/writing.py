"""Writing pictures: whole or not at all, and never over a file that nobody gave up.

The file keeps the photo's format, mode, depth, profile, EXIF, XMP, texts, resolution, and a JPEG's tables.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from inpaint_cli.errors import OutputError, reason
from inpaint_cli.io.encoding import check_size, encode, format_for
from inpaint_cli.io.formats import format_of
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
        raise OutputError(f"{target}: exists already; --overwrite replaces it")


def write_photo(photo: Photo, target: Path | BinaryIO, *, overwrite: bool = False) -> None:
    """Write a photo whole or not at all; warn about what the format can't hold.

    Args:
        photo: what to write.
        target: a path, whose extension chooses the format (the photo's own if it is the same or none), or a stream,
            which gets the photo's own format.
        overwrite: whether a file that is there already may be replaced.

    Raises:
        OutputError: it exists and may not be overwritten, the format is unknown, or the system refuses.
    """
    if not isinstance(target, Path):
        send(encode(photo, format_for(photo, None)), target)
        return
    with _refusals(target):
        _check_target(target, overwrite=overwrite)
    data = encode(photo, format_for(photo, target))
    with _refusals(target), _replacing(Path(os.path.realpath(target))) as part:  # a link stays a link
        part.write_bytes(data)
        _check_target(target, overwrite=overwrite)  # the work took a while: somebody else may have written it


def check_writable(photo: Photo, target: Path | None) -> None:
    """Check, before the work, that a photo will fit into the format of a path, or of a stream if that is None.

    Raises:
        OutputError: it has too many pixels for the format, or the format is unknown.
    """
    check_size(photo, format_for(photo, target))


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """Give a temporary path in the target's folder and rename it to the target at the end; remove it on any failure."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None  # what was closed to others stays so
    try:
        if mode is not None:
            part.touch(mode=mode & 0o600)  # nobody reads it before it has its own
        yield part
        if mode is not None:
            part.chmod(mode)
        part.replace(target)
    except BaseException:  # Ctrl-C as well
        part.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _refusals(target: Path) -> Iterator[None]:
    """Turn what the system says into one line about the target."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{target}: can't be written: {reason(error)}") from error
