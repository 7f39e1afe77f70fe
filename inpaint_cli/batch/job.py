"""A request from the command line, and the job that it means for each photo. Standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from inpaint_cli.errors import UsageError
from inpaint_cli.io.formats import stem_of
from inpaint_cli.io.locations import Location, resolved

NO_EDGES = Path("none")  # instead of a sketch: paint without lines


@dataclass(frozen=True)
class Job:
    """One photo to work on.

    Attributes:
        photo: its file, or `-`.
        output: the file to write, or `-`.
        masks: the masks to unite.
        edges: a sketch for it.
        not_from: masks of what must not be copied.
        problem: why it can't be done, found while pairing; empty if it can.
        picture: a second result, or `-`.
        panel: the file for a comparison of before and after.
        steps: the folder of its intermediate pictures.
        nameless: whether the problem is a name that no file can have, so that its files are never looked up.
        done: whether the output exists, by an earlier listing; None if unknown.
    """

    photo: Location
    output: Location
    masks: tuple[Location, ...] = ()
    edges: Location | None = None
    not_from: tuple[Location, ...] = ()
    problem: str = ""
    picture: Location | None = None
    panel: Location | None = None
    steps: Location | None = None
    nameless: bool = False
    done: bool | None = None

    @property
    def results(self) -> tuple[Location, ...]:
        """The files that it writes, or `-`; the pictures in `steps` aside."""
        return tuple(path for path in (self.output, self.picture, self.panel) if path is not None)

    def known(self, *, exists: bool) -> Job:
        """Return the job with what a listing shows about its output."""
        return replace(self, done=exists)

    def step(self, window: int | None, number: int, name: str) -> Location:
        """Return where an intermediate picture goes: `bird-1-window.png`, `bird-w2-1-window.png` in the second window.

        Args:
            window: from 1 up; None if there is only one.
            number: of the step, from 1 up.
            name: of the step.
        """
        which = "" if window is None else f"-w{window}"
        return (self.steps or Path()) / f"{stem_of(self.photo)}{which}-{number}-{name}.png"

    def is_step(self, path: Location) -> bool:
        """Whether a resolved path is one that `step` may return."""
        if self.steps is None or path.parent != resolved(self.steps):
            return False
        return re.fullmatch(re.escape(stem_of(self.photo)) + r"(-w\d+)?-\d+-[a-z]+\.png", path.name) is not None


@dataclass(frozen=True)
class Request:
    """What the command line says about files.

    Attributes:
        images: files, folders, patterns, each a path or a URL, or `-`.
        manifest: a table of jobs instead of `images`: CSV or JSON lines.
        masks: files that serve every photo, or folders that hold one for each.
        edges: a sketch for every photo, or a folder that holds one for each.
        not_from: masks of what must not be copied, for every photo or folders that hold one for each.
        output: a file, a folder, a template, `-`, or None for a name beside the photo.
        ending: what the name of a result beside its photo ends in.
        suffix: the extension of results; None keeps that of the photo.
        shard: which share of the jobs to do, (2, 8) for the second of eight.
        also_read: other inputs of the run, which no result may replace.
        picture: where each job's second result goes.
        compare: whether each job writes a panel beside its result.
        steps: a folder for the intermediate pictures of every job.
        skip_existing: leave out jobs whose output exists.
    """

    images: tuple[str, ...] = ()
    manifest: Location | None = None
    masks: tuple[Location, ...] = ()
    edges: Location | None = None
    not_from: tuple[Location, ...] = ()
    output: str | None = None
    ending: str = "-clean"
    suffix: str | None = None
    shard: tuple[int, int] | None = None
    also_read: tuple[Location, ...] = ()
    picture: Location | None = None
    compare: bool = False
    steps: Location | None = None
    skip_existing: bool = False


def parse_shard(text: str | None) -> tuple[int, int] | None:
    """Return I and N of `--shard I/N`; None if there is none.

    Raises:
        UsageError: not two whole numbers with 1 ≤ I ≤ N.
    """
    if text is None:
        return None
    try:
        share, shares = (int(part) for part in text.split("/"))
    except ValueError:
        raise UsageError(f"--shard {text}: two whole numbers, 2/8 for the second of eight shares") from None
    if not 1 <= share <= shares:
        raise UsageError(f"--shard {text}: the share lies between 1 and their number")
    return share, shares
