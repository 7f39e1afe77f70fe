"""Replacing a file whole or not at all: the one place that does. Standard library only."""

import contextlib
import functools
import os
import platform
import secrets
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_AT_ONCE = 3  # runs on one machine that may write one file at once
_LONGEST = 100  # bytes of a target's name in that of its part: names end at 255


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Yield a file to write, which replaces the target at the end; on any failure the target stays as it was.

    The folder is made if it does not exist; the permissions of a replaced file are kept. What a killed run left of the
    same target is removed.

    Args:
        target: where to; a symbolic link would be replaced, not followed.

    Raises:
        OSError: the system refuses.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    # Nobody reads it before it has its own permissions.
    part, file = _open_part(target, 0o666 if mode is None else mode & 0o600)
    try:
        yield file
        file.flush()
        os.fsync(file.fileno())  # the content has to be on disk before the rename
        if mode is not None:
            part.chmod(mode)
        if fcntl is None:  # Windows renames no open file
            file.close()
        part.replace(target)  # still locked: nobody takes it for that of a dead run
    except BaseException:  # Ctrl-C as well
        if fcntl is None:
            file.close()
        part.unlink(missing_ok=True)
        raise
    finally:
        file.close()


def _open_part(target: Path, mode: int) -> tuple[Path, BinaryIO]:
    """Open a new file beside a target, locked as long as it is open.

    Its names are few for each target and machine, so that what dead runs left is found without a look at the folder.
    Only if runs that live have them all, it is a random one.
    """
    parts = [_part(target, f"{_machine()}{number or ''}") for number in range(_AT_ONCE)]
    for part in parts:
        _remove_if_dead(part)
    for part in parts:
        with contextlib.suppress(FileExistsError):
            file = _create(part, mode)
            if _holds(file, part):
                return part, file
            file.close()
    part = _part(target, secrets.token_hex(4))
    return part, _create(part, mode)


def _part(target: Path, word: str) -> Path:
    name = target.name
    while len(os.fsencode(name)) > _LONGEST:
        name = name[:-1]
    return target.with_name(f".{name}.{word}.part")


@functools.cache
def _machine() -> str:
    """Return eight digits for this machine: on a shared disk the locks of another may not be seen."""
    return f"{zlib.crc32(platform.node().encode()):08x}"


def _create(part: Path, mode: int) -> BinaryIO:
    """Open a file that was not there."""
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(part, flags, mode), "wb")


def _holds(file: BinaryIO, part: Path) -> bool:
    """Lock a file that has just been made; False if somebody has taken it for that of a dead run in between."""
    try:
        return fcntl is None or _lock(file, part)
    except OSError:  # a file system without locks: then nobody takes it for one
        return True


def _remove_if_dead(part: Path) -> None:
    """Remove the part of a run that was killed; of one that may be alive nothing."""
    if fcntl is None:
        return
    with contextlib.suppress(OSError), part.open("r+b") as left:  # none there, not ours, or no locks here
        if _lock(left, part):
            part.unlink()


def _lock(file: BinaryIO, part: Path) -> bool:
    """Lock an open file; False if another run has it or it is no longer what the path names."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file.fileno()), part.stat())
    except (BlockingIOError, FileNotFoundError):
        return False
