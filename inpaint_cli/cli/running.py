"""From a command's options to a run over its photos: jobs planned, streams kept apart, the model loaded."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from inpaint_cli.errors import PhotoError, UsageError
from inpaint_cli.imaging.formats import STREAM
from inpaint_cli.streams import reserved_stdout

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
        PhotoError: a picture that serves every photo is not there.
    """
    from inpaint_cli import batch  # noqa: PLC0415

    try:
        todo = _jobs(files, ending, suffix)
    except OSError as error:  # of any question about a path: a name too long, a folder that is closed to us
        raise UsageError(f"{error.filename}: {(error.strerror or str(error)).lower()}") from error
    streamed = files.json or any(STREAM in job.results for job in todo)
    with reserved_stdout() if streamed else nullcontext() as stdout:
        options = batch.RunOptions(files.overwrite, files.skip_existing, stdout if files.json else None, quiet, debug)
        yield Run(stdout, lambda work: batch.run(todo, work, options))


def _jobs(files: Files, ending: str, suffix: str | None) -> list["Job"]:
    from inpaint_cli import jobs  # noqa: PLC0415

    masks = tuple(files.masks or ())
    for path in (*masks, files.edges, *files.also_read):
        if path is not None and path != STREAM and not path.exists():  # once, and not for every photo
            raise PhotoError(f"{path}: no such file or directory")
    return jobs.plan(
        jobs.Request(
            images=tuple(files.images or ()),
            manifest=files.manifest,
            masks=masks,
            edges=files.edges,
            output=files.output,
            ending=ending,
            suffix=suffix,
            shard=None if files.shard is None else jobs.parse_shard(files.shard),
            also_read=files.also_read,
            picture=files.picture,
            compare=files.compare,
            steps=files.steps,
        )
    )
