"""One job, from its files to the row that reports it: the same in a local run and in a fleet's worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from inpaint_cli.batch.job import Job
from inpaint_cli.errors import (
    InpaintError,
    OutputExistsError,
    PhotoError,
    UsageError,
    WeightsError,
    is_out_of_memory,
    reason,
)
from inpaint_cli.io.formats import STREAM
from inpaint_cli.io.locations import Location, resolved


@dataclass(frozen=True)
class Result:
    """The outcome of the work on a photo, not yet written.

    Attributes:
        save: writes it. Not called any more once the run is interrupted.
        hole: share of the photo that was missing, if known.
        windows: number of windows, if known.
        lines: number of lines in the holes by source (`continued`, `g1`, `drawn`), if known.
        painter: the painter; None where nothing was painted along lines.
    """

    save: Callable[[], None]
    hole: float | None = None
    windows: int | None = None
    lines: dict[str, int] | None = None
    painter: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How a job ended, as `--json` prints it: `ok`, `skipped` or `failed`; `planned` in a dry run."""

    input: str
    output: str
    status: str
    seconds: float = 0.0
    hole: float | None = None
    windows: int | None = None
    lines: dict[str, int] | None = None
    painter: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Policy:
    """How outputs that exist and errors are handled.

    Attributes:
        overwrite: replace outputs that exist; otherwise such a job fails, and nothing is lost.
        skip_existing: leave out jobs whose output exists: resume.
        debug: let the first error through with its traceback.
    """

    overwrite: bool = False
    skip_existing: bool = False
    debug: bool = False


def attempt(job: Job, work: Callable[[Job], Result], policy: Policy, stopped: threading.Event) -> Outcome | None:
    """Do a job and return how it ended, None if the run was stopped before its result could be written.

    Args:
        job: what to do.
        work: reads and computes; an `InpaintError` fails this job alone, except those below.
        policy: how outputs that exist are handled.
        stopped: set when nothing is to be written any more.

    Raises:
        UsageError, WeightsError: from the work.
        BrokenPipeError: the reader of standard output went away.
    """
    begin = time.perf_counter()
    outcome = Outcome(str(job.photo), str(job.output), "ok")
    try:
        if policy.skip_existing and is_done(job):
            return replace(outcome, status="skipped")
        _check(job, policy)
        result = work(job)
        if stopped.is_set():
            return None
        result.save()
    except (UsageError, WeightsError, BrokenPipeError):
        raise
    except Exception as error:  # an unexpected error in one photo must not stop the others
        if policy.skip_existing and isinstance(error, OutputExistsError) and _exists(job):
            return replace(outcome, status="skipped", seconds=_since(begin))
        if policy.debug:
            raise
        return replace(outcome, status="failed", seconds=_since(begin), error=_line(error, job))
    return replace(
        outcome,
        seconds=_since(begin),
        hole=result.hole,
        windows=result.windows,
        lines=result.lines,
        painter=result.painter,
    )


def _line(error: Exception, job: Job) -> str:
    """Return what went wrong with a job, as one line that names a file."""
    if isinstance(error, InpaintError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or job.photo}: {reason(error)}"
    if is_out_of_memory(error):
        return f"{job.photo}: not enough memory; fewer --threads or a smaller --context need less"
    return f"{job.photo}: unexpected {type(error).__name__}: {error}; run it again with --debug and report that"


def is_done(job: Job) -> bool:
    """Whether a job's output exists, by an earlier listing or by asking the file system."""
    return _exists(job) if job.done is None else job.done


def _exists(job: Job) -> bool:
    return not job.nameless and job.output != STREAM and job.output.exists()


def _check(job: Job, policy: Policy) -> None:
    """Raise the error of a job that can't be done."""
    if job.nameless:
        raise PhotoError(job.problem)
    if job.problem and (job.photo == STREAM or job.photo.exists()):  # a missing photo is reported first
        raise PhotoError(f"{job.photo}: {job.problem}")
    if policy.overwrite:
        return
    steps: Iterable[Location] = ()
    if job.steps is not None and job.steps.is_dir():
        steps = filter(job.is_step, resolved(job.steps).iterdir())
    results = job.results if job.done is None else [place for place in job.results if place != job.output]
    for place in (*results, *steps):
        if place != STREAM and place.exists():
            or_else = ", --skip-existing leaves it" if place == job.output else ""
            raise OutputExistsError(f"{place}: exists already; --overwrite replaces it{or_else}")


def _since(begin: float) -> float:
    return round(time.perf_counter() - begin, 3)
