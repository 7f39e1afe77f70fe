"""What a run reports: JSON lines, a table of rows, a progress bar, a summary."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from inpaint_cli.batch.attempt import Outcome
from inpaint_cli.batch.table import Table, open_table
from inpaint_cli.errors import ExitCode
from inpaint_cli.io.formats import STREAM
from inpaint_cli.io.locations import Location
from inpaint_cli.io.streams import send
from inpaint_cli.options import STAGES

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportOptions:
    """What is reported, and where.

    Attributes:
        json: where to print one JSON object per job; None for nowhere.
        quiet: no progress, no summary.
        table: the file that gets all rows at the end: Parquet or JSON lines, as its name says.
        overwrite: whether that file may be replaced.
    """

    json: BinaryIO | None = None
    quiet: bool = False
    table: Location | None = None
    overwrite: bool = False


class Reporter:
    """Reports each job as it ends, and counts.

    Args:
        total: number of jobs.
        options: reports each job.
        advance: moves the bar.
        table: takes the rows, if there is one.
    """

    def __init__(self, total: int, options: ReportOptions, advance: Callable[[], None], table: Table | None) -> None:
        self.total = total
        self.counts: Counter[str] = Counter()
        self._only: Outcome | None = None  # the outcome of a run's only job
        self._options = options
        self._advance = advance
        self._table = table

    def add(self, outcome: Outcome) -> None:
        """Report how a job ended."""
        self.counts[outcome.status] += 1
        if outcome.error is not None:
            logger.error("%s", outcome.error)
        elif self.total > 1 or outcome.status != "ok":
            logger.info("%s → %s", outcome.input, described(outcome))
        else:
            self._only = outcome
        row = dict(vars(outcome))
        if self._options.json is not None:
            send(f"{json.dumps(row, ensure_ascii=False)}\n".encode(errors="replace"), self._options.json)
        if self._table is not None:
            self._table.add(row)
        self._advance()

    def summary(self) -> str:
        """Return how far the run came, `3 of 4 done, 1 failed`."""
        if self.counts["planned"]:
            parts = [f"{self.counts['planned']} of {self.total} planned"]
        else:
            parts = [f"{self.counts['ok']} of {self.total} done"]
        parts += [f"{self.counts[status]} {status}" for status in ("skipped", "failed") if self.counts[status]]
        return ", ".join(parts)

    def end(self) -> ExitCode:
        """Print the summary of a run; return its exit code."""
        if self._only is not None and not self._options.quiet:
            sys.stderr.write(f"inpaint: {described(self._only)}\n")
        if (self.total > 1 or self.counts["planned"]) and not self._options.quiet:
            sys.stderr.write(f"inpaint: {self.summary()}\n")
        return ExitCode.FAILED if self.counts["failed"] else ExitCode.OK


def described(outcome: Outcome) -> str:
    """Return what was done: `dune-clean.jpg · 1 window · lines: 2 continued · painter: harmonic · 1.4 s`."""
    parts = ["standard output" if outcome.output == str(STREAM) else outcome.output]
    if outcome.status != "ok":
        return f"{parts[0]} · {outcome.status}"
    if outcome.windows is not None:
        parts.append(f"{outcome.windows} window{'' if outcome.windows == 1 else 's'}")
    if outcome.painter is not None:
        parts += [f"lines: {in_words(outcome.lines)}", f"painter: {outcome.painter}"]
    return " · ".join([*parts, f"{outcome.seconds:.1f} s"])


def in_words(lines: Mapping[str, int] | None) -> str:
    """Return how many lines acted: `3 continued, 5 by G1, 1 drawn`, or `none`."""
    words = {"continued": "continued", "g1": "by G1", "drawn": "drawn"}
    return ", ".join(f"{lines[source]} {word}" for source, word in words.items() if lines and source in lines) or "none"


@contextlib.contextmanager
def reporting(total: int, options: ReportOptions) -> Iterator[Reporter]:
    """Yield a reporter for this many jobs. The table is written at the end, however the run ended.

    Raises:
        UsageError: the table can't be written there, or not in that format.
        OutputError: it could not be written in the end.
    """
    with contextlib.ExitStack() as stack:
        table = None
        if options.table is not None:
            table = stack.enter_context(open_table(options.table, overwrite=options.overwrite))
        if total == 1 and not options.quiet and sys.stderr.isatty():
            stack.enter_context(_stage_line())
        yield Reporter(total, options, stack.enter_context(_progress(total, options)), table)


class _StageLine(logging.Handler):
    """Shows the stage that a photo is in on one line of the terminal, once it has taken a second."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._stage = ""
        self._shown = False
        self._timer = threading.Timer(1.0, self._show)
        self._timer.daemon = True
        self._timer.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Show the stage that begins."""
        self._stage = record.getMessage()
        if self._shown:
            self._show()

    def _show(self) -> None:
        self._shown = True
        if self._stage:
            sys.stderr.write(f"\r\x1b[Kinpaint: {self._stage} …")
            sys.stderr.flush()

    def close(self) -> None:
        """Clear the line."""
        self._timer.cancel()
        if self._shown:
            self._shown = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        super().close()


@contextlib.contextmanager
def _stage_line() -> Iterator[None]:
    """Show the stages that `EdgeConnect.fill` logs while the only photo of a run is worked on."""
    handler = _StageLine()
    stages = logging.getLogger(STAGES)
    stages.addHandler(handler)
    stages.setLevel(logging.DEBUG)
    stages.propagate = False
    try:
        yield
    finally:
        stages.setLevel(logging.NOTSET)
        stages.propagate = True
        stages.removeHandler(handler)
        handler.close()


@contextlib.contextmanager
def _progress(total: int, options: ReportOptions) -> Iterator[Callable[[], None]]:
    """Give a function to call after each job; a bar with rate and time left, on a terminal only."""
    if total < 2 or options.quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from inpaint_cli.progress import progress_bar  # noqa: PLC0415 - rich, which only a terminal pays for

    with progress_bar("photos", shown=True) as bar:
        task = bar.add_task("", total=total, note="")
        begin, done = time.monotonic(), 0

        def advance() -> None:
            nonlocal done
            done += 1
            bar.update(task, advance=1, note=f"{done / max(time.monotonic() - begin, 1e-3):.3g}/s")

        handlers = [
            handler for handler in logging.getLogger("inpaint_cli").handlers if type(handler) is logging.StreamHandler
        ]
        before = [handler.setStream(sys.stderr) for handler in handlers]  # rich's: lines go above the bar
        try:
            yield advance
        finally:
            for handler, stream in zip(handlers, before, strict=True):
                handler.setStream(stream or sys.stderr)
