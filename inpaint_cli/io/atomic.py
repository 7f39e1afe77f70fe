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
    """Give a file to write, which takes the target's place at the end; on any failure the target is what it was.

    The folder is made if it is not there, and a file that is replaced hands on its permissions.

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
            part.touch(mode=mode & 0o600)  # nobody reads it before it has its own
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # a name must not reach the disk before what it names
        if mode is not None:
            part.chmod(mode)
        part.replace(target)
    except BaseException:  # Ctrl-C as well
        part.unlink(missing_ok=True)
        raise
