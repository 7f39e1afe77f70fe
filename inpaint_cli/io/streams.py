"""Standard output is kept for pictures and JSON lines; what libraries print goes to standard error."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from inpaint_cli.errors import OutputError, reason


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
