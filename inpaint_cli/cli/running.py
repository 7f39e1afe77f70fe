"""From a command's options to a run over its photos: jobs planned, streams kept apart, the model loaded."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from inpaint_cli.cli.streams import reserved_stdout
from inpaint_cli.imaging.formats import STREAM

if TYPE_CHECKING:
    from inpaint_cli.batch import Result
    from inpaint_cli.jobs import Job
    from inpaint_cli.pipeline import EdgeConnect


@dataclass(frozen=True)
class Files:
    """What a command line says about files; see `cli.shared` for the meaning of each."""

    images: list[str] | None
    masks: list[Path] | None = None
    edges: Path | None = None
    output: str | None = None
    manifest: Path | None = None
    shard: str | None = None
    overwrite: bool = False
    skip_existing: bool = False
    json: bool = False
    also_read: tuple[Path, ...] = ()
    picture: Path | None = None
    compare: bool = False
    steps: Path | None = None


@dataclass(frozen=True)
class ModelChoice:
    """What a command line says about the model."""

    weights: str
    weights_file: Path | None
    device: str
    dtype: str
    threads: int | None

    def load(self) -> "EdgeConnect":
        """Return the model; its networks are loaded when they are needed.

        Raises:
            UsageError: no such model, device or precision.
            WeightsError: the model can't be had.
        """
        from inpaint_cli.pipeline import EdgeConnect  # noqa: PLC0415 - numpy and OpenCV

        return EdgeConnect.load(
            self.weights, self.device, self.dtype, weights_file=self.weights_file, threads=self.threads
        )


@dataclass(frozen=True)
class Run:
    """A planned run.

    Attributes:
        stdout: the stream for pictures, if one goes to standard output.
        start: does the given work on every job and returns the exit code.
    """

    stdout: BinaryIO | None
    start: Callable[[Callable[["Job"], "Result"]], int]


@contextmanager
def planned(
    files: Files, *, ending: str = "-clean", suffix: str | None = None, quiet: bool = False, debug: bool = False
) -> Iterator[Run]:
    """Plan a run over the photos of a command line; nothing heavy is imported until it starts.

    Args:
        files: what is to be done to which.
        ending: what the name of a result beside its photo ends in.
        suffix: the extension of results; None keeps that of the photo.
        quiet: no progress, no summary.
        debug: let the first error through with its traceback.

    Raises:
        UsageError: the files make no sense together.
    """
    from inpaint_cli import batch, jobs  # noqa: PLC0415

    shard = None if files.shard is None else jobs.parse_shard(files.shard)
    request = jobs.Request(
        tuple(files.images or ()),
        files.manifest,
        tuple(files.masks or ()),
        files.edges,
        files.output,
        ending,
        suffix,
        shard,
        files.also_read,
        files.picture,
        files.compare,
        files.steps,
    )
    todo = jobs.plan(request)
    streamed = files.json or any(STREAM in job.results for job in todo)
    with reserved_stdout() if streamed else nullcontext() as stdout:
        text = io.TextIOWrapper(stdout, encoding="utf-8") if stdout is not None and files.json else None
        options = batch.RunOptions(files.overwrite, files.skip_existing, text, quiet, debug)
        yield Run(stdout, lambda work: batch.run(todo, work, options))
        if text is not None:
            text.detach()  # the stream is closed by who opened it
