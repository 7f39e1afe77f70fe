"""Saving: mask and lines as pictures, the result, and the command that makes the same result from them.

What is written is what `inpaint remove` writes for the mask and the lines that are saved beside it: the same work on
the same pixels, and the same encoder.
"""

from __future__ import annotations

import logging
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

import numpy as np

from inpaint_cli.batch.job import NO_EDGES, Job
from inpaint_cli.batch.tasks import FillTask
from inpaint_cli.draw.drawing import Drawing, Existing
from inpaint_cli.draw.fills import Resolved, resolve
from inpaint_cli.draw.session import LineChoice, OpenPhoto, Result, Session
from inpaint_cli.errors import MaskError
from inpaint_cli.io.locations import Location, resolved
from inpaint_cli.io.photo import Photo
from inpaint_cli.io.writing import write_photo
from inpaint_cli.options import LARGEST_OBJECT

logger = logging.getLogger(__name__)

_OF_LINES = frozenset({"--edges-from", "--edges-mode", "--ink"})
Tell = Callable[..., None]


@dataclass(frozen=True)
class Targets:
    """Where a photo's files go: its result, its mask, its lines."""

    result: Location
    mask: Location
    sketch: Location | None

    @property
    def files(self) -> tuple[Location, ...]:
        """All of them."""
        return tuple(path for path in (self.result, self.mask, self.sketch) if path is not None)

    def numbered(self, number: int) -> Targets:
        """Return other names, with a number at the end."""
        sketch = None if self.sketch is None else _numbered(self.sketch, number)
        return Targets(_numbered(self.result, number), _numbered(self.mask, number), sketch)


def save(session: Session, index: int, drawing: Drawing, existing: Existing, *, tab: str, tell: Tell) -> None:
    """Write a photo's files, and tell the page: `exists` and nothing is written, or `saving` and `saved`.

    Args:
        session: whose photo it is.
        index: of the photo.
        drawing: what is saved.
        existing: what is done if files stand there that this tab has not written itself.
        tab: the page's name.
        tell: reports.

    Raises:
        InpaintError: there is nothing to fill, or a file can't be written.
    """
    photo, job, settings = session.open(index), session.jobs[index], session.settings
    wanted = resolve(photo, drawing, settings)
    if wanted is None:
        raise MaskError("Nothing is marked yet, so there is nothing to save.")
    targets = find_targets(session, job, has_sketch=wanted.sketch is not None)
    owner = (tab, index)
    foreign = [path for path in targets.files if path.exists() and session.written.get(resolved(path)) != owner]
    if foreign and existing is Existing.NUMBER:
        targets = next(
            other for other in map(targets.numbered, count(2)) if not any(path.exists() for path in other.files)
        )
    elif foreign and existing is Existing.ASK and not settings.overwrite:
        tell("exists", files=[str(path) for path in foreign])
        return
    tell("saving")
    with session.saving:
        task = settings.task(wanted.lines, drawing.seed, overwrite=existing is not Existing.NUMBER)
        _write(photo, wanted, targets, session.find(wanted.digest(index, drawing.seed)), task)
        session.written.update({resolved(path): owner for path in targets.files})
    for path in targets.files:
        logger.info("saved %s", path)
    command = shlex.join(command_line(session, job, wanted, targets, drawing.seed))
    tell("saved", files=[str(path) for path in targets.files], command=command)


def _write(photo: OpenPhoto, wanted: Resolved, targets: Targets, known: Result | None, task: FillTask) -> None:
    """Write mask and lines, then the result: if it exists, so do they.

    Args:
        photo: which.
        wanted: what is filled.
        targets: where to.
        known: the result, if it has been made already.
        task: makes it otherwise.
    """
    mask = np.where(wanted.hole, np.uint8(255), np.uint8(0))[..., None]
    overwrite = task.outputs.overwrite
    write_photo(Photo(mask, name="drawn mask"), targets.mask, overwrite=overwrite)
    edges = photo.job.edges if wanted.lines is LineChoice.OWN else NO_EDGES
    if wanted.sketch is not None and targets.sketch is not None:
        write_photo(wanted.sketch, targets.sketch, overwrite=overwrite)
        edges = targets.sketch
    if known is None:
        task(Job(photo.job.photo, targets.result, (targets.mask,), edges)).save()
        return
    pixels = photo.photo.pixels.copy()
    pixels[known.box.slices] = known.pixels
    task.outputs.write(photo.photo.replace(pixels, photo.photo.alpha), targets.result)


def find_targets(session: Session, job: Job, *, has_sketch: bool) -> Targets:
    """Return where a photo's files go, under names that pair with it and are no inputs of this session."""
    inputs = {resolved(path) for other in session.jobs for path in (other.photo, *other.masks)}
    inputs |= {resolved(other.edges) for other in session.jobs if other.edges is not None}
    if session.settings.reference is not None:
        inputs.add(resolved(session.settings.reference))

    def free(name: str) -> Location:
        path = job.output.with_name(name)
        names = (path if number == 1 else _numbered(path, number) for number in count(1))
        return next(name for name in names if resolved(name) not in inputs)

    sketch = free(f"{job.photo.stem}-sketch.png") if has_sketch else None
    return Targets(job.output, free(f"{job.photo.stem}_mask.png"), sketch)


def command_line(session: Session, job: Job, wanted: Resolved, targets: Targets, seed: int | None) -> list[str]:
    """Return the command that makes the same result from the files that were saved."""
    line = ["inpaint", "remove", _argument(job.photo), "--mask", _argument(targets.mask)]
    left_out: frozenset[str] = frozenset() if wanted.lines is LineChoice.OWN else _OF_LINES
    if wanted.sketch is not None and targets.sketch is not None:
        line += ["--edges", _argument(targets.sketch)]
    elif wanted.lines is LineChoice.NONE:
        line += ["--edges", str(NO_EDGES)]
        left_out |= {"--lines"}
    elif job.edges is not None:
        line += ["--edges", _argument(job.edges)]
    for argument in session.settings.arguments:
        if argument[0] not in left_out:
            line += argument
    line += ["--large-hole"] if wanted.hole.mean() > LARGEST_OBJECT else []
    seed = session.settings.options.seed if seed is None else seed
    line += ["--seed", str(seed)] if seed else []
    output = str(targets.result).replace("{", "{{").replace("}", "}}")  # or it would be a template
    return [*line, "-o", output if output[0] != "-" else f"./{output}", "--overwrite"]


def _numbered(path: Location, number: int) -> Location:
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def _argument(path: Location) -> str:
    """Return a path in a form that is not taken for an option."""
    text = str(path)
    return f"./{text}" if text.startswith("-") else text
