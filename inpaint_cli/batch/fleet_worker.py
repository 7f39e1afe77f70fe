"""What runs on the machines of a fleet: an actor that holds the model and does jobs as a local run does them."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from inpaint_cli import __version__
from inpaint_cli.batch.attempt import Outcome, Policy, Result, attempt
from inpaint_cli.batch.job import Job
from inpaint_cli.errors import InpaintError, UsageError, WeightsError

if TYPE_CHECKING:
    from inpaint_cli.pipeline import EdgeConnect


class ModelSource(Protocol):
    """Says which model, and loads it where the work is done."""

    @property
    def device(self) -> str:
        """Where the networks run, as `--device` says."""
        ...

    @property
    def threads(self) -> int | None:
        """Processor threads, None if that was left to the tool."""
        ...

    def with_threads(self, threads: int) -> ModelSource:
        """Return the same model for this many threads."""
        ...

    def load(self, photos: int, max_concurrent: int) -> EdgeConnect:
        """Return the model for a run over this many photos, with this many painted at once."""
        ...


@dataclass(frozen=True)
class FleetWork:
    """All that a worker needs to know; it travels once to each.

    Attributes:
        model: which model.
        make: makes the work on a job from the model; the stream for pictures is None here.
        policy: how outputs that exist are handled.
        photos: how many the whole run has.
        folder: the current folder of whoever asked, which relative paths start from.
        level: of the log records that are to come back.
        version: of the tool that asks.
    """

    model: ModelSource
    make: Callable[[EdgeConnect, BinaryIO | None], Callable[[Job], Result]]
    policy: Policy
    photos: int
    folder: str = field(default_factory=os.getcwd)
    level: int = field(default_factory=lambda: logging.getLogger("inpaint_cli").getEffectiveLevel())
    version: str = __version__


@dataclass(frozen=True)
class Reply:
    """A worker's answer to a job.

    Attributes:
        outcome: how it ended; None if the run was stopped before.
        messages: log records meanwhile, level and text.
        fatal: an error that every other job would meet too.
    """

    outcome: Outcome | None
    messages: list[tuple[int, str]]
    fatal: InpaintError | None = None


class Worker:
    """One process of the fleet.

    Args:
        work: what to do.
        threads: processor threads for it.
        max_concurrent: jobs at once: while one waits for its files, another computes.
    """

    def __init__(self, work: FleetWork, threads: int, max_concurrent: int) -> None:
        self._work = work
        self._threads = threads
        self._max_concurrent = max_concurrent
        self._stopped = threading.Event()
        self._messages = _Messages()
        self._do: Callable[[Job], Result] | None = None

    def ready(self) -> InpaintError | None:
        """Prepare for work; return why it is impossible, or an empty text."""
        import cv2  # noqa: PLC0415 - not before the process is the worker's own

        if self._work.version != __version__:
            return UsageError(
                f"--ray: a node has version {__version__}, this machine {self._work.version}; install the same on all"
            )
        cv2.setNumThreads(self._threads)
        logger = logging.getLogger("inpaint_cli")
        logger.handlers, logger.propagate = [self._messages], False
        logger.setLevel(self._work.level)
        if Path(self._work.folder).is_dir():  # a file system that the nodes share
            os.chdir(self._work.folder)
        try:
            model = self._work.model.with_threads(self._threads).load(self._work.photos, self._max_concurrent)
            self._do = self._work.make(model, None)
        except InpaintError as error:
            return error
        return None

    def attempt(self, job: Job, *, again: bool) -> Reply:
        """Do a job.

        Args:
            job: what to do.
            again: a worker died at it. It may have written the output, so an output that exists is left, not refused.
        """
        if self._do is None:
            raise RuntimeError("attempt before ready")
        self._messages.begin()
        policy = replace(self._work.policy, skip_existing=True) if again else self._work.policy
        try:
            outcome = attempt(job, self._do, policy, self._stopped)
        except (UsageError, WeightsError) as error:
            return Reply(None, self._messages.end(), error)
        return Reply(outcome, self._messages.end())

    def stop(self) -> None:
        """Write nothing any more that is not being written already."""
        self._stopped.set()


class _Messages(logging.Handler):
    """Keeps what each thread logs."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = threading.local()

    def begin(self) -> None:
        self._kept.records = []

    def end(self) -> list[tuple[int, str]]:
        records: list[tuple[int, str]] = self._kept.records
        return records

    def emit(self, record: logging.LogRecord) -> None:
        if hasattr(self._kept, "records"):
            self._kept.records.append((record.levelno, record.getMessage()))
