"""What the shell allows a process (`ulimit -v`), looked at before libraries that crash or hang on too little."""

import os

from inpaint_cli.errors import InpaintError

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

# Megabytes of addresses.
_LEAST = 800  # numpy, OpenCV and a photo of a few megapixels
WITH_TORCH = 1400


def check_memory(least: int = _LEAST) -> None:
    """Check that the limit on this process's memory, if there is one, leaves room for what is to come.

    Where there is one, OpenBLAS is told to take one thread, each of which would set some of it aside.

    Args:
        least: megabytes.

    Raises:
        InpaintError: it does not.
    """
    if resource is None:
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return
    if limit < least * 1000**2:
        raise InpaintError(
            f"not enough memory: this process may have {limit // 1000**2} MB (ulimit -v) and needs {least} at the least"
        )
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
