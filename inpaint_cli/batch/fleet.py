"""Many photos on a Ray cluster: only names travel; workers read, fill, write and return the row that reports it.

Jobs are handed out one by one as workers have room, so that neither memory nor queues grow with their number. A worker
that dies loses nothing: its jobs are done again, each alone, because one of them may have killed it.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from inpaint_cli.batch.attempt import Outcome
from inpaint_cli.batch.cluster import Places, connected, places
from inpaint_cli.batch.fleet_worker import FleetWork, Reply, Worker
from inpaint_cli.batch.job import Job
from inpaint_cli.batch.plan import Plan
from inpaint_cli.batch.reporting import ReportOptions, reporting
from inpaint_cli.errors import ExitCode, InpaintError, InterruptedRunError

logger = logging.getLogger(__name__)

MAX_DEATHS = 3  # of workers over one photo, before it is given up
_FAILED_STARTS = 3  # in a row, before the run is given up
_GRACE = 3.0  # seconds for what is being written when the run is interrupted
_PATIENCE = 60.0  # seconds without a single worker, before the run is given up
_LOOK_ROUND = 5.0  # seconds between two looks at the cluster's size


def run_fleet(jobs: Plan, work: FleetWork, address: str, report: ReportOptions) -> ExitCode:
    """Do every job on a cluster, report each as it ends, and return the exit code for the shell.

    Args:
        jobs: as `discovery.plan` returns them.
        work: what is done with each.
        address: of the cluster: `auto`, `local` or `HOST:PORT`.
        report: reports each job.

    Raises:
        UsageError: no cluster, or an error that every job would meet.
        WeightsError: the model can't be obtained on a worker.
        InterruptedRunError: Ctrl-C; what was written stays, and nothing is half written.
        InpaintError: workers can't be started.
    """
    with reporting(len(jobs), report) as reporter, connected(address) as ray:
        try:
            for outcome in _Fleet(ray, work).outcomes(jobs):
                reporter.add(outcome)
        except KeyboardInterrupt:
            raise InterruptedRunError(f"interrupted, {reporter.summary()}") from None
    return reporter.end()


@dataclass
class _Task:
    """A job, and how many workers died with it."""

    job: Job
    deaths: int = 0


@dataclass(eq=False)
class _Actor:
    """A worker as the driver sees it.

    Attributes:
        handle: Ray's.
        ready: whether it takes jobs.
        tasks: its jobs, by the reference to their reply.
        alone: whether it does one job at a time, because that job's last worker died.
    """

    handle: Any
    ready: bool = False
    tasks: dict[Any, _Task] = field(default_factory=dict)
    alone: bool = False


class _Fleet:
    """The workers and their jobs.

    Args:
        ray: the module, connected.
        work: what workers do.
    """

    def __init__(self, ray: Any, work: FleetWork) -> None:
        self._ray = ray
        self._work = work
        self._places = places(ray, work.model.device, work.model.threads)
        self._looked = time.monotonic()
        self._actors: list[_Actor] = []
        self._waiting: dict[Any, _Actor] = {}  # by the reference that is waited for
        self._again: deque[_Task] = deque()
        self._failed_starts = 0
        self._lonely: float | None = None  # the time since which there has been no worker

    def outcomes(self, jobs: Plan) -> Iterator[Outcome]:
        """Yield how each job ended, as it ends; after Ctrl-C those that end at once, then `KeyboardInterrupt`."""
        left = len(jobs)
        source = self._undone(iter(jobs))
        try:
            while left:
                self._grow(left)
                for outcome in self._hand_out(source):
                    left -= 1
                    yield outcome
                self._check_room()
                for ref in self._returned(1.0):
                    for outcome in self._settle(ref):
                        left -= 1
                        yield outcome
        except KeyboardInterrupt:
            yield from self._stop()
            raise

    def _undone(self, jobs: Iterator[Job]) -> Iterator[_Task | Outcome]:
        """Yield tasks, and the outcomes of those that a listing shows to be done."""
        for job in jobs:
            if self._work.policy.skip_existing and job.done:
                yield Outcome(str(job.photo), str(job.output), "skipped")
            else:
                yield _Task(job)

    def _grow(self, left: int) -> None:
        """Start as many workers as there is room and work for."""
        if time.monotonic() - self._looked > _LOOK_ROUND:
            self._places, self._looked = self._room(), time.monotonic()
        while len(self._actors) < min(self._places.workers, left):
            wanted = self._places
            options = {"num_cpus": wanted.cores, "num_gpus": wanted.gpus, "max_concurrency": wanted.max_concurrent + 1}
            remote = self._ray.remote(Worker).options(**options, max_restarts=0, scheduling_strategy="SPREAD")
            actor = _Actor(remote.remote(self._work, wanted.cores, wanted.max_concurrent))
            self._actors.append(actor)
            self._waiting[actor.handle.ready.remote()] = actor

    def _room(self) -> Places:
        try:
            return places(self._ray, self._work.model.device, self._work.model.threads)
        except InpaintError:  # the last node has left; another may join
            return Places(0, self._places.cores, self._places.gpus, self._places.max_concurrent)

    def _check_room(self) -> None:
        """Raise if all workers have died, and no node has joined for a while."""
        if self._actors:
            self._lonely = None
        elif self._lonely is None:
            self._lonely = time.monotonic()
        elif time.monotonic() - self._lonely > _PATIENCE:
            raise InpaintError("--ray: the cluster has no node left to work on; --skip-existing goes on later")

    def _hand_out(self, source: Iterator[_Task | Outcome]) -> Iterator[Outcome]:
        """Give jobs to workers that have room; yield the outcomes of jobs that need no work."""
        kept_free = len(self._again)  # workers that get nothing new, until they are free for a job alone
        for actor in sorted((actor for actor in self._actors if actor.ready), key=lambda actor: len(actor.tasks)):
            if kept_free:
                kept_free -= 1
                if not actor.tasks:
                    actor.alone = True
                    self._give(actor, self._again.popleft())
                continue
            while not actor.alone and len(actor.tasks) < self._places.max_concurrent:
                task = next(source, None)
                if task is None:
                    return
                if isinstance(task, Outcome):
                    yield task
                else:
                    self._give(actor, task)

    def _give(self, actor: _Actor, task: _Task) -> None:
        ref = actor.handle.attempt.remote(task.job, again=task.deaths > 0)
        actor.tasks[ref] = task
        self._waiting[ref] = actor

    def _returned(self, seconds: float) -> list[Any]:
        """Return the references that are answered, waiting this long for a first one."""
        waiting = list(self._waiting)
        if not waiting:
            time.sleep(seconds)
            return []
        if not self._ray.wait(waiting, timeout=seconds)[0]:
            return []
        return list(self._ray.wait(waiting, num_returns=len(waiting), timeout=0)[0])

    def _settle(self, ref: Any) -> Iterator[Outcome]:
        """Process a reply; yield its outcomes."""
        actor = self._waiting.pop(ref, None)
        if actor is None:  # its worker has died meanwhile
            return
        task = actor.tasks.pop(ref, None)
        try:
            answer = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError:  # --debug: with its traceback
            raise
        except self._ray.exceptions.RayError as error:
            yield from self._bury(actor, task, error)
            return
        if isinstance(answer, InpaintError):
            raise answer
        if task is None:
            actor.ready, self._failed_starts = True, 0
            return
        actor.alone = False
        if answer.fatal is not None:
            raise answer.fatal
        yield from self._told(answer)

    def _told(self, reply: Reply) -> Iterator[Outcome]:
        for level, message in reply.messages:
            logger.log(level, "%s", message)
        if reply.outcome is not None:
            yield reply.outcome

    def _bury(self, actor: _Actor, task: _Task | None, error: Exception) -> Iterator[Outcome]:
        """Remove a dead worker; yield the outcomes of jobs that are given up."""
        self._actors.remove(actor)
        self._waiting = {ref: other for ref, other in self._waiting.items() if other is not actor}
        self._ray.kill(actor.handle)
        self._looked = 0  # its node may have left too
        if not actor.ready:
            self._failed_starts += 1
            if self._failed_starts >= _FAILED_STARTS:
                lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
                raise InpaintError(f"--ray: workers don't start; is inpaint on every node? {lines[-1].strip()}")
        for lost in [*([] if task is None else [task]), *actor.tasks.values()]:
            lost.deaths += 1
            if lost.deaths < MAX_DEATHS:
                logger.info("%s: its worker died; tried again", lost.job.photo)
                self._again.append(lost)
                continue
            message = (
                f"{lost.job.photo}: its worker died {lost.deaths} times: out of memory, or a picture that crashes a "
                "library; try it without --ray"
            )
            yield Outcome(str(lost.job.photo), str(lost.job.output), "failed", error=message)

    def _stop(self) -> Iterator[Outcome]:
        """Let workers finish what they are writing, yield its outcomes, and end the workers."""
        for actor in self._actors:
            actor.handle.stop.remote()
        end = time.monotonic() + _GRACE
        while any(actor.tasks for actor in self._actors) and time.monotonic() < end:
            for ref in self._returned(max(0.1, end - time.monotonic())):
                task = self._waiting.pop(ref).tasks.pop(ref, None)
                if task is None:
                    continue
                try:
                    yield from self._told(self._ray.get(ref))
                except self._ray.exceptions.RayError as error:
                    logger.info("%s: %s", task.job.photo, error)
        for actor in self._actors:
            self._ray.kill(actor.handle)
