"""Many photos: the same work on each, a few at a time, whatever happens to one of them; and a report in order.

Photos are decoded and encoded in worker threads while others are being painted; the libraries that do it release
Python's lock, and a model lets only so many threads at its networks.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import BinaryIO

from inpaint_cli.batch.job import Job, resolved
from inpaint_cli.errors import (
    ExitCode,
    InpaintError,
    InterruptedRunError,
    OutputError,
    PhotoError,
    UsageError,
    WeightsError,
    reason,
)
from inpaint_cli.io.formats import STREAM
from inpaint_cli.io.streams import send

logger = logging.getLogger(__name__)

MAX_CONCURRENT = 2  # photos painted at once
_WORKERS = MAX_CONCURRENT + 1  # the third decodes or encodes


@dataclass(frozen=True)
class Result:
    """What the work on a photo came to; nothing is written yet.

    Attributes:
        save: writes it. Not called any more once the run is interrupted.
        hole: share of the photo that was missing, if the work knows.
        windows: number of windows that were worked on, if it knows.
        lines: number of lines in the holes by who found them (`continued`, `g1`, `drawn`), if it knows.
        painter: what gave colours to them; None where nothing was painted along lines.
    """

    save: Callable[[], None]
    hole: float | None = None
    windows: int | None = None
    lines: dict[str, int] | None = None
    painter: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How a job ended, as `--json` prints it: `ok`, `skipped` or `failed`."""

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
class RunOptions:
    """How a run goes about its jobs.

    Attributes:
        overwrite: replace outputs that exist; otherwise such a job fails, and nothing is lost.
        skip_existing: leave out jobs whose output exists: resume.
        json: where to print one JSON object per job; None for nowhere.
        quiet: no progress, no summary.
        debug: let the first error through with its traceback.
    """

    overwrite: bool = False
    skip_existing: bool = False
    json: BinaryIO | None = None
    quiet: bool = False
    debug: bool = False


def run(jobs: Sequence[Job], work: Callable[[Job], Result], options: RunOptions) -> ExitCode:
    """Do every job, report each in order, and return the exit code for the shell.

    Args:
        jobs: as `planning.plan` returns them.
        work: reads and computes, called from several threads; an `InpaintError` fails its job only, except those that
            no other job would survive (weights, usage).
        options: how.

    Raises:
        UsageError, WeightsError: from the work.
        InterruptedRunError: Ctrl-C; what was written stays, and nothing is half written.
    """
    counts: Counter[str] = Counter()
    with _progress(len(jobs), options) as advance:
        try:
            for outcome in _outcomes(jobs, work, options):
                counts[outcome.status] += 1
                _report(outcome, options)
                advance()
        except KeyboardInterrupt:
            raise InterruptedRunError(f"interrupted, {_summary(counts, len(jobs))}") from None
    if len(jobs) > 1 and not options.quiet:
        sys.stderr.write(f"inpaint: {_summary(counts, len(jobs))}\n")
    return ExitCode.FAILED if counts["failed"] else ExitCode.OK


def _outcomes(jobs: Sequence[Job], work: Callable[[Job], Result], options: RunOptions) -> Iterator[Outcome]:
    """Yield how each job ended, in order; after Ctrl-C those that had ended, then `KeyboardInterrupt`."""
    stopped = threading.Event()
    if len(jobs) == 1:  # in the main thread, where Ctrl-C takes effect at once
        yield from filter(None, [_attempt(jobs[0], work, options, stopped)])
        return
    pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="photo")
    waiting = deque(pool.submit(_attempt, job, work, options, stopped) for job in jobs)
    try:
        while waiting:
            outcome = waiting[0].result()
            waiting.popleft()
            if outcome is not None:
                yield outcome
    except KeyboardInterrupt:
        stopped.set()
        pool.shutdown(cancel_futures=True)  # waits for what is being written: whole or not at all
        ended = [future.result() for future in waiting if not future.cancelled()]
        yield from filter(None, ended)
        raise
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)


