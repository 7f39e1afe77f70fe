"""Standard output belongs to pictures and JSON lines: nothing that a library prints may land in between."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO


@contextmanager
def reserved_stdout() -> Iterator[BinaryIO]:
    """Give the real standard output, and send everything else that is written there to standard error."""
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
