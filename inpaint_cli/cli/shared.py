"""Options that several commands share, each described once.

Commands that write to the terminal take `Quiet`, `Verbose` and `Debug`; the first two take effect as they are read,
`--debug` is read by `cli.main` when an error reaches it.
"""

import logging
import re
from pathlib import Path
from typing import Annotated

import typer

from inpaint_cli import options
from inpaint_cli.errors import UsageError

_MOST_THREADS = 1024  # more than any processor has, and systems refuse to start many more

MODEL = "Advanced: model"
FILES = "Advanced: files"
MESSAGES = "Advanced: messages"


class _Warnings(logging.Formatter):
    """`inpaint: warning: …`, one line each."""

    def format(self, record: logging.LogRecord) -> str:
        return f"inpaint: {record.levelname.lower()}: {' '.join(record.getMessage().split())}"


def show_from(level: int) -> None:
    """Send this package's log records from this level up to standard error."""
    logger = logging.getLogger("inpaint_cli")
    handler = logging.StreamHandler()
    handler.setFormatter(_Warnings())
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(level)


def _set_quiet(quiet: bool) -> bool:
    if quiet:
        show_from(logging.ERROR)
    return quiet


def _set_verbose(verbose: bool) -> bool:
    if verbose:
        show_from(logging.INFO)
    return verbose


def check_threads(threads: int | None) -> int | None:
    """Return the number of threads asked for; raise a UsageError if it makes no sense."""
    if threads is not None and not 1 <= threads <= _MOST_THREADS:
        raise UsageError(f"--threads {threads}: from 1 to {_MOST_THREADS}")
    return threads


def _check_ray(address: str | None) -> str | None:
    if address is not None and not re.fullmatch(r"auto|local|\S+:\d+", address):
        raise UsageError(f"--ray {address}: one of auto, local, HOST:PORT")
    return address


Quiet = Annotated[
    bool,
    typer.Option(
        "-q",
        "--quiet",
        callback=_set_quiet,
        help="No progress, no summary, no warnings; errors stay.",
    ),
]
Verbose = Annotated[
    bool,
    typer.Option("-v", "--verbose", callback=_set_verbose, help="Say what is done with each image."),
]
Debug = Annotated[
    bool,
    typer.Option(
        "--debug", rich_help_panel=MESSAGES, help="Show the whole traceback of an error, for a report of a bug."
    ),
]

Weights = Annotated[
    str,
    typer.Option(
        "--weights",
        metavar="NAME|DIR|hf:USER/REPO",
        help="The model: a name that `inpaint weights list` shows, a folder, or a repository on the Hub "
        "(hf:USER/REPO@REVISION).",
    ),
]
WeightsFile = Annotated[
    Path | None,
    typer.Option(
        "--weights-file",
        metavar="TOML",
        rich_help_panel=MODEL,
        help="A registry of your own, added to the built-in one.",
    ),
]
Device = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="auto|cpu|cuda|cuda:N|mps",
        callback=options.check_device,
        rich_help_panel=MODEL,
        help="Where the networks run; auto takes a GPU if there is one.",
    ),
]
Dtype = Annotated[
    options.Dtype,
    typer.Option(
        "--dtype",
        rich_help_panel=MODEL,
        help="The networks' arithmetic; auto takes the fastest that the device does well, and float32 with --plain.",
    ),
]
Backend = Annotated[
    options.Backend,
    typer.Option(
        "--backend",
        rich_help_panel=MODEL,
        help="What runs the networks; auto takes OpenCV, which starts at once, and torch for a GPU, another --dtype or "
        "many photos that G2 paints.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        callback=check_threads,
        rich_help_panel=MODEL,
        help="Processor threads to use; all cores if not given.",
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        "--seed",
        metavar="N",
        rich_help_panel=MODEL,
        help="Seed of everything random; the same seed gives the same output.",
    ),
]
Images = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="IMAGE", help="Photos: files, folders, quoted patterns, each a path or a URL, or - for standard input."
    ),
]
Manifest = Annotated[
    str | None,
    typer.Option(
        "--manifest",
        metavar="FILE",
        help="A table of photos instead of IMAGE, .csv or .jsonl, with input, mask, and if need be output and edges.",
    ),
]
Output = Annotated[
    str | None,
    typer.Option(
        "-o",
        "--output",
        metavar="OUT",
        help="A file, a folder, a template such as 'out/{stem}{ext}', or - for standard output. "
        "Not given: beside the photo, by a name of its own.",
    ),
]
SkipExisting = Annotated[bool, typer.Option("--skip-existing", help="Leave out photos whose output exists: resume.")]
Shard = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        rich_help_panel=FILES,
        help="Do only the I-th of N shares of the photos, for job arrays.",
    ),
]
Report = Annotated[
    str | None,
    typer.Option(
        "--report",
        metavar="FILE",
        rich_help_panel=MESSAGES,
        help="Write a table with a row for each image, .parquet or .jsonl, a path or a URL.",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run", rich_help_panel=MESSAGES, help="Plan only: find photos, masks and names, say how many, do nothing."
    ),
]
Ray = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="auto|local|HOST:PORT",
        callback=_check_ray,
        rich_help_panel=FILES,
        help="Work on a Ray cluster: the one that RAY_ADDRESS or `ray start` made (auto; without one, this machine), "
        "this machine (local), or the one at an address. Photos are best URLs that every node reaches.",
    ),
]
Json = Annotated[
    bool, typer.Option("--json", rich_help_panel=MESSAGES, help="Print one JSON object per image on standard output.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an output that is already there.")]
