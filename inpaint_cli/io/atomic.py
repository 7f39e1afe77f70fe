"""Replacing a file whole or not at all: the one place that does. Standard library only."""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Yield a file to write, which replaces the target at the end; on any failure the target stays as it was.

    The folder is made if it does not exist; the permissions of a replaced file are kept.

    Args:
        target: where to; a symbolic link would be replaced, not followed.

    Raises:
        OSError: the system refuses.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    try:
        if mode is not None:
            part.touch(mode=mode & 0o600)  # private until it has its final permissions
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # the content has to be on disk before the rename
        if mode is not None:
            part.chmod(mode)
        part.replace(target)
    except BaseException:  # Ctrl-C as well
        part.unlink(missing_ok=True)
        raise
