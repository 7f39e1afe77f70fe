"""The server's state: the photos that the command line named, how to fill them, and the latest results."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cached_property
from itertools import count
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from inpaint_cli.batch.job import NO_EDGES, Job
from inpaint_cli.batch.output_writer import OutputWriter
from inpaint_cli.batch.tasks import FillTask
from inpaint_cli.imaging.windows import Box
from inpaint_cli.io.locations import Location
from inpaint_cli.io.masks import MaskOptions, find_hole
from inpaint_cli.io.photo import Photo, Pixels
from inpaint_cli.io.reading import read_photo
from inpaint_cli.io.sketches import EdgeSource
from inpaint_cli.options import EdgesMode, FillOptions, Ink, Lines
from inpaint_cli.pipeline import EdgeConnect

_PHOTOS_KEPT = 2  # in memory: the one that is worked on, and the one before
_RESULTS_KEPT = 24  # several tabs' latest, with all their variants

Kept = TypeVar("Kept")


class LineChoice(Enum):
    """Which lines a fill follows."""

    OWN = auto()  # those of the command line
    DRAWN = auto()  # the page's
    NONE = auto()


@dataclass(frozen=True)
class Settings:
    """What the command line says about every photo.

    Attributes:
        model: what fills.
        options: how.
        masks: how the masks are read that it names.
        reference: a photo whose edges stand for a sketch.
        overwrite: whether files that exist are replaced without asking.
        arguments: the options of `inpaint remove` that say the same, each as the shell takes it: `("--size", "256")`.
    """

    model: EdgeConnect
    options: FillOptions
    masks: MaskOptions
    reference: Location | None = None
    overwrite: bool = False
    arguments: tuple[tuple[str, ...], ...] = ()

    def task(self, lines: LineChoice, seed: int | None = None, *, overwrite: bool = False) -> FillTask:
        """Return the work of `inpaint remove` with these settings, for a mask that the page has drawn.

        Args:
            lines: which; the page's replace what the command line says.
            seed: instead of the command line's.
            overwrite: whether its result may replace a file.
        """
        options = self.options if seed is None else replace(self.options, seed=seed)
        if lines is not LineChoice.OWN:
            options = replace(options, edges_mode=EdgesMode.REPLACE, ink=Ink.AUTO)
        if lines is LineChoice.NONE:
            options = replace(options, lines=Lines.NONE)
        reference = self.reference if lines is LineChoice.OWN else None
        return FillTask(self.model, options, MaskOptions(), OutputWriter(overwrite), reference)


@dataclass(frozen=True, eq=False)
class OpenPhoto:
    """A photo that has been read, with the hole and the lines that it came with.

    Attributes:
        job: what the command line says about it.
        photo: its pixels, unchanged as long as the server runs.
        hole: of `--mask` and `--box`, H×W; nothing is missing if there are none.
        lines: of `--edges` or `--edges-from`, if any.
    """

    job: Job
    photo: Photo
    hole: NDArray[np.bool_]
    lines: EdgeSource | None

    @cached_property
    def rgb(self) -> NDArray[np.uint8]:
        """The photo as the pipeline takes it, H×W×3."""
        return self.photo.rgb

    @property
    def own_lines(self) -> LineChoice:
        """The lines of the command line: none with `--edges none`, otherwise its own."""
        return LineChoice.NONE if self.job.edges == NO_EDGES else LineChoice.OWN


@dataclass(frozen=True, eq=False)
class Result:
    """What a fill came to: the part of the photo that changed.

    Attributes:
        photo: as it was.
        box: the changed part.
        pixels: that part, painted, at the photo's own depth.
        covered: where it was painted, of the part's height and width.
    """

    photo: Photo
    box: Box
    pixels: Pixels
    covered: NDArray[np.bool_]


class Session:
    """The state of a server; threads may share it.

    Args:
        settings: of the command line.
        jobs: the photos, in order; the page calls them by number.

    Attributes:
        saving: held while files are written.
        written: files that this session wrote, with the tab and photo that they belong to.
    """

    def __init__(self, settings: Settings, jobs: Sequence[Job]) -> None:
        self.settings = settings
        self.jobs = tuple(jobs)
        self.saving = threading.Lock()
        self.written: dict[Location, tuple[str, int]] = {}
        self._photos: OrderedDict[int, OpenPhoto] = OrderedDict()
        self._results: OrderedDict[int, tuple[bytes, Result]] = OrderedDict()
        self._numbers = count(1)
        self._reading = threading.Lock()
        self._keeping = threading.Lock()

    def open(self, index: int) -> OpenPhoto:
        """Return a photo, read if need be.

        Raises:
            InpaintError: it, its mask or its sketch can't be read.
        """
        with self._reading:
            found = self._photos.get(index) or _open(self.jobs[index], self.settings)
            _keep(self._photos, index, found, _PHOTOS_KEPT)
            return found

    def keep(self, digest: bytes, result: Result) -> int:
        """Keep a result for a while and return its number.

        Args:
            digest: of its inputs (see `fills.Resolved.digest`).
            result: of the fill.
        """
        with self._keeping:
            number = next(self._numbers)
            _keep(self._results, number, (digest, result), _RESULTS_KEPT)
            return number

    def result(self, number: int) -> Result | None:
        """Return a result, None if it is not kept any more."""
        with self._keeping:
            return self._results.get(number, (b"", None))[1]

    def find(self, digest: bytes) -> Result | None:
        """Return the result with this digest, None if it is not kept."""
        with self._keeping:
            return next((result for kept, result in self._results.values() if kept == digest), None)


def _open(job: Job, settings: Settings) -> OpenPhoto:
    photo = read_photo(job.photo)
    if job.masks or settings.masks.boxes:
        hole = find_hole(photo, [read_photo(mask) for mask in job.masks], settings.masks)
    else:
        hole = np.zeros(photo.size, np.bool_)
    return OpenPhoto(job, photo, hole, settings.task(LineChoice.OWN).sketch(job, photo, hole))


def _keep(kept: OrderedDict[int, Kept], key: int, value: Kept, most: int) -> None:
    """Put a value last, and remove the first ones if there are too many."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
