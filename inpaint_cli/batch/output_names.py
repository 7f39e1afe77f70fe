"""Where results go: a place for each, which is no input's and no other's. Standard library only."""

from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path

from inpaint_cli.batch.job import NO_EDGES, Job, Request, resolved
from inpaint_cli.errors import OutputError, UsageError
from inpaint_cli.io.formats import STREAM, format_of, output_suffix, stem_of

_FIELDS = ("stem", "ext", "name", "parent")


class Namer:
    """Names results as `-o` asks."""

    def __init__(self, request: Request, many: bool) -> None:
        self._request = request
        output = request.output
        self._template = output if output is not None and ("{" in output or "}" in output) else None
        if self._template is not None:
            _check_template(self._template)
        is_folder = (
            output is not None and self._template is None and (output.endswith(("/", "\\")) or Path(output).is_dir())
        )
        if output is not None and many and self._template is None and not is_folder:
            if Path(output).suffix or output == str(STREAM):
                advice = "give a folder, or a template such as out/{stem}{ext}"
                raise UsageError(f"-o {output}: one file for several images; {advice}")
            is_folder = True
        self._folder = Path(output) if output is not None and is_folder else None

    def __call__(self, photo: Path) -> Path:
        """Return where a photo's result goes."""
        if not photo.name:
            raise UsageError(f"{photo}: is a folder, not a picture")
        request = self._request
        suffix = request.suffix or output_suffix(photo)
        beside = photo.with_name(f"{photo.stem}{request.ending}{suffix}")
        if photo == STREAM:
            if self._template is not None or self._folder is not None:
                raise UsageError(f"-o {request.output}: an image from standard input has no name; give a file or -")
            return STREAM if request.output is None else Path(request.output)
        if self._template is not None:
            fields = {
                "stem": photo.stem,
                "ext": suffix,
                "name": photo.stem + suffix,
                "parent": photo.absolute().parent.name,
            }
            return Path(self._template.format(**fields))
        if self._folder is not None:
            target = self._folder / f"{photo.stem}{suffix}"
            return self._folder / beside.name if resolved(target) == resolved(photo) else target
        return beside if request.output is None else Path(request.output)


def _check_template(template: str) -> None:
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
        template.format(**dict.fromkeys(_FIELDS, ""))
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        fields = [""]
    if any(field not in _FIELDS for field in fields):
        known = ", ".join(f"{{{field}}}" for field in _FIELDS)
        raise UsageError(f"-o {template}: a template knows {known}")


def with_extras(job: Job, request: Request, many: bool) -> Job:
    """Return a job with the places of what it writes beside its result; with many jobs each has its folder of steps."""
    beside = job.photo if job.output == STREAM else job.output
    steps = request.steps
    return replace(
        job,
        picture=request.picture,
        panel=beside.with_name(f"{stem_of(beside)}-compare.png") if request.compare else None,
        steps=steps / stem_of(job.photo) if steps is not None and many else steps,
    )


def check_places(jobs: list[Job], request: Request) -> None:
    """Check that every result of a run has a place of its own, in a format that can be written.

    Raises:
        UsageError: an input or another result stands there, or a picture can't be written under that name.
    """
    inputs = _inputs(jobs, request)
    taken: dict[Path, Path] = {}
    for job in jobs:
        for place in job.results:
            _claim(place, job.photo, inputs, taken)
            if place.suffix:
                try:
                    format_of(place)
                except OutputError as error:
                    raise UsageError(str(error)) from error
        if job.steps is not None:
            _claim_steps(job, job.steps, inputs, taken)


def _inputs(jobs: list[Job], request: Request) -> set[Path]:
    """Return every file that is read, resolved."""
    files = list(request.also_read)
    for job in jobs:
        files += [job.photo, *job.masks, *job.not_from]
        files += [job.edges] if job.edges is not None and job.edges != NO_EDGES else []
    if files.count(STREAM) > 1:
        raise UsageError("standard input can be one picture only, for one photo")
    return {resolved(path) for path in files if path != STREAM}


def _claim(place: Path, photo: Path, inputs: set[Path], taken: dict[Path, Path]) -> None:
    """Give a place to what one photo's job writes; raise if an input or another result stands there."""
    key = place if place == STREAM else resolved(place)
    if key in inputs:
        raise UsageError(f"{place}: would replace an input; choose another name")
    if key in taken:
        if place == STREAM:
            raise UsageError("standard output takes one picture only")
        if taken[key] == photo:
            raise UsageError(f"{place}: two results of {photo} would be written there; choose another name")
        raise UsageError(
            f"{taken[key]} and {photo} would both be written to {place}; "
            "tell them apart with a template such as -o 'out/{parent}/{stem}{ext}'"
        )
    taken[key] = photo


def _claim_steps(job: Job, folder: Path, inputs: set[Path], taken: dict[Path, Path]) -> None:
    """Give a folder to one photo's intermediate pictures."""
    if any(map(job.is_step, inputs)):
        raise UsageError(f"--save-steps {folder}: would replace an input; choose another folder")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--save-steps {folder}: is a file, not a folder")
    if any(map(job.is_step, taken)):
        raise UsageError(f"--save-steps {folder}: would replace a result; choose another folder")
    key = resolved(folder)
    if key in taken:
        raise UsageError(
            f"--save-steps: {taken[key]} and {job.photo} would both have the folder {folder}; run them apart"
        )
    taken[key] = job.photo
