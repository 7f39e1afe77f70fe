"""From a command's options to a run over its photos: plans the jobs, separates the streams, loads the model."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from inpaint_cli.batch.job import Job, Request
from inpaint_cli.cli.limits import check_memory
from inpaint_cli.errors import UsageError, reason
from inpaint_cli.io.locations import locate
from inpaint_cli.io.streams import reserved_stdout
from inpaint_cli.options import Backend, Painter

if TYPE_CHECKING:
    from inpaint_cli.batch.attempt import Result
    from inpaint_cli.batch.plan import Plan
    from inpaint_cli.batch.reporting import ReportOptions
    from inpaint_cli.pipeline import EdgeConnect

_BLAS_THREADS = "OPENBLAS_NUM_THREADS"

Make = Callable[["EdgeConnect", BinaryIO | None], Callable[[Job], "Result"]]


@dataclass(frozen=True)
class ModelChoice:
    """What a command line says about the model.

    Attributes:
        weights: its name, folder or place on the Hub.
        weights_file: the registry in which the name stands.
        device: where the networks run.
        dtype: their arithmetic.
        threads: processor threads; None for all cores.
        backend: what runs the networks.
        painter: what paints; `harmonic` too where nothing does.
    """

    weights: str
    weights_file: Path | None
    device: str
    dtype: str
    threads: int | None
    backend: Backend
    painter: Painter

    def with_threads(self, threads: int) -> "ModelChoice":
        """Return the same choice with this many processor threads."""
        return replace(self, threads=threads)

    def load(self, photos: int, max_concurrent: int) -> "EdgeConnect":
        """Return the model for a run; its networks are loaded when they are needed.

        Args:
            photos: how many the run has.
            max_concurrent: how many are painted at once.

        Raises:
            UsageError: no such model, device, precision or backend.
            WeightsError: the model can't be obtained.
        """
        from inpaint_cli.inference.backends import choose_for_many  # noqa: PLC0415 - OpenCV
        from inpaint_cli.pipeline import EdgeConnect  # noqa: PLC0415 - numpy
        from inpaint_cli.weights.registry import resolve  # noqa: PLC0415

        model = resolve(self.weights, weights_file=self.weights_file)
        backend, dtype = self.backend, self.dtype
        painter = Painter(model.config.painter) if self.painter is Painter.AUTO else self.painter
        if painter in {Painter.G2, Painter.BOTH}:
            backend, dtype = choose_for_many(backend, self.device, dtype, (model.edge, model.inpaint), photos)
        return EdgeConnect(model, self.device, dtype, self.threads, backend=backend, max_concurrent=max_concurrent)


@dataclass(frozen=True)
class RunChoice:
    """What a command line says about the run.

    Attributes:
        overwrite: replace outputs that exist.
        skip_existing: leave out photos whose output exists.
        json: print one JSON object per photo on standard output.
        quiet: no progress, no summary.
        debug: let the first error through with its traceback.
        dry_run: plan only.
        report: the file that gets a row for each photo.
        ray: where the photos are worked on: `auto`, `local` or `HOST:PORT`; None for this process.
    """

    overwrite: bool = False
    skip_existing: bool = False
    json: bool = False
    quiet: bool = False
    debug: bool = False
    dry_run: bool = False
    report: str | None = None
    ray: str | None = None


@dataclass(frozen=True)
class PlannedRun:
    """A planned run, for `start`."""

    jobs: "Plan"
    choice: RunChoice
    stdout: BinaryIO | None
    report: "ReportOptions"

    def start(self, model: ModelChoice, make: Make) -> int:
        """Do the work on every job and return the exit code.

        Args:
            model: what the work needs.
            make: makes the work from the model and the stream for pictures; it may travel to other machines.
        """
        from inpaint_cli.batch.attempt import Policy  # noqa: PLC0415
        from inpaint_cli.batch.run import MAX_CONCURRENT, dry_run, run  # noqa: PLC0415

        photos = len(self.jobs)
        policy = Policy(self.choice.overwrite, self.choice.skip_existing, self.choice.debug)
        if self.choice.dry_run:
            return dry_run(self.jobs, policy, self.report)
        if self.choice.ray is not None:
            from inpaint_cli.batch.fleet import run_fleet  # noqa: PLC0415
            from inpaint_cli.batch.fleet_worker import FleetWork  # noqa: PLC0415

            return run_fleet(self.jobs, FleetWork(model, make, policy, photos), self.choice.ray, self.report)
        work = make(model.load(photos, min(photos, MAX_CONCURRENT)), self.stdout)
        return run(self.jobs, work, policy, self.report)


def import_numpy() -> None:
    """Import numpy and OpenCV so that their linear algebra keeps to one thread, unless the environment says otherwise.

    The matrices here are small. OpenBLAS's threads wait for one another in a loop: on a busy machine one decomposition
    took a hundred times as long, and on an idle one they made nothing faster. The environment is restored afterwards,
    for torch, which may be imported later.
    """
    asked = os.environ.get(_BLAS_THREADS)
    os.environ.setdefault(_BLAS_THREADS, "1")
    import cv2  # noqa: F401, PLC0415 - which imports numpy

    if asked is None:
        os.environ.pop(_BLAS_THREADS, None)


@contextmanager
def planned(request: Request, choice: RunChoice) -> Iterator[PlannedRun]:
    """Plan a run over photos; nothing heavier than OpenCV is imported until it starts.

    Raises:
        UsageError: the files make no sense together.
        PhotoError: a picture that serves every photo is not there.
        InpaintError: this process may have too little memory.
    """
    check_memory()
    import_numpy()
    from inpaint_cli.batch import discovery  # noqa: PLC0415
    from inpaint_cli.batch.reporting import ReportOptions  # noqa: PLC0415

    try:
        if not (choice.json or choice.skip_existing):  # then each photo is reported by itself
            discovery.check_shared(request)
        jobs = discovery.plan(request)
    except OSError as error:  # a name that is too long, or a folder or bucket that may not be read
        raise UsageError(f"{error.filename}: {reason(error)}") from error
    if choice.ray is not None and (jobs.reads_stream or jobs.writes_stream):
        raise UsageError("--ray: standard input and output stay on this machine; name files or URLs")
    if choice.json and jobs.writes_stream:
        raise UsageError("--json and a picture both want standard output")
    table = None if choice.report is None else locate(choice.report)
    if table is not None and table == request.manifest:
        raise UsageError(f"--report {table}: would replace the manifest")
    with reserved_stdout() if choice.json or jobs.writes_stream else nullcontext() as stdout:
        report = ReportOptions(stdout if choice.json else None, choice.quiet, table, choice.overwrite)
        yield PlannedRun(jobs, choice, stdout, report)
