"""Many photos on this machine: the same work on each, a few at a time, whatever happens to one of them.

Photos are decoded and encoded in worker threads while others are being painted; the libraries that do it release
Python's lock, and a model lets only so many threads at its networks.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from inpaint_cli.batch.attempt import Outcome, Policy, Result, attempt, is_done
from inpaint_cli.batch.job import Job
from inpaint_cli.batch.plan import Plan
from inpaint_cli.batch.reporting import ReportOptions, reporting
from inpaint_cli.errors import ExitCode, InterruptedRunError

MAX_CONCURRENT = 2  # photos painted at once
_WORKERS = MAX_CONCURRENT + 1  # the third decodes or encodes
_AHEAD = 64  # jobs handed to the workers, done and not yet reported, or still to be done


def run(jobs: Plan, work: Callable[[Job], Result], policy: Policy, report: ReportOptions) -> ExitCode:
    """Do every job, report each in order, and return the exit code for the shell.

    Args:
        jobs: as `discovery.plan` returns them.
        work: reads and computes, called from several threads (see `attempt`).
        policy: how outputs that exist are handled.
        report: reports each job.

    Raises:
        UsageError, WeightsError: from the work.
        InterruptedRunError: Ctrl-C; what was written stays, and nothing is half written.
    """
    with reporting(len(jobs), report) as reporter:
        try:
            for outcome in _outcomes(jobs, work, policy):
                reporter.add(outcome)
        except KeyboardInterrupt:
            raise InterruptedRunError(f"interrupted, {reporter.summary()}") from None
    return reporter.end()


def dry_run(jobs: Plan, policy: Policy, report: ReportOptions) -> ExitCode:
    """Report what would be done with each job, and return the exit code for the shell."""
    with reporting(len(jobs), report) as reporter:
        for job in jobs:
            status = "planned"
            if job.problem:
                status = "failed"
            elif policy.skip_existing and is_done(job):
                status = "skipped"
            problem = job.problem if job.nameless or not job.problem else f"{job.photo}: {job.problem}"
            reporter.add(Outcome(str(job.photo), str(job.output), status, error=problem or None))
    return reporter.end()


def _outcomes(jobs: Plan, work: Callable[[Job], Result], policy: Policy) -> Iterator[Outcome]:
    """Yield how each job ended, in order; after Ctrl-C those that had ended, then `KeyboardInterrupt`."""
    stopped = threading.Event()
    if len(jobs) == 1:  # in the main thread, where Ctrl-C takes effect at once
        yield from filter(None, [attempt(job, work, policy, stopped) for job in jobs])
        return
    pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="photo")
    futures = (pool.submit(attempt, job, work, policy, stopped) for job in jobs)
    waiting: deque[Future[Outcome | None]] = deque(itertools.islice(futures, _AHEAD))
    try:
        while waiting:
            outcome = waiting[0].result()
            waiting.popleft()
            waiting.extend(itertools.islice(futures, 1))
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