def _attempt(job: Job, work: Callable[[Job], Result], options: RunOptions, stopped: threading.Event) -> Outcome | None:
    """Return how a job ended, None if the run was stopped before its result could be written."""
    begin = time.perf_counter()
    outcome = Outcome(str(job.photo), str(job.output), "ok")
    try:
        if options.skip_existing and job.output != STREAM and job.output.exists():
            return replace(outcome, status="skipped")
        _check(job, options)
        result = work(job)
        if stopped.is_set():
            return None
        result.save()
    except (UsageError, WeightsError, BrokenPipeError):
        raise
    except InpaintError as error:
        if options.debug:
            raise
        return replace(outcome, status="failed", seconds=_since(begin), error=str(error))
    except OSError as error:
        if options.debug:
            raise
        message = f"{error.filename or job.photo}: {reason(error)}"
        return replace(outcome, status="failed", seconds=_since(begin), error=message)
    except Exception as error:  # a bug that one photo wakes must not cost the others their night's work
        if options.debug:
            raise
        message = f"{job.photo}: unexpected {type(error).__name__}: {error}; run it again with --debug and report that"
        return replace(outcome, status="failed", seconds=_since(begin), error=message)
    return replace(
        outcome,
        seconds=_since(begin),
        hole=result.hole,
        windows=result.windows,
        lines=result.lines,
        painter=result.painter,
    )


def _check(job: Job, options: RunOptions) -> None:
    """Raise what stands against a job before any work."""
    if job.problem and (job.photo == STREAM or job.photo.exists()):  # else that is what has to be said
        raise PhotoError(f"{job.photo}: {job.problem}")
    if options.overwrite:
        return
    steps = [] if job.steps is None or not job.steps.is_dir() else filter(job.is_step, resolved(job.steps).iterdir())
    for place in (*job.results, *steps):
        if place != STREAM and place.exists():
            or_else = ", --skip-existing leaves it" if place == job.output else ""
            raise OutputError(f"{place}: exists already; --overwrite replaces it{or_else}")


def _since(begin: float) -> float:
    return round(time.perf_counter() - begin, 3)


def _report(outcome: Outcome, options: RunOptions) -> None:
    if outcome.error is not None:
        logger.error("%s", outcome.error)
    else:
        acted = "" if outcome.painter is None else f"; lines: {in_words(outcome.lines)}; painter: {outcome.painter}"
        logger.info("%s → %s: %s, %.1f s%s", outcome.input, outcome.output, outcome.status, outcome.seconds, acted)
    if options.json is not None:
        send(f"{json.dumps(asdict(outcome), ensure_ascii=False)}\n".encode(errors="replace"), options.json)


def in_words(lines: Mapping[str, int] | None) -> str:
    """Return how many lines acted: `3 continued, 5 by G1, 1 drawn`, or `none`."""
    words = {"continued": "continued", "g1": "by G1", "drawn": "drawn"}
    return ", ".join(f"{lines[source]} {word}" for source, word in words.items() if lines and source in lines) or "none"


def _summary(counts: Counter[str], jobs: int) -> str:
    parts = [f"{counts['ok']} of {jobs} done"]
    parts += [f"{counts[status]} {status}" for status in ("skipped", "failed") if counts[status]]
    return ", ".join(parts)


@contextlib.contextmanager
def _progress(jobs: int, options: RunOptions) -> Iterator[Callable[[], None]]:
    """Give a function to call after each job; a bar with the time left, on a terminal only."""
    if jobs < 2 or options.quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal pays for it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), "left:", TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=False) as bar:
        task = bar.add_task("", total=jobs)
        handlers = [
            handler for handler in logging.getLogger("inpaint_cli").handlers if type(handler) is logging.StreamHandler
        ]
        before = [handler.setStream(sys.stderr) for handler in handlers]  # rich's: lines go above the bar
        try:
            yield lambda: bar.advance(task)
        finally:
            for handler, stream in zip(handlers, before, strict=True):
                handler.setStream(stream or sys.stderr)
