"""From a command's options to a run over its photos: jobs planned, streams kept apart, the model loaded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from inpaint_cli.batch.job import Job, Request
from inpaint_cli.errors import UsageError, reason
from inpaint_cli.io.formats import STREAM
from inpaint_cli.io.streams import reserved_stdout
from inpaint_cli.options import Backend

if TYPE_CHECKING:
    from inpaint_cli.batch.run import Result
    from inpaint_cli.pipeline import EdgeConnect


@dataclass(frozen=True)
class ModelChoice:
    """What a command line says about the model."""

    weights: str
    weights_file: Path | None
    device: str
    dtype: str
    threads: int | None
    backend: Backend

    def load(self, run: "PlannedRun") -> "EdgeConnect":
        """Return the model for a run; its networks are loaded when they are needed.

        Raises:
            UsageError: no such model, device, precision or backend.
            WeightsError: the model can't be had.
        """
        from inpaint_cli.inference.backends import backend_for  # noqa: PLC0415 - OpenCV
        from inpaint_cli.pipeline import EdgeConnect  # noqa: PLC0415 - numpy

        return EdgeConnect.load(
            self.weights,
            self.device,
            self.dtype,
            weights_file=self.weights_file,
            threads=self.threads,
            backend=backend_for(self.backend, run.photos),
            max_concurrent=run.max_concurrent,
        )


@dataclass(frozen=True)
class PlannedRun:
    """A planned run.

    Attributes:
        photos: how many there are.
        max_concurrent: how many photos are painted at once.
        stdout: the stream for pictures, if one goes to standard output.
        start: does the given work on every job and returns the exit code.
    """

    photos: int
    max_concurrent: int
    stdout: BinaryIO | None
    start: Callable[[Callable[[Job], "Result"]], int]


@contextmanager
def planned(
    request: Request,
    *,
    overwrite: bool = False,
    skip_existing: bool = False,
    json: bool = False,
    quiet: bool = False,
    debug: bool = False,
) -> Iterator[PlannedRun]:
    """Plan a run over photos; nothing heavy is imported until it starts.

    Args:
        request: what is to be done to which.
        overwrite: replace outputs that exist.
        skip_existing: leave out photos whose output exists.
        json: print one JSON object per photo on standard output.
        quiet: no progress, no summary.
        debug: let the first error through with its traceback.

    Raises:
        UsageError: the files make no sense together.
        PhotoError: a picture that serves every photo is not there.
    """
    from inpaint_cli.batch import discovery  # noqa: PLC0415
    from inpaint_cli.batch.run import MAX_CONCURRENT, RunOptions, run  # noqa: PLC0415

    try:
        if not (json or skip_existing):  # then each photo speaks for itself
            discovery.check_shared(request)
        jobs = discovery.plan(request)
    except OSError as error:  # of any question about a path: a name too long, a folder that is closed to us
        raise UsageError(f"{error.filename}: {reason(error)}") from error
    pictures = any(STREAM in job.results for job in jobs)
    if json and pictures:
        raise UsageError("--json and a picture both want standard output")
    with reserved_stdout() if json or pictures else nullcontext() as stdout:
        options = RunOptions(overwrite, skip_existing, stdout if json else None, quiet, debug)
        max_concurrent = min(len(jobs), MAX_CONCURRENT)
        yield PlannedRun(len(jobs), max_concurrent, stdout, lambda work: run(jobs, work, options))
