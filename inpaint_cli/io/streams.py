"""The standard streams, as shells hand them over: closed, on a full device, or shared with what libraries print.

Standard output is kept for pictures and JSON lines; what libraries print goes to standard error.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from inpaint_cli.errors import OutputError, reason


def open_standard_streams() -> None:
    """Give this process three standard streams, whatever the shell left out (`>&-`), and messages that stop nothing.

    A missing one would be the next file that is opened. In its place stands one on which every attempt to read or write
    fails as on a closed file. What can't be written to standard error is lost, be its device full or its reader gone.
    """
    wrong_ways = {"stdin": os.O_WRONLY, "stdout": os.O_RDONLY, "stderr": os.O_WRONLY}
    for number, (name, wrong_way) in enumerate(wrong_ways.items()):
        if getattr(sys, name) is not None:
            continue
        opened = os.open(os.devnull, wrong_way)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        os.set_inheritable(number, True)
        raw = io.FileIO(number, "r" if name == "stdin" else "w", closefd=False)
        # Without a buffer: what is in it would be tried again at the end.
        setattr(sys, name, io.TextIOWrapper(raw, "utf-8", write_through=True))  # as `python -u`
    if isinstance(sys.stderr, io.TextIOWrapper):
        encoding, raw = sys.stderr.encoding, _Heedless(sys.stderr.fileno(), "wb", closefd=False)
        sys.stderr = io.TextIOWrapper(io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=True)


class _Heedless(io.FileIO):
    """A file that takes what it is given, written or not."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


@contextmanager
def reserved_stdout() -> Iterator[BinaryIO]:
    """Yield the real standard output, and redirect all other writes to standard error."""
    sys.stdout.flush()
    real = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(real), "wb") as stream:
            yield stream
    finally:
        sys.stdout.flush()
        os.dup2(real, 1)
        os.close(real)


def send(data: bytes | memoryview, stream: BinaryIO) -> None:
    """Write to a stream without its buffer: after an error, the buffer would be written again when it is closed.

    Raises:
        OutputError: the system refuses; a closed pipe raises `BrokenPipeError`.
    """
    raw = stream.raw if isinstance(stream, io.BufferedWriter) else stream
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[raw.write(rest) :]
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"standard output: can't be written: {reason(error)}") from error
